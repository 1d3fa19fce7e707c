//! One live sandbox: what it may see, and how it is talked to.

use std::path::PathBuf;
use std::time::Duration;

use sluice_domain::id::RequestId;
use sluice_domain::invocation::{LogLevel, MAX_RESULT_BYTES};
use wasmtime::component::ResourceTable;
use wasmtime::{Store, UpdateDeadline};
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

use crate::compression::{CompressionView, OpenStreams};
use crate::cpu;
use crate::deployment::DeploymentSpec;
use crate::guest::{self, logger};
use crate::limits::MemoryLimit;
use crate::log::{SharedLog, Stream};
use crate::output::Output;
use crate::runtime::ReadyRuntime;
use crate::scratch::ScratchFolder;

/// Where the folder with the code is inside the sandbox; functions start in it. Source:
/// instance life, working directory.
const FUNCTION_ROOT: &str = "/opt/function";

/// Where the code is inside the sandbox. Source: `RUNTIME_CODE_ROOT`.
const CODE_ROOT: &str = "/opt/function/code";

/// The app and the project that every function belongs to: there is one of each.
const PACKAGE: &str = "default";
const PROJECT_ID: &str = "default";

/// All that is needed to make an instance of a deployment.
#[derive(Debug)]
pub struct Blueprint {
    runtime: ReadyRuntime,
    code: ScratchFolder,
    scratch: PathBuf,
    environment: Vec<(String, String)>,
    memory_bytes: u64,
    handler_source: Option<Vec<u8>>,
}

impl Blueprint {
    /// The blueprint of a deployment whose code is in `code`; the private
    /// folders of its instances are made in `scratch`.
    pub fn new(
        spec: &DeploymentSpec,
        runtime: ReadyRuntime,
        code: ScratchFolder,
        scratch: PathBuf,
    ) -> Self {
        let handler_file = format!(
            "{}{}",
            spec.settings.handler.file(),
            spec.runtime.file_ending()
        );
        Self {
            runtime,
            code,
            scratch,
            environment: environment(spec),
            memory_bytes: spec.settings.memory.bytes(),
            handler_source: spec
                .code
                .file(&handler_file)
                .map(|text| text.as_bytes().to_vec()),
        }
    }

    /// The source of the handler's file, if the code has it.
    pub fn handler_source(&self) -> Option<&[u8]> {
        self.handler_source.as_deref()
    }

    /// Makes an instance that has not run anything yet.
    pub async fn instance(&self) -> wasmtime::Result<Instance> {
        self.instance_with_memory(self.memory_bytes).await
    }

    /// The same with a memory of its own size.
    pub async fn instance_with_memory(&self, memory_bytes: u64) -> wasmtime::Result<Instance> {
        let log = SharedLog::default();
        let tmp = ScratchFolder::new(&self.scratch)?;
        let mut wasi = WasiCtxBuilder::new();
        wasi.envs(&self.environment)
            .stdout(Output::new(&log, Stream::Out))
            .stderr(Output::new(&log, Stream::Err))
            .preopened_dir(self.code.path(), FUNCTION_ROOT, FsPerms::ReadOnly)?
            .preopened_dir(&self.runtime.library, "/python", FsPerms::ReadOnly)?
            .preopened_dir(tmp.path(), "/tmp", FsPerms::ReadWrite)?
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            // An import looks for dozens of small local files; handing each look to
            // another thread takes longer than the look.
            .allow_blocking_current_thread(true);
        let host = Host {
            wasi: wasi.build(),
            table: ResourceTable::new(),
            memory: MemoryLimit::new(memory_bytes),
            log: log.clone(),
            request_id: None,
            streams: OpenStreams::default(),
        };
        let mut store = Store::new(self.runtime.linked.engine(), host);
        store.limiter(|host| &mut host.memory);
        // Tokio's own way to yield lets timers and sockets be looked at before this
        // guest goes on, even where guests keep every thread busy.
        store.epoch_deadline_callback(|_| {
            Ok(UpdateDeadline::YieldCustom(
                1,
                Box::pin(tokio::task::yield_now()),
            ))
        });
        store.set_epoch_deadline(1);
        let guest = self.runtime.linked.instantiate_async(&mut store).await?;
        Ok(Instance {
            store,
            guest,
            log,
            taken_in: 0,
            worn_at: memory_bytes / 4,
            _tmp: tmp,
        })
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
    // After the store, which has it open.
    _tmp: ScratchFolder,
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
        cpu::measured(self.guest.call_load(&mut self.store, source), spent).await
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
        cpu::measured(call, spent).await
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
        cpu::measured(call, spent).await
    }

    /// Finds what keeps the file at `path` from being compiled.
    pub async fn check(&mut self, path: &str) -> wasmtime::Result<Result<(), guest::CodeError>> {
        self.store.set_epoch_deadline(1);
        self.guest.call_check(&mut self.store, path).await
    }

    /// True when it should not be called again. The Python runtime never frees
    /// the text of an event that it was given, so what it was given in all is
    /// kept well below what would use up the function's memory.
    pub fn is_worn(&self) -> bool {
        self.taken_in > self.worn_at
    }

    /// Most bytes of memory that it has had.
    pub fn memory_used(&self) -> u64 {
        self.store.data().memory.most()
    }

    fn begin(&mut self, id: &RequestId) {
        self.store.set_epoch_deadline(1);
        self.store.data_mut().request_id = Some(id.clone());
    }
}

impl std::fmt::Debug for Instance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Instance").finish_non_exhaustive()
    }
}

/// What the host keeps for one instance.
pub struct Host {
    wasi: WasiCtx,
    table: ResourceTable,
    memory: MemoryLimit,
    log: SharedLog,
    request_id: Option<RequestId>,
    streams: OpenStreams,
}

impl Host {
    /// The part of it that compresses.
    pub fn compression(&mut self) -> CompressionView<'_> {
        CompressionView {
            table: &mut self.table,
            memory: &mut self.memory,
            open: &mut self.streams,
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

impl guest::sluice::function::types::Host for Host {}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The environment variables of a function: the platform's, then its own.
/// Source: environment variables, reserved names.
fn environment(spec: &DeploymentSpec) -> Vec<(String, String)> {
    let settings = &spec.settings;
    let user_data: serde_json::Map<String, serde_json::Value> = settings
        .env_vars
        .iter()
        .map(|(key, value)| (key.to_owned(), value.into()))
        .collect();
    let platform = [
        ("RUNTIME_PROJECT_ID", PROJECT_ID.to_owned()),
        ("RUNTIME_FUNC_NAME", spec.function_name.to_string()),
        ("RUNTIME_FUNC_VERSION", spec.version.clone()),
        ("RUNTIME_PACKAGE", PACKAGE.to_owned()),
        ("RUNTIME_HANDLER", settings.handler.to_string()),
        ("RUNTIME_TIMEOUT", settings.timeout.seconds().to_string()),
        (
            "RUNTIME_USERDATA",
            serde_json::Value::Object(user_data).to_string(),
        ),
        ("RUNTIME_CPU", settings.memory.cpu_millicores().to_string()),
        ("RUNTIME_MEMORY", settings.memory.get().to_string()),
        ("RUNTIME_MAX_RESP_BODY_SIZE", MAX_RESULT_BYTES.to_string()),
        ("RUNTIME_ROOT", "/home/snuser/runtime".to_owned()),
        ("RUNTIME_CODE_ROOT", CODE_ROOT.to_owned()),
        ("RUNTIME_LOG_DIR", "/home/snuser/log".to_owned()),
    ];
    let initializer = settings.initializer.iter().flat_map(|initializer| {
        let seconds = initializer.timeout.seconds().to_string();
        [
            (
                "RUNTIME_INITIALIZER_HANDLER",
                initializer.function.to_string(),
            ),
            ("RUNTIME_INITIALIZER_TIMEOUT", seconds),
        ]
    });
    let platform = platform.into_iter().chain(initializer);
    let platform = platform.map(|(key, value)| (key.to_owned(), value));
    let own = settings.env_vars.iter();
    platform
        .chain(own.map(|(key, value)| (key.to_owned(), value.to_owned())))
        .collect()
}
