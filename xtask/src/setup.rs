//! What is made once, before anything can be built.

use anyhow::Result;

use crate::progress::Progress;
use crate::wasm_target::{self, WasmCompiler};
use crate::{examples, libraries, npm, paths, runtimes, standalone};

/// How many steps [`make`] takes.
pub const STEPS: usize = 7;

/// `cargo xtask setup`
pub fn setup() -> Result<()> {
    make(&mut Progress::of(STEPS)).map(drop)
}

/// Makes what is missing, and gives the compiler for the browser's half.
pub fn make(progress: &mut Progress) -> Result<WasmCompiler> {
    let compiler = progress.step("wasm target", wasm_target::find_or_make)?;
    progress.step("npm tools", |step| npm::install(step, paths::root()))?;
    progress.step("python runtime", runtimes::python)?;
    progress.step("javascript runtime", runtimes::javascript)?;
    progress.step("downloaded snapshots", |step| {
        standalone::make(step, &compiler)
    })?;
    progress.step("test libraries", libraries::install)?;
    progress.step("example components", |step| examples::rust(step, &compiler))?;
    Ok(compiler)
}
