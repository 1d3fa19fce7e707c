//! Builds the browser's half: cargo, then wasm-bindgen, then wasm-opt.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::progress::Step;
use crate::stamp::{self, Inputs, Stamp};
use crate::wasm_target::{TARGET, WasmCompiler};
use crate::{esbuild, npm, paths, process};

/// Raise it when the way of building below changes.
const REVISION: &str = "1";

/// What rustc emits by default. All features together would be more than browsers take.
const WASM_FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// The folder with `sluice.js` and `sluice_bg.wasm`.
pub fn folder() -> PathBuf {
    paths::kept("frontend")
}

/// Builds both files, unless their sources are unchanged.
pub fn make(step: &mut Step, compiler: &WasmCompiler) -> Result<()> {
    let identity = compiler.identity()?;
    let sources = sources(&identity)?;
    let sources_stamp = Stamp::at(folder().join("sources.stamp"));
    if sources_stamp.is(&sources) {
        return Ok(());
    }
    let first = if paths::root().join("target/wasm").is_dir() {
        ""
    } else {
        " (about 2 min the first time)"
    };
    step.says(&format!("building the frontend{first}"));
    let wasm = compile(compiler)?;

    let bytes = fs::read(&wasm).with_context(|| format!("reading {}", wasm.display()))?;
    let compiled = Inputs::default()
        .word(REVISION)
        .word(&stamp::of_bytes(&bytes))
        .path(&paths::root().join("package-lock.json"))?
        .finish();
    let compiled_stamp = Stamp::at(folder().join("compiled.stamp"));
    if !compiled_stamp.is(&compiled) {
        step.says("making it small (about 15 s)");
        bind(&wasm)?;
        compiled_stamp.set(&compiled)?;
    }
    sources_stamp.set(&sources)
}

fn sources(identity: &str) -> Result<String> {
    let root = paths::root();
    let mut inputs = Inputs::default().word(REVISION).word(identity);
    for path in [
        "Cargo.toml",
        "Cargo.lock",
        "package-lock.json",
        "frontend",
        "app/Cargo.toml",
        "app/src",
        "app/domain",
    ] {
        inputs = inputs.path(&root.join(path))?;
    }
    Ok(inputs.finish())
}

fn compile(compiler: &WasmCompiler) -> Result<PathBuf> {
    // A target folder of its own: two compilers in one would undo each other's work.
    let target = paths::root().join("target/wasm");
    let mut cargo = compiler.cargo();
    cargo
        .args(["build", "--package", "sluice-frontend", "--target", TARGET])
        .args(["--profile", "wasm-release", "--target-dir"])
        .arg(&target);
    process::run(&mut cargo)?;
    Ok(target
        .join(TARGET)
        .join("wasm-release/sluice_frontend.wasm"))
}

fn bind(wasm: &Path) -> Result<()> {
    let scratch = tempfile::tempdir()?;
    let bound = scratch.path().join("sluice_bg.wasm");
    let script = scratch.path().join("sluice.js");
    Bindgen::new()
        .input_path(wasm)
        .out_name("sluice")
        .web(true)?
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        // The page says where the WASM file is, as its name changes with its content.
        .omit_default_module_path(true)
        .generate(scratch.path())
        .context("wasm-bindgen")?;

    fs::create_dir_all(folder())?;
    process::run(
        npm::tool("wasm-opt")
            .arg("-Oz")
            .args(WASM_FEATURES)
            .arg(&bound)
            .arg("-o")
            .arg(folder().join("sluice_bg.wasm")),
    )?;
    // Bundled, as crates may bring scripts of their own beside the one that loads them.
    esbuild::bundle(&script, &folder().join("sluice.js"))
}
