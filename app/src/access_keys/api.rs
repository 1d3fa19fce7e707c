use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, Json};
use sluice_domain::access_key::AccessKey;
use sluice_domain::id::AccessKeyId;
use sluice_domain::text::Description;

use super::NewAccessKey;
use crate::console::ConsoleError;

/// Lists the access keys of who is signed in.
#[server(prefix = "/api", endpoint = "access-keys/list", input = GetUrl)]
pub async fn list_access_keys() -> Result<Vec<AccessKey>, ConsoleError> {
    crate::console::ask(|console| async move { console.list_access_keys().await }).await
}

/// Creates an access key.
#[server(prefix = "/api", endpoint = "access-keys/create", input = Json)]
pub async fn create_access_key(description: Description) -> Result<NewAccessKey, ConsoleError> {
    crate::console::ask(|console| async move { console.create_access_key(description).await }).await
}

/// Enables or disables an access key.
#[server(prefix = "/api", endpoint = "access-keys/enable", input = Json)]
pub async fn enable_access_key(
    access_key_id: AccessKeyId,
    is_enabled: bool,
) -> Result<(), ConsoleError> {
    crate::console::ask(|console| async move {
        console.enable_access_key(access_key_id, is_enabled).await
    })
    .await
}

/// Deletes an access key.
#[server(prefix = "/api", endpoint = "access-keys/delete", input = Json)]
pub async fn delete_access_key(access_key_id: AccessKeyId) -> Result<(), ConsoleError> {
    crate::console::ask(|console| async move { console.delete_access_key(access_key_id).await })
        .await
}
