//! Administration > Users.

mod api;
mod forms;
mod page;

pub(crate) use api::{
    create_user, delete_user, disable_user, list_users, reset_password, set_user_role,
};
pub(crate) use page::UsersPage;

use serde::{Deserialize, Serialize};
use sluice_domain::id::UserId;
use sluice_domain::user::User;

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserList {
    /// All users, by name.
    pub users: Vec<User>,
    /// Who asks.
    pub me: UserId,
}
