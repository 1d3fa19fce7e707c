//! Puts together what the browser loads: `target/site` and its manifest.
//!
//! A file's name carries a hash of its content, so a browser may keep it for ever. The
//! manifest maps the name that pages know (`main.css`) to the file (`main-<hash>.css`).
//! Beside a file stand `.br` and `.gz` where these are smaller.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::progress::{Progress, Step};
use crate::wasm_target::{self, WasmCompiler};
use crate::{compress, esbuild, frontend, npm, paths, stamp};

/// Enough of a hash that two versions of one file never meet.
const HASH_LENGTH: usize = 12;

/// How many steps [`make`] takes.
pub const STEPS: usize = 2;

/// `cargo xtask site`
pub fn site() -> Result<()> {
    let mut progress = Progress::of(2 + STEPS);
    let compiler = progress.step("wasm target", wasm_target::find_or_make)?;
    progress.step("npm tools", |step| npm::install(step, paths::root()))?;
    make(&mut progress, &compiler)
}

/// Builds the site with this compiler.
pub fn make(progress: &mut Progress, compiler: &WasmCompiler) -> Result<()> {
    progress.step("wasm", |step| frontend::make(step, compiler))?;
    progress.step("site", assemble)
}

fn assemble(step: &mut Step) -> Result<()> {
    let mut manifest = BTreeMap::new();
    for (name, source) in sources(step)? {
        let bytes = fs::read(&source).with_context(|| format!("reading {}", source.display()))?;
        let file = hashed_name(&name, &bytes);
        if !paths::site().join(&file).is_file() {
            step.says(&format!("{file} ({} kB)", bytes.len().div_ceil(1000)));
            place(&file, &bytes)?;
        }
        manifest.insert(name, file);
    }
    let text = serde_json::to_string_pretty(&manifest)? + "\n";
    let path = paths::site().join("manifest.json");
    // Untouched while it says the same: the server is built again when it changes.
    if fs::read_to_string(&path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    stamp::write(&path, text.as_bytes())?;
    remove_others(&manifest)
}

/// What the site is made of: the name that pages know, and the file that has its content.
fn sources(step: &mut Step) -> Result<Vec<(String, PathBuf)>> {
    let root = paths::root();
    let bundles = paths::kept("bundles");
    let mut sources = Vec::new();
    for name in ["sluice.js", "sluice_bg.wasm"] {
        sources.push((name.to_owned(), frontend::folder().join(name)));
    }
    for (name, entry) in [
        ("code-editor.js", "app/editor/code-editor.ts"),
        ("main.css", "style/main.css"),
    ] {
        let entry = root.join(entry);
        if entry.is_file() {
            let out = bundles.join(name);
            esbuild::bundle(&entry, &out)?;
            sources.push((name.to_owned(), out));
        } else {
            step.says(&format!("no {}, so no {name}", entry.display()));
        }
    }
    let public = root.join("app/public");
    for file in stamp::files(&public)? {
        let name = file.strip_prefix(&public)?.to_string_lossy().into_owned();
        sources.push((name, file));
    }
    Ok(sources)
}

/// `main.css` becomes `main-<hash>.css`.
fn hashed_name(name: &str, bytes: &[u8]) -> String {
    let hash = &stamp::of_bytes(bytes)[..HASH_LENGTH];
    match name.rsplit_once('.') {
        Some((stem, extension)) => format!("{stem}-{hash}.{extension}"),
        None => format!("{name}-{hash}"),
    }
}

/// The file itself comes last: where it is, its compressed forms are too.
fn place(file: &str, bytes: &[u8]) -> Result<()> {
    let path = paths::site().join(file);
    for (ending, packed) in [
        (".br", compress::brotli(bytes)?),
        (".gz", compress::gzip(bytes)?),
    ] {
        if packed.len() < bytes.len() {
            stamp::write(&with_ending(&path, ending), &packed)?;
        }
    }
    stamp::write(&path, bytes)
}

/// Removes what an earlier build left and no page names any more.
fn remove_others(manifest: &BTreeMap<String, String>) -> Result<()> {
    let site = paths::site();
    let mut wanted = BTreeSet::from([site.join("manifest.json")]);
    for file in manifest.values() {
        let path = site.join(file);
        wanted.insert(with_ending(&path, ".br"));
        wanted.insert(with_ending(&path, ".gz"));
        wanted.insert(path);
    }
    for file in stamp::files(&site)? {
        if !wanted.contains(&file) {
            fs::remove_file(&file).with_context(|| format!("removing {}", file.display()))?;
        }
    }
    Ok(())
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_folder_and_its_last_ending() {
        let name = |name| hashed_name(name, b"content");
        assert_eq!(name("main.css"), "main-ed7002b439e9.css");
        assert_eq!(name("icons/a.b.svg"), "icons/a.b-ed7002b439e9.svg");
        assert_eq!(name("LICENSE"), "LICENSE-ed7002b439e9");
    }
}
