use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, Json};
use sluice_domain::debug::DebugRequest;
use sluice_domain::environment::EnvironmentName;
use sluice_domain::id::ApiId;

use super::{DebugAnswer, DebugTarget};
use crate::console::ConsoleError;

/// Finds where an API is published.
#[server(prefix = "/api", endpoint = "debug/find", input = GetUrl)]
pub async fn find_debug_target(api_id: String) -> Result<DebugTarget, ConsoleError> {
    use crate::console::{ask, parse};

    let api_id = parse("api_id", "APIG.3002", &api_id)?;
    ask(|console| async move { console.find_debug_target(api_id).await }).await
}

/// Sends a request to an API, and tells what came of it.
#[server(prefix = "/api", endpoint = "debug/send", input = Json)]
pub async fn debug_api(
    api_id: ApiId,
    environment: EnvironmentName,
    request: DebugRequest,
) -> Result<DebugAnswer, ConsoleError> {
    crate::console::ask(
        |console| async move { console.debug_api(api_id, environment, request).await },
    )
    .await
}
