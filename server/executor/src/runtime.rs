//! Makes a runtime ready: compiles it once for this machine, unpacks its
//! standard library, and maps both from the artifacts ever after.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use sha2::{Digest, Sha256};
use sluice_domain::function::Runtime;
use wasmtime::Engine;
use wasmtime::component::{Component, HasSelf, Linker};

use crate::compression;
use crate::guest;
use crate::instance::Host;
use crate::scratch::ScratchFolder;

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
    /// Another executor works in the same folder.
    #[error("{} is used by another process", .0.display())]
    InUse(PathBuf),
    /// A file or folder of the artifacts could not be read or written.
    #[error("{} cannot be used", path.display())]
    Disk {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A runtime could not be compiled or linked.
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

/// Turns an error of a file at `path` into one that names it.
pub fn disk(path: &Path) -> impl FnOnce(io::Error) -> StartError {
    let path = path.to_owned();
    move |source| StartError::Disk { path, source }
}

/// A runtime that is ready: an instance of it takes well under a millisecond.
#[derive(Clone)]
pub struct ReadyRuntime {
    /// Which it is.
    pub runtime: Runtime,
    /// The component with all its imports, compiled and linked.
    pub linked: guest::RuntimePre<Host>,
    /// Its standard library on disk.
    pub library: PathBuf,
}

impl ReadyRuntime {
    /// Makes `image` ready in the folder `artifacts`. Blocks, for about ten
    /// seconds where it has to compile.
    pub fn prepare(
        engine: &Engine,
        artifacts: &Path,
        image: &RuntimeImage<'_>,
    ) -> Result<Self, StartError> {
        let runtime = image.runtime;
        let failed = |source| StartError::Runtime { runtime, source };
        let folder = artifacts.join(format!("{}-{}", stem(runtime), key(engine, image)));
        fs::create_dir_all(&folder).map_err(disk(&folder))?;
        remove_others(artifacts, runtime, &folder);
        let library = library(&folder, image)?;
        let component = component(engine, &folder, image)?;
        let linked = link(engine, &component).map_err(failed)?;
        Ok(Self {
            runtime,
            linked,
            library,
        })
    }
}

impl std::fmt::Debug for ReadyRuntime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ReadyRuntime").field(&self.runtime).finish()
    }
}

/// What the names of a runtime's artifacts begin with.
fn stem(runtime: Runtime) -> &'static str {
    match runtime {
        Runtime::Python312 => "python3.12",
        Runtime::Python314 => "python3.14",
    }
}

/// Names what an artifact was made from: the runtime itself, and the version,
/// settings and processor that wasmtime compiles for.
fn key(engine: &Engine, image: &RuntimeImage<'_>) -> String {
    struct Hashing(Sha256);
    impl std::hash::Hasher for Hashing {
        fn finish(&self) -> u64 {
            0
        }
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
    }
    let mut hashing = Hashing(Sha256::new());
    hashing.0.update(image.component_zst);
    hashing.0.update(image.stdlib_tar_zst);
    std::hash::Hash::hash(&engine.precompile_compatibility_hash(), &mut hashing);
    hex::encode(&hashing.0.finalize()[..8])
}

/// Removes what earlier versions of this runtime left.
fn remove_others(artifacts: &Path, runtime: Runtime, current: &Path) {
    let prefix = format!("{}-", stem(runtime));
    for entry in fs::read_dir(artifacts).into_iter().flatten().flatten() {
        let old = entry.path();
        let named = entry.file_name().to_string_lossy().starts_with(&prefix);
        if named
            && old != current
            && let Err(error) = fs::remove_dir_all(&old)
        {
            tracing::warn!(path = %old.display(), %error, "an old runtime could not be removed");
        }
    }
}

/// The standard library: unpacked, or as it is there already.
fn library(folder: &Path, image: &RuntimeImage<'_>) -> Result<PathBuf, StartError> {
    let library = folder.join("lib");
    if library.is_dir() {
        return Ok(library);
    }
    // Beside its place and then moved there, so that it is whole or absent.
    let unpack = || -> io::Result<()> {
        let part = ScratchFolder::new(folder)?;
        let tar = zstd::decode_all(image.stdlib_tar_zst)?;
        let whole = part.path().join("lib");
        tar::Archive::new(tar.as_slice()).unpack(&whole)?;
        fs::rename(whole, &library)
    };
    unpack().map_err(disk(&library))?;
    Ok(library)
}

/// The component as machine code: mapped from disk, or compiled where that
/// file is absent or damaged.
fn component(
    engine: &Engine,
    folder: &Path,
    image: &RuntimeImage<'_>,
) -> Result<Component, StartError> {
    let file = folder.join("component.cwasm");
    let seal = folder.join("component.cwasm.sha256");
    match mapped(engine, &file, &seal) {
        Ok(component) => return Ok(component),
        Err(reason) if file.exists() => {
            tracing::warn!(runtime = %image.runtime, %reason, "the compiled runtime is damaged");
        }
        Err(_) => {}
    }
    tracing::info!(runtime = %image.runtime, "compiling the runtime, once: about ten seconds");
    let begun = Instant::now();
    let compile = || -> wasmtime::Result<Component> {
        let wasm = zstd::decode_all(image.component_zst)?;
        let code = engine.precompile_component(&wasm)?;
        let part = ScratchFolder::new(folder)?;
        let whole = part.path().join("component.cwasm");
        fs::write(&whole, &code)?;
        // The seal goes last: without it the file counts as damaged.
        fs::rename(whole, &file)?;
        fs::write(&seal, sum(&code))?;
        mapped(engine, &file, &seal)
    };
    let component = compile().map_err(|source| StartError::Runtime {
        runtime: image.runtime,
        source,
    })?;
    let seconds = begun.elapsed().as_secs_f64();
    tracing::info!(runtime = %image.runtime, seconds, "compiled the runtime");
    Ok(component)
}

/// Maps the compiled component, if it is what was written.
fn mapped(engine: &Engine, file: &Path, seal: &Path) -> wasmtime::Result<Component> {
    let code = fs::read(file)?;
    if fs::read_to_string(seal)? != sum(&code) {
        wasmtime::bail!("its checksum is wrong");
    }
    #[expect(
        unsafe_code,
        reason = "wasmtime runs what it maps here, so the file must be its own output. Only we \
                  write to this folder, which is the executor's contract; the checksum was \
                  just compared, and wasmtime compares its version and settings itself"
    )]
    let component = unsafe { Component::deserialize_file(engine, file) }?;
    Ok(component)
}

fn sum(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Gives the component its imports: WASI, of which each instance decides what
/// it opens, the logger, and zlib for those that have none.
fn link(engine: &Engine, component: &Component) -> wasmtime::Result<guest::RuntimePre<Host>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    guest::Runtime::add_to_linker::<_, HasSelf<Host>>(&mut linker, |host| host)?;
    compression::add_to_linker(&mut linker, Host::compression)?;
    guest::RuntimePre::new(linker.instantiate_pre(component)?)
}
