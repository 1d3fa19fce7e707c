//! The code of a deployment on disk, where its instances read it.

use std::fs;
use std::io;
use std::path::Path;

use sluice_domain::code::{self, CodePackage};

use crate::scratch::ScratchFolder;

/// Writes `code` to the folder `code` of a new folder in `parent`. Each
/// deployment has one of its own, even for equal code: so it can go with its
/// deployment, and no other has to be asked.
pub fn write(code: &CodePackage, parent: &Path) -> io::Result<ScratchFolder> {
    let folder = ScratchFolder::new(parent)?;
    for (path, content) in code.files() {
        // A package's paths never lead outside: its type keeps that.
        let file = folder.path().join("code").join(path);
        if let Some(above) = file.parent() {
            fs::create_dir_all(above)?;
        }
        fs::write(file, content)?;
    }
    Ok(folder)
}

/// The file at `path` of the code in `folder`; none where the code has no such file.
pub fn read(folder: &Path, path: &str) -> io::Result<Option<Vec<u8>>> {
    // What a package could not have, such as a way outside, is not even looked for.
    if !code::is_path(path) {
        return Ok(None);
    }
    match fs::read(folder.join("code").join(path)) {
        Ok(bytes) => Ok(Some(bytes)),
        // A folder, or a path through a file, is no file either.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound
                    | io::ErrorKind::IsADirectory
                    | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_the_code_are_read() {
        let parent = tempfile::tempdir().unwrap();
        let package = CodePackage::single("lib/a.js", "text").unwrap();
        let folder = write(&package, parent.path()).unwrap();
        fs::write(parent.path().join("outside"), "secret").unwrap();
        let check = |path: &str| read(folder.path(), path).unwrap();
        assert_eq!(check("lib/a.js"), Some(b"text".to_vec()));
        let absolute = parent.path().join("outside");
        for none in [
            "",
            "lib",
            "lib/b.js",
            "lib/a.js/x",
            "../../outside",
            "lib/../../../outside",
        ] {
            assert_eq!(check(none), None, "{none}");
        }
        assert_eq!(check(absolute.to_str().unwrap()), None);
    }
}
