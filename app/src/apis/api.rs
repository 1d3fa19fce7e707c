use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, Json};
use sluice_domain::id::{ApiId, EnvironmentId};
use sluice_domain::publication::Publication;
use sluice_domain::text::ShortDescription;
use sluice_domain::trigger::ApigTriggerSettings;

use super::{ApiDetails, ApiRow};
use crate::console::ConsoleError;

/// Lists the APIs of all functions.
#[server(prefix = "/api", endpoint = "apis/list", input = GetUrl)]
pub async fn list_apis() -> Result<Vec<ApiRow>, ConsoleError> {
    crate::console::ask(|console| async move { console.list_apis().await }).await
}

/// Tells of one API.
#[server(prefix = "/api", endpoint = "apis/find", input = GetUrl)]
pub async fn find_api(api_id: String) -> Result<ApiDetails, ConsoleError> {
    use crate::console::{ask, parse};

    let api_id = parse("api_id", "APIG.3002", &api_id)?;
    ask(|console| async move { console.find_api(api_id).await }).await
}

/// Changes the definition of an API; callers notice nothing until it is published.
#[server(prefix = "/api", endpoint = "apis/update", input = Json)]
pub async fn update_api(api_id: ApiId, settings: ApigTriggerSettings) -> Result<(), ConsoleError> {
    crate::console::ask(|console| async move { console.update_api(api_id, settings).await }).await
}

/// Publishes the latest definition of an API in an environment.
#[server(prefix = "/api", endpoint = "apis/publish", input = Json)]
pub async fn publish_api(
    api_id: ApiId,
    environment_id: EnvironmentId,
    description: ShortDescription,
) -> Result<(), ConsoleError> {
    crate::console::ask(|console| async move {
        console
            .publish_api(api_id, environment_id, description)
            .await
    })
    .await
}

/// Takes an API offline in an environment.
#[server(prefix = "/api", endpoint = "apis/take-offline", input = Json)]
pub async fn take_offline(
    api_id: ApiId,
    environment_id: EnvironmentId,
) -> Result<(), ConsoleError> {
    crate::console::ask(|console| async move { console.take_offline(api_id, environment_id).await })
        .await
}

/// Lists the publishing records of an API in an environment, newest first.
#[server(prefix = "/api", endpoint = "apis/publications", input = GetUrl)]
pub async fn list_publications(
    api_id: ApiId,
    environment_id: EnvironmentId,
) -> Result<Vec<Publication>, ConsoleError> {
    crate::console::ask(
        |console| async move { console.list_publications(api_id, environment_id).await },
    )
    .await
}

/// Publishes what a record says again.
#[server(prefix = "/api", endpoint = "apis/switch-version", input = Json)]
pub async fn switch_version(
    api_id: ApiId,
    environment_id: EnvironmentId,
    number: u32,
) -> Result<(), ConsoleError> {
    crate::console::ask(|console| async move {
        console.switch_version(api_id, environment_id, number).await
    })
    .await
}
