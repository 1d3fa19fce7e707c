//! Tools from npm, exactly as a lock file names them.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

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
    step.says("npm ci");
    let mut npm = process::program("npm");
    npm.current_dir(folder)
        .args(["ci", "--loglevel=error", "--no-audit", "--no-fund"])
        // No package here needs its install script.
        .arg("--ignore-scripts");
    process::run(&mut npm)?;
    stamp.set(&inputs)
}

/// A tool that the root's packages bring.
pub fn tool(name: &str) -> Command {
    process::program(paths::root().join("node_modules/.bin").join(name))
}
