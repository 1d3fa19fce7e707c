use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, Json};
use sluice_domain::access_token::AccessToken;
use sluice_domain::id::AccessTokenId;

use crate::console::ConsoleError;

/// Lists the access tokens of who is signed in.
#[server(prefix = "/api", endpoint = "access-tokens/list", input = GetUrl)]
pub async fn list_access_tokens() -> Result<Vec<AccessToken>, ConsoleError> {
    crate::console::ask(|console| async move { console.list_access_tokens().await }).await
}

/// Creates an access token, and tells it this once.
#[server(prefix = "/api", endpoint = "access-tokens/create", input = Json)]
pub async fn create_access_token() -> Result<String, ConsoleError> {
    crate::console::ask(|console| async move { console.create_access_token().await }).await
}

/// Deletes an access token.
#[server(prefix = "/api", endpoint = "access-tokens/delete", input = Json)]
pub async fn delete_access_token(access_token_id: AccessTokenId) -> Result<(), ConsoleError> {
    crate::console::ask(|console| async move { console.delete_access_token(access_token_id).await })
        .await
}
