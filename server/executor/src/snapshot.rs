//! Makes a snapshot of a function when it is deployed: the memory of an instance that has
//! loaded its handler. New instances begin with it, so that what the code imports and
//! prepares is paid for once, and not at every cold start.
//!
//! The code of a runtime is compiled once for all functions; it imports its memory and its
//! variables from a core module without code, the image. A snapshot is another image.

use std::time::{Duration, Instant};

use sluice_domain::id::RequestId;
use wasm_encoder as encoder;
use wasmtime::{ExternType, Mutability, ValType};

use crate::artifact;
use crate::engine::MAX_IMAGE_BYTES;
use crate::flags;
use crate::instance::{Blueprint, Instance};
use crate::kept::{Kept, WORTH_KEEPING};
use crate::runtime::image_bytes;
use crate::scratch::ScratchFolder;

/// Name of the file while it is mapped.
const IMAGE: &str = "image.cwasm";

/// Memory is written or left out by pages of this machine.
const PAGE: usize = 4096;

/// Why there is no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum NoSnapshot {
    /// The runtime makes none.
    #[error("this runtime makes no snapshots")]
    Runtime,
    /// The handler could not be loaded.
    #[error("the code could not be loaded: {0}")]
    Load(String),
    /// Loading took too long.
    #[error("the code was not loaded within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// The code holds something that other instances cannot have.
    #[error("{0}")]
    Held(String),
    /// Its memory is larger than a snapshot may be.
    #[error("its memory has {0} bytes, a snapshot at most {MAX_IMAGE_BYTES}")]
    TooLarge(u64),
    /// Something of ours failed.
    #[error("it could not be made")]
    Fault(#[source] wasmtime::Error),
}

impl From<wasmtime::Error> for NoSnapshot {
    fn from(error: wasmtime::Error) -> Self {
        Self::Fault(error)
    }
}

/// A snapshot that instances begin with.
#[derive(Debug, Clone, Copy)]
pub struct Snapshot {
    /// What making it took, loading included; none for one that an earlier server made.
    pub took: Option<Duration>,
    /// Bytes of memory that instances begin with.
    pub memory_bytes: u64,
}

/// Lets instances begin with the snapshot that an earlier server kept, if there is one. Blocks.
pub fn begin_with_kept(blueprint: &Blueprint, kept: &Kept) -> wasmtime::Result<Option<Snapshot>> {
    let runtime = blueprint.runtime();
    let Some(image) = kept.read(runtime.linked.engine()) else {
        return Ok(None);
    };
    blueprint.begin_with(runtime.linkable.with_image(Some(&image))?);
    Ok(Some(Snapshot {
        took: None,
        memory_bytes: image_bytes(&image),
    }))
}

/// Makes a snapshot in `folder`, or in `kept` if the code takes long to load, and lets instances
/// begin with it from then on. The code has to be loaded within `timeout`.
pub async fn make(
    blueprint: &Blueprint,
    folder: &std::path::Path,
    kept: Option<Kept>,
    timeout: Duration,
) -> Result<Snapshot, NoSnapshot> {
    let begun = Instant::now();
    let runtime = blueprint.runtime();
    let Some(first) = &runtime.image else {
        return Err(NoSnapshot::Runtime);
    };
    let mut instance = blueprint.transparent().await?;
    let mut spent = Duration::ZERO;
    let id = RequestId::from_bytes([0; 16]);
    let loading = instance.load(&id, blueprint.handler_source(), &mut spent);
    match tokio::time::timeout(timeout, loading).await {
        Err(_) => return Err(NoSnapshot::TimedOut(timeout)),
        Ok(Err(error)) => return Err(NoSnapshot::Load(error.root_cause().to_string())),
        Ok(Ok(Err(failure))) => return Err(NoSnapshot::Load(failure.message)),
        Ok(Ok(Ok(()))) => {}
    }
    let loaded_in = begun.elapsed();
    if !blueprint.has_initializer() {
        blueprint.measured(false, loaded_in);
    }
    let kept = kept.filter(|_| loaded_in >= WORTH_KEEPING);
    let bytes = instance.memory_used();
    if bytes > MAX_IMAGE_BYTES {
        return Err(NoSnapshot::TooLarge(bytes));
    }
    if let Some(held) = instance.holds_ours() {
        return Err(NoSnapshot::Held(format!("the code keeps {held}")));
    }
    // The code can have a `__del__` that never ends.
    let ready = tokio::time::timeout(timeout, instance.freeze())
        .await
        .map_err(|_| NoSnapshot::TimedOut(timeout))??;
    ready.map_err(NoSnapshot::Held)?;

    let (globals, memory) = tokio::time::timeout(timeout, state(&mut instance))
        .await
        .map_err(|_| NoSnapshot::TimedOut(timeout))??;
    let has_connected = instance.has_connected();
    drop(instance);
    // What it fetched may have been meant for this server's life only.
    let kept = kept.filter(|_| !has_connected);

    let (first, engine) = (first.clone(), runtime.linked.engine().clone());
    let (linkable, folder) = (runtime.linkable.clone(), folder.to_owned());
    let memory_bytes = memory.len() as u64;
    let making = tokio::task::spawn_blocking(move || {
        let image = image(&first, &globals, &memory)?;
        let compiled = engine.precompile_module(&image)?;
        if let Some(kept) = kept {
            match kept.write(&engine, &compiled) {
                Ok(image) => return linkable.with_image(Some(&image)),
                Err(error) => {
                    tracing::warn!(error = format!("{error:#}"), "a snapshot cannot be kept")
                }
            }
        }
        let folder = ScratchFolder::new(&folder)?;
        artifact::write(folder.path(), IMAGE, &compiled)?;
        // The folder goes, its file stays as long as it is mapped.
        let image = artifact::module(&engine, folder.path(), IMAGE)?;
        linkable.with_image(Some(&image))
    });
    let linked = making.await.map_err(wasmtime::Error::from)??;
    blueprint.begin_with(linked);
    Ok(Snapshot {
        took: Some(begun.elapsed()),
        memory_bytes,
    })
}

/// The variables and the memory of an instance that is looked into, after it has forgotten what it
/// knows of its files. That walks through memory that the user's code has written to.
pub async fn state(instance: &mut Instance) -> wasmtime::Result<(Vec<u64>, Vec<u8>)> {
    instance.forget().await?;
    let Some(insides) = instance.insides else {
        wasmtime::bail!("this instance cannot be looked into");
    };
    let store = instance.store();
    let globals = insides.globals(store).await?;
    let mut memory = insides.memory(store).await?.to_vec();
    // Nobody has told the instances that begin here to wait.
    if let Some(flag) = memory.get_mut(flags::AT) {
        *flag = 0;
    }
    Ok((globals, memory))
}

/// A core module with this memory and these variables, of the same type as `first`.
pub fn image(
    first: &wasmtime::Module,
    globals: &[u64],
    memory: &[u8],
) -> wasmtime::Result<Vec<u8>> {
    let (mut memories, mut variables) =
        (encoder::MemorySection::new(), encoder::GlobalSection::new());
    let mut exports = encoder::ExportSection::new();
    for export in first.exports() {
        match export.ty() {
            ExternType::Memory(ty) => {
                memories.memory(encoder::MemoryType {
                    minimum: (memory.len() as u64).div_ceil(ty.page_size()),
                    maximum: ty.maximum(),
                    memory64: ty.is_64(),
                    shared: ty.is_shared(),
                    page_size_log2: None,
                });
                exports.export(export.name(), encoder::ExportKind::Memory, 0);
            }
            ExternType::Global(ty) => {
                let place = variables.len();
                let value = globals.get(place as usize).copied().unwrap_or_default();
                let (val_type, value) = match ty.content() {
                    ValType::I32 => (
                        encoder::ValType::I32,
                        encoder::ConstExpr::i32_const(value as i32),
                    ),
                    _ => (
                        encoder::ValType::I64,
                        encoder::ConstExpr::i64_const(value as i64),
                    ),
                };
                variables.global(
                    encoder::GlobalType {
                        val_type,
                        mutable: ty.mutability() == Mutability::Var,
                        shared: false,
                    },
                    &value,
                );
                exports.export(export.name(), encoder::ExportKind::Global, place);
            }
            other => wasmtime::bail!("an image has no {other:?}"),
        }
    }
    let mut data = encoder::DataSection::new();
    for (start, end) in written(memory) {
        let offset = encoder::ConstExpr::i32_const(start as i32);
        data.active(0, &offset, memory[start..end].iter().copied());
    }
    let mut module = encoder::Module::new();
    module
        .section(&memories)
        .section(&variables)
        .section(&exports)
        .section(&data);
    Ok(module.finish())
}

/// The stretches of pages that are not all zero.
fn written(memory: &[u8]) -> Vec<(usize, usize)> {
    let mut stretches: Vec<(usize, usize)> = Vec::new();
    for (at, page) in memory.chunks(PAGE).enumerate() {
        if page.iter().all(|byte| *byte == 0) {
            continue;
        }
        let (start, end) = (at * PAGE, at * PAGE + page.len());
        match stretches.last_mut() {
            Some(last) if last.1 == start => last.1 = end,
            _ => stretches.push((start, end)),
        }
    }
    stretches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_written_is_kept() {
        let mut memory = vec![0; 5 * PAGE];
        memory[PAGE] = 1;
        memory[3 * PAGE - 1] = 1;
        memory[4 * PAGE + 7] = 1;
        assert_eq!(written(&memory), [(PAGE, 3 * PAGE), (4 * PAGE, 5 * PAGE)]);
        assert_eq!(written(&[]), []);
    }
}
