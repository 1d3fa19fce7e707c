//! A real runtime in an executor of its own for each test.

#![expect(dead_code, reason = "each test file uses its own part")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use sluice_domain::code::CodePackage;
use sluice_domain::function::{FunctionName, FunctionSettings, Handler, Runtime};
use sluice_domain::id::{FunctionId, RequestId};
use sluice_domain::invocation::{Cause, Failure, InvocationRecord, Origin};
use sluice_executor::{
    Call, DeployError, Deployment, DeploymentSpec, Executor, ExecutorConfig, Invocation, Outcome,
    RuntimeImage, TMP_BYTES, Trace,
};
use tokio::sync::mpsc;

/// Memory for all functions of a test.
const MEMORY_BYTES: u64 = 8 << 30;

/// An executor and what it records.
pub struct World {
    pub executor: Executor,
    pub artifacts: PathBuf,
    pub records: mpsc::Receiver<Arc<InvocationRecord>>,
    runtime: Runtime,
    _folder: tempfile::TempDir,
}

/// A file of a built runtime, which `cargo xtask setup` makes.
fn image(runtime: Runtime, file: &str) -> Vec<u8> {
    let folder = std::env::var_os("SLUICE_RUNTIMES_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/sluice/runtimes"),
        PathBuf::from,
    );
    let path = folder.join(stem(runtime)).join(file);
    std::fs::read(&path).unwrap_or_else(|error| {
        panic!("{}: {error}: run `cargo xtask setup` first", path.display())
    })
}

/// The folder of a runtime, and what its artifacts begin with.
fn stem(runtime: Runtime) -> &'static str {
    match runtime {
        Runtime::Python312 => "python3.12",
        Runtime::Python314 => "python3.14",
        Runtime::JavaScript => "javascript",
        Runtime::WebAssembly => panic!("no runtime of ours"),
    }
}

/// Starts an executor of one runtime in `artifacts`.
pub async fn start(
    runtime: Runtime,
    artifacts: &Path,
    max_instances_per_function: usize,
) -> (Executor, mpsc::Receiver<Arc<InvocationRecord>>) {
    let given = Given::default();
    start_with(runtime, artifacts, max_instances_per_function, given).await
}

/// What an executor has to give.
#[derive(Debug, Clone)]
pub struct Given {
    /// Bytes of memory for all functions.
    pub memory_bytes: u64,
    /// Bytes that the `/tmp` of an instance may hold.
    pub tmp_bytes: u64,
    /// How long a call waits for an instance.
    pub queue_wait: Duration,
    /// How long an instance waits for a call.
    pub idle: Duration,
    /// Authorities that functions trust.
    pub authorities: Vec<CertificateDer<'static>>,
}

impl Default for Given {
    fn default() -> Self {
        Self {
            memory_bytes: MEMORY_BYTES,
            tmp_bytes: TMP_BYTES,
            queue_wait: Duration::from_millis(100),
            idle: Duration::from_secs(60),
            authorities: Vec::new(),
        }
    }
}

/// The same with more or less to give.
async fn start_with(
    runtime: Runtime,
    artifacts: &Path,
    max_instances_per_function: usize,
    given: Given,
) -> (Executor, mpsc::Receiver<Arc<InvocationRecord>>) {
    let (records, received) = mpsc::channel(1000);
    let config = ExecutorConfig {
        artifacts: artifacts.to_owned(),
        max_instances_per_function,
        queue_wait: given.queue_wait,
        idle: given.idle,
        memory_bytes: given.memory_bytes,
        tmp_bytes: given.tmp_bytes,
        records,
        more_authorities: given.authorities,
    };
    if runtime == Runtime::WebAssembly {
        return (Executor::start(config, &[]).await.unwrap(), received);
    }
    let component_zst = image(runtime, "component.wasm.zst");
    let of_python = |name: &str| (runtime != Runtime::JavaScript).then(|| image(runtime, name));
    let (image_zst, stdlib_tar_zst) = (of_python("image.wasm.zst"), of_python("stdlib.tar.zst"));
    let standalone_zst = of_python("standalone.wasm.zst");
    let image = RuntimeImage {
        runtime,
        component_zst: &component_zst,
        image_zst: image_zst.as_deref(),
        stdlib_tar_zst: stdlib_tar_zst.as_deref(),
        standalone_zst: standalone_zst.as_deref(),
    };
    let executor = Executor::start(config, &[image]).await.unwrap();
    (executor, received)
}

impl World {
    /// Starts one of Python 3.12; compiled is only once for all tests.
    pub async fn start() -> Self {
        Self::with_instances(400).await
    }

    /// The same with so many instances per function.
    pub async fn with_instances(max_instances: usize) -> Self {
        Self::of(Runtime::Python312, max_instances).await
    }

    /// Starts one of JavaScript.
    pub async fn javascript() -> Self {
        Self::of(Runtime::JavaScript, 400).await
    }

    /// Starts one of Python 3.12 with so many bytes for all functions.
    pub async fn with_memory(bytes: u64) -> Self {
        let given = Given {
            memory_bytes: bytes,
            ..Given::default()
        };
        Self::given(Runtime::Python312, given).await
    }

    /// The same for any runtime.
    pub async fn of(runtime: Runtime, max_instances: usize) -> Self {
        Self::made(runtime, max_instances, Given::default()).await
    }

    /// The same with authorities that functions trust.
    pub async fn trusting(
        runtime: Runtime,
        max_instances: usize,
        authorities: Vec<CertificateDer<'static>>,
    ) -> Self {
        let given = Given {
            authorities,
            ..Given::default()
        };
        Self::made(runtime, max_instances, given).await
    }

    /// Starts one whose instances have a `/tmp` of so many bytes.
    pub async fn with_tmp(runtime: Runtime, bytes: u64) -> Self {
        let given = Given {
            tmp_bytes: bytes,
            ..Given::default()
        };
        Self::given(runtime, given).await
    }

    /// Starts one of Python 3.12 whose calls wait so long for an instance.
    pub async fn with_queue_wait(wait: Duration) -> Self {
        let given = Given {
            queue_wait: wait,
            ..Given::default()
        };
        Self::given(Runtime::Python312, given).await
    }

    /// Starts one that has this to give.
    pub async fn given(runtime: Runtime, given: Given) -> Self {
        Self::made(runtime, 400, given).await
    }

    async fn made(runtime: Runtime, max_instances: usize, given: Given) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let artifacts = folder.path().join("artifacts");
        if runtime != Runtime::WebAssembly {
            seed(runtime, &artifacts).await;
        }
        let (executor, records) = start_with(runtime, &artifacts, max_instances, given).await;
        Self {
            executor,
            artifacts,
            records,
            runtime,
            _folder: folder,
        }
    }

    /// Ends the executor, and starts another one in the same folder.
    pub async fn again(self) -> Self {
        let Self {
            executor,
            artifacts,
            runtime,
            _folder,
            ..
        } = self;
        executor.stop(Duration::from_secs(10)).await;
        drop(executor);
        // Whatever still runs in the background lets go of it soon.
        let lock = std::fs::File::open(artifacts.join("lock")).unwrap();
        tokio::task::spawn_blocking(move || lock.lock().and_then(|()| lock.unlock()))
            .await
            .unwrap()
            .unwrap();
        let (executor, records) = start(runtime, &artifacts, 400).await;
        Self {
            executor,
            artifacts,
            records,
            runtime,
            _folder,
        }
    }

    /// Deploys one file, the default one of the runtime.
    pub async fn deploy(&self, code: &str) -> Arc<Deployment> {
        self.deploy_spec(spec_in(self.runtime, code)).await.unwrap()
    }

    /// Deploys what is given, on the runtime of this world.
    pub async fn deploy_spec(
        &self,
        mut spec: DeploymentSpec,
    ) -> Result<Arc<Deployment>, DeployError> {
        spec.runtime = self.runtime;
        self.executor.deploy(spec).await
    }

    /// Calls a deployment.
    pub async fn call(&self, deployment: &Arc<Deployment>, event: &str) -> Invocation<String> {
        self.executor
            .invoke(deployment, call(event), Ok)
            .await
            .unwrap()
    }

    /// Deploys `code` and calls it once.
    pub async fn run(&self, code: &str) -> Invocation<String> {
        let deployment = self.deploy(code).await;
        self.call(&deployment, "{}").await
    }

    /// The JSON that `code` returns.
    pub async fn result(&self, code: &str) -> String {
        returned(self.run(code).await)
    }
}

/// Copies the compiled runtime of an earlier test, because compiling takes seconds. The
/// first test of all compiles it, while the others wait.
async fn seed(runtime: Runtime, artifacts: &Path) {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("artifacts");
    let source = cache.clone();
    std::fs::create_dir_all(&cache).unwrap();
    let lock = std::fs::File::create(cache.join("tests-lock")).unwrap();
    lock.lock().unwrap();
    // Starting is quick when all is there, and says so by itself when it is not.
    drop(start(runtime, &source, 1).await);
    std::fs::create_dir_all(artifacts).unwrap();
    for entry in std::fs::read_dir(&source).unwrap().flatten() {
        let name = entry.file_name();
        if name.to_string_lossy().starts_with(stem(runtime)) {
            let target = artifacts.join(name);
            std::fs::create_dir_all(&target).unwrap();
            for file in std::fs::read_dir(entry.path()).unwrap().flatten() {
                if file.file_type().unwrap().is_file() {
                    std::fs::hard_link(file.path(), target.join(file.file_name())).unwrap();
                }
            }
            let library = entry.path().join("lib");
            if library.exists() {
                std::os::unix::fs::symlink(library, target.join("lib")).unwrap();
            }
        }
    }
}

/// A Python function whose only file is `index.py`.
pub fn spec(code: &str) -> DeploymentSpec {
    spec_in(Runtime::Python312, code)
}

/// The same in any language.
pub fn spec_in(runtime: Runtime, code: &str) -> DeploymentSpec {
    DeploymentSpec {
        function_id: FunctionId::from_bytes(next()),
        function_name: FunctionName::parse("demo").unwrap(),
        version: "latest".to_owned(),
        runtime,
        settings: FunctionSettings::default(),
        code: CodePackage::single(runtime.default_file(), code).unwrap(),
    }
}

/// A Python function with several files.
pub fn package(handler: &str, files: &[(&str, impl AsRef<[u8]>)]) -> DeploymentSpec {
    package_in(Runtime::Python312, handler, files)
}

/// The same in any language.
pub fn package_in(
    runtime: Runtime,
    handler: &str,
    files: &[(&str, impl AsRef<[u8]>)],
) -> DeploymentSpec {
    let files = files
        .iter()
        .map(|(path, content)| (*path, content.as_ref().to_vec()));
    let mut spec = spec_in(runtime, "");
    spec.code = CodePackage::new(files).unwrap();
    spec.settings.handler = Handler::parse(handler).unwrap();
    spec
}

/// A call of the Test button.
pub fn call(event: &str) -> Call {
    Call {
        request_id: RequestId::from_bytes(next()),
        origin: Origin::Test,
        event: event.to_owned(),
        secrets: None,
        trace: Trace::default(),
    }
}

fn next() -> [u8; 16] {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    u128::from(NEXT.fetch_add(1, Ordering::Relaxed)).to_be_bytes()
}

/// What was returned.
#[track_caller]
pub fn returned(invocation: Invocation<String>) -> String {
    match invocation.outcome {
        Outcome::Returned(text) => text,
        other => panic!("{other:?}\n{}", text(&invocation.record)),
    }
}

/// Why it failed.
#[track_caller]
pub fn failure(invocation: &Invocation<String>) -> (Cause, Failure) {
    match &invocation.outcome {
        Outcome::Failed(failure) => (invocation.record.cause, failure.clone()),
        other => panic!("{other:?}"),
    }
}

/// The whole log, each line with its level.
pub fn text(record: &InvocationRecord) -> String {
    let line = |line: &sluice_domain::invocation::LogLine| {
        format!("{} {}\n", line.level.name(), line.text)
    };
    record.log.iter().map(line).collect()
}

/// The log without the lines of the platform.
pub fn own_lines(record: &InvocationRecord) -> Vec<(&'static str, String)> {
    let platforms = |text: &str| {
        let after_time = text.split_once(' ').map_or("", |(_, rest)| rest);
        [
            "Start load",
            "Finish load",
            "Start invoke",
            "Finish invoke",
            "Start pre-stop",
            "Finish pre-stop",
            "Outbound:",
        ]
        .iter()
        .any(|start| after_time.starts_with(start))
    };
    let lines = record.log.iter().filter(|line| !platforms(&line.text));
    lines
        .map(|line| (line.level.name(), line.text.clone()))
        .collect()
}

/// Waits until `condition` holds; what it waits for happens by itself.
pub async fn eventually(what: &str, condition: impl Fn() -> bool) {
    for _ in 0..200 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{what} did not happen in five seconds");
}

/// The files of libraries as their authors publish them, by their paths in a package.
pub fn libraries(names: &[&str]) -> BTreeMap<String, Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/sluice/test-libraries");
    assert!(folder.is_dir(), "run `cargo xtask setup` first");
    let mut files = BTreeMap::new();
    let mut folders: Vec<_> = names.iter().map(|name| folder.join(name)).collect();
    while let Some(here) = folders.pop() {
        for entry in std::fs::read_dir(here).unwrap() {
            let path = entry.unwrap().path();
            let ending = path.extension().unwrap_or_default();
            if path.is_dir() {
                folders.push(path);
            } else if ending == "py" || ending == "pem" {
                let name = path.strip_prefix(&folder).unwrap();
                let content = std::fs::read(&path).unwrap();
                files.insert(name.to_str().unwrap().to_owned(), content);
            }
        }
    }
    files
}
