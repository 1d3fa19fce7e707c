//! The code of a deployment on disk, where its instances read it.

use std::fs;
use std::io;
use std::path::Path;

use sluice_domain::code::CodePackage;

use crate::scratch::ScratchFolder;

/// Writes `code` to the folder `code` of a new folder in `parent`. Each
/// deployment has one of its own, even for equal code: so it can go with its
/// deployment, and no other has to be asked.
pub fn write(code: &CodePackage, parent: &Path) -> io::Result<ScratchFolder> {
    let folder = ScratchFolder::new(parent)?;
    for (path, text) in code.files() {
        // A package's paths never lead outside: its type keeps that.
        let file = folder.path().join("code").join(path);
        if let Some(above) = file.parent() {
            fs::create_dir_all(above)?;
        }
        fs::write(file, text)?;
    }
    Ok(folder)
}
