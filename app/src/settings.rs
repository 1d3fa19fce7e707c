//! Configuration > Basic Settings, Environment Variables, Concurrency and Network.

mod api;
mod basic;
mod concurrency;
mod env_vars;
mod form;
mod network;
mod page;

pub(crate) use api::{
    find_concurrency, update_basic_settings, update_concurrency, update_env_vars, update_outbound,
};
pub(crate) use basic::BasicSettingsPage;
pub(crate) use concurrency::ConcurrencyPage;
pub(crate) use env_vars::EnvVarsPage;
pub(crate) use network::NetworkPage;
pub(crate) use page::ConfigurationPage;

use serde::{Deserialize, Serialize};
use sluice_domain::concurrency::Concurrency;
use sluice_domain::function::{ExecutionTimeout, Handler, Initializer, MemoryMb, PreStop};
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
    /// What runs before an instance is stopped, if anything does.
    #[serde(default)]
    pub pre_stop: Option<PreStop>,
}

/// What Configuration > Concurrency shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConcurrencyView {
    /// How many instances the function has.
    pub concurrency: Concurrency,
    /// Instances that run a call now.
    pub busy: u64,
    /// Instances that are ready and wait for a call.
    pub ready: u64,
    /// Calls of the last day that were refused for want of an instance.
    pub throttled: u64,
}
