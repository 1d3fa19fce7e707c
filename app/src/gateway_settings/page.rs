use leptos::prelude::*;
use leptos_meta::Title;

use super::form::AppModesForm;
use super::limits::LimitsCard;
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

#[component]
fn GatewayCards(view: GatewayView) -> impl IntoView {
    let GatewayView {
        name,
        domain,
        http_port,
        https_port,
        settings,
        acme,
        limits,
        load,
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
        <LimitsCard limits load/>
    }
}
