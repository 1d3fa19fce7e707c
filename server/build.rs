//! Tells the server where the files are that it embeds, and says what to do when there
//! are none: embedding an absent folder would otherwise give a server without a site.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let target = root().join("target");
    let site = target.join("site");
    let runtimes = target.join("sluice/runtimes");
    let needed = [
        (site.join("manifest.json"), "site"),
        (runtimes.join("python3.12/component.wasm.zst"), "setup"),
        (runtimes.join("python3.12/image.wasm.zst"), "setup"),
        (runtimes.join("python3.12/stdlib.tar.zst"), "setup"),
        (runtimes.join("python3.14/component.wasm.zst"), "setup"),
        (runtimes.join("python3.14/image.wasm.zst"), "setup"),
        (runtimes.join("python3.14/stdlib.tar.zst"), "setup"),
        (runtimes.join("javascript/component.wasm.zst"), "setup"),
    ];
    for (file, command) in &needed {
        // The manifest names every file of the site by its content, so it stands for all.
        println!("cargo::rerun-if-changed={}", file.display());
        if !file.is_file() {
            let shown = file.strip_prefix(root()).unwrap_or(file).display();
            println!("cargo::error={shown} is missing: run `cargo xtask {command}` first");
            return ExitCode::FAILURE;
        }
    }
    println!("cargo::rustc-env=SLUICE_SITE_DIR={}", site.display());
    println!(
        "cargo::rustc-env=SLUICE_RUNTIMES_DIR={}",
        runtimes.display()
    );
    ExitCode::SUCCESS
}

/// The folder of the workspace; `cargo xtask` always puts its results under its `target`.
fn root() -> PathBuf {
    let server = Path::new(env!("CARGO_MANIFEST_DIR"));
    server.parent().unwrap_or(server).to_owned()
}
