//! Builds the Rust components of `examples`, which the executor's tests run: so what the documents
//! tell to do is done in every test.

use std::fs;

use anyhow::{Context, Result};
use wit_component::ComponentEncoder;

use crate::progress::Step;
use crate::stamp::{self, Inputs, Stamp};
use crate::wasm_target::{TARGET, WasmCompiler};
use crate::{paths, process};

/// Builds them, unless they are there, into `target/sluice/examples`.
pub fn rust(step: &mut Step, compiler: &WasmCompiler) -> Result<()> {
    let sources = paths::root().join("examples/rust");
    let folder = paths::kept("examples");
    let inputs = Inputs::default()
        .path(&sources)?
        .path(&paths::root().join("runtimes/wit/component.wit"))?
        .finish();
    let stamp = Stamp::at(folder.join("stamp"));
    if stamp.is(&inputs) {
        return Ok(());
    }
    step.says("building the example components (about 30 s, once)");
    let target = paths::kept("examples-target");
    let mut cargo = compiler.cargo();
    cargo
        .current_dir(&sources)
        .args(["build", "--release", "--locked", "--target", TARGET])
        .arg("--target-dir")
        .arg(&target);
    process::run(&mut cargo)?;
    for name in ["handle", "http"] {
        let module = target
            .join(TARGET)
            .join("release")
            .join(name)
            .with_extension("wasm");
        let module = fs::read(&module).with_context(|| format!("reading {}", module.display()))?;
        let component = ComponentEncoder::default()
            .module(&module)?
            .validate(true)
            .encode();
        let component = component.with_context(|| format!("making a component of {name}"))?;
        stamp::write(&folder.join(name).with_extension("wasm"), &component)?;
    }
    stamp.set(&inputs)
}
