use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use super::SystemView;
use crate::console::ConsoleError;

/// Says how the server fares now. For administrators.
#[server(prefix = "/api", endpoint = "system/find", input = GetUrl)]
pub async fn find_system() -> Result<SystemView, ConsoleError> {
    crate::console::ask(|console| async move { console.find_system().await }).await
}
