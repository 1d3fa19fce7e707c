//! Bundles scripts and style sheets with esbuild.

use std::ffi::OsString;
use std::path::Path;

use anyhow::Result;

use crate::{npm, process};

/// Browsers from spring 2023 on, the first with nested style rules or nearly so;
/// esbuild rewrites what the oldest of them lacks.
const BROWSERS: &str = "--target=chrome112,edge112,firefox114,safari16.4";

/// Bundles a file with all it imports into one small file.
pub fn bundle(entry: &Path, out: &Path) -> Result<()> {
    let mut outfile = OsString::from("--outfile=");
    outfile.push(out);
    process::run(
        npm::tool("esbuild")
            .arg(entry)
            .arg(outfile)
            .args([
                "--bundle",
                "--minify",
                "--format=esm",
                "--log-level=warning",
            ])
            .args(["--legal-comments=none", "--charset=utf8", BROWSERS]),
    )
}
