//! A browser for the end-to-end tests.

use std::path::PathBuf;

use anyhow::Result;

use crate::{apt, paths, process};

const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// The browser's program; none where Playwright has its own.
pub fn find_or_install() -> Result<Option<PathBuf>> {
    if let Some(chosen) = std::env::var_os("SLUICE_CHROMIUM") {
        return Ok(Some(chosen.into()));
    }
    if let Some(found) = process::on_path(&NAMES) {
        return Ok(Some(found));
    }
    if apt::is_here() {
        println!("installing Debian's chromium");
        match apt::install(&["chromium"]) {
            Ok(()) => return Ok(process::on_path(&NAMES)),
            Err(error) => println!("{error:#}; trying Playwright's own download"),
        }
    }
    process::run(
        process::program("npx")
            .current_dir(paths::root().join("end2end"))
            .args(["playwright", "install", "chromium"]),
    )?;
    Ok(None)
}
