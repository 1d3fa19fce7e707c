//! What the examples have in common: a runtime as it was built, and an executor of it.

#![allow(dead_code, reason = "each example uses its own part")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use sluice_domain::function::Runtime;
use sluice_domain::id::RequestId;
use sluice_domain::invocation::Origin;
use sluice_executor::{Call, Executor, ExecutorConfig, RuntimeImage, TMP_BYTES, Trace};

/// Whatever an example ends with.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// A runtime that `cargo xtask setup` has built.
pub struct Built {
    runtime: Runtime,
    component: Vec<u8>,
    image: Option<Vec<u8>>,
    stdlib: Option<Vec<u8>>,
    standalone: Option<Vec<u8>>,
}

impl Built {
    /// Reads it.
    pub fn read(runtime: Runtime) -> Result<Self, Error> {
        let folder = std::env::var_os("SLUICE_RUNTIMES_DIR").map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/sluice/runtimes"),
            PathBuf::from,
        );
        let stem = match runtime {
            Runtime::Python312 => "python3.12",
            Runtime::Python314 => "python3.14",
            Runtime::JavaScript => "javascript",
            Runtime::WebAssembly => return Err("a component is a runtime of its own".into()),
        };
        let file = |name: &str| std::fs::read(folder.join(stem).join(name));
        Ok(Self {
            runtime,
            component: file("component.wasm.zst")?,
            image: file("image.wasm.zst").ok(),
            stdlib: file("stdlib.tar.zst").ok(),
            standalone: file("standalone.wasm.zst").ok(),
        })
    }

    /// Starts an executor of it in `artifacts`; what it records goes.
    pub async fn start(&self, artifacts: &Path) -> Result<Executor, Error> {
        let (records, mut received) = tokio::sync::mpsc::channel(1000);
        tokio::spawn(async move { while received.recv().await.is_some() {} });
        let config = ExecutorConfig {
            artifacts: artifacts.to_owned(),
            max_instances_per_function: 400,
            more_authorities: Vec::new(),
            queue_wait: Duration::from_secs(10),
            idle: sluice_executor::IDLE,
            memory_bytes: 8 << 30,
            tmp_bytes: TMP_BYTES,
            records,
        };
        let image = RuntimeImage {
            runtime: self.runtime,
            component_zst: &self.component,
            image_zst: self.image.as_deref(),
            stdlib_tar_zst: self.stdlib.as_deref(),
            standalone_zst: self.standalone.as_deref(),
        };
        Ok(Executor::start(config, &[image]).await?)
    }
}

/// A folder for the artifacts of this process.
pub fn artifacts(example: &str) -> PathBuf {
    std::env::temp_dir().join(format!("sluice-{example}-{}", std::process::id()))
}

/// A call with a small event.
pub fn call() -> Call {
    Call {
        request_id: RequestId::from_bytes([1; 16]),
        origin: Origin::Test,
        event: r#"{"path":"/","headers":{"host":"example.org"}}"#.to_owned(),
        secrets: None,
        trace: Trace::default(),
    }
}
