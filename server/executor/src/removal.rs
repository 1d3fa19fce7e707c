//! Removes folders that a function has filled.
//!
//! A function can put folders into folders without end: each path that it names is short, and it
//! may move a folder with all that is in it. What descends into that, as `fs::remove_dir_all`
//! does, runs out of stack, and the process ends with it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// How often a folder is looked through again because something was still in it: what a function
/// began to write before it was ended may come to its end meanwhile.
const PASSES: u32 = 10;

/// Removes `folder` with all that is in it; follows no link. Folders in it are moved up and
/// stand beside it meanwhile, so that what is deep becomes flat.
pub fn remove(folder: &Path) -> io::Result<()> {
    let mut moved = Moved {
        beside: folder,
        last: 0,
    };
    remove_flat(folder, &mut moved)?;
    let mut next = 1;
    while next <= moved.last {
        if_there(remove_flat(&moved.path(next), &mut moved))?;
        next += 1;
    }
    Ok(())
}

/// Removes all that is in `folder`; follows no link.
pub fn empty(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // Gone may be what stood beside another meanwhile.
        if_there(match entry.file_type()?.is_dir() {
            true => remove(&entry.path()),
            false => fs::remove_file(entry.path()),
        })?;
    }
    Ok(())
}

/// The folders that were moved up, by their numbers.
struct Moved<'a> {
    beside: &'a Path,
    last: u64,
}

impl Moved<'_> {
    fn path(&self, number: u64) -> PathBuf {
        let mut name = self.beside.as_os_str().to_owned();
        name.push(format!(".{number}"));
        PathBuf::from(name)
    }

    fn take(&mut self, folder: &Path) -> io::Result<()> {
        loop {
            self.last += 1;
            match fs::rename(folder, self.path(self.last)) {
                // Left by a removal that never ended.
                Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {}
                renamed => return renamed,
            }
        }
    }
}

/// Removes a folder, and moves up the folders in it.
fn remove_flat(folder: &Path, moved: &mut Moved<'_>) -> io::Result<()> {
    for _ in 0..PASSES {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if_there(match entry.file_type()?.is_dir() {
                true => moved.take(&entry.path()),
                false => fs::remove_file(entry.path()),
            })?;
        }
        match fs::remove_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {}
            removed => return removed,
        }
    }
    Err(io::ErrorKind::DirectoryNotEmpty.into())
}

/// What is gone already need not be removed.
fn if_there(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_goes_however_deep_it_is() {
        let parent = tempfile::tempdir().unwrap();
        let path = |name: &str| parent.path().join(name);
        fs::create_dir(path("0")).unwrap();
        for number in 1..40 {
            let mut deepest = path(&number.to_string());
            fs::create_dir(&deepest).unwrap();
            for _ in 0..500 {
                deepest.push("d");
                fs::create_dir(&deepest).unwrap();
            }
            fs::write(deepest.join("file"), "x").unwrap();
            fs::rename(path(&(number - 1).to_string()), deepest.join("below")).unwrap();
        }
        // What a removal left that never ended does not hinder this one.
        fs::create_dir_all(path("39.1/x")).unwrap();
        remove(&path("39")).unwrap();
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }

    #[test]
    fn links_are_removed_and_not_followed() {
        let (parent, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let path = |name: &str| parent.path().join(name);
        fs::create_dir_all(path("a/b/c")).unwrap();
        fs::write(other.path().join("kept"), "x").unwrap();
        for link in ["link", "a/link", "a/b/link"] {
            std::os::unix::fs::symlink(other.path(), path(link)).unwrap();
        }
        std::os::unix::fs::symlink(path("nowhere"), path("a/b/c/nowhere")).unwrap();
        empty(parent.path()).unwrap();
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
        assert_eq!(fs::read(other.path().join("kept")).unwrap(), b"x");
    }
}
