//! Debian's Rust for building browsers, with a standard library built for WASM here.
//!
//! Debian packs the compiler and the library's sources, but no library for this target.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::progress::Step;
use crate::wasm_target::{TARGET, WasmCompiler};
use crate::{apt, paths, process};

const RUSTC: &str = "/usr/bin/rustc";
const CARGO: &str = "/usr/bin/cargo";
const SOURCES: &str = "/usr/lib/rustlib/src/rust/library/std/Cargo.toml";

/// Debian's cargo with Debian's compiler.
pub fn debian_cargo() -> Command {
    let mut cargo = process::program(CARGO);
    process::forget_own_package(&mut cargo);
    cargo
        .env("RUSTC", RUSTC)
        // Both name the other Rust: its version, and its libraries.
        .env_remove("RUSTUP_TOOLCHAIN")
        .env_remove("LD_LIBRARY_PATH")
        .env_remove("CARGO")
        .env_remove("RUSTC_WRAPPER");
    cargo
}

/// The compiler, if an earlier run made it.
pub fn find() -> Option<WasmCompiler> {
    let linker = linker()?;
    let sysroot = sysroot(&version()?);
    sysroot
        .is_dir()
        .then_some(WasmCompiler::Debian { linker, sysroot })
}

/// The compiler, made now if need be.
pub fn find_or_make(step: &mut Step) -> Result<WasmCompiler> {
    if let Some(compiler) = find() {
        return Ok(compiler);
    }
    if version().is_none() || linker().is_none() || !Path::new(SOURCES).is_file() {
        step.says("installing Debian's rustc-web, cargo-web, rust-web-src and lld");
        apt::install(&["rustc-web", "cargo-web", "rust-web-src"])?;
        apt::install(&[apt::newest("lld-")?.as_str()])?;
    }
    let version = version().context("Debian's rustc-web is too old for this workspace")?;
    let sysroot = sysroot(&version);
    step.says("building the standard library for WASM (about 40 s, once)");
    build(&sysroot)?;
    find().context("Debian's packages give no linker wasm-ld-NN")
}

/// Built from the library's sources with the crate that nobody needs.
fn build(sysroot: &Path) -> Result<()> {
    let scratch = paths::kept("wasm-std");
    fs::create_dir_all(scratch.join("src"))?;
    fs::write(scratch.join("src/lib.rs"), "")?;
    fs::write(
        scratch.join("Cargo.toml"),
        "[package]\nname = \"nothing\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n",
    )?;
    let mut cargo = debian_cargo();
    cargo
        .current_dir(&scratch)
        .args(["build", "--release", "--target", TARGET])
        .args(["-Z", "build-std=std,panic_abort", "--target-dir", "target"])
        // `-Z` belongs to nightly compilers; Debian's is built from a release.
        .env("RUSTC_BOOTSTRAP", "1")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        // The frontend is optimised across crates, which needs the library's bitcode.
        .env("RUSTFLAGS", "-Cembed-bitcode=yes");
    process::run(&mut cargo)?;

    let part = sysroot.with_extension("part");
    let libraries = part.join("lib/rustlib").join(TARGET).join("lib");
    if part.exists() {
        fs::remove_dir_all(&part)?;
    }
    fs::create_dir_all(&libraries)?;
    for entry in fs::read_dir(scratch.join("target").join(TARGET).join("release/deps"))? {
        let file = entry?.path();
        let name = file.file_name().unwrap_or_default();
        let is_library = file
            .extension()
            .is_some_and(|extension| extension == "rlib");
        if is_library && !name.to_string_lossy().starts_with("libnothing") {
            fs::copy(&file, libraries.join(name))?;
        }
    }
    if libraries.read_dir()?.next().is_none() {
        bail!("the build of the standard library left no library");
    }
    fs::rename(&part, sysroot)?;
    fs::remove_dir_all(&scratch)?;
    Ok(())
}

/// A folder for each compiler: cargo does not notice libraries replaced under one path.
fn sysroot(version: &str) -> PathBuf {
    paths::kept(&format!("wasm-sysroot-{version}"))
}

/// The version of Debian's compiler, if it is new enough for this workspace.
fn version() -> Option<String> {
    let output = Command::new(RUSTC)
        .arg("--version")
        .env_remove("LD_LIBRARY_PATH")
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let line = String::from_utf8(output.stdout).ok()?;
    let version = line.split_whitespace().nth(1)?;
    let minor = |version: &str| version.split('.').nth(1)?.parse::<u32>().ok();
    (minor(version)? >= minor(env!("CARGO_PKG_RUST_VERSION"))?).then(|| version.to_owned())
}

/// The newest linker for WASM, `wasm-ld-NN`.
fn linker() -> Option<PathBuf> {
    fs::read_dir("/usr/bin")
        .ok()?
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let number = path.file_name()?.to_str()?.strip_prefix("wasm-ld-")?;
            Some((number.parse::<u32>().ok()?, path))
        })
        .max()
        .map(|(_, path)| path)
}
