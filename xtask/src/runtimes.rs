//! Builds the runtimes: each a language with our loader as one component, made once.
//!
//! What is in one, the build script in its folder knows; this file gives that its pinned
//! tools, keeps the result and packs it for the server to embed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::progress::Step;
use crate::stamp::{self, Inputs, Stamp};
use crate::{compress, fuse, npm, paths, process};

/// Raise it when the way of building below changes.
const REVISION: &str = "7";

/// The file of every runtime.
const COMPONENT: &str = "component.wasm";

/// The file of a linked runtime with its image inside: nobody runs it, but others' tools know
/// its type.
pub const WHOLE: &str = "whole.wasm";

/// One runtime, and what it is made from.
struct Recipe {
    /// Its name for people.
    label: &'static str,
    /// Its folder, for the server and its tests.
    name: &'static str,
    /// The folder in `runtimes` with its sources.
    sources: &'static str,
    /// The script there that builds it into the folder that it is given.
    script: &'static str,
    /// What the script leaves.
    files: &'static [&'static str],
    /// Whether its component has many modules, which are to become one.
    is_linked: bool,
    /// About how long the script takes.
    seconds: u32,
    /// The program that runs the script, with the tools that it needs.
    program: fn(&mut Step, &Path) -> Result<Command>,
}

/// Builds the Pythons that are not there. The tools of each, which
/// `requirements-<version>.txt` names, decide which CPython it is.
pub fn python(step: &mut Step) -> Result<()> {
    let recipe = |label, name, program| Recipe {
        label,
        name,
        sources: "python",
        script: "build.py",
        files: &[COMPONENT, "stdlib.tar"],
        is_linked: true,
        seconds: 15,
        program,
    };
    make(
        step,
        &recipe("Python 3.12", "python3.12", |step, sources| {
            Ok(process::program(venv(step, sources, "3.12")?))
        }),
    )?;
    make(
        step,
        &recipe("Python 3.14", "python3.14", |step, sources| {
            Ok(process::program(venv(step, sources, "3.14")?))
        }),
    )
}

/// Builds JavaScript, unless it is there.
pub fn javascript(step: &mut Step) -> Result<()> {
    make(
        step,
        &Recipe {
            label: "JavaScript",
            name: "javascript",
            sources: "javascript",
            script: "build.js",
            files: &[COMPONENT],
            is_linked: false,
            seconds: 10,
            program: |step, sources| {
                npm::install(step, sources)?;
                Ok(process::program("node"))
            },
        },
    )
}

fn make(step: &mut Step, recipe: &Recipe) -> Result<()> {
    let Recipe { name, script, .. } = recipe;
    let wit = paths::root().join("runtimes/wit");
    let sources = paths::root().join("runtimes").join(recipe.sources);
    let script_name = format!("runtimes/{}/{script}", recipe.sources);
    let script = sources.join(script);
    if !script.is_file() {
        bail!("{script_name} is missing from this checkout");
    }
    let inputs = Inputs::default()
        .word(REVISION)
        .path(&sources)?
        .path(&wit)?
        .finish();
    let folder = paths::runtimes().join(name);
    if Stamp::at(folder.join("stamp")).is(&inputs) {
        return Ok(());
    }

    let mut program = (recipe.program)(step, &sources)?;
    step.says(&format!(
        "building the {} runtime (about {} s, once)",
        recipe.label, recipe.seconds
    ));
    let part = paths::runtimes().join(format!("{name}.{}.part", std::process::id()));
    remove(&part)?;
    fs::create_dir_all(&part)?;
    process::run(program.arg(script).arg(&part))?;
    let mut made = Vec::new();
    for &file in recipe.files {
        let bytes =
            fs::read(part.join(file)).with_context(|| format!("{script_name} left no {file}"))?;
        if file == COMPONENT && recipe.is_linked {
            let split = fuse::split(&bytes).context("linking the runtime for good")?;
            made.push((COMPONENT, split.component));
            made.push(("image.wasm", split.image));
            stamp::write(&part.join(WHOLE), &split.whole)?;
        } else {
            made.push((file, bytes));
        }
    }
    for (file, bytes) in made {
        stamp::write(&part.join(format!("{file}.zst")), &compress::zstd(&bytes)?)?;
    }
    Stamp::at(part.join("stamp")).set(&inputs)?;
    remove(&folder)?;
    fs::rename(&part, &folder)?;
    Ok(())
}

/// The Python of our own that builds the runtime of this version.
pub fn python_with_tools(step: &mut Step, version: &str) -> Result<PathBuf> {
    venv(step, &paths::root().join("runtimes/python"), version)
}

/// A Python of our own with the pinned requirements; its folder is named by them.
fn venv(step: &mut Step, sources: &Path, version: &str) -> Result<PathBuf> {
    let requirements = &sources.join(format!("requirements-{version}.txt"));
    let builder = process::output(process::program("python3").args([
        "-c",
        "import sys; assert sys.version_info >= (3, 10), 'Python 3.10 or newer is needed'; print(sys.version)",
    ]))?;
    let inputs = Inputs::default()
        .word(&builder)
        .path(requirements)?
        .finish();
    let folder = paths::kept(&format!("venv-{}", &inputs[..12]));
    let python = folder.join("bin/python");
    let stamp = Stamp::at(folder.join("stamp"));
    if stamp.is(&inputs) {
        return Ok(python);
    }
    step.says(&format!("installing the tools of Python {version}"));
    remove(&folder)?;
    process::run(
        process::program("python3")
            .args(["-m", "venv"])
            .arg(&folder),
    )
    .context("Python's venv module is needed (Debian's package python3-venv)")?;
    process::run(
        process::program(&python)
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ])
            .arg("--requirement")
            .arg(requirements),
    )?;
    stamp.set(&inputs)?;
    Ok(python)
}

fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("removing {}", folder.display()))?;
    }
    Ok(())
}
