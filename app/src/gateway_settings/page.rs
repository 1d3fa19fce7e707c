use leptos::prelude::*;
use leptos_meta::Title;

use super::form::AppModesForm;
use super::{GatewayView, find_gateway};
use crate::acme::AcmeForm;
use crate::ui::{Card, Loaded, PageHeader};

/// API Gateway > Gateway Settings.
#[component]
pub(crate) fn GatewaySettingsPage() -> impl IntoView {
    let found = Resource::new(|| (), |()| find_gateway());
    view! {
        <Title text="Gateway Settings"/>
        <PageHeader title="Gateway Settings"/>
        <Loaded resource=found view=|view| view! { <GatewayCards view/> }/>
    }
}

/// What holds for every request, and where it is not fixed, the flag that it is set by.
const LIMITS: [(&str, &str); 11] = [
    ("Target of a request", "32 KB"),
    ("Headers", "100; one 32 KB, all together 128 KB"),
    ("Body", "4 MB"),
    ("Body, its next piece and all of it", "8 s, 60 s"),
    ("Bodies of all requests at a time", "256 MB"),
    ("Result of a function", "6 MB, 1000 headers"),
    ("Timeout of an API", "1 to 60,000 ms"),
    ("Decision of a custom authorizer", "5 s"),
    ("Connections", "8192, or --max-connections"),
    (
        "Connections of one address",
        "1024, or --max-connections-per-address",
    ),
    ("Connection between two requests", "60 s"),
];

#[component]
fn GatewayCards(view: GatewayView) -> impl IntoView {
    let GatewayView {
        name,
        domain,
        http_port,
        https_port,
        settings,
        acme,
    } = view;
    view! {
        <AppModesForm settings/>
        <AcmeForm view=acme/>
        <Card title="Gateway">
            <dl class="facts">
                <div><dt>"Name"</dt><dd>{name}</dd></div>
                <div><dt>"Base Domain"</dt><dd>{domain}</dd></div>
                <div><dt>"Port, HTTP"</dt><dd>{http_port}</dd></div>
                <div><dt>"Port, HTTPS"</dt><dd>{https_port}</dd></div>
            </dl>
        </Card>
        <Card title="Limits">
            <dl class="facts">
                {LIMITS.map(|(what, limit)| view! { <div><dt>{what}</dt><dd>{limit}</dd></div> }).collect_view()}
            </dl>
        </Card>
    }
}
