//! Where things are, all relative to the folder of the workspace.

use std::path::{Path, PathBuf};

/// The folder of the workspace, whatever folder the command was given in.
pub fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// What `setup` makes and keeps between builds.
pub fn kept(name: &str) -> PathBuf {
    root().join("target/sluice").join(name)
}

/// The files that the browser loads, as the server embeds them.
pub fn site() -> PathBuf {
    root().join("target/site")
}

/// The runtimes that the server embeds.
pub fn runtimes() -> PathBuf {
    kept("runtimes")
}

/// What the native cargo built in this profile's folder, such as `debug/sluice`.
pub fn built(name: &str) -> PathBuf {
    let folder = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    root().join(folder).join(name)
}
