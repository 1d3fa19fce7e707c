//! Python libraries that functions of tests bring along, installed once.

use std::fs;

use anyhow::Result;

use crate::progress::Step;
use crate::stamp::{Inputs, Stamp};
use crate::{paths, process, runtimes};

/// Installs what the list beside the tests names, unless it is there. Tests leave out what has
/// code of a machine in it: functions run none.
pub fn install(step: &mut Step) -> Result<()> {
    let list = paths::root().join("server/executor/tests/libraries/requirements.txt");
    let inputs = Inputs::default().path(&list)?.finish();
    let folder = paths::kept("test-libraries");
    let stamp = Stamp::at(folder.join("stamp"));
    if stamp.is(&inputs) {
        return Ok(());
    }
    let python = runtimes::python_with_tools(step, "3.12")?;
    step.says("installing the libraries of tests");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    process::run(
        process::program(python)
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ])
            .args(["--require-hashes", "--no-deps", "--only-binary", ":all:"])
            // Of some there is no other package than for a machine, with the same in Python beside.
            .args([
                "--platform",
                "manylinux2014_x86_64",
                "--platform",
                "any",
                "--python-version",
                "3.12",
                "--no-compile",
            ])
            .arg("--target")
            .arg(&folder)
            .arg("--requirement")
            .arg(&list),
    )?;
    stamp.set(&inputs)
}
