use leptos::prelude::*;
use leptos_meta::Title;
use sluice_domain::outbound::OutboundRules;

use super::update_outbound;
use crate::console::{ConsoleError, sentence};
use crate::functions::{FunctionDetails, current_function, find_function};
use crate::ui::{Button, ButtonKind, Card, ErrorNotice, Loaded, Notice, NoticeKind, TextField};

/// Configuration > Network.
#[component]
pub(crate) fn NetworkPage() -> impl IntoView {
    let current = current_function();
    // Loaded once: the form knows by itself what it has saved.
    let details = Resource::new(move || current.name.get(), find_function);
    view! {
        <Title text=move || format!("Network - {}", current.name.get())/>
        <Loaded resource=details view=|details| view! { <NetworkForm details/> }/>
    }
}

#[component]
fn NetworkForm(details: FunctionDetails) -> impl IntoView {
    let current = current_function();
    let name = details.name.to_string();
    let saved = RwSignal::new(details.settings.outbound);
    let hosts = RwSignal::new(saved.get_untracked().to_string());
    let parsed = Memo::new(move |_| {
        OutboundRules::parse_lines(&hosts.read()).map_err(|error| sentence(&error.to_string()))
    });
    let saving = Action::new(move |outbound: &OutboundRules| {
        let (name, outbound) = (name.clone(), outbound.clone());
        async move {
            update_outbound(name, outbound.clone()).await?;
            Ok::<_, ConsoleError>(outbound)
        }
    });
    Effect::new(move || {
        if let Some(Ok(now)) = saving.value().get() {
            saved.set(now);
            current.changes.update(|changes| *changes += 1);
        }
    });
    let unchanged = Signal::derive(move || {
        parsed
            .get()
            .map_or(true, |outbound| outbound == *saved.read())
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Ok(outbound) = parsed.get_untracked() {
            saving.dispatch(outbound);
        }
    };
    view! {
        <form class="form" on:submit=submit>
            <Card title="Outbound Connections">
                <p>{move || match saved.read().is_empty() {
                    true => "Off. The function cannot open connections to any host.",
                    false => "The function can open connections to these hosts and to no others.",
                }}</p>
                <TextField name="outbound-hosts" label="Allowed Hosts" value=hosts rows=8 placeholder="api.example.com"
                    error=Signal::derive(move || parsed.get().err())
                    hint="One a line, at most 50: a host name (api.example.com), all names below one (*.example.com), an IP address or a network (10.1.0.0/16). Without a port it is 80 and 443; another one stands behind a colon (db.example.com:5432)."/>
                <p class="field__hint">"This machine and its private networks are reached only where an entry names the address or the network itself, or localhost. Certificates are always verified."</p>
            </Card>
            {move || match saving.value().get() {
                Some(Ok(_)) if unchanged.get() => view! { <Notice kind=NoticeKind::Success>"Saved. The next call runs with it."</Notice> }.into_any(),
                Some(Err(error)) => view! { <ErrorNotice error/> }.into_any(),
                _ => ().into_any(),
            }}
            <div class="form__footer">
                <Button kind=ButtonKind::Primary submit=true busy=saving.pending() disabled=unchanged>"Save"</Button>
            </div>
        </form>
    }
}
