//! Tools from npm, exactly as a lock file names them.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::progress::Step;
use crate::stamp::{Inputs, Stamp};
use crate::{paths, process};

/// Installs what the lock file in this folder names, unless it is there.
pub fn install(step: &mut Step, folder: &Path) -> Result<()> {
    let inputs = Inputs::default()
        .path(&folder.join("package.json"))?
        .path(&folder.join("package-lock.json"))?
        .finish();
    // Inside, so that removing the folder removes the stamp.
    let stamp = Stamp::at(folder.join("node_modules/.sluice-stamp"));
    if stamp.is(&inputs) {
        return Ok(());
    }
    check_node()?;
    step.says("npm ci");
    let mut npm = process::program("npm");
    npm.current_dir(folder)
        .args(["ci", "--loglevel=error", "--no-audit", "--no-fund"])
        // No package here needs its install script.
        .arg("--ignore-scripts");
    process::run(&mut npm)?;
    stamp.set(&inputs)
}

/// The oldest Node.js that every package in the lock files runs on.
const NODE: u32 = 20;

fn check_node() -> Result<()> {
    let version = process::output(process::program("node").arg("--version"))?;
    let version = version.trim();
    let major = version
        .strip_prefix('v')
        .and_then(|version| version.split('.').next()?.parse().ok());
    if major.is_none_or(|major: u32| major < NODE) {
        bail!(
            "Node.js {NODE} or newer is needed, `node` is {version}; get it from https://nodejs.org"
        );
    }
    Ok(())
}

/// A tool that the root's packages bring.
pub fn tool(name: &str) -> Command {
    process::program(paths::root().join("node_modules/.bin").join(name))
}
