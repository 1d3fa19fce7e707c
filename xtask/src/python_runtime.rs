//! Builds the Python runtimes: each is a CPython with our loader as one component, made once.
//!
//! What is in one, `runtimes/python/build.py` knows; this file gives it a Python with the
//! pinned tools, which decide which CPython it is, keeps the result and packs it for the
//! server to embed.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::progress::Step;
use crate::stamp::{self, Inputs, Stamp};
use crate::{compress, paths, process};

/// Raise it when the way of building below changes.
const REVISION: &str = "1";

/// The versions that are built: `requirements-<version>.txt` names the tools of each, and
/// its folder, for the server and its tests, is `python<version>`.
const VERSIONS: [&str; 2] = ["3.12", "3.14"];

/// Builds the runtimes that are not there.
pub fn make(step: &mut Step) -> Result<()> {
    VERSIONS
        .iter()
        .try_for_each(|version| make_one(step, version))
}

fn make_one(step: &mut Step, version: &str) -> Result<()> {
    let sources = paths::root().join("runtimes");
    let build = sources.join("python/build.py");
    if !build.is_file() {
        bail!("runtimes/python/build.py is missing from this checkout");
    }
    let inputs = Inputs::default()
        .word(REVISION)
        .path(&sources.join("python"))?
        .path(&sources.join("wit"))?
        .word(version)
        .finish();
    let name = format!("python{version}");
    let folder = paths::runtimes().join(&name);
    if Stamp::at(folder.join("stamp")).is(&inputs) {
        return Ok(());
    }

    let requirements = format!("python/requirements-{version}.txt");
    let python = venv(step, &sources.join(&requirements))
        .with_context(|| format!("installing what runtimes/{requirements} names"))?;
    step.says(&format!(
        "building the runtime of Python {version} (about 15 s, once)"
    ));
    let part = paths::runtimes().join(format!("{name}.{}.part", std::process::id()));
    remove(&part)?;
    fs::create_dir_all(&part)?;
    process::run(process::program(python).arg(build).arg(&part))?;
    for name in ["component.wasm", "stdlib.tar"] {
        let file = part.join(name);
        let bytes =
            fs::read(&file).with_context(|| format!("runtimes/python/build.py left no {name}"))?;
        stamp::write(&part.join(format!("{name}.zst")), &compress::zstd(&bytes)?)?;
    }
    Stamp::at(part.join("stamp")).set(&inputs)?;
    remove(&folder)?;
    fs::rename(&part, &folder)?;
    Ok(())
}

/// A Python of our own with the pinned requirements; its folder is named by them.
fn venv(step: &mut Step, requirements: &Path) -> Result<PathBuf> {
    let version = process::output(process::program("python3").args([
        "-c",
        "import sys; assert sys.version_info >= (3, 10), 'Python 3.10 or newer is needed'; print(sys.version)",
    ]))?;
    let inputs = Inputs::default()
        .word(&version)
        .path(requirements)?
        .finish();
    let folder = paths::kept(&format!("venv-{}", &inputs[..12]));
    let python = folder.join("bin/python");
    let stamp = Stamp::at(folder.join("stamp"));
    if stamp.is(&inputs) {
        return Ok(python);
    }
    step.says("installing the tools of a Python runtime");
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
