//! A snapshot as a WebAssembly component that other tools can run: the runtime with its image
//! inside, in the place that `xtask/src/standalone.rs` has left for it.

use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use wasm_encoder::{Component, RawSection};
use wasmparser::{Chunk, Parser, Payload};

use crate::deployment::Deployment;
use crate::scratch::ScratchFolder;
use crate::snapshot;

/// How long reading the state of an instance may take.
const LONGEST_READING: Duration = Duration::from_secs(10);

/// The sections of modules and of components in a component.
const MODULE: u8 = 1;
const COMPONENT: u8 = 4;

/// Why a snapshot cannot be taken away.
#[derive(Debug, thiserror::Error)]
pub enum NoStandalone {
    /// The function has none, now or ever.
    #[error("the function has no snapshot: {0}")]
    NoSnapshot(String),
    /// Its memory has the values of encrypted variables in it, which nobody may see again.
    #[error("the function has encrypted variables, whose values are in its snapshot")]
    Encrypted,
    /// Something of ours failed.
    #[error("it could not be made")]
    Fault(#[source] wasmtime::Error),
}

impl From<wasmtime::Error> for NoStandalone {
    fn from(error: wasmtime::Error) -> Self {
        Self::Fault(error)
    }
}

/// What a snapshot is put into, on disk: it is seldom needed.
#[derive(Debug, Clone)]
pub struct Parts {
    runtime: PathBuf,
    shell: PathBuf,
}

impl Parts {
    /// Keeps the parts, compressed by zstd, in `folder`, unless they are there.
    pub fn in_folder(folder: &Path, runtime_zst: &[u8], shell_zst: &[u8]) -> io::Result<Self> {
        let kept = |name: &str, content: &[u8]| -> io::Result<PathBuf> {
            let file = folder.join(name);
            if !file.exists() {
                // Beside its place and then moved there, so that it is whole or absent.
                let part = ScratchFolder::new(folder)?;
                let whole = part.path().join(name);
                fs::write(&whole, content)?;
                fs::rename(whole, &file)?;
            }
            Ok(file)
        };
        Ok(Self {
            runtime: kept("runtime.wasm.zst", runtime_zst)?,
            shell: kept("shell.wasm.zst", shell_zst)?,
        })
    }

    /// The component with this image. Blocks.
    fn with(&self, image: Vec<u8>) -> wasmtime::Result<Vec<u8>> {
        let read = |file: &Path| zstd::decode_all(fs::File::open(file)?);
        let (runtime, shell) = (read(&self.runtime)?, read(&self.shell)?);
        let runtime = replaced(&runtime, imports_image, MODULE, &image)?;
        drop(image);
        replaced(
            &shell,
            |payload| is_empty(&shell, payload),
            COMPONENT,
            &runtime,
        )
    }
}

/// The snapshot of `deployment` as a component.
pub async fn of(deployment: &Deployment) -> Result<Vec<u8>, NoStandalone> {
    match deployment.snapshot() {
        Some(Ok(_)) => {}
        Some(Err(reason)) => return Err(NoStandalone::NoSnapshot(reason.to_string())),
        None => return Err(NoStandalone::NoSnapshot("it is being made".to_owned())),
    }
    if deployment.spec().settings.env_vars.has_any_encrypted() {
        return Err(NoStandalone::Encrypted);
    }
    let runtime = deployment.blueprint.runtime();
    let (Some(parts), Some(first)) = (runtime.parts.clone(), runtime.image.clone()) else {
        return Err(NoStandalone::NoSnapshot(
            "its runtime makes none".to_owned(),
        ));
    };
    let Some(mut instance) = deployment.blueprint.transparent_loaded().await? else {
        return Err(NoStandalone::NoSnapshot("it is being made".to_owned()));
    };
    let state = tokio::time::timeout(LONGEST_READING, snapshot::state(&mut instance));
    let Ok(state) = state.await else {
        return Err(NoStandalone::NoSnapshot("it could not be read".to_owned()));
    };
    let (globals, memory) = state?;
    drop(instance);
    let making = tokio::task::spawn_blocking(move || {
        let image = snapshot::image(&first, &globals, &memory)?;
        drop(memory);
        parts.with(image)
    });
    Ok(making.await.map_err(wasmtime::Error::from)??)
}

/// `component` with the one section that `is_it` put out for another.
fn replaced(
    component: &[u8],
    is_it: impl Fn(&Payload<'_>) -> bool,
    id: u8,
    data: &[u8],
) -> wasmtime::Result<Vec<u8>> {
    let (mut made, mut places) = (Component::new(), 0);
    let (mut parser, mut at) = (Parser::new(0), 0);
    while let Chunk::Parsed { consumed, payload } = parser.parse(&component[at..], true)? {
        at += consumed;
        match &payload {
            Payload::End(_) => break,
            // What is inside is not looked at.
            Payload::ModuleSection {
                unchecked_range, ..
            }
            | Payload::ComponentSection {
                unchecked_range, ..
            } => at = unchecked_range.end,
            _ => {}
        }
        if is_it(&payload) {
            places += 1;
            made.section(&RawSection { id, data });
        } else if let Some((id, range)) = payload.as_section() {
            let data = &component[range];
            made.section(&RawSection { id, data });
        }
    }
    wasmtime::ensure!(places == 1, "there are {places} places for it");
    Ok(made.finish())
}

/// True for the import of the image.
fn imports_image(payload: &Payload<'_>) -> bool {
    let Payload::ComponentImportSection(imports) = payload else {
        return false;
    };
    let mut imports = imports.clone().into_iter();
    imports.len() == 1 && matches!(imports.next(), Some(Ok(import)) if import.name.name == "image")
}

/// True for a component that has nothing in it.
fn is_empty(component: &[u8], payload: &Payload<'_>) -> bool {
    let range = match payload {
        Payload::ComponentSection {
            unchecked_range, ..
        } => unchecked_range.clone(),
        _ => Range::default(),
    };
    component[range] == Component::HEADER
}
