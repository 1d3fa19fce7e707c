//! API Gateway > Custom Authorizers.

mod api;
mod card;
mod form;
mod identity;
mod page;

pub(crate) use api::{create_authorizer, delete_authorizer, list_authorizers, update_authorizer};
pub(crate) use page::AuthorizersPage;

use serde::{Deserialize, Serialize};
use sluice_domain::authorizer::Authorizer;
use sluice_domain::function::FunctionName;

use crate::apis::BindableApi;

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizerList {
    /// All authorizers, oldest first.
    pub authorizers: Vec<Authorizer>,
    /// All published APIs, some of which have an authorizer.
    pub apis: Vec<BindableApi>,
    /// All functions, in the order of their names: any of them can decide.
    pub functions: Vec<FunctionName>,
}
