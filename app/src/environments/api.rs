use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, Json};
use sluice_domain::environment::{Environment, EnvironmentName};
use sluice_domain::id::EnvironmentId;
use sluice_domain::text::ShortDescription;

use super::EnvironmentView;
use crate::console::ConsoleError;

/// Lists the environments, RELEASE first.
#[server(prefix = "/api", endpoint = "environments/list", input = GetUrl)]
pub async fn list_environments() -> Result<Vec<EnvironmentView>, ConsoleError> {
    crate::console::ask(|console| async move { console.list_environments().await }).await
}

/// Creates an environment.
#[server(prefix = "/api", endpoint = "environments/create", input = Json)]
pub async fn create_environment(
    name: EnvironmentName,
    description: ShortDescription,
) -> Result<Environment, ConsoleError> {
    crate::console::ask(
        |console| async move { console.create_environment(name, description).await },
    )
    .await
}

/// Says something else of an environment.
#[server(prefix = "/api", endpoint = "environments/update", input = Json)]
pub async fn update_environment(
    environment_id: EnvironmentId,
    description: ShortDescription,
) -> Result<(), ConsoleError> {
    crate::console::ask(|console| async move {
        console
            .update_environment(environment_id, description)
            .await
    })
    .await
}

/// Deletes an environment in which nothing is published.
#[server(prefix = "/api", endpoint = "environments/delete", input = Json)]
pub async fn delete_environment(environment_id: EnvironmentId) -> Result<(), ConsoleError> {
    crate::console::ask(|console| async move { console.delete_environment(environment_id).await })
        .await
}
