//! The executor as the rest of the server sees it.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use rustls::pki_types::CertificateDer;
use sluice_domain::function::Runtime;
use sluice_domain::id::FunctionId;
use sluice_domain::invocation::InvocationRecord;
use sluice_domain::metrics::{InstanceMetrics, ThrottleReason, Throttles};
use sluice_domain::trace::Stage;
use sluice_domain::version::LATEST;
use tokio::sync::{Semaphore, mpsc};

use crate::budget::Budget;
use crate::call::{Call, Invocation, MAX_EVENT_BYTES, Refused, ResponseRefused};
use crate::clock::Clock;
use crate::component::Components;
use crate::deployment::{DeployError, Deployment, DeploymentSpec, Share};
use crate::engine::{self, Pausing, Ticker};
use crate::events::EventBudget;
use crate::gate::Gate;
use crate::instance::{Blueprint, Surroundings};
use crate::kept::Kept;
use crate::onward::Onward;
use crate::outbound::{Outside, Trust};
use crate::retire::retire;
use crate::runtime::{ReadyRuntime, RuntimeImage, StartError, unusable};
use crate::scratch::Stock;
use crate::slots::Slots;
use crate::snapshot::{self, NoSnapshot};
use crate::standalone::NoStandalone;
use crate::turns::Turns;
use crate::{artifact, code, heap, run, scratch, standalone, supply, syntax};

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
    /// of its own, whatever its settings say. Source: quotas, 400.
    pub max_instances_per_function: usize,
    /// How long a call waits for an instance where its function has no further one.
    pub queue_wait: Duration,
    /// How long an instance waits for a call before it goes: [`IDLE`](crate::IDLE).
    pub idle: Duration,
    /// Bytes that the instances of all functions may have together.
    pub memory_bytes: u64,
    /// Bytes that the `/tmp` of an instance may hold: [`TMP_BYTES`](crate::TMP_BYTES).
    pub tmp_bytes: u64,
    /// Where the record of each invocation goes. A place is reserved before a
    /// call runs, so callers wait when the recorder cannot keep up, and no
    /// record is lost.
    pub records: mpsc::Sender<Arc<InvocationRecord>>,
    /// Certificate authorities that functions trust besides those of this machine.
    pub more_authorities: Vec<CertificateDer<'static>>,
}

/// Runs functions. Clones share everything.
#[derive(Clone)]
pub struct Executor(Arc<Inner>);

/// What all clones and all running calls share.
pub(crate) struct Inner {
    config: ExecutorConfig,
    runtimes: Vec<ReadyRuntime>,
    components: Components,
    gate: Gate,
    /// Instances that run something before they are stopped.
    pub(crate) stopping: Gate,
    pub(crate) ticker: Ticker,
    folders: Folders,
    clock: Clock,
    outside: Arc<Outside>,
    /// One snapshot is made at a time.
    snapshots: Arc<Semaphore>,
    turns: Turns,
    pub(crate) budget: Arc<Budget>,
    shares: Mutex<HashMap<FunctionId, Weak<Share>>>,
    deployments: Mutex<Vec<Weak<Deployment>>>,
    // Held while this lives: two executors would remove each other's files.
    _lock: fs::File,
}

/// Its folders. The content of all but one lives no longer than the executor.
struct Folders {
    code: PathBuf,
    snapshots: PathBuf,
    tmp: Arc<Stock>,
    /// This one stays.
    kept: PathBuf,
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
            scratch::emptied(folder).map_err(unusable(folder))?;
        }
        let kept = folder("kept");
        fs::create_dir_all(&kept).map_err(unusable(&kept))?;
        artifact::tidy(&kept);
        let clock = Clock::in_folder(&config.artifacts).map_err(unusable(&config.artifacts))?;
        let folders = Folders {
            code,
            snapshots,
            tmp: Arc::new(Stock::new(tmp)),
            kept,
        };
        let engine = |pausing| engine::engine(pausing).map_err(StartError::Engine);
        let (by_epochs, by_flags) = (engine(Pausing::ByEpochs)?, engine(Pausing::ByFlags)?);
        // This blocks, also for the seconds of a compilation: nothing is served before.
        let runtimes = std::thread::scope(|threads| {
            let ready = |image: &RuntimeImage<'_>| {
                let engine = match image.pausing() {
                    Pausing::ByEpochs => &by_epochs,
                    Pausing::ByFlags => &by_flags,
                };
                ReadyRuntime::prepare(engine, &config.artifacts, image)
            };
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
        heap::give_back();
        let folder = config.artifacts.join("components");
        let components =
            Components::new(by_epochs.clone(), folder.clone()).map_err(unusable(&folder))?;
        let ticker = Ticker::start(&by_epochs).map_err(|error| StartError::Engine(error.into()))?;
        let budget = Arc::new(Budget::new(config.memory_bytes));
        let threads = tokio::runtime::Handle::current().metrics().num_workers();
        let trust = Trust::new(config.more_authorities.clone());
        let executor = Self(Arc::new(Inner {
            config,
            runtimes,
            components,
            gate: Gate::new(),
            stopping: Gate::new(),
            ticker,
            folders,
            clock,
            outside: Arc::new(Outside::new(trust)),
            snapshots: Arc::new(Semaphore::new(1)),
            turns: Turns::new(threads),
            budget: Arc::clone(&budget),
            shares: Mutex::default(),
            deployments: Mutex::default(),
            _lock: lock,
        }));
        let inner = Arc::downgrade(&executor.0);
        budget.make_room_by(move |bytes| {
            if let Some(inner) = inner.upgrade() {
                inner.make_room(bytes);
            }
        });
        tokio::spawn(sweep(Arc::downgrade(&executor.0)));
        Ok(executor)
    }

    /// Checks the syntax of the code and makes it ready to be called; a snapshot is made in
    /// the background. Calls in flight, and earlier deployments, are not touched.
    pub async fn deploy(&self, spec: DeploymentSpec) -> Result<Arc<Deployment>, DeployError> {
        let deployment = self.ready(spec).await?;
        self.prepare(&deployment);
        Ok(deployment)
    }

    /// Makes the snapshot of a deployment in the background, if that was not begun before.
    pub fn prepare(&self, deployment: &Arc<Deployment>) {
        if deployment.is_prepared.load(Ordering::Relaxed)
            || deployment.is_prepared.swap(true, Ordering::SeqCst)
        {
            return;
        }
        tokio::spawn(make_snapshot(
            Arc::downgrade(&self.0),
            Arc::downgrade(deployment),
        ));
    }

    /// The same as a deploy, but with the snapshot that an earlier server has kept. Where there
    /// is none, it is made when the function is first called: of many functions, most are not
    /// called soon after a server's start.
    pub async fn restore(&self, spec: DeploymentSpec) -> Result<Arc<Deployment>, DeployError> {
        let deployment = self.ready(spec).await?;
        if let Some(kept) = deployment.kept.clone() {
            let blueprint = Arc::clone(&deployment.blueprint);
            let begins = move || snapshot::begin_with_kept(&blueprint, &kept);
            let begins = tokio::task::spawn_blocking(begins).await;
            match begins.map_err(|ended| DeployError::Disk(ended.into()))? {
                Ok(Some(snapshot)) => {
                    deployment.is_prepared.store(true, Ordering::SeqCst);
                    let _ = deployment.snapshot.set(Ok(snapshot));
                }
                Ok(None) => {}
                Err(error) => tracing::warn!(
                    function.name = %deployment.spec().function_name,
                    error = format!("{error:#}"),
                    "a kept snapshot cannot be used"
                ),
            }
        }
        // They have to be there without a call.
        if deployment.spec().settings.concurrency.reserved_instances() > 0 {
            self.prepare(&deployment);
            if deployment.snapshot.get().is_some() {
                supply::fill(&self.0, &deployment);
            }
        }
        Ok(deployment)
    }

    /// The snapshot of a deployment as a WebAssembly component that other tools can run:
    /// `wasi:cli/run`, which reads an event from standard input and writes the result to
    /// standard output.
    pub async fn standalone(&self, deployment: &Deployment) -> Result<Vec<u8>, NoStandalone> {
        // Each holds a function's whole memory, and the component besides.
        let _turn = self.0.snapshots.acquire().await;
        standalone::of(deployment).await
    }

    async fn ready(&self, spec: DeploymentSpec) -> Result<Arc<Deployment>, DeployError> {
        let inner = &self.0;
        let _inside = inner.gate.enter().ok_or(DeployError::Stopping)?;
        let runtime = inner.runtime(&spec).await?;
        let (parent, kept) = (inner.folders.code.clone(), inner.folders.kept.clone());
        let (clock, of) = (inner.clock, runtime.clone());
        let (spec, folder, kept) = tokio::task::spawn_blocking(move || {
            let folder = code::write(&spec.code, &parent);
            let at = Kept::of(&kept, &spec, &of, &clock);
            Kept::remove_others(&kept, &spec.function_id, &spec.version, at.as_ref());
            (spec, folder, at)
        })
        .await
        .map_err(|ended| DeployError::Disk(ended.into()))?;
        let folder = folder.map_err(DeployError::Disk)?;
        let share = inner.share(&spec);
        let surroundings = Surroundings {
            scratch: inner.folders.tmp.clone(),
            lane: share.lane.clone(),
            budget: Arc::clone(&inner.budget),
            outside: Arc::clone(&inner.outside),
            tmp_bytes: inner.config.tmp_bytes,
            clock: inner.clock,
        };
        let blueprint = Blueprint::new(&spec, runtime, folder, surroundings);
        let ticking = inner.ticker.during_call();
        syntax::check(spec.runtime, &spec.code, &blueprint).await?;
        drop(ticking);
        // Of all versions together there are as many as the function has now.
        if spec.version == LATEST {
            share.slots.resize(inner.most_instances(&spec));
        }
        let deployment = Deployment::new(Arc::downgrade(inner), spec, blueprint, share, kept);
        let deployment = Arc::new(deployment);
        inner.remember(&deployment);
        Ok(deployment)
    }

    /// Forgets a function that is no more: what was kept of its memory.
    pub async fn forget(&self, function_id: FunctionId) {
        let kept = self.0.folders.kept.clone();
        let removing = tokio::task::spawn_blocking(move || Kept::remove_all(&kept, &function_id));
        // It fails only where the server ends, and files that nobody uses go some day.
        let _ = removing.await;
    }

    /// Forgets a version of a function that is no more, as [`Self::forget`] does all of them.
    pub async fn forget_version(&self, function_id: FunctionId, version: String) {
        let kept = self.0.folders.kept.clone();
        let removing = tokio::task::spawn_blocking(move || {
            Kept::remove_others(&kept, &function_id, &version, None);
        });
        // It fails only where the server ends, and files that nobody uses go some day.
        let _ = removing.await;
    }

    /// Runs one invocation. When the caller goes away, the function still runs
    /// to its end or its execution timeout and is recorded. `accept` turns the result, as JSON text, into what the
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
        self.prepare(deployment);
        let waiting = call.trace.begin(Stage::Queue);
        let slots = deployment.slots();
        let slot = slots.take(self.0.config.queue_wait).await;
        let slot = slot.ok_or_else(|| Refused::Throttled {
            max_instances: slots.most(),
        })?;
        // Without a recorder nothing may run: it would leave no trace.
        let place = self.0.place_for_record().await;
        let place = place.map_err(|_| Refused::Stopping)?;
        call.trace.end(waiting, || {
            let (used, most) = (slots.used(), slots.most());
            format!("{used} of {most} instances of the function at work")
        });
        let (inner, deployment) = (Arc::clone(&self.0), Arc::clone(deployment));
        let work = Onward::new(async move {
            supply::taking(&inner, &deployment);
            let (invocation, used) = run::invocation(&inner, &deployment, call, accept).await;
            place.send(Arc::clone(&invocation.record));
            if let Some(used) = used {
                // After the answer: the caller need not wait for it, but a stop does.
                let pre_stop = &deployment.spec().settings.pre_stop;
                let stopping = pre_stop.as_ref().and_then(|_| inner.stopping.enter());
                let replacing = supply::replace(inner, deployment, used, slot, stopping);
                tokio::spawn(replacing);
            }
            drop(inside);
            invocation
        });
        work.await.map_err(|_| Refused::Fault)
    }

    /// Records of invocations that nobody has taken yet, and most that there may be of them.
    pub fn records_waiting(&self) -> (usize, usize) {
        let records = &self.0.config.records;
        let most = records.max_capacity();
        (most - records.capacity(), most)
    }

    /// Bytes that the instances of all functions have now, and most that they may have.
    pub fn memory(&self) -> (u64, u64) {
        let budget = &self.0.budget;
        (budget.used(), budget.limit())
    }

    /// Calls that were refused since this was asked last, for want of an instance or by a policy
    /// of the gateway.
    pub fn take_throttled(&self) -> Vec<Throttles> {
        let counts = self.0.shares().into_iter().flat_map(|(id, share)| {
            let counts = [
                (ThrottleReason::Instances, share.slots.take_throttled()),
                (
                    ThrottleReason::Policy,
                    share.slots.take_throttled_by_policy(),
                ),
            ];
            counts.map(|(reason, count)| Throttles {
                function_id: id.clone(),
                reason,
                count,
            })
        });
        counts.filter(|throttles| throttles.count > 0).collect()
    }

    /// The functions that have instances, or had some since this was asked last: the most at work
    /// since then, and those that wait for a call now.
    pub fn take_instances(&self) -> Vec<(FunctionId, InstanceMetrics)> {
        let mut all: HashMap<FunctionId, InstanceMetrics> = HashMap::new();
        for (id, share) in self.0.shares() {
            all.entry(id).or_default().busy = share.slots.take_peak() as u64;
        }
        for deployment in self.0.deployments() {
            let spec = deployment.spec();
            let instances = all.entry(spec.function_id.clone()).or_default();
            instances.ready += deployment.waiting_instances() as u64;
            let reserved = spec.settings.concurrency.reserved_instances();
            instances.reserved = instances.reserved.max(u64::from(reserved));
        }
        all.retain(|_, instances| *instances != InstanceMetrics::default());
        all.into_iter().collect()
    }

    /// Takes no more calls, and waits for those in flight and for what is to run before
    /// instances are stopped, at most for `grace`.
    pub async fn stop(&self, grace: Duration) {
        let inner = &self.0;
        inner.gate.close();
        let stopping = async {
            // Those that wait need not wait for calls that are still running.
            inner.retire_all_waiting();
            inner.gate.empty().await;
            inner.retire_all_waiting();
            inner.stopping.empty().await;
        };
        if tokio::time::timeout(grace, stopping).await.is_err() {
            tracing::warn!(
                grace_seconds = grace.as_secs_f64(),
                "calls are still running"
            );
        }
        inner.drop_all_waiting();
    }
}

impl std::fmt::Debug for Executor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Executor").finish_non_exhaustive()
    }
}

impl Inner {
    /// What runs the code: one of ours, or the component that the code is.
    async fn runtime(&self, spec: &DeploymentSpec) -> Result<ReadyRuntime, DeployError> {
        if spec.runtime == Runtime::WebAssembly {
            let file = spec.runtime.handler_file(&spec.settings.handler);
            let wasm = spec.code.file(&file).cloned();
            return self.components.prepare(file, wasm).await;
        }
        let ready = self.runtimes.iter();
        let mut ready = ready.filter(|ready| ready.runtime == spec.runtime);
        let found = ready.next().cloned();
        found.ok_or(DeployError::NoRuntime(spec.runtime))
    }

    /// A place for the record of what is about to run. Fails where there is no recorder.
    pub(crate) async fn place_for_record(
        &self,
    ) -> Result<mpsc::OwnedPermit<Arc<InvocationRecord>>, mpsc::error::SendError<()>> {
        self.config.records.clone().reserve_owned().await
    }

    /// Stops all instances that wait for a call.
    fn retire_all_waiting(&self) {
        for deployment in self.deployments() {
            retire(&deployment, deployment.pool.take_older(Duration::ZERO, 0));
        }
    }

    /// Drops all instances that wait for a call: what they have is needed at once.
    pub(crate) fn drop_all_waiting(&self) {
        for deployment in self.deployments() {
            drop(deployment.pool.take_older(Duration::ZERO, 0));
        }
    }

    /// Drops instances that wait for a call, the longest first, until there are so many bytes
    /// more, or none waits.
    fn make_room(&self, bytes: u64) {
        let deployments = self.deployments();
        let wanted = self.budget.used().saturating_sub(bytes);
        while self.budget.used() > wanted {
            let oldest = deployments
                .iter()
                .filter_map(|deployment| Some((deployment.pool.oldest()?, deployment)))
                .min_by_key(|(since, _)| *since);
            match oldest {
                Some((_, deployment)) => drop(deployment.pool.take_oldest()),
                None => return,
            }
        }
    }

    /// What still serves.
    fn deployments(&self) -> Vec<Arc<Deployment>> {
        let mut known = self
            .deployments
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        known.retain(|deployment| deployment.strong_count() > 0);
        known.iter().filter_map(Weak::upgrade).collect()
    }

    /// Most instances of the function.
    fn most_instances(&self, spec: &DeploymentSpec) -> usize {
        let wanted = spec.settings.concurrency.max_instances() as usize;
        wanted.min(self.config.max_instances_per_function)
    }

    /// What each function has, as long as something serves it.
    fn shares(&self) -> Vec<(FunctionId, Arc<Share>)> {
        let all = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        let alive = |(id, share): (&FunctionId, &Weak<Share>)| Some((id.clone(), share.upgrade()?));
        all.iter().filter_map(alive).collect()
    }

    /// What the deployments of a function share.
    fn share(&self, spec: &DeploymentSpec) -> Arc<Share> {
        let mut all = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = all.get(&spec.function_id).and_then(Weak::upgrade) {
            return share;
        }
        all.retain(|_, share| share.strong_count() > 0);
        let share = Arc::new(Share {
            slots: Arc::new(Slots::new(self.most_instances(spec))),
            lane: self.turns.lane(),
            events: EventBudget::new(),
        });
        all.insert(spec.function_id.clone(), Arc::downgrade(&share));
        share
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
    let (folder, kept) = (&inner.folders.snapshots, deployment.kept.clone());
    let blueprint = &deployment.blueprint;
    let made = snapshot::make(blueprint, folder, kept, timeout).await;
    if made.is_ok() {
        // Nobody may call it for long, and what it saves is of interest now.
        let begun = Instant::now();
        let is_all = !blueprint.has_initializer();
        if is_all && blueprint.instance().await.is_ok() {
            blueprint.measured(true, begun.elapsed());
        }
    }
    let name = &deployment.spec().function_name;
    match &made {
        Ok(snapshot) => tracing::debug!(
            function.name = %name,
            duration_us = snapshot.took.unwrap_or_default().as_micros() as u64,
            memory.bytes = snapshot.memory_bytes,
            "made a snapshot"
        ),
        Err(NoSnapshot::Fault(error)) => {
            tracing::warn!(function.name = %name, error = format!("{error:#}"), "no snapshot");
        }
        Err(reason) => tracing::debug!(function.name = %name, %reason, "no snapshot"),
    }
    let _ = deployment.snapshot.set(made);
    // Those that are reserved begin with it.
    supply::fill(&inner, &deployment);
}

/// Takes the folder for this process.
fn lock(artifacts: &Path) -> Result<fs::File, StartError> {
    fs::create_dir_all(artifacts).map_err(unusable(artifacts))?;
    let path = artifacts.join("lock");
    let file = fs::File::create(&path).map_err(unusable(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(StartError::InUse(artifacts.to_owned())),
        Err(fs::TryLockError::Error(error)) => Err(unusable(&path)(error)),
    }
}

/// Lets instances go that have waited too long, as long as the executor lives.
async fn sweep(inner: Weak<Inner>) {
    let Some(idle) = inner.upgrade().map(|inner| inner.config.idle) else {
        return;
    };
    let mut tick = tokio::time::interval(SWEEP.min(idle));
    loop {
        tick.tick().await;
        let Some(inner) = inner.upgrade() else {
            return;
        };
        for deployment in inner.deployments() {
            deployment.stop_older(inner.config.idle);
            // Until then, its first ones wait for the snapshot.
            if deployment.snapshot.get().is_some() && !inner.gate.is_closed() {
                supply::fill(&inner, &deployment);
            }
        }
    }
}
