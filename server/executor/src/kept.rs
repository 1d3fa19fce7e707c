//! Snapshots that outlive the server, so that code that takes long to load is not loaded again
//! after each start. A file is named by its function and by the digest of all that the memory in it
//! came from.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};
use sluice_domain::id::FunctionId;
use sluice_domain::version::LATEST;
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
const MOST_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// Where the snapshot of a deployment is kept.
#[derive(Debug, Clone)]
pub struct Kept {
    folder: PathBuf,
    name: String,
    clock: Clock,
}

/// Letters of a digest in the name of a file.
const DIGITS: usize = 64;

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
        parts.add(format!("{:?}", spec.settings.outbound).as_bytes());
        // From here on files, of which there are as many as there are.
        parts.add(&[]);
        for (path, content) in spec.code.files() {
            parts.add(path.as_bytes());
            parts.add(content);
        }
        let digest = hex::encode(parts.0.finalize());
        Some(Self {
            folder: folder.to_owned(),
            name: format!(
                "{}{digest}.cwasm",
                of_version(&spec.function_id, &spec.version)
            ),
            clock: *clock,
        })
    }

    /// Removes the snapshots of a version of a function, apart from the one at `current`: they may
    /// hold what it is not to have any more. Blocks.
    pub fn remove_others(
        folder: &Path,
        function_id: &FunctionId,
        version: &str,
        current: Option<&Self>,
    ) {
        let of_version = of_version(function_id, version);
        // The version's own end with the digest; those of one whose name begins like its, do not.
        let length = of_version.len() + DIGITS + ".cwasm".len();
        Self::remove_if(folder, |name| {
            let is_current = current.is_some_and(|current| current.name == name);
            name.starts_with(&of_version) && name.len() == length && !is_current
        });
    }

    /// Removes the snapshots of all versions of a function. Blocks.
    pub fn remove_all(folder: &Path, function_id: &FunctionId) {
        let of_function = format!("{function_id}-");
        Self::remove_if(folder, |name| name.starts_with(&of_function));
    }

    fn remove_if(folder: &Path, is_unwanted: impl Fn(&str) -> bool) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if artifact::is_compiled(&name) && is_unwanted(&name) {
                artifact::remove(folder, &name);
            }
        }
    }

    /// The snapshot, if it is there. One that is damaged is removed. Blocks.
    pub fn read(&self, engine: &Engine) -> Option<Module> {
        if !self.folder.join(&self.name).exists() {
            return None;
        }
        // Where the machine's clock was put back, instances would find themselves in the past.
        let read = match artifact::sealed_at(&self.folder, &self.name) {
            Ok(at) if at > self.clock.as_time() => {
                Err(wasmtime::format_err!("it is of a time to come"))
            }
            _ => artifact::module(engine, &self.folder, &self.name),
        };
        match read {
            Ok(image) => {
                artifact::used(&self.folder, &self.name, MOST, MOST_BYTES);
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
        artifact::seal_at(&self.folder, &self.name, self.clock.as_time())?;
        let image = artifact::module(engine, &self.folder, &self.name)?;
        artifact::used(&self.folder, &self.name, MOST, MOST_BYTES);
        Ok(image)
    }
}

/// What the names of a version's files begin with.
fn of_version(function_id: &FunctionId, version: &str) -> String {
    match version {
        LATEST => format!("{function_id}-"),
        version => format!("{function_id}-{version}-"),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_apart_by_their_whole_name() {
        let folder = tempfile::tempdir().unwrap();
        let [function, other] = [[1; 16], [2; 16]].map(FunctionId::from_bytes);
        let name = |function: &FunctionId, version, digit: &str| {
            let begin = of_version(function, version);
            format!("{begin}{}.cwasm", digit.repeat(DIGITS))
        };
        let all = [
            name(&function, LATEST, "a"),
            name(&function, LATEST, "b"),
            name(&function, "v1", "a"),
            name(&function, "v1-b", "a"),
            name(&other, LATEST, "a"),
        ];
        for name in &all {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let left = || {
            let left = all.iter().map(|name| folder.path().join(name).exists());
            left.map(|is_left| if is_left { 'x' } else { '-' })
                .collect::<String>()
        };
        Kept::remove_others(folder.path(), &function, "v1", None);
        assert_eq!(left(), "xx-xx");
        Kept::remove_others(folder.path(), &function, LATEST, None);
        assert_eq!(left(), "---xx");
        Kept::remove_all(folder.path(), &function);
        assert_eq!(left(), "----x");
    }
}
