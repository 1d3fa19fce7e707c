//! Compiles a component, and says why one is refused.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sluice_domain::code::CodeError;
use tokio::sync::Semaphore;
use wasmtime::Engine;
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime_wasi_http::p2::bindings::ProxyPre;

use super::{Prepared, own};
use crate::deployment::DeployError;
use crate::disk;
use crate::guest::{RuntimePre, logger};
use crate::instance::Host;
use crate::runtime::ReadyRuntime;
use crate::{artifact, heap};

/// Largest component. What tools make of JavaScript or Python has 10 to 40 MB.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Longest compilation that a deploy waits for.
const LONGEST: Duration = Duration::from_secs(120);

/// Compiled components that are kept for the next start: those that were used last.
const KEPT: usize = 50;
const KEPT_BYTES: u64 = 4 * 1024 * 1024 * 1024;

/// What every component begins with; a core module has another version.
const COMPONENT: [u8; 8] = *b"\0asm\x0d\0\x01\0";
const MODULE: [u8; 8] = *b"\0asm\x01\0\0\0";

/// What is granted, by the beginning of its name. Of WASI all that its command world has, because
/// languages import it whether they use it or not: what it gives is decided by the sandbox, which
/// has no sockets.
const GRANTED: &[&str] = &[
    "wasi:cli/",
    "wasi:clocks/",
    "wasi:filesystem/",
    "wasi:io/",
    "wasi:random/",
    "wasi:sockets/",
    "wasi:http/",
    "sluice:function/logger@",
];

const INCOMING: &str = "wasi:http/incoming-handler@0.2.";

/// What a component is called by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum World {
    /// `handle` of `sluice:function/component`.
    Own,
    /// `wasi:http/incoming-handler`.
    Http,
}

/// A component as it can be told about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentInfo {
    /// The file in the package.
    pub file: String,
    /// Its size.
    pub bytes: u64,
    /// What it is called by.
    pub world: World,
    /// All that it exports.
    pub exports: Vec<String>,
    /// All that it imports.
    pub imports: Vec<String>,
}

/// Makes components ready; what was compiled is kept on disk.
pub struct Components {
    engine: Engine,
    folder: PathBuf,
    /// One is compiled at a time, on all processors.
    compiling: Arc<Semaphore>,
}

impl Components {
    /// Keeps what it compiles in `folder`.
    pub fn new(engine: Engine, folder: PathBuf) -> std::io::Result<Self> {
        fs::create_dir_all(&folder)?;
        artifact::tidy(&folder);
        let compiling = Arc::new(Semaphore::new(1));
        Ok(Self {
            engine,
            folder,
            compiling,
        })
    }

    /// Makes the component in `file` ready. Code without one is deployed too: its calls say what
    /// is missing.
    pub async fn prepare(
        &self,
        file: String,
        wasm: Option<Bytes>,
    ) -> Result<ReadyRuntime, DeployError> {
        let waiting = Arc::clone(&self.compiling).acquire_owned();
        let (engine, folder, named) = (self.engine.clone(), self.folder.clone(), file.clone());
        let preparing = async move {
            let turn = waiting.await;
            // Nothing ends a compilation: the next one waits for it, whoever has left.
            let preparing = tokio::task::spawn_blocking(move || {
                let ready = ready(&engine, &folder, &named, wasm.as_deref());
                drop(turn);
                ready
            });
            preparing.await
        };
        match tokio::time::timeout(LONGEST, preparing).await {
            Ok(Ok(ready)) => ready,
            Ok(Err(ended)) => Err(DeployError::Disk(ended.into())),
            Err(_) => {
                let seconds = LONGEST.as_secs();
                Err(refused(
                    &file,
                    format!("it was not compiled within {seconds} seconds"),
                ))
            }
        }
    }
}

/// The component cannot be deployed, and whoever built it has to change it.
fn refused(file: &str, message: String) -> DeployError {
    DeployError::Code(CodeError {
        file: file.to_owned(),
        line: 0,
        column: 0,
        message,
    })
}

/// Compiles, checks and links. Blocks, for seconds where a large component is new.
fn ready(
    engine: &Engine,
    folder: &Path,
    file: &str,
    wasm: Option<&[u8]>,
) -> Result<ReadyRuntime, DeployError> {
    let linker = linker(engine).map_err(DeployError::Check)?;
    let Some(wasm) = wasm else {
        let component = Component::new(engine, COMPONENT).map_err(DeployError::Check)?;
        let linked = linker.instantiate_pre(&component);
        let absent = Prepared::Absent(linked.map_err(DeployError::Check)?, file.to_owned());
        let linked = RuntimePre::Component(absent);
        return Ok(ReadyRuntime::of_component(
            (linked, component, linker),
            None,
        ));
    };
    let refused = |message| refused(file, message);
    check_kind(wasm).map_err(refused)?;
    let component = compile(engine, folder, wasm).map_err(refused)?;
    let info = info(engine, &component, file, wasm.len() as u64).map_err(refused)?;
    let linked = linker
        .instantiate_pre(&component)
        .map_err(|error| refused(format!("it cannot be linked: {error:#}")))?;
    let prepared = match info.world {
        World::Own => own::ComponentPre::new(linked).map(Prepared::Own),
        World::Http => ProxyPre::new(linked).map(Prepared::Http),
    };
    let prepared =
        prepared.map_err(|error| refused(format!("its export has another type: {error:#}")))?;
    let linked = RuntimePre::Component(prepared);
    Ok(ReadyRuntime::of_component(
        (linked, component, linker),
        Some(info),
    ))
}

/// Says what a file is that is no component.
fn check_kind(wasm: &[u8]) -> Result<(), String> {
    if wasm.len() > MAX_BYTES {
        return Err(format!(
            "it has {} bytes, a component at most 64 MB",
            wasm.len()
        ));
    }
    if wasm.starts_with(&COMPONENT) {
        return Ok(());
    }
    if wasm.starts_with(&MODULE) {
        return Err(
            "it is a core module, not a component: build for wasm32-wasip2, or make a component of it with `wasm-tools component new`"
                .to_owned(),
        );
    }
    Err("it is not a WebAssembly component".to_owned())
}

fn compile(engine: &Engine, folder: &Path, wasm: &[u8]) -> Result<Component, String> {
    let name = format!("{}.cwasm", artifact::key(engine, [wasm]));
    let map = || artifact::component(engine, folder, &name);
    let component = map().or_else(|_| {
        artifact::write(folder, &name, &engine.precompile_component(wasm)?)?;
        heap::give_back();
        map()
    });
    let component = component.map_err(|error| format!("it cannot be compiled: {error:#}"))?;
    artifact::used(folder, &name, KEPT, KEPT_BYTES);
    Ok(component)
}

/// What components may import.
fn linker(engine: &Engine) -> wasmtime::Result<Linker<Host>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    disk::add_to_linker(&mut linker, Host::disk)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    logger::add_to_linker::<_, HasSelf<Host>>(&mut linker, |host| host)?;
    Ok(linker)
}

/// Looks at what a component imports and exports.
fn info(
    engine: &Engine,
    component: &Component,
    file: &str,
    bytes: u64,
) -> Result<ComponentInfo, String> {
    let ty = component.component_type();
    let names = |names: &mut dyn Iterator<Item = &str>| names.map(str::to_owned).collect();
    let imports: Vec<String> = names(&mut ty.imports(engine).map(|(name, _)| name));
    let exports: Vec<String> = names(&mut ty.exports(engine).map(|(name, _)| name));
    let refused = imports.iter().find(|name| {
        let granted = GRANTED.iter().any(|start| name.starts_with(start));
        let old = name.starts_with("wasi:") && !name.contains("@0.2.");
        !granted || old
    });
    if let Some(name) = refused {
        return Err(format!(
            "it imports {name:?}, which is not granted; granted are WASI 0.2 (cli, clocks, filesystem, http, io, random, sockets) and sluice:function/logger"
        ));
    }
    let has = |start: &str| exports.iter().any(|name| name.starts_with(start));
    let world = if exports.iter().any(|name| name == "handle") {
        World::Own
    } else if has(INCOMING) {
        World::Http
    } else {
        let hint = match has("wasi:cli/run@") {
            true => "; it is a command, which runs once and handles nothing",
            false => "",
        };
        return Err(format!(
            "it must export \"handle\" of the world sluice:function/component, or {INCOMING}x; it exports {}{hint}",
            list(&exports)
        ));
    };
    Ok(ComponentInfo {
        file: file.to_owned(),
        bytes,
        world,
        exports,
        imports,
    })
}

/// A few names for a message.
fn list(names: &[String]) -> String {
    if names.is_empty() {
        return "nothing".to_owned();
    }
    let first: Vec<String> = names
        .iter()
        .take(8)
        .map(|name| format!("{name:?}"))
        .collect();
    first.join(", ")
}
