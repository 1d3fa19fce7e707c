//! The project's own commands: `cargo xtask setup | site | build | run | sqlx | test`.
//!
//! Knows how the parts that cargo alone cannot build come to be: the browser's half,
//! the editor, the style sheet and the runtimes. Knows nothing about what they do.
#![expect(
    clippy::print_stdout,
    reason = "a command for people: its progress is its output"
)]

mod apt;
mod browser;
mod build;
mod compress;
mod esbuild;
mod examples;
mod frontend;
mod fuse;
mod lanes;
mod libraries;
mod nextest;
mod npm;
mod paths;
mod process;
mod progress;
mod runtimes;
mod setup;
mod site;
mod sqlx;
mod stamp;
mod standalone;
mod wasm_std;
mod wasm_target;

use std::process::ExitCode;

use anyhow::{Result, bail};

const USAGE: &str = "\
usage: cargo xtask COMMAND

  setup              make once what the build needs: WASM target, npm tools, runtimes
  site               build what the browser loads, into target/site
  build [--release]  setup, site and the server
  run [-- ARGS]      build everything optimised and start `sluice serve ARGS`
  sqlx [--check]     refresh the checked queries in .sqlx (or compare them)
  test [LANE...]     everything that has to pass, or only the named lanes
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["setup"] => setup::setup(),
        ["site"] => site::site(),
        ["build"] => build::build(build::Profile::Dev),
        ["build", "--release"] => build::build(build::Profile::Release),
        ["run", "--", rest @ ..] | ["run", rest @ ..] => build::run(rest),
        ["sqlx"] => sqlx::refresh(),
        ["sqlx", "--check"] => sqlx::check(),
        ["test", lanes @ ..] => lanes::test(lanes),
        [] | ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(())
        }
        unknown => bail!(
            "`cargo xtask {}` is not a command\n\n{USAGE}",
            unknown.join(" ")
        ),
    }
}
