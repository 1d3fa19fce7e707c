//! Makes a runtime ready: compiles it once for this machine, unpacks its
//! standard library, and maps both from the artifacts ever after.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use sluice_domain::function::Runtime;
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Engine, ExternType, Module};

use crate::artifact;
use crate::component::ComponentInfo;
use crate::compression;
use crate::disk;
use crate::engine::Pausing;
use crate::guest;
use crate::insides;
use crate::instance::Host;
use crate::outbound;
use crate::scratch::ScratchFolder;
use crate::standalone::Parts;
use crate::turns;

/// A runtime as it is embedded in the binary.
#[derive(Debug, Clone, Copy)]
pub struct RuntimeImage<'a> {
    /// Which runtime it is.
    pub runtime: Runtime,
    /// Its WebAssembly component, compressed by zstd.
    pub component_zst: &'a [u8],
    /// The core module `image`, where the component imports it: the memory that an instance
    /// begins with, compressed by zstd.
    pub image_zst: Option<&'a [u8]>,
    /// Its standard library, where that is not inside the component: a tar
    /// archive, compressed by zstd.
    pub stdlib_tar_zst: Option<&'a [u8]>,
    /// What its snapshots are downloaded in, if it makes some: a component, compressed by zstd.
    pub standalone_zst: Option<&'a [u8]>,
}

impl RuntimeImage<'_> {
    /// How its code is made to let others run. What the build has linked, and given an image, has
    /// its own way.
    pub(crate) fn pausing(&self) -> Pausing {
        match self.image_zst {
            Some(_) => Pausing::ByFlags,
            None => Pausing::ByEpochs,
        }
    }
}

/// Names of the compiled files.
const COMPONENT: &str = "component.cwasm";
const IMAGE: &str = "image.cwasm";

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
pub fn unusable(path: &Path) -> impl FnOnce(io::Error) -> StartError {
    let path = path.to_owned();
    move |source| StartError::Disk { path, source }
}

/// A runtime that is ready: an instance of it takes well under a millisecond.
#[derive(Clone)]
pub struct ReadyRuntime {
    /// Which it is.
    pub runtime: Runtime,
    /// What it was made from, in hexadecimal; empty for a component of the user's.
    pub key: Arc<str>,
    /// The memory that its instances begin with, where that is a module of its own.
    pub image: Option<Module>,
    /// What a snapshot of it is downloaded in.
    pub parts: Option<Parts>,
    /// What it is linked from, for images of functions.
    pub linkable: Arc<Linkable>,
    /// The component with all its imports, compiled and linked.
    pub linked: guest::RuntimePre,
    /// Its standard library on disk, if it has one there.
    pub library: Option<PathBuf>,
    /// What is known of a component of the user's.
    pub component: Option<Arc<ComponentInfo>>,
}

impl ReadyRuntime {
    /// What a function has that is a component: a runtime of its own.
    pub fn of_component(
        (linked, component, linker): (guest::RuntimePre, Component, Linker<Host>),
        info: Option<ComponentInfo>,
    ) -> Self {
        Self {
            runtime: Runtime::WebAssembly,
            key: Arc::from(""),
            image: None,
            parts: None,
            linkable: Arc::new(Linkable { component, linker }),
            linked,
            library: None,
            component: info.map(Arc::new),
        }
    }

    /// Bytes of memory that all its instances begin with, from one file: all of it where a
    /// language has no image to tell, none where the memory is a component's own.
    pub fn shared_bytes(&self) -> u64 {
        if self.runtime == Runtime::WebAssembly {
            return 0;
        }
        let Some(image) = &self.image else {
            return u64::MAX;
        };
        image_bytes(image)
    }

    /// Makes `image` ready in the folder `artifacts`. Blocks, for about ten
    /// seconds where it has to compile.
    pub fn prepare(
        engine: &Engine,
        artifacts: &Path,
        image: &RuntimeImage<'_>,
    ) -> Result<Self, StartError> {
        let runtime = image.runtime;
        let failed = |source| StartError::Runtime { runtime, source };
        let parts = [
            Some(image.component_zst),
            image.image_zst,
            image.stdlib_tar_zst,
            image.standalone_zst,
        ];
        let key = artifact::key(engine, parts.into_iter().flatten());
        let folder = artifacts.join(format!("{}-{}", stem(runtime), &key[..16]));
        fs::create_dir_all(&folder).map_err(unusable(&folder))?;
        remove_others(artifacts, runtime, &folder);
        let library = image
            .stdlib_tar_zst
            .map(|tar| library(&folder, tar))
            .transpose()?;
        let shell = image.standalone_zst;
        let parts = shell.map(|shell| Parts::in_folder(&folder, image.component_zst, shell));
        let parts = parts.transpose().map_err(unusable(&folder))?;
        let compiled = Compiled::in_folder(engine, &folder, image)?;
        if image.pausing() == Pausing::ByFlags {
            looks_at_flags(engine, &compiled.component).map_err(failed)?;
        }
        let linkable = Linkable::new(engine, compiled.component).map_err(failed)?;
        let linked = linkable
            .with_image(compiled.image.as_ref())
            .map_err(failed)?;
        Ok(Self {
            runtime,
            key: key.into(),
            image: compiled.image,
            parts,
            linkable: Arc::new(linkable),
            linked,
            library,
            component: None,
        })
    }
}

/// Refuses a runtime that nothing would ever interrupt: one of a build that knew of no flags.
fn looks_at_flags(engine: &Engine, component: &Component) -> wasmtime::Result<()> {
    let ty = component.component_type();
    let waits = |(name, _): (&str, _)| name.starts_with("sluice:function/turns@");
    let shows = |(name, _): (&str, _)| name == insides::MEMORY;
    wasmtime::ensure!(
        ty.imports(engine).any(waits) && ty.exports(engine).any(shows),
        "it takes no turns: build it again"
    );
    Ok(())
}

/// Bytes of the memory that instances with this image begin with.
pub fn image_bytes(image: &Module) -> u64 {
    let memories = image.exports().filter_map(|export| match export.ty() {
        ExternType::Memory(ty) => Some(ty.minimum() * ty.page_size()),
        _ => None,
    });
    memories.sum()
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
        Runtime::JavaScript => "javascript",
        Runtime::WebAssembly => "component",
    }
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
fn library(folder: &Path, tar_zst: &[u8]) -> Result<PathBuf, StartError> {
    let library = folder.join("lib");
    if library.is_dir() {
        return Ok(library);
    }
    // Beside its place and then moved there, so that it is whole or absent.
    let unpack = || -> io::Result<()> {
        let part = ScratchFolder::new(folder)?;
        let tar = zstd::decode_all(tar_zst)?;
        let whole = part.path().join("lib");
        tar::Archive::new(tar.as_slice()).unpack(&whole)?;
        fs::rename(whole, &library)
    };
    unpack().map_err(unusable(&library))?;
    Ok(library)
}

/// A runtime as machine code.
struct Compiled {
    component: Component,
    image: Option<Module>,
}

impl Compiled {
    /// Maps it from disk; compiles it where a file is absent or damaged.
    fn in_folder(
        engine: &Engine,
        folder: &Path,
        image: &RuntimeImage<'_>,
    ) -> Result<Self, StartError> {
        let runtime = image.runtime;
        match Self::mapped(engine, folder, image) {
            Ok(compiled) => return Ok(compiled),
            Err(reason) if folder.join(COMPONENT).exists() => {
                tracing::warn!(%runtime, %reason, "the compiled runtime is damaged");
            }
            Err(_) => {}
        }
        tracing::info!(%runtime, "compiling the runtime, once: a few seconds");
        let begun = Instant::now();
        let compile = || -> wasmtime::Result<Self> {
            let component = zstd::decode_all(image.component_zst)?;
            artifact::write(folder, COMPONENT, &engine.precompile_component(&component)?)?;
            if let Some(module) = image.image_zst {
                let module = zstd::decode_all(module)?;
                artifact::write(folder, IMAGE, &engine.precompile_module(&module)?)?;
            }
            Self::mapped(engine, folder, image)
        };
        let compiled = compile().map_err(|source| StartError::Runtime { runtime, source })?;
        let seconds = begun.elapsed().as_secs_f64();
        tracing::info!(%runtime, seconds, "compiled the runtime");
        Ok(compiled)
    }

    fn mapped(engine: &Engine, folder: &Path, image: &RuntimeImage<'_>) -> wasmtime::Result<Self> {
        let module = || artifact::module(engine, folder, IMAGE);
        Ok(Self {
            component: artifact::component(engine, folder, COMPONENT)?,
            image: image.image_zst.map(|_| module()).transpose()?,
        })
    }
}

/// The component with all its imports but the image.
pub struct Linkable {
    component: Component,
    linker: Linker<Host>,
}

impl Linkable {
    /// Gives the component its imports: WASI, of which each instance decides what it opens,
    /// with files that count, and ours. A runtime takes of them what it needs.
    fn new(engine: &Engine, component: Component) -> wasmtime::Result<Self> {
        let mut linker = Linker::new(engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        disk::add_to_linker(&mut linker, Host::disk)?;
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
        guest::language::Runtime::add_to_linker::<_, HasSelf<Host>>(&mut linker, |host| host)?;
        compression::add_to_linker(&mut linker, Host::compression)?;
        outbound::add_to_linker(&mut linker, Host::outbound)?;
        turns::add_to_linker(&mut linker)?;
        Ok(Self { component, linker })
    }

    /// Ready for instances that begin with the memory of `image`.
    pub fn with_image(&self, image: Option<&Module>) -> wasmtime::Result<guest::RuntimePre> {
        let mut linker = self.linker.clone();
        if let Some(image) = image {
            linker.root().module("image", image)?;
        }
        guest::RuntimePre::of_language(&self.component, linker.instantiate_pre(&self.component)?)
    }
}
