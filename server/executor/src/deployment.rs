//! A deployment: a function's code and settings, ready to be called.

use std::sync::{Arc, OnceLock};

use sluice_domain::code::{CodeError, CodePackage};
use sluice_domain::function::{FunctionName, FunctionSettings, Runtime};
use sluice_domain::id::FunctionId;
use tokio::sync::Semaphore;

use crate::instance::Blueprint;
use crate::pool::Pool;
use crate::snapshot::{NoSnapshot, Snapshot};

/// What a deployment is made of.
#[derive(Debug, Clone)]
pub struct DeploymentSpec {
    /// The function's id. All deployments of one function share its limit of instances.
    pub function_id: FunctionId,
    /// The function's name.
    pub function_name: FunctionName,
    /// The version, for example `latest`.
    pub version: String,
    /// The language of the code.
    pub runtime: Runtime,
    /// Handler, memory, timeout and environment variables.
    pub settings: FunctionSettings,
    /// The code.
    pub code: CodePackage,
}

/// A function's code and settings, ready to be called. It never changes: other
/// code or other settings make another deployment. Its instances and its copy
/// of the code go when the last reference to it is dropped.
#[derive(Debug)]
pub struct Deployment {
    spec: DeploymentSpec,
    // Before the blueprint, whose code its instances read: fields are dropped in this order.
    pub(crate) pool: Pool,
    pub(crate) blueprint: Blueprint,
    pub(crate) slots: Arc<Semaphore>,
    /// What came of making a snapshot, once it was tried.
    pub(crate) snapshot: OnceLock<Result<Snapshot, NoSnapshot>>,
}

impl Deployment {
    pub(crate) fn new(spec: DeploymentSpec, blueprint: Blueprint, slots: Arc<Semaphore>) -> Self {
        Self {
            spec,
            pool: Pool::default(),
            blueprint,
            slots,
            snapshot: OnceLock::new(),
        }
    }

    /// What it was made of.
    pub fn spec(&self) -> &DeploymentSpec {
        &self.spec
    }

    /// The snapshot that instances begin with, or why there is none; nothing while it is
    /// being made, which happens in the background.
    pub fn snapshot(&self) -> Option<Result<&Snapshot, &NoSnapshot>> {
        self.snapshot.get().map(Result::as_ref)
    }
}

/// Why there is no deployment.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// The code cannot be run; the developer has to change it.
    #[error("{0}")]
    Code(CodeError),
    /// The executor was started without this runtime.
    #[error("the runtime {0} is not installed")]
    NoRuntime(Runtime),
    /// The executor is stopping.
    #[error("the executor is stopping")]
    Stopping,
    /// A file could not be written.
    #[error("the code could not be written to disk")]
    Disk(#[source] std::io::Error),
    /// The runtime did not answer.
    #[error("the code could not be checked")]
    Check(#[source] wasmtime::Error),
}
