//! The executor as the rest of the server sees it.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use sluice_domain::id::FunctionId;
use sluice_domain::invocation::InvocationRecord;
use tokio::sync::{Semaphore, mpsc};

use crate::call::{Call, Invocation, MAX_EVENT_BYTES, Refused, ResponseRefused};
use crate::deployment::{DeployError, Deployment, DeploymentSpec};
use crate::engine::{self, Ticker};
use crate::gate::Gate;
use crate::instance::Blueprint;
use crate::runtime::{ReadyRuntime, RuntimeImage, StartError, disk};
use crate::scratch::Stock;
use crate::snapshot::{self, NoSnapshot};
use crate::{code, pool, run, scratch, syntax};

/// How often instances that wait too long are looked for.
const SWEEP: Duration = Duration::from_secs(5);

/// How long a deployment serves before its snapshot is made: the calls that come at once after
/// a deploy go before, and code that is deployed again at once needs none.
const BEFORE_SNAPSHOT: Duration = Duration::from_millis(100);

/// How long code may take to be loaded for a snapshot: others wait for their turn.
const LONGEST_LOADING: Duration = Duration::from_secs(30);

/// How the executor is set up.
#[derive(Debug, Clone)]
pub struct ExecutorConfig {
    /// The folder for compiled runtimes, code and temporary files. Only the
    /// executor may write there: what it maps from it is run as machine code.
    pub artifacts: PathBuf,
    /// Most calls of one function that may run at a time, each on an instance
    /// of its own. Source: quotas, 400.
    pub max_instances_per_function: usize,
    /// Where the record of each invocation goes. A place is reserved before a
    /// call runs, so callers wait when the recorder cannot keep up, and no
    /// record is lost.
    pub records: mpsc::Sender<Arc<InvocationRecord>>,
}

/// Runs functions. Clones share everything.
#[derive(Clone)]
pub struct Executor(Arc<Inner>);

/// What all clones and all running calls share.
pub(crate) struct Inner {
    config: ExecutorConfig,
    runtimes: Vec<ReadyRuntime>,
    gate: Gate,
    pub(crate) ticker: Ticker,
    folders: Folders,
    /// One snapshot is made at a time.
    snapshots: Arc<Semaphore>,
    slots: Mutex<HashMap<FunctionId, Weak<Semaphore>>>,
    deployments: Mutex<Vec<Weak<Deployment>>>,
    // Held while this lives: two executors would remove each other's files.
    _lock: fs::File,
}

/// The folders whose content lives no longer than the executor.
struct Folders {
    code: PathBuf,
    snapshots: PathBuf,
    tmp: Arc<Stock>,
}

impl Executor {
    /// Makes every runtime of `images` ready: compiles it on the very first
    /// start, which takes about ten seconds and is told by a tracing event,
    /// and maps it from the artifacts afterwards.
    pub async fn start(
        config: ExecutorConfig,
        images: &[RuntimeImage<'_>],
    ) -> Result<Self, StartError> {
        let lock = lock(&config.artifacts)?;
        let folder = |name: &str| config.artifacts.join(name);
        let (code, snapshots, tmp) = (folder("code"), folder("snapshots"), folder("tmp"));
        for folder in [&code, &snapshots, &tmp] {
            scratch::emptied(folder).map_err(disk(folder))?;
        }
        let folders = Folders {
            code,
            snapshots,
            tmp: Arc::new(Stock::new(tmp)),
        };
        let engine = engine::engine().map_err(StartError::Engine)?;
        // This blocks, also for the seconds of a compilation: nothing is served before.
        let runtimes = std::thread::scope(|threads| {
            let ready = |image| ReadyRuntime::prepare(&engine, &config.artifacts, image);
            let preparing: Vec<_> = images
                .iter()
                .map(|image| threads.spawn(move || ready(image)))
                .collect();
            let runtimes = preparing.into_iter().map(|thread| match thread.join() {
                Ok(runtime) => runtime,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            runtimes.collect::<Result<_, _>>()
        })?;
        let ticker = Ticker::start(&engine).map_err(|error| StartError::Engine(error.into()))?;
        let executor = Self(Arc::new(Inner {
            config,
            runtimes,
            gate: Gate::new(),
            ticker,
            folders,
            snapshots: Arc::new(Semaphore::new(1)),
            slots: Mutex::default(),
            deployments: Mutex::default(),
            _lock: lock,
        }));
        tokio::spawn(sweep(Arc::downgrade(&executor.0)));
        Ok(executor)
    }

    /// Checks the syntax of the code and makes it ready to be called. Calls in
    /// flight, and earlier deployments, are not touched.
    pub async fn deploy(&self, spec: DeploymentSpec) -> Result<Arc<Deployment>, DeployError> {
        let inner = &self.0;
        let _inside = inner.gate.enter().ok_or(DeployError::Stopping)?;
        let runtime = inner
            .runtimes
            .iter()
            .find(|ready| ready.runtime == spec.runtime)
            .ok_or(DeployError::NoRuntime(spec.runtime))?;
        let parent = inner.folders.code.clone();
        let (spec, folder) = tokio::task::spawn_blocking(move || {
            let folder = code::write(&spec.code, &parent);
            (spec, folder)
        })
        .await
        .map_err(|ended| DeployError::Disk(ended.into()))?;
        let folder = folder.map_err(DeployError::Disk)?;
        let tmp = inner.folders.tmp.clone();
        let blueprint = Blueprint::new(&spec, runtime.clone(), folder, tmp);
        let ticking = inner.ticker.during_call();
        syntax::check(spec.runtime, &spec.code, &blueprint).await?;
        drop(ticking);
        let slots = inner.slots(&spec.function_id);
        let deployment = Arc::new(Deployment::new(spec, blueprint, slots));
        inner.remember(&deployment);
        tokio::spawn(make_snapshot(
            Arc::downgrade(inner),
            Arc::downgrade(&deployment),
        ));
        Ok(deployment)
    }

    /// Runs one invocation. It runs in a task of its own: when the caller goes
    /// away, the function still runs to its end or its execution timeout and
    /// is recorded. `accept` turns the result, as JSON text, into what the
    /// caller needs; what it refuses is recorded as a failure of the code.
    pub async fn invoke<T, F>(
        &self,
        deployment: &Arc<Deployment>,
        call: Call,
        accept: F,
    ) -> Result<Invocation<T>, Refused>
    where
        T: Send + 'static,
        F: FnOnce(String) -> Result<T, ResponseRefused> + Send + 'static,
    {
        let bytes = call.event.len();
        if bytes > MAX_EVENT_BYTES {
            let limit = MAX_EVENT_BYTES;
            return Err(Refused::EventTooLarge { bytes, limit });
        }
        let inside = self.0.gate.enter().ok_or(Refused::Stopping)?;
        let slot = Arc::clone(&deployment.slots)
            .try_acquire_owned()
            .map_err(|_| Refused::Throttled {
                max_instances: self.0.config.max_instances_per_function,
            })?;
        let place = self.0.config.records.clone().reserve_owned().await;
        // Without a recorder nothing may run: it would leave no trace.
        let place = place.map_err(|_| Refused::Stopping)?;
        let (inner, deployment) = (Arc::clone(&self.0), Arc::clone(deployment));
        let task = tokio::spawn(async move {
            let invocation = run::invocation(&inner, &deployment, call, accept).await;
            place.send(Arc::clone(&invocation.record));
            drop((slot, inside));
            invocation
        });
        task.await.map_err(|ended| match ended.is_panic() {
            true => Refused::Fault,
            // Only the end of the whole server cancels it.
            false => Refused::Stopping,
        })
    }

    /// Takes no more calls, and waits for those in flight, at most for `grace`.
    pub async fn stop(&self, grace: Duration) {
        self.0.gate.close();
        if tokio::time::timeout(grace, self.0.gate.empty())
            .await
            .is_err()
        {
            tracing::warn!(
                grace_seconds = grace.as_secs_f64(),
                "calls are still running"
            );
        }
        self.0.drop_waiting(Duration::ZERO);
    }
}

impl std::fmt::Debug for Executor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Executor").finish_non_exhaustive()
    }
}

impl Inner {
    /// Drops the instances of all deployments that have waited for at least `age`.
    pub(crate) fn drop_waiting(&self, age: Duration) {
        let deployments: Vec<Arc<Deployment>> = {
            let mut known = self
                .deployments
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            known.retain(|deployment| deployment.strong_count() > 0);
            known.iter().filter_map(Weak::upgrade).collect()
        };
        for deployment in deployments {
            deployment.pool.drop_older(age);
        }
    }

    /// The slots of a function, shared by its deployments.
    fn slots(&self, function_id: &FunctionId) -> Arc<Semaphore> {
        let mut all = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slots) = all.get(function_id).and_then(Weak::upgrade) {
            return slots;
        }
        all.retain(|_, slots| slots.strong_count() > 0);
        let slots = Arc::new(Semaphore::new(self.config.max_instances_per_function));
        all.insert(function_id.clone(), Arc::downgrade(&slots));
        slots
    }

    fn remember(&self, deployment: &Arc<Deployment>) {
        let mut known = self
            .deployments
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        known.push(Arc::downgrade(deployment));
    }
}

/// Makes the snapshot of a deployment, one after the other: calls go before.
async fn make_snapshot(inner: Weak<Inner>, deployment: Weak<Deployment>) {
    let Some(turns) = inner.upgrade().map(|inner| Arc::clone(&inner.snapshots)) else {
        return;
    };
    tokio::time::sleep(BEFORE_SNAPSHOT).await;
    // Fails only if the semaphore is closed, which nobody does.
    let Ok(_turn) = turns.acquire().await else {
        return;
    };
    // It may have been replaced meanwhile, or the executor may have ended.
    let (Some(inner), Some(deployment)) = (inner.upgrade(), deployment.upgrade()) else {
        return;
    };
    // A stop need not wait for it.
    if inner.gate.enter().is_none() {
        return;
    }
    let _ticking = inner.ticker.during_call();
    let timeout = deployment.spec().settings.timeout.duration();
    let timeout = timeout.min(LONGEST_LOADING);
    let folder = &inner.folders.snapshots;
    let made = snapshot::make(&deployment.blueprint, folder, timeout).await;
    let name = &deployment.spec().function_name;
    match &made {
        Ok(snapshot) => tracing::debug!(
            function.name = %name,
            duration_us = snapshot.took.as_micros() as u64,
            memory.bytes = snapshot.memory_bytes,
            "made a snapshot"
        ),
        Err(NoSnapshot::Fault(error)) => {
            tracing::warn!(function.name = %name, error = format!("{error:#}"), "no snapshot");
        }
        Err(reason) => tracing::debug!(function.name = %name, %reason, "no snapshot"),
    }
    let _ = deployment.snapshot.set(made);
}

/// Takes the folder for this process.
fn lock(artifacts: &Path) -> Result<fs::File, StartError> {
    fs::create_dir_all(artifacts).map_err(disk(artifacts))?;
    let path = artifacts.join("lock");
    let file = fs::File::create(&path).map_err(disk(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(StartError::InUse(artifacts.to_owned())),
        Err(fs::TryLockError::Error(error)) => Err(disk(&path)(error)),
    }
}

/// Lets instances go that have waited too long, as long as the executor lives.
async fn sweep(inner: Weak<Inner>) {
    let mut tick = tokio::time::interval(SWEEP);
    loop {
        tick.tick().await;
        match inner.upgrade() {
            Some(inner) => inner.drop_waiting(pool::KEPT),
            None => return,
        }
    }
}
