//! Compiled WebAssembly on disk: written whole, mapped only as it was written.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};
use wasmtime::component::Component;
use wasmtime::{Engine, Module};

use crate::scratch::ScratchFolder;

/// What the names of compiled files end with.
const EXTENSION: &str = "cwasm";

/// Writes a compiled file. It gets a seal, which goes last: without it the file counts as
/// damaged.
pub fn write(folder: &Path, name: &str, code: &[u8]) -> io::Result<()> {
    let part = ScratchFolder::new(folder)?;
    let whole = part.path().join(name);
    fs::write(&whole, code)?;
    fs::rename(whole, folder.join(name))?;
    fs::write(folder.join(seal(name)), sum(code))
}

/// Maps a compiled component.
pub fn component(engine: &Engine, folder: &Path, name: &str) -> wasmtime::Result<Component> {
    check(folder, name)?;
    #[expect(
        unsafe_code,
        reason = "wasmtime runs what it maps here, so the file must be its own output. Only we \
                  write to this folder, which is the executor's contract; the checksum was \
                  just compared, and wasmtime compares its version and settings itself"
    )]
    let component = unsafe { Component::deserialize_file(engine, folder.join(name)) }?;
    Ok(component)
}

/// Maps a compiled core module.
pub fn module(engine: &Engine, folder: &Path, name: &str) -> wasmtime::Result<Module> {
    check(folder, name)?;
    #[expect(unsafe_code, reason = "the same as for a component, above")]
    let module = unsafe { Module::deserialize_file(engine, folder.join(name)) }?;
    Ok(module)
}

/// Names what a compiled file was made from: its parts, in 64 hexadecimal digits, and the version,
/// settings and processor that wasmtime compiles for.
pub fn key<'a>(engine: &Engine, parts: impl IntoIterator<Item = &'a [u8]>) -> String {
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
    for part in parts {
        hashing.0.update(part);
    }
    std::hash::Hash::hash(&engine.precompile_compatibility_hash(), &mut hashing);
    hex::encode(hashing.0.finalize())
}

/// Says that a file was used now, and removes those that were not used for longest, so that at most
/// `most` remain, of `most_bytes` together. What is mapped stays mapped.
pub fn used(folder: &Path, name: &str, most: usize, most_bytes: u64) {
    // Who cannot say so has it made again some day.
    if let Ok(file) = fs::File::open(folder.join(name)) {
        drop(file.set_modified(SystemTime::now()));
    }
    let mut files: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| is_compiled(&entry.file_name().to_string_lossy()))
        .filter_map(|entry| {
            let about = entry.metadata().ok()?;
            // One of a time to come was not used last: the clock was wrong.
            let unused = about.modified().ok()?.elapsed().unwrap_or(Duration::MAX);
            Some((unused, about.len(), entry.file_name()))
        })
        .collect();
    files.sort();
    let mut bytes = 0;
    for (place, (_, length, name)) in files.into_iter().enumerate() {
        bytes += length;
        if place >= most || bytes > most_bytes {
            remove(folder, &name.to_string_lossy());
        }
    }
}

/// True for the name of a compiled file.
pub fn is_compiled(name: &str) -> bool {
    Path::new(name)
        .extension()
        .is_some_and(|end| end == EXTENSION)
}

/// Removes a compiled file and its seal.
pub fn remove(folder: &Path, name: &str) {
    for name in [name.to_owned(), seal(name)] {
        let file = folder.join(name);
        if let Err(error) = fs::remove_file(&file)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(path = %file.display(), %error, "an old artifact could not be removed");
        }
    }
}

/// Removes what an earlier process left half-made in `folder`.
pub fn tidy(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir())
            && let Err(error) = fs::remove_dir_all(entry.path())
        {
            tracing::warn!(path = %entry.path().display(), %error, "a folder could not be removed");
        }
    }
}

/// Notes a time on the seal of a file.
pub fn seal_at(folder: &Path, name: &str, time: SystemTime) -> io::Result<()> {
    let seal = folder.join(seal(name));
    fs::File::options()
        .write(true)
        .open(seal)?
        .set_modified(time)
}

/// The time that was noted on the seal of a file.
pub fn sealed_at(folder: &Path, name: &str) -> io::Result<SystemTime> {
    fs::metadata(folder.join(seal(name)))?.modified()
}

fn check(folder: &Path, name: &str) -> wasmtime::Result<()> {
    let code = fs::read(folder.join(name))?;
    if fs::read_to_string(folder.join(seal(name)))? != sum(&code) {
        wasmtime::bail!("its checksum is wrong");
    }
    Ok(())
}

fn seal(name: &str) -> String {
    format!("{name}.sha256")
}

fn sum(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
