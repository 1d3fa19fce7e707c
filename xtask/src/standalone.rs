//! Builds what a snapshot has around it where no executor runs it: a component that has a place
//! for the runtime with its image, which the server fills when a snapshot is downloaded.

use std::fs;

use anyhow::{Context, Result, ensure};
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, NodeId};
use wasm_encoder::{Component, RawSection};
use wasmparser::{Parser, Payload};
use wit_component::ComponentEncoder;

use crate::progress::Step;
use crate::runtimes::WHOLE;
use crate::stamp::{self, Inputs, Stamp};
use crate::wasm_target::{TARGET, WasmCompiler};
use crate::{compress, paths, process};

/// Raise it when the way of building below changes.
const REVISION: &str = "1";

/// The file of each runtime.
const FILE: &str = "standalone.wasm.zst";

/// The runtimes that make snapshots.
const RUNTIMES: [&str; 2] = ["python3.12", "python3.14"];

/// What a snapshot imports that is not WASI.
const SURROUNDINGS: [&str; 4] = ["logger", "turns", "outbound", "compression"];

/// What calls a snapshot.
const CALLS: [&str; 3] = ["initialize", "invoke", "pre-stop"];

/// Builds them, unless they are there.
pub fn make(step: &mut Step, compiler: &WasmCompiler) -> Result<()> {
    let sources = paths::root().join("runtimes/standalone");
    let mut inputs = Inputs::default()
        .word(REVISION)
        .path(&sources)?
        .path(&paths::root().join("runtimes/wit"))?;
    for runtime in RUNTIMES {
        inputs = inputs.path(&paths::runtimes().join(runtime).join(WHOLE))?;
    }
    let inputs = inputs.finish();
    let file = |runtime: &str| paths::runtimes().join(runtime).join(FILE);
    let stamp = Stamp::at(paths::kept("standalone.stamp"));
    if stamp.is(&inputs) && RUNTIMES.iter().all(|runtime| file(runtime).is_file()) {
        return Ok(());
    }
    step.says("building what snapshots are downloaded in (about 30 s, once)");
    let target = paths::kept("standalone-target");
    let mut cargo = compiler.cargo();
    cargo
        .current_dir(&sources)
        .args(["build", "--release", "--locked", "--target", TARGET])
        .arg("--target-dir")
        .arg(&target);
    process::run(&mut cargo)?;
    let component = |name: &str| {
        let module = target.join(TARGET).join("release").join(name);
        let module = module.with_extension("wasm");
        let module = fs::read(&module).with_context(|| format!("reading {}", module.display()))?;
        let component = ComponentEncoder::default().module(&module)?.encode();
        component.with_context(|| format!("making a component of {name}"))
    };
    let (surroundings, command) = (component("surroundings")?, component("command")?);
    for runtime in RUNTIMES {
        let whole = fs::read(paths::runtimes().join(runtime).join(WHOLE))?;
        let composed = compose(&surroundings, &whole, &command)
            .with_context(|| format!("composing what is around {runtime}"))?;
        let shell = without(&composed, &whole)?;
        stamp::write(&file(runtime), &compress::zstd(&shell)?)?;
    }
    stamp.set(&inputs)
}

/// Puts a runtime between its surroundings and the command that calls it.
fn compose(surroundings: &[u8], runtime: &[u8], command: &[u8]) -> Result<Vec<u8>> {
    let mut graph = CompositionGraph::new();
    let mut instance = |name: &str, bytes: &[u8]| -> Result<NodeId> {
        let package = Package::from_bytes(name, None, bytes.to_vec(), graph.types_mut())?;
        let package = graph.register_package(package)?;
        Ok(graph.instantiate(package))
    };
    let surroundings = instance("sluice:surroundings", surroundings)?;
    let runtime = instance("sluice:runtime", runtime)?;
    let command = instance("sluice:command", command)?;
    let imported: Vec<String> = {
        let package = graph[runtime].package().context("it is an instance")?;
        let world = graph.types()[graph[package].ty()].imports.keys();
        world.cloned().collect()
    };
    for name in SURROUNDINGS {
        let name = format!("sluice:function/{name}@0.1.0");
        // A Python that has a zlib of its own imports none.
        if imported.contains(&name) {
            let export = graph.alias_instance_export(surroundings, &name)?;
            graph.set_instantiation_argument(runtime, &name, export)?;
        }
    }
    for name in CALLS {
        let export = graph.alias_instance_export(runtime, name)?;
        graph.set_instantiation_argument(command, name, export)?;
    }
    let exports = graph[command].package().context("it is an instance")?;
    let exports = graph.types()[graph[exports].ty()].exports.keys();
    let mut exports = exports.filter(|name| name.starts_with("wasi:cli/run@"));
    let run = exports
        .next()
        .cloned()
        .context("the command cannot be run")?;
    let export = graph.alias_instance_export(command, &run)?;
    graph.export(export, &run)?;
    Ok(graph.encode(EncodeOptions::default())?)
}

/// The composition with an empty component in the place of `part`.
fn without(composed: &[u8], part: &[u8]) -> Result<Vec<u8>> {
    let mut shell = Component::new();
    let (mut places, mut inside) = (0, 0);
    for payload in Parser::new(0).parse_all(composed) {
        let payload = payload?;
        match &payload {
            // What is inside of a component or module comes on its own, too.
            Payload::Version { range, .. } if range.start > 0 => inside += 1,
            Payload::End(_) if inside > 0 => {
                inside -= 1;
                continue;
            }
            _ => {}
        }
        if inside > 0 {
            continue;
        }
        if let Some((id, range)) = payload.as_section() {
            let data = &composed[range];
            let is_place = data == part;
            places += usize::from(is_place);
            let data = if is_place { &Component::HEADER } else { data };
            shell.section(&RawSection { id, data });
        }
    }
    ensure!(places == 1, "the runtime is in {places} places");
    Ok(shell.finish())
}
