//! Finds a compiler for the browser's half, in three tries.
//!
//! The Rust in use may have the target already; else rustup may add it; else Debian has
//! a second Rust for building browsers, to which [`crate::wasm_std`] adds the library.
//! Both halves need not share a compiler: only JSON passes between them.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::progress::Step;
use crate::{process, wasm_std};

/// The target's name.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// Fixes the way, so that a run does not depend on what a network allows that day.
const CHOICE: &str = "SLUICE_WASM_TARGET";

/// One target of about 20 MB: more time than this means that the download hangs.
const RUSTUP_LIMIT: Duration = Duration::from_secs(90);

/// A compiler that can build for the browser.
pub enum WasmCompiler {
    /// The Rust that builds the server.
    Own,
    /// Debian's, with a library that was built here.
    Debian {
        /// The linker.
        linker: PathBuf,
        /// The folder of the library.
        sysroot: PathBuf,
    },
}

impl WasmCompiler {
    /// A cargo that builds with this compiler.
    pub fn cargo(&self) -> Command {
        let mut cargo = match self {
            Self::Own => process::cargo(),
            Self::Debian { linker, sysroot } => {
                let mut cargo = wasm_std::debian_cargo();
                cargo
                    .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker)
                    .env(
                        "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS",
                        format!("--sysroot={}", sysroot.display()),
                    );
                cargo
            }
        };
        // Flags for the native half; they would replace the sysroot above.
        cargo
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS");
        cargo
    }

    /// What tells this compiler from others: a change of it means to build again.
    pub fn identity(&self) -> Result<String> {
        match self {
            Self::Own => process::output(process::program("rustc").arg("-vV")),
            Self::Debian { sysroot, .. } => Ok(sysroot.display().to_string()),
        }
    }
}

/// Finds the compiler, or makes it.
pub fn find_or_make(step: &mut Step) -> Result<WasmCompiler> {
    match std::env::var(CHOICE).as_deref() {
        Err(_) | Ok("") => first_that_works(step),
        Ok("installed") if is_installed()? => Ok(WasmCompiler::Own),
        Ok("installed") => {
            bail!("{CHOICE}=installed, but {TARGET} is not: run `rustup target add {TARGET}`")
        }
        Ok("rustup") => {
            if !is_installed()? {
                add_by_rustup(step)?;
            }
            Ok(WasmCompiler::Own)
        }
        Ok("debian") => wasm_std::find_or_make(step),
        Ok(other) => bail!("{CHOICE} may be installed, rustup or debian, not {other:?}"),
    }
}

fn first_that_works(step: &mut Step) -> Result<WasmCompiler> {
    if is_installed()? {
        return Ok(WasmCompiler::Own);
    }
    // Made by an earlier run, after rustup could not help: do not ask it each time.
    if let Some(compiler) = wasm_std::find() {
        return Ok(compiler);
    }
    let Err(rustup) = add_by_rustup(step) else {
        return Ok(WasmCompiler::Own);
    };
    step.says(&format!("{rustup:#}; trying Debian's packages"));
    wasm_std::find_or_make(step).with_context(|| {
        format!(
            "building for the browser needs the target {TARGET}: run `rustup target add {TARGET}`"
        )
    })
}

/// Compiles one line that needs the library; names of targets promise nothing.
fn is_installed() -> Result<bool> {
    let scratch = tempfile::tempdir()?;
    let mut rustc = process::program("rustc")
        .args([
            "--target",
            TARGET,
            "--crate-type",
            "lib",
            "--emit",
            "metadata",
        ])
        .args(["--crate-name", "probe", "--out-dir"])
        .arg(scratch.path())
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("the program `rustc` is missing; install Rust with rustup")?;
    if let Some(mut stdin) = rustc.stdin.take() {
        // A compiler that gives up early closes the pipe; its status says so below.
        let _closed = stdin.write_all(b"pub fn probe() -> String { String::from(\"std\") }");
    }
    Ok(rustc.wait()?.success())
}

fn add_by_rustup(step: &mut Step) -> Result<()> {
    if !process::answers("rustup", &["--version"]) {
        bail!("rustup is not there to add {TARGET}");
    }
    step.says(&format!("rustup target add {TARGET}"));
    let mut rustup = process::program("rustup")
        .args(["target", "add", TARGET])
        .stdin(Stdio::null())
        .spawn()?;
    let begun = Instant::now();
    loop {
        if let Some(status) = rustup.try_wait()? {
            if status.success() && is_installed()? {
                return Ok(());
            }
            bail!("rustup could not add {TARGET}");
        }
        if begun.elapsed() > RUSTUP_LIMIT {
            rustup.kill()?;
            rustup.wait()?;
            let seconds = RUSTUP_LIMIT.as_secs();
            bail!("rustup could not add {TARGET} within {seconds} s");
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}
