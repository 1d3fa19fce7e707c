//! Snapshots that outlive the server, so that code that takes long to load is not loaded again
//! after each start. A file is named by the digest of all that the memory in it came from.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};
use wasmtime::{Engine, Module};

use crate::artifact;
use crate::clock::Clock;
use crate::deployment::DeploymentSpec;
use crate::environment;
use crate::runtime::ReadyRuntime;

/// How long code takes to load, at least, for its snapshot to be kept. To read one takes some
/// milliseconds; what loads sooner is loaded again.
pub const WORTH_KEEPING: Duration = Duration::from_millis(50);

/// Snapshots that are kept: those that were used last.
const MOST: usize = 100;

/// Where the snapshot of a deployment is kept.
#[derive(Debug, Clone)]
pub struct Kept {
    folder: PathBuf,
    name: String,
}

impl Kept {
    /// The place of the snapshot of `spec` in `folder`; none where there must be none: its memory
    /// has the values of variables in it, and those that are encrypted shall not lie on a disk.
    pub fn of(
        folder: &Path,
        spec: &DeploymentSpec,
        runtime: &ReadyRuntime,
        clock: &Clock,
    ) -> Option<Self> {
        runtime.image.as_ref()?;
        if spec.settings.env_vars.has_any_encrypted() {
            return None;
        }
        let mut parts = Parts(Sha256::new());
        parts.add(runtime.key.as_bytes());
        parts.add(&clock.began.to_le_bytes());
        for (key, value) in environment::of(spec) {
            parts.add(key.as_bytes());
            parts.add(value.as_bytes());
        }
        // From here on files, of which there are as many as there are.
        parts.add(&[]);
        for (path, content) in spec.code.files() {
            parts.add(path.as_bytes());
            parts.add(content);
        }
        Some(Self {
            folder: folder.to_owned(),
            name: format!("{}.cwasm", hex::encode(parts.0.finalize())),
        })
    }

    /// The snapshot, if it is there. One that is damaged is removed. Blocks.
    pub fn read(&self, engine: &Engine) -> Option<Module> {
        let written = fs::metadata(self.folder.join(&self.name)).ok()?;
        // The clock of the machine was put back: instances would find themselves in the past.
        let is_past = written.modified().is_ok_and(|at| at <= SystemTime::now());
        let read = match is_past {
            true => artifact::module(engine, &self.folder, &self.name),
            false => Err(wasmtime::format_err!("it is of a time to come")),
        };
        match read {
            Ok(image) => {
                artifact::used(&self.folder, &self.name, MOST);
                Some(image)
            }
            Err(error) => {
                tracing::warn!(
                    file = self.name,
                    error = format!("{error:#}"),
                    "a snapshot cannot be used and is made anew"
                );
                artifact::remove(&self.folder, &self.name);
                None
            }
        }
    }

    /// Writes a compiled snapshot, and maps it. Blocks.
    pub fn write(&self, engine: &Engine, compiled: &[u8]) -> wasmtime::Result<Module> {
        artifact::write(&self.folder, &self.name, compiled)?;
        let image = artifact::module(engine, &self.folder, &self.name)?;
        artifact::used(&self.folder, &self.name, MOST);
        Ok(image)
    }
}

/// Parts of a digest, each with its length before it, so that none can pass for two.
struct Parts(Sha256);

impl Parts {
    fn add(&mut self, part: &[u8]) {
        self.0.update((part.len() as u64).to_le_bytes());
        self.0.update(part);
    }
}
