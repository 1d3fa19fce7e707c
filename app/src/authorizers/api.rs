use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, Json};
use sluice_domain::authorizer::{AuthorizerName, AuthorizerRule};
use sluice_domain::function::FunctionName;
use sluice_domain::id::AuthorizerId;

use super::AuthorizerList;
use crate::console::ConsoleError;

/// Lists the authorizers, and the functions that can decide.
#[server(prefix = "/api", endpoint = "authorizers/list", input = GetUrl)]
pub async fn list_authorizers() -> Result<AuthorizerList, ConsoleError> {
    crate::console::ask(|console| async move { console.list_authorizers().await }).await
}

/// Creates an authorizer.
#[server(prefix = "/api", endpoint = "authorizers/create", input = Json)]
pub async fn create_authorizer(
    name: AuthorizerName,
    function: FunctionName,
    rule: AuthorizerRule,
) -> Result<(), ConsoleError> {
    crate::console::ask(
        |console| async move { console.create_authorizer(name, function, rule).await },
    )
    .await
}

/// Changes an authorizer.
#[server(prefix = "/api", endpoint = "authorizers/update", input = Json)]
pub async fn update_authorizer(
    authorizer_id: AuthorizerId,
    name: AuthorizerName,
    function: FunctionName,
    rule: AuthorizerRule,
) -> Result<(), ConsoleError> {
    crate::console::ask(|console| async move {
        console
            .update_authorizer(authorizer_id, name, function, rule)
            .await
    })
    .await
}

/// Deletes an authorizer that no API uses.
#[server(prefix = "/api", endpoint = "authorizers/delete", input = Json)]
pub async fn delete_authorizer(authorizer_id: AuthorizerId) -> Result<(), ConsoleError> {
    crate::console::ask(|console| async move { console.delete_authorizer(authorizer_id).await })
        .await
}
