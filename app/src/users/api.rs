use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, Json};
use sluice_domain::id::UserId;
use sluice_domain::user::{Role, UserName};

use super::UserList;
use crate::console::ConsoleError;

/// Lists the users.
#[server(prefix = "/api", endpoint = "users/list", input = GetUrl)]
pub async fn list_users() -> Result<UserList, ConsoleError> {
    crate::console::ask(|console| async move { console.list_users().await }).await
}

/// Creates a user.
#[server(prefix = "/api", endpoint = "users/create", input = Json)]
pub async fn create_user(name: UserName, role: Role, password: String) -> Result<(), ConsoleError> {
    let password = crate::console::parse_password(&password)?;
    crate::console::ask(|console| async move { console.create_user(name, role, password).await })
        .await
}

/// Gives a user another role.
#[server(prefix = "/api", endpoint = "users/set-role", input = Json)]
pub async fn set_user_role(user_id: UserId, role: Role) -> Result<(), ConsoleError> {
    crate::console::ask(|console| async move { console.set_user_role(user_id, role).await }).await
}

/// Lets a user in no more, or again.
#[server(prefix = "/api", endpoint = "users/disable", input = Json)]
pub async fn disable_user(user_id: UserId, is_disabled: bool) -> Result<(), ConsoleError> {
    crate::console::ask(|console| async move { console.disable_user(user_id, is_disabled).await })
        .await
}

/// Sets the password of somebody else.
#[server(prefix = "/api", endpoint = "users/reset-password", input = Json)]
pub async fn reset_password(user_id: UserId, password: String) -> Result<(), ConsoleError> {
    let password = crate::console::parse_password(&password)?;
    crate::console::ask(|console| async move { console.reset_password(user_id, password).await })
        .await
}

/// Deletes a user.
#[server(prefix = "/api", endpoint = "users/delete", input = Json)]
pub async fn delete_user(user_id: UserId) -> Result<(), ConsoleError> {
    crate::console::ask(|console| async move { console.delete_user(user_id).await }).await
}
