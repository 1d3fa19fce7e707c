use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, Json};
use sluice_domain::credential::{ChosenKey, ChosenSecret, CredentialName};
use sluice_domain::id::{AppCodeId, CredentialId};
use sluice_domain::policy::AccessControl;
use sluice_domain::publication::BoundApi;

use super::{CredentialList, NewSecret};
use crate::console::ConsoleError;

/// Lists the credentials, and the APIs that they can be bound to.
#[server(prefix = "/api", endpoint = "credentials/list", input = GetUrl)]
pub async fn list_credentials() -> Result<CredentialList, ConsoleError> {
    crate::console::ask(|console| async move { console.list_credentials().await }).await
}

/// Creates a credential; what the user did not choose is drawn.
#[server(prefix = "/api", endpoint = "credentials/create", input = Json)]
pub async fn create_credential(
    name: CredentialName,
    chosen: Option<ChosenKey>,
) -> Result<NewSecret, ConsoleError> {
    crate::console::ask(|console| async move { console.create_credential(name, chosen).await })
        .await
}

/// Gives a credential another secret; one that the user did not choose is drawn.
#[server(prefix = "/api", endpoint = "credentials/reset-secret", input = Json)]
pub async fn reset_app_secret(
    credential_id: CredentialId,
    chosen: Option<ChosenSecret>,
) -> Result<NewSecret, ConsoleError> {
    crate::console::ask(
        |console| async move { console.reset_app_secret(credential_id, chosen).await },
    )
    .await
}

/// Says from which addresses a credential may be used; none: from any.
#[server(prefix = "/api", endpoint = "credentials/set-access", input = Json)]
pub async fn set_credential_access(
    credential_id: CredentialId,
    access: Option<AccessControl>,
) -> Result<(), ConsoleError> {
    crate::console::ask(|console| async move {
        console.set_credential_access(credential_id, access).await
    })
    .await
}

/// Deletes a credential.
#[server(prefix = "/api", endpoint = "credentials/delete", input = Json)]
pub async fn delete_credential(credential_id: CredentialId) -> Result<(), ConsoleError> {
    crate::console::ask(|console| async move { console.delete_credential(credential_id).await })
        .await
}

/// Makes an AppCode, which is told this once.
#[server(prefix = "/api", endpoint = "credentials/create-app-code", input = Json)]
pub async fn create_app_code(credential_id: CredentialId) -> Result<String, ConsoleError> {
    crate::console::ask(|console| async move { console.create_app_code(credential_id).await }).await
}

/// Deletes an AppCode.
#[server(prefix = "/api", endpoint = "credentials/delete-app-code", input = Json)]
pub async fn delete_app_code(
    credential_id: CredentialId,
    app_code_id: AppCodeId,
) -> Result<(), ConsoleError> {
    crate::console::ask(|console| async move {
        console.delete_app_code(credential_id, app_code_id).await
    })
    .await
}

/// Lets a credential call these APIs, each in an environment, and no others.
#[server(prefix = "/api", endpoint = "credentials/bind", input = Json)]
pub async fn bind_credential(
    credential_id: CredentialId,
    apis: Vec<BoundApi>,
) -> Result<(), ConsoleError> {
    crate::console::ask(|console| async move { console.bind_credential(credential_id, apis).await })
        .await
}
