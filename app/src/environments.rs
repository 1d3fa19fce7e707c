//! API Gateway > Environments: where APIs are published.

mod api;
mod form;
mod page;

pub(crate) use api::{
    create_environment, delete_environment, list_environments, update_environment,
};
pub(crate) use page::EnvironmentsPage;

use serde::{Deserialize, Serialize};
use sluice_domain::environment::Environment;
use sluice_domain::time::Timestamp;

/// A row of the list of environments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentView {
    /// The environment.
    pub environment: Environment,
    /// How many APIs are published there.
    pub published: u32,
    /// When it was created; none of RELEASE, which was always there.
    pub created_at: Option<Timestamp>,
}
