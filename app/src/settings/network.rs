use leptos::prelude::*;
use leptos_meta::Title;
use sluice_domain::outbound::OutboundRules;

use super::form::SettingsForm;
use super::update_outbound;
use crate::console::sentence;
use crate::functions::{FunctionDetails, current_function, find_function};
use crate::ui::{Card, Loaded, TextField};

/// Configuration > Network.
#[component]
pub(crate) fn NetworkPage() -> impl IntoView {
    let current = current_function();
    // Loaded once: the form knows by itself what it has saved.
    let details = Resource::new(move || current.name.get(), find_function);
    view! {
        <Title text=current.title("Network")/>
        <Loaded resource=details view=|details| view! { <NetworkForm details/> }/>
    }
}

#[component]
fn NetworkForm(details: FunctionDetails) -> impl IntoView {
    let name = details.name.to_string();
    let saved = RwSignal::new(details.settings.outbound);
    let hosts = RwSignal::new(saved.get_untracked().to_string());
    let parsed = Memo::new(move |_| {
        OutboundRules::parse_lines(&hosts.read()).map_err(|error| sentence(&error.to_string()))
    });
    let save = move |outbound| update_outbound(name.clone(), outbound);
    let wanted = Signal::derive(move || parsed.get().ok());
    view! {
        <SettingsForm saved wanted save>
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
        </SettingsForm>
    }
}
