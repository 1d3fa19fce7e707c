//! A deployment: a function's code and settings, ready to be called.

use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use sluice_domain::code::{CodeError, CodePackage};
use sluice_domain::function::{FunctionName, FunctionSettings, Runtime};
use sluice_domain::id::FunctionId;
use tokio::sync::Mutex;

use crate::component::ComponentInfo;
use crate::events::EventBudget;
use crate::executor::Inner;
use crate::instance::{Blueprint, ColdStarts};
use crate::kept::Kept;
use crate::pool::Pool;
use crate::renew::Pristine;
use crate::retire::retire;
use crate::slots::Slots;
use crate::snapshot::{NoSnapshot, Snapshot};
use crate::turns::Lane;

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
    /// The code. A deployment has it on disk, and here no more.
    pub code: CodePackage,
}

/// A function's code and settings, ready to be called. It never changes: other
/// code or other settings make another deployment. Its instances and its copy
/// of the code go when the last reference to it is dropped.
#[derive(Debug)]
pub struct Deployment {
    executor: Weak<Inner>,
    spec: Arc<DeploymentSpec>,
    // Before the blueprint, whose code its instances read: fields are dropped in this order.
    pub(crate) pool: Pool,
    pub(crate) blueprint: Arc<Blueprint>,
    share: Arc<Share>,
    /// Where its snapshot may outlive the server.
    pub(crate) kept: Option<Kept>,
    /// How many instances are being made that nobody waits for.
    pub(crate) making: AtomicUsize,
    /// What used instances are made new from, where each call has one of its own.
    pub(crate) pristine: Mutex<Option<Arc<Pristine>>>,
    /// Whether making its snapshot was begun.
    pub(crate) is_prepared: AtomicBool,
    /// What came of making a snapshot, once it was tried.
    pub(crate) snapshot: OnceLock<Result<Snapshot, NoSnapshot>>,
}

impl Deployment {
    pub(crate) fn new(
        executor: Weak<Inner>,
        mut spec: DeploymentSpec,
        blueprint: Blueprint,
        share: Arc<Share>,
        kept: Option<Kept>,
    ) -> Self {
        // All functions' code together may not fit into memory.
        spec.code = CodePackage::default();
        Self {
            executor,
            spec: Arc::new(spec),
            pool: Pool::default(),
            blueprint: Arc::new(blueprint),
            share,
            kept,
            making: AtomicUsize::new(0),
            pristine: Mutex::default(),
            is_prepared: AtomicBool::new(false),
            snapshot: OnceLock::new(),
        }
    }

    /// What it was made of.
    pub fn spec(&self) -> &DeploymentSpec {
        &self.spec
    }

    pub(crate) fn shared_spec(&self) -> Arc<DeploymentSpec> {
        Arc::clone(&self.spec)
    }

    /// The executor, if it still is.
    pub(crate) fn executor(&self) -> Option<Arc<Inner>> {
        self.executor.upgrade()
    }

    /// What the component exports and imports, where the function is one.
    pub fn component(&self) -> Option<&ComponentInfo> {
        self.blueprint.runtime().component.as_deref()
    }

    /// Instances that are ready and wait for a call.
    pub fn waiting_instances(&self) -> usize {
        self.pool.len()
    }

    /// Instances of the function, of this deployment or an earlier one, that run a call or are
    /// being made ready after one.
    pub fn busy_instances(&self) -> usize {
        self.slots().used()
    }

    /// Counts a call of the function that a policy of the gateway has refused.
    pub fn throttle_by_policy(&self) {
        self.slots().throttle_by_policy();
    }

    pub(crate) fn slots(&self) -> &Arc<Slots> {
        &self.share.slots
    }

    pub(crate) fn events(&self) -> &EventBudget {
        &self.share.events
    }

    /// Stops instances that have waited for at least `age`, but not the reserved ones.
    pub(crate) fn stop_older(&self, age: Duration) {
        let reserved = self.spec.settings.concurrency.reserved_instances() as usize;
        let used = self.slots().used();
        retire(
            self,
            self.pool.take_older(age, reserved.saturating_sub(used)),
        );
        // It is only of use to instances.
        if used == 0
            && self.pool.len() == 0
            && let Ok(mut pristine) = self.pristine.try_lock()
        {
            *pristine = None;
        }
    }

    /// What its last cold starts took.
    pub fn cold_starts(&self) -> ColdStarts {
        self.blueprint.cold_starts()
    }

    /// The snapshot that instances begin with, or why there is none; nothing while it is
    /// being made, which happens in the background.
    pub fn snapshot(&self) -> Option<Result<&Snapshot, &NoSnapshot>> {
        self.snapshot.get().map(Result::as_ref)
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        retire(self, self.pool.take_older(Duration::ZERO, 0));
    }
}

/// What one function has of the executor, shared by its deployments.
#[derive(Debug)]
pub(crate) struct Share {
    pub(crate) slots: Arc<Slots>,
    pub(crate) lane: Lane,
    pub(crate) events: EventBudget,
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
