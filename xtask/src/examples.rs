//! Builds the Rust components that the executor's tests run. Those of `examples` are among them: so
//! what the documents tell to do is done in every test.

use std::fs;

use anyhow::{Context, Result};
use wit_component::ComponentEncoder;

use crate::progress::Step;
use crate::stamp::{self, Inputs, Stamp};
use crate::wasm_target::{TARGET, WasmCompiler};
use crate::{paths, process};

/// A workspace of components: its folder, and their names.
struct Components {
    folder: &'static str,
    names: &'static [&'static str],
}

/// The examples, and what only tests run.
const ALL: [Components; 2] = [
    Components {
        folder: "examples/rust",
        names: &["handle", "http"],
    },
    Components {
        folder: "server/executor/tests/components",
        names: &["probe"],
    },
];

/// Builds them, unless they are there, into `target/sluice/examples`.
pub fn rust(step: &mut Step, compiler: &WasmCompiler) -> Result<()> {
    let folder = paths::kept("examples");
    let mut inputs = Inputs::default().path(&paths::root().join("runtimes/wit/component.wit"))?;
    for Components { folder, .. } in &ALL {
        inputs = inputs.path(&paths::root().join(folder))?;
    }
    let inputs = inputs.finish();
    let stamp = Stamp::at(folder.join("stamp"));
    if stamp.is(&inputs) {
        return Ok(());
    }
    step.says("building the example components (about 40 s, once)");
    let target = paths::kept("examples-target");
    for Components { folder: of, names } in &ALL {
        let mut cargo = compiler.cargo();
        cargo
            .current_dir(paths::root().join(of))
            .args(["build", "--release", "--locked", "--target", TARGET])
            .arg("--target-dir")
            .arg(&target);
        process::run(&mut cargo)?;
        for name in *names {
            let module = target.join(TARGET).join("release").join(name);
            let module = module.with_extension("wasm");
            let module =
                fs::read(&module).with_context(|| format!("reading {}", module.display()))?;
            let component = ComponentEncoder::default()
                .module(&module)?
                .validate(true)
                .encode();
            let component = component.with_context(|| format!("making a component of {name}"))?;
            stamp::write(&folder.join(name).with_extension("wasm"), &component)?;
        }
    }
    stamp.set(&inputs)
}
