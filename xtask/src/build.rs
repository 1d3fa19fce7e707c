//! Builds everything, and runs it.

use std::os::unix::process::CommandExt;

use anyhow::Result;

use crate::progress::Progress;
use crate::{paths, process, setup, site};

/// How much the server is optimised.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Quick to build; its dependencies are optimised.
    Dev,
    /// Quick to run.
    Release,
}

/// `cargo xtask build`
pub fn build(profile: Profile) -> Result<()> {
    let mut progress = Progress::of(setup::STEPS + site::STEPS + 1);
    let compiler = setup::make(&mut progress)?;
    site::make(&mut progress, &compiler)?;
    progress.step("server", |step| {
        let built = match profile {
            Profile::Dev => "debug/sluice",
            Profile::Release => "release/sluice",
        };
        let first = if paths::built(built).is_file() {
            ""
        } else {
            " (some minutes the first time)"
        };
        step.says(&format!("building the server{first}"));
        let mut cargo = process::cargo();
        cargo.args(["build", "--package", "sluice"]);
        if profile == Profile::Release {
            cargo.arg("--release");
        }
        process::run(&mut cargo)
    })
}

/// `cargo xtask run`: the server takes this process's place, and so its signals.
pub fn run(arguments: &[&str]) -> Result<()> {
    build(Profile::Release)?;
    let error = process::program(paths::built("release/sluice"))
        .arg("serve")
        .args(arguments)
        .exec();
    Err(error.into())
}
