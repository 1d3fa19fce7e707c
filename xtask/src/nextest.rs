//! The test runner, built here when the machine has none.

use std::ffi::OsString;

use std::process::Command;

use anyhow::Result;

use crate::{paths, process};

const VERSION: &str = "0.9.151";

/// `cargo nextest`, ready to take arguments.
pub fn cargo_nextest() -> Result<Command> {
    let tools = paths::kept("tools");
    if !process::answers("cargo", &["nextest", "--version"])
        && !tools.join("bin/cargo-nextest").is_file()
    {
        println!(
            "installing cargo-nextest {VERSION} into target/sluice/tools (some minutes, once)"
        );
        let mut install = process::cargo();
        install
            .args([
                "install",
                "cargo-nextest",
                "--locked",
                "--quiet",
                "--version",
                VERSION,
            ])
            // Without its own updates, which would bring a TLS library along.
            .args(["--no-default-features", "--features", "default-no-update"])
            .arg("--root")
            .arg(&tools)
            // It waits for tests most of its time: building it quickly matters more.
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
            .env("CARGO_PROFILE_RELEASE_DEBUG", "false");
        process::run(&mut install)?;
    }
    let mut path = OsString::from(tools.join("bin"));
    if let Some(rest) = std::env::var_os("PATH") {
        path.push(":");
        path.push(rest);
    }
    let mut cargo = process::cargo();
    cargo.env("PATH", path).arg("nextest");
    Ok(cargo)
}
