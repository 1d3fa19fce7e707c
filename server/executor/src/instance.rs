//! One live sandbox: what it may see, and how it is talked to.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use sluice_domain::function::Runtime;
use sluice_domain::id::RequestId;
use sluice_domain::invocation::LogLevel;
use wasmtime::component::ResourceTable;
use wasmtime::{Store, UpdateDeadline};
use wasmtime_wasi::filesystem::WasiFilesystemCtxView;
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::budget::Budget;
use crate::clock::Clock;
use crate::component;
use crate::compression::{CompressionView, OpenStreams};
use crate::deployment::DeploymentSpec;
use crate::disk::{Disk, DiskUse};
use crate::flags::Flag;
use crate::guest::{self, connections, logger, output, package_files};
use crate::insides::Insides;
use crate::limits::MemoryLimit;
use crate::log::{SharedLog, Stream};
use crate::outbound::{self, Dialer, HttpRequests, OutboundView, Outside, Traffic};
use crate::output::Output;
use crate::runtime::ReadyRuntime;
use crate::scratch::{ScratchFolder, Stock};
use crate::turns::{Lane, Taken, Waits};
use crate::{code, cpu, environment};

/// Where the folder with the code is inside the sandbox; functions start in it. Source:
/// instance life, working directory.
const FUNCTION_ROOT: &str = "/opt/function";

/// Files, streams and timers that an instance may have open. An open file is one of the server's
/// own, and no function shall take them all.
const MAX_HANDLES: usize = 512;

/// The same where none of them can be a file: the engine of JavaScript lets go of what it has read
/// of an answer only when it collects garbage.
const MAX_HANDLES_WITHOUT_FILES: usize = 20_000;

/// Most bytes that the host takes from an instance in one call or result: a result whose characters
/// have three bytes each, before they are counted. More would be copied and then refused.
pub const MAX_PASSED_BYTES: usize = 20 * 1024 * 1024;

/// All that is needed to make an instance of a deployment.
pub struct Blueprint {
    runtime: ReadyRuntime,
    code: ScratchFolder,
    surroundings: Surroundings,
    environment: Vec<(String, String)>,
    memory_bytes: u64,
    /// Whether its instances are made new after a call.
    is_renewed: bool,
    /// Bytes of the memory that all instances of the runtime share.
    shared_bytes: u64,
    handler_source: Option<Bytes>,
    has_initializer: bool,
    dialer: Arc<Dialer>,
    snapshot: OnceLock<guest::RuntimePre>,
    cold_starts: Mutex<ColdStarts>,
}

/// What the last cold start took, the initializer included: by what the instance began with.
#[derive(Debug, Clone, Copy, Default)]
pub struct ColdStarts {
    /// From source: the code was loaded.
    pub from_source: Option<Duration>,
    /// From the snapshot.
    pub from_snapshot: Option<Duration>,
}

/// What the instances of a deployment have of the executor.
pub struct Surroundings {
    /// Where their private folders are taken from.
    pub scratch: Arc<Stock>,
    /// Their function's turns on the processors.
    pub lane: Lane,
    /// The memory that all instances have together.
    pub budget: Arc<Budget>,
    /// What they can reach of other hosts.
    pub outside: Arc<Outside>,
    /// Bytes that the private folder of each may hold.
    pub tmp_bytes: u64,
    /// Their monotonic clock, one for all.
    pub clock: Clock,
}

impl Blueprint {
    /// The blueprint of a deployment whose code is in `code`.
    pub fn new(
        spec: &DeploymentSpec,
        runtime: ReadyRuntime,
        code: ScratchFolder,
        surroundings: Surroundings,
    ) -> Self {
        let handler_file = spec.runtime.handler_file(&spec.settings.handler);
        let rules = spec.settings.outbound.clone();
        let dialer = Dialer::new(rules, Arc::clone(&surroundings.outside));
        Self {
            shared_bytes: runtime.shared_bytes(),
            runtime,
            code,
            surroundings,
            environment: environment::of(spec),
            is_renewed: spec.settings.concurrency.fresh_instances(),
            memory_bytes: spec.settings.memory.bytes(),
            handler_source: spec.code.file(&handler_file).cloned(),
            has_initializer: spec.settings.initializer.is_some(),
            dialer: Arc::new(dialer),
            snapshot: OnceLock::new(),
            cold_starts: Mutex::default(),
        }
    }

    /// Whether its instances run an initializer.
    pub fn has_initializer(&self) -> bool {
        self.has_initializer
    }

    /// Remembers what a cold start took.
    pub fn measured(&self, from_snapshot: bool, took: Duration) {
        let mut times = self.times();
        match from_snapshot {
            true => times.from_snapshot = Some(took),
            false => times.from_source = Some(took),
        }
    }

    /// What the last cold starts took.
    pub fn cold_starts(&self) -> ColdStarts {
        *self.times()
    }

    fn times(&self) -> MutexGuard<'_, ColdStarts> {
        self.cold_starts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The source of the handler's file, if the code has it.
    pub fn handler_source(&self) -> Option<&[u8]> {
        self.handler_source.as_deref()
    }

    /// Makes an instance: one that has loaded the handler, if there is a snapshot, and one
    /// that has not run anything yet otherwise.
    pub async fn instance(&self) -> wasmtime::Result<Instance> {
        let (begins_with, is_loaded) = match self.snapshot.get() {
            Some(snapshot) if self.is_renewed => return self.looked_into(snapshot, true).await,
            Some(snapshot) => (snapshot, true),
            None => (&self.runtime.linked, false),
        };
        let sandbox = self.sandbox(self.memory_bytes)?;
        Ok(sandbox.made(begins_with, is_loaded).await?.0)
    }

    /// Makes an instance that has not run anything yet, with a memory of its own size.
    pub async fn instance_with_memory(&self, memory_bytes: u64) -> wasmtime::Result<Instance> {
        let sandbox = self.sandbox(memory_bytes)?;
        Ok(sandbox.made(&self.runtime.linked, false).await?.0)
    }

    /// Makes an instance that has not run anything yet, to look into it.
    pub async fn transparent(&self) -> wasmtime::Result<Instance> {
        self.looked_into(&self.runtime.linked, false).await
    }

    /// Makes an instance that begins with the snapshot, to look into it; none without one.
    pub async fn transparent_loaded(&self) -> wasmtime::Result<Option<Instance>> {
        match self.snapshot.get() {
            Some(snapshot) => Ok(Some(self.looked_into(snapshot, true).await?)),
            None => Ok(None),
        }
    }

    async fn looked_into(
        &self,
        begins_with: &guest::RuntimePre,
        is_loaded: bool,
    ) -> wasmtime::Result<Instance> {
        let sandbox = self.sandbox(self.memory_bytes)?;
        let (mut instance, inside) = sandbox.made(begins_with, is_loaded).await?;
        let Some(inside) = inside else {
            wasmtime::bail!("what is no language cannot be looked into");
        };
        instance.insides = Some(Insides::new(&mut instance.store, &inside)?);
        Ok(instance)
    }

    /// Gives an instance whose memory was put back what surrounds a new one.
    pub fn surround_anew(&self, instance: &mut Instance) -> wasmtime::Result<()> {
        // To make a folder and to remove it takes longer than all else here.
        let used = match instance.store.data().disk.is_untouched() {
            true => None,
            false => Some(self.surroundings.scratch.take()?),
        };
        let tmp = used.as_ref().unwrap_or(&instance.tmp);
        let (mut host, log) = self.host(self.memory_bytes, tmp, instance.turn.clone())?;
        host.waits.flag = instance.flag;
        host.memory
            .begin_with(instance.store.data().memory.linear())?;
        *instance.store.data_mut() = host;
        instance.log = log;
        if let Some(tmp) = used {
            instance.tmp = tmp;
        }
        instance.taken_in = 0;
        Ok(())
    }

    /// The runtime.
    pub fn runtime(&self) -> &ReadyRuntime {
        &self.runtime
    }

    /// Lets instances begin with this from now on: it has loaded the handler.
    pub fn begin_with(&self, snapshot: guest::RuntimePre) {
        // Set once, by the only task that makes snapshots of this deployment.
        let _ = self.snapshot.set(snapshot);
    }

    fn host(
        &self,
        memory_bytes: u64,
        tmp: &ScratchFolder,
        turn: Taken,
    ) -> wasmtime::Result<(Host, SharedLog)> {
        let log = SharedLog::default();
        let mut wasi = WasiCtxBuilder::new();
        // An import looks for dozens of small local files; handing each look to another thread
        // takes longer than the look. Folders opened before this is said do not hear of it.
        wasi.allow_blocking_current_thread(true)
            .envs(&self.environment)
            .stdout(Output::new(&log, Stream::Out))
            .stderr(Output::new(&log, Stream::Err))
            .preopened_dir(self.code.path(), FUNCTION_ROOT, FsPerms::ReadOnly)?
            .preopened_dir(tmp.path(), "/tmp", FsPerms::ReadWrite)?
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .monotonic_clock(self.surroundings.clock);
        if let Some(library) = &self.runtime.library {
            wasi.preopened_dir(library, "/python", FsPerms::ReadOnly)?;
        }
        let traffic = Arc::<Traffic>::default();
        let host = Host {
            wasi: wasi.build(),
            table: resources(self.runtime.runtime),
            memory: MemoryLimit::new(
                memory_bytes,
                self.shared_bytes,
                Arc::clone(&self.surroundings.budget),
            ),
            log: log.clone(),
            code: self.code.path().to_owned(),
            request_id: None,
            streams: OpenStreams::default(),
            dialer: Arc::clone(&self.dialer),
            http: component::http_context(),
            requests: HttpRequests::new(Arc::clone(&self.dialer), Arc::clone(&traffic)),
            traffic,
            disk: DiskUse::new(self.surroundings.tmp_bytes),
            waits: Waits {
                lane: self.surroundings.lane.clone(),
                taken: turn,
                flag: None,
            },
        };
        Ok((host, log))
    }

    fn sandbox(&self, memory_bytes: u64) -> wasmtime::Result<Sandbox> {
        let tmp = self.surroundings.scratch.take()?;
        let turn = Taken::default();
        let (host, log) = self.host(memory_bytes, &tmp, turn.clone())?;
        let mut store = Store::new(self.runtime.linked.engine(), host);
        store.set_hostcall_fuel(MAX_PASSED_BYTES);
        store.limiter(|host| &mut host.memory);
        let (lane, taken) = (self.surroundings.lane.clone(), turn.clone());
        store.epoch_deadline_callback(move |_| {
            let turn = lane.clone().turn(taken.clone());
            Ok(UpdateDeadline::YieldCustom(1, Box::pin(turn)))
        });
        // Making it runs nothing of the user's. A turn taken meanwhile would be kept until the
        // first call, and waiting for a second one would never end.
        store.set_epoch_deadline(u64::from(u32::MAX));
        Ok(Sandbox {
            store,
            log,
            worn_at: memory_bytes / 4,
            turn,
            tmp,
        })
    }
}

/// What surrounds an instance.
struct Sandbox {
    store: Store<Host>,
    log: SharedLog,
    worn_at: u64,
    turn: Taken,
    tmp: ScratchFolder,
}

impl Sandbox {
    /// The instance, and what it can be looked into by.
    async fn made(
        mut self,
        begins_with: &guest::RuntimePre,
        is_loaded: bool,
    ) -> wasmtime::Result<(Instance, Option<wasmtime::component::Instance>)> {
        let made = begins_with.instantiate(&mut self.store).await?;
        self.store.data_mut().waits.flag = made.flag;
        let instance = Instance {
            store: self.store,
            guest: made.runtime,
            log: self.log,
            is_loaded,
            taken_in: 0,
            worn_at: self.worn_at,
            insides: None,
            renewed: 0,
            turn: self.turn,
            flag: made.flag,
            tmp: self.tmp,
        };
        Ok((instance, made.inside))
    }
}

/// One live sandbox. After a call that did not return it must not be used again.
pub struct Instance {
    store: Store<Host>,
    guest: guest::Runtime,
    /// What it writes; emptied by the invocation that reads it.
    pub log: SharedLog,
    /// Bytes of events that it has been given, and how many make it worn.
    taken_in: u64,
    worn_at: u64,
    /// Whether it has loaded the handler: it begins so where there is a snapshot.
    pub is_loaded: bool,
    /// Its state, where it is looked into.
    pub insides: Option<Insides>,
    turn: Taken,
    /// Where it is told to take a turn, if its runtime has a flag.
    flag: Option<Flag>,
    /// How often it was made new.
    pub renewed: u32,
    // After the store, which has it open.
    tmp: ScratchFolder,
}

/// What the function itself had to say against a call.
pub type GuestFailure = guest::Failure;

impl Instance {
    /// Loads the handler, whose file has this `source`; `spent` gets the CPU time.
    pub async fn load(
        &mut self,
        id: &RequestId,
        source: Option<&[u8]>,
        spent: &mut Duration,
    ) -> wasmtime::Result<Result<(), GuestFailure>> {
        self.begin(id);
        let loading = self.guest.call_load(&mut self.store, source);
        let loaded = cpu::measured(loading, spent, &self.turn, self.flag).await;
        self.is_loaded = matches!(loaded, Ok(Ok(())));
        loaded
    }

    /// Calls the initializer; `spent` gets the CPU time.
    pub async fn initialize(
        &mut self,
        id: &RequestId,
        remaining: Duration,
        spent: &mut Duration,
    ) -> wasmtime::Result<Result<(), GuestFailure>> {
        self.begin(id);
        let call = self
            .guest
            .call_initialize(&mut self.store, id.as_str(), millis(remaining));
        cpu::measured(call, spent, &self.turn, self.flag).await
    }

    /// Calls what is to run before it is stopped; `spent` gets the CPU time.
    pub async fn pre_stop(
        &mut self,
        id: &RequestId,
        remaining: Duration,
        spent: &mut Duration,
    ) -> wasmtime::Result<Result<(), GuestFailure>> {
        self.begin(id);
        let call = self
            .guest
            .call_pre_stop(&mut self.store, id.as_str(), millis(remaining));
        cpu::measured(call, spent, &self.turn, self.flag).await
    }

    /// Calls the handler; `spent` gets the CPU time.
    pub async fn invoke(
        &mut self,
        id: &RequestId,
        event: &str,
        remaining: Duration,
        spent: &mut Duration,
    ) -> wasmtime::Result<Result<String, GuestFailure>> {
        self.begin(id);
        self.taken_in += (id.as_str().len() + event.len()) as u64;
        let call = self
            .guest
            .call_invoke(&mut self.store, id.as_str(), event, millis(remaining));
        cpu::measured(call, spent, &self.turn, self.flag).await
    }

    /// Finds what keeps the file at `path` from being compiled.
    pub async fn check(&mut self, path: &str) -> wasmtime::Result<Result<(), guest::CodeError>> {
        self.store.set_epoch_deadline(1);
        let checking = self.guest.call_check(&mut self.store, path);
        cpu::measured(checking, &mut Duration::default(), &self.turn, self.flag).await
    }

    /// True when it should not be called again. The Python runtime never frees
    /// the text of an event that it was given, so what it was given in all is
    /// kept well below what would use up the function's memory.
    pub fn is_worn(&self) -> bool {
        self.taken_in > self.worn_at || self.guest.serves_no_other()
    }

    /// What it has of ours, in words, that no other instance can have.
    pub fn holds_ours(&self) -> Option<&'static str> {
        let host = self.store.data();
        match (host.streams.any(), host.traffic.any_open()) {
            (true, _) => Some("a stream that compresses or decompresses"),
            (_, true) => Some("a connection open"),
            _ => None,
        }
    }

    /// A line that tells of its connections since the last one, if it had any.
    pub fn traffic_told(&self) -> Option<String> {
        self.store.data().traffic.told()
    }

    /// Lets the language make ready for other instances to begin here; the reason where they
    /// cannot. This runs code of the user's: it collects garbage.
    pub async fn freeze(&mut self) -> wasmtime::Result<Result<(), String>> {
        let Some(insides) = self.insides else {
            wasmtime::bail!("this instance cannot be looked into");
        };
        self.store.set_epoch_deadline(1);
        let freezing = insides.freeze(&mut self.store);
        cpu::measured(freezing, &mut Duration::default(), &self.turn, self.flag).await
    }

    /// Makes it forget which files it has open.
    pub async fn forget(&mut self) -> wasmtime::Result<()> {
        let Some(insides) = self.insides else {
            wasmtime::bail!("this instance cannot be looked into");
        };
        self.store.set_epoch_deadline(1);
        let forgetting = insides.forget(&mut self.store);
        cpu::measured(forgetting, &mut Duration::default(), &self.turn, self.flag).await
    }

    /// Whether it has had a connection to another host.
    pub fn has_connected(&self) -> bool {
        self.store.data().traffic.any_ever()
    }

    /// Its insides, to be read: what is called now is short and needs no turn.
    pub fn store(&mut self) -> &mut Store<Host> {
        self.store.set_epoch_deadline(u64::from(u32::MAX));
        &mut self.store
    }

    /// Most bytes of memory that it has had.
    pub fn memory_used(&self) -> u64 {
        self.store.data().memory.most()
    }

    /// Bytes that its `/tmp` holds.
    pub fn disk_used(&self) -> u64 {
        self.store.data().disk.bytes()
    }

    /// How many bytes its `/tmp` may hold, if that was too little for the call that ended last.
    pub fn was_refused_space(&self) -> Option<u64> {
        self.store.data().disk.refused_beyond()
    }

    fn begin(&mut self, id: &RequestId) {
        self.store.set_epoch_deadline(1);
        let host = self.store.data_mut();
        host.disk.forget_refusal();
        host.request_id = Some(id.clone());
    }
}

impl std::fmt::Debug for Instance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Instance").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Blueprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Blueprint").finish_non_exhaustive()
    }
}

/// What the host keeps for one instance.
pub struct Host {
    wasi: WasiCtx,
    table: ResourceTable,
    memory: MemoryLimit,
    log: SharedLog,
    code: PathBuf,
    request_id: Option<RequestId>,
    streams: OpenStreams,
    dialer: Arc<Dialer>,
    http: WasiHttpCtx,
    requests: HttpRequests,
    traffic: Arc<Traffic>,
    disk: DiskUse,
    waits: Waits,
}

impl Host {
    /// What it waits for its turns with.
    pub fn waits(&self) -> &Waits {
        &self.waits
    }

    /// Drops what a component has open, so that who waits for it sees its end.
    pub fn close_all(&mut self) {
        self.table = resources(Runtime::WebAssembly);
    }

    /// The part of it that compresses.
    pub fn compression(&mut self) -> CompressionView<'_> {
        CompressionView {
            table: &mut self.table,
            memory: &mut self.memory,
            open: &mut self.streams,
        }
    }

    /// The part of it that connects.
    pub fn outbound(&mut self) -> OutboundView<'_> {
        OutboundView {
            table: &mut self.table,
            memory: &mut self.memory,
            dialer: &self.dialer,
            traffic: &self.traffic,
        }
    }

    /// The part of it that has files.
    pub fn disk(&mut self) -> Disk<'_> {
        Disk {
            files: WasiFilesystemCtxView {
                ctx: self.wasi.filesystem(),
                table: &mut self.table,
            },
            tmp: &mut self.disk,
        }
    }
}

impl WasiView for Host {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for Host {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: &mut self.requests,
        }
    }
}

impl logger::Host for Host {
    fn write(&mut self, level: logger::Level, message: String) -> wasmtime::Result<()> {
        let level = match level {
            logger::Level::Debug => LogLevel::Debug,
            logger::Level::Info => LogLevel::Info,
            logger::Level::Warn => LogLevel::Warn,
            logger::Level::Error => LogLevel::Error,
        };
        if let Some(id) = &self.request_id {
            self.log.lock().logger(id, level, &message)?;
        }
        Ok(())
    }
}

impl output::Host for Host {
    fn print(&mut self, line: String) -> wasmtime::Result<()> {
        let mut log = self.log.lock();
        log.write(Stream::Out, line.as_bytes())?;
        Ok(log.write(Stream::Out, b"\n")?)
    }
}

impl connections::Host for Host {
    fn any_open(&mut self) -> wasmtime::Result<bool> {
        Ok(self.traffic.any_open())
    }

    fn failure(&mut self, url: String) -> wasmtime::Result<Option<String>> {
        let to = url.parse().ok().as_ref().and_then(outbound::destination);
        Ok(to.and_then(|(host, port)| self.traffic.failure(&host.with_port(port))))
    }
}

impl package_files::Host for Host {
    fn read(&mut self, path: String) -> wasmtime::Result<Option<Vec<u8>>> {
        Ok(code::read(&self.code, &path)?)
    }
}

impl guest::language::sluice::function::types::Host for Host {}

fn resources(runtime: Runtime) -> ResourceTable {
    let mut table = ResourceTable::new();
    table.set_max_capacity(match runtime {
        Runtime::JavaScript => MAX_HANDLES_WITHOUT_FILES,
        _ => MAX_HANDLES,
    });
    table
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
