//! API Gateway > Policies.

mod api;
mod card;
mod form;
mod page;

pub(crate) use api::{bind_policy, create_policy, delete_policy, list_policies, update_policy};
pub(crate) use form::{AccessFields, AccessInputs};
pub(crate) use page::PoliciesPage;

use serde::{Deserialize, Serialize};
use sluice_domain::policy::{CallerId, Policy};

use crate::apis::BindableApi;

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyList {
    /// All policies, oldest first.
    pub policies: Vec<Policy>,
    /// All published APIs, which policies can be bound to.
    pub apis: Vec<BindableApi>,
    /// All credentials and users, who can have a limit of their own.
    pub callers: Vec<NamedCaller>,
}

/// A credential or a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedCaller {
    /// Which one.
    pub caller: CallerId,
    /// Its name.
    pub name: String,
}
