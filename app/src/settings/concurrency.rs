use leptos::prelude::*;
use leptos_meta::Title;
use sluice_domain::concurrency::{Concurrency, InvalidConcurrency};

use super::{ConcurrencyView, find_concurrency, update_concurrency};
use crate::console::{ConsoleError, sentence};
use crate::functions::current_function;
use crate::ui::{
    Button, ButtonKind, Card, ErrorNotice, Loaded, Notice, NoticeKind, SelectField, TextField,
    choices,
};

/// Configuration > Concurrency.
#[component]
pub(crate) fn ConcurrencyPage() -> impl IntoView {
    let current = current_function();
    let view = Resource::new(move || current.name.get(), find_concurrency);
    view! {
        <Title text=move || format!("Concurrency - {}", current.name.get())/>
        <Loaded resource=view view=|view| view! { <ConcurrencyForm view/> }/>
    }
}

/// The values of the list of how calls share instances.
const SHARED: &str = "shared";
const FRESH: &str = "fresh";

#[component]
fn ConcurrencyForm(view: ConcurrencyView) -> impl IntoView {
    let current = current_function();
    let name = current.name.get_untracked();
    let ConcurrencyView {
        concurrency,
        busy,
        ready,
        throttled,
    } = view;
    let max = RwSignal::new(concurrency.max_instances().to_string());
    let reserved = RwSignal::new(concurrency.reserved_instances().to_string());
    let kind = if concurrency.fresh_instances() {
        FRESH
    } else {
        SHARED
    };
    let sharing = RwSignal::new(kind.to_owned());

    let number = |text: &str| text.trim().parse::<u32>().ok();
    let parsed = Memo::new(move |_| {
        let (Some(max), Some(reserved)) = (number(&max.read()), number(&reserved.read())) else {
            return None;
        };
        Some(Concurrency::new(max, reserved, *sharing.read() == FRESH))
    });
    let whole = || "Must be a whole number".to_owned();
    let max_error = Signal::derive(move || match parsed.get() {
        _ if number(&max.read()).is_none() => Some(whole()),
        Some(Err(error @ InvalidConcurrency::MaxInstances(_))) => {
            Some(sentence(&error.to_string()))
        }
        _ => None,
    });
    let reserved_error = Signal::derive(move || match parsed.get() {
        _ if number(&reserved.read()).is_none() => Some(whole()),
        Some(Err(InvalidConcurrency::MaxInstances(_))) => None,
        Some(Err(error)) => Some(sentence(&error.to_string())),
        _ => None,
    });
    let saving = Action::new(move |concurrency: &Concurrency| {
        let (name, concurrency) = (name.clone(), *concurrency);
        async move {
            update_concurrency(name, concurrency).await?;
            Ok::<_, ConsoleError>(concurrency)
        }
    });
    let saved = RwSignal::new(concurrency);
    Effect::new(move || {
        if let Some(Ok(now)) = saving.value().get() {
            saved.set(now);
            current.changes.update(|changes| *changes += 1);
        }
    });
    let unchanged =
        Signal::derive(move || !matches!(parsed.get(), Some(Ok(now)) if now != saved.get()));
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Some(Ok(concurrency)) = parsed.get_untracked() {
            saving.dispatch(concurrency);
        }
    };
    view! {
        <form class="form" on:submit=submit>
            <Card title="Concurrency">
                <TextField name="max-instances" label="Max. Instances per Function" value=max required=true kind="number"
                    error=max_error
                    hint="1 to 1000. Each instance runs one call at a time. Calls beyond wait for a while, then they are answered with 429."/>
                <TextField name="reserved-instances" label="Reserved Instances" value=reserved required=true kind="number"
                    error=reserved_error
                    hint="0 to 100. So many instances are always there, initialized, whether anybody calls or not."/>
                <SelectField name="sharing" label="Instances" value=sharing
                    options=choices([(SHARED, "Shared by calls, one after the other"), (FRESH, "Fresh for every request")])
                    hint="A shared instance keeps its globals and its /tmp for the next call. A fresh one knows nothing of the calls before."/>
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
        <Card title="Instances Now">
            <dl class="facts">
                <div><dt>"Busy"</dt><dd>{busy}</dd></div>
                <div><dt>"Ready"</dt><dd>{ready}</dd></div>
                <div><dt>"Throttles of the Last Day"</dt><dd>{throttled}</dd></div>
            </dl>
        </Card>
    }
}
