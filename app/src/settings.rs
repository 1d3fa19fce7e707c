//! Configuration > Basic Settings and Configuration > Environment Variables.

mod api;
mod basic;
mod env_vars;
mod page;

pub(crate) use api::{update_basic_settings, update_env_vars};
pub(crate) use basic::BasicSettingsPage;
pub(crate) use env_vars::EnvVarsPage;
pub(crate) use page::ConfigurationPage;

use serde::{Deserialize, Serialize};
use sluice_domain::function::{ExecutionTimeout, Handler, Initializer, MemoryMb};
use sluice_domain::text::Description;

/// What Basic Settings can change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BasicSettings {
    /// Where the function begins.
    pub handler: Handler,
    /// Memory of one instance.
    pub memory: MemoryMb,
    /// Longest run of one invocation.
    pub timeout: ExecutionTimeout,
    /// What the function is for.
    pub description: Description,
    /// What runs before the first call of an instance, if anything does.
    #[serde(default)]
    pub initializer: Option<Initializer>,
}
