//! The executor as the rest of the server sees it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sluice_domain::function::Runtime;
use sluice_domain::invocation::InvocationRecord;
use tokio::sync::mpsc;

use crate::call::{Call, Invocation, Refused, ResponseRefused};
use crate::deployment::{DeployError, Deployment, DeploymentSpec};

/// How the executor is set up.
#[derive(Debug, Clone)]
pub struct ExecutorConfig {
    /// The folder for compiled runtimes, code and temporary files. Only the
    /// executor may write there: what it maps from it is run as machine code.
    pub artifacts: PathBuf,
    /// Most instances that one function may have at a time. Source: quotas, 400.
    pub max_instances_per_function: usize,
    /// Where the record of each invocation goes. A place is reserved before a
    /// call runs, so callers wait when the recorder cannot keep up, and no
    /// record is lost.
    pub records: mpsc::Sender<Arc<InvocationRecord>>,
}

/// A runtime as it is embedded in the binary.
#[derive(Debug, Clone, Copy)]
pub struct RuntimeImage<'a> {
    /// Which runtime it is.
    pub runtime: Runtime,
    /// Its WebAssembly component, compressed by zstd.
    pub component_zst: &'a [u8],
    /// Its standard library: a tar archive, compressed by zstd.
    pub stdlib_tar_zst: &'a [u8],
}

/// Why the executor could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A file or folder of the artifacts could not be read or written.
    #[error("{}: cannot be used", path.display())]
    Disk {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A runtime could not be compiled or made ready.
    #[error("the runtime {runtime} cannot be made ready")]
    Runtime {
        /// Which.
        runtime: Runtime,
        /// Why.
        source: wasmtime::Error,
    },
    /// WebAssembly cannot be run on this machine.
    #[error("WebAssembly cannot be run on this machine")]
    Engine(#[source] wasmtime::Error),
}

/// Runs functions. Clones share everything.
#[derive(Clone)]
pub struct Executor(Arc<Inner>);

struct Inner {}

impl Executor {
    /// Makes every runtime of `images` ready: compiles it on the very first
    /// start, which takes about ten seconds and is told by a tracing event,
    /// and maps it from the artifacts afterwards.
    pub async fn start(
        config: ExecutorConfig,
        images: &[RuntimeImage<'_>],
    ) -> Result<Self, StartError> {
        let _ = (config, images);
        Ok(Self(Arc::new(Inner {})))
    }

    /// Checks the syntax of the code and makes it ready to be called. Calls in
    /// flight, and earlier deployments, are not touched.
    pub async fn deploy(&self, spec: DeploymentSpec) -> Result<Arc<Deployment>, DeployError> {
        let _ = spec;
        Err(DeployError::Stopping)
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
        let _ = (deployment, call, accept, &self.0);
        Err(Refused::Stopping)
    }

    /// Takes no more calls, and waits for those in flight, at most for `grace`.
    pub async fn stop(&self, grace: Duration) {
        let _ = grace;
    }
}
