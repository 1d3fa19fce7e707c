use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, Json};
use sluice_domain::gateway_settings::GatewaySettings;

use super::{GatewayLoad, GatewayView};
use crate::console::ConsoleError;

/// Says what the gateway is and how it is set.
#[server(prefix = "/api", endpoint = "gateway/find", input = GetUrl)]
pub async fn find_gateway() -> Result<GatewayView, ConsoleError> {
    crate::console::ask(|console| async move { console.find_gateway().await }).await
}

/// Says how much the gateway has to do now.
#[server(prefix = "/api", endpoint = "gateway/load", input = GetUrl)]
pub async fn find_gateway_load() -> Result<GatewayLoad, ConsoleError> {
    crate::console::ask(|console| async move { console.gateway_load().await }).await
}

/// Sets the gateway's settings.
#[server(prefix = "/api", endpoint = "gateway/update", input = Json)]
pub async fn update_gateway_settings(settings: GatewaySettings) -> Result<(), ConsoleError> {
    crate::console::ask(|console| async move { console.update_gateway_settings(settings).await })
        .await
}
