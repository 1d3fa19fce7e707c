//! Runs other programs, and says in one line what to do when one is missing or fails.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::paths;

/// A program, started in the folder of the workspace.
pub fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(paths::root());
    command
}

/// The cargo that started this command.
///
/// What cargo told us about our own package must not reach it: build scripts that
/// watch those variables (ring's does) would run again, and with them half the server.
pub fn cargo() -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = program(cargo);
    forget_own_package(&mut command);
    command
}

/// Removes the variables that describe the package `xtask` itself.
pub fn forget_own_package(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name.as_ref());
        }
    }
}

/// Runs a program to its end; any other end than success is an error.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().map_err(|error| missing(command, error))?;
    if !status.success() {
        bail!("`{}` failed ({status})", display(command));
    }
    Ok(())
}

/// Runs a program and takes what it prints.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| missing(command, error))?;
    if !output.status.success() {
        bail!("`{}` failed ({})", display(command), output.status);
    }
    String::from_utf8(output.stdout)
        .with_context(|| format!("reading what `{}` printed", display(command)))
}

/// Whether a program is there and answers this question with success.
pub fn answers(name: impl AsRef<OsStr>, arguments: &[&str]) -> bool {
    program(name)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The first of these programs that stands on the PATH.
pub fn on_path(names: &[&str]) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH")?;
    names.iter().find_map(|name| {
        std::env::split_paths(&path)
            .map(|folder| folder.join(name))
            .find(|file| file.is_file())
    })
}

fn display(command: &Command) -> String {
    let name = Path::new(command.get_program());
    let mut text = name
        .file_name()
        .unwrap_or(name.as_os_str())
        .to_string_lossy()
        .into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}

fn missing(command: &Command, error: std::io::Error) -> anyhow::Error {
    let name = command.get_program().to_string_lossy();
    if error.kind() == ErrorKind::NotFound {
        anyhow::anyhow!("the program `{name}` is missing; {}", how_to_get(&name))
    } else {
        anyhow::Error::new(error).context(format!("starting `{name}`"))
    }
}

fn how_to_get(name: &str) -> &'static str {
    match name {
        "npm" | "npx" | "node" => "install Node.js 20 or newer, with npm",
        "python3" => "install Python 3.10 or newer",
        "rustup" | "rustc" | "cargo" => "install Rust with rustup",
        _ => "install it and put it on the PATH",
    }
}
