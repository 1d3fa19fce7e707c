//! Remembers from which inputs something was made, so that it is made once.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// A hash over files, folders and words.
#[derive(Default)]
pub struct Inputs {
    hash: Sha256,
}

impl Inputs {
    /// Adds a word, such as a version.
    pub fn word(mut self, word: &str) -> Self {
        self.add(word.as_bytes());
        self
    }

    /// Adds a file or a folder with everything in it. What does not exist counts as empty.
    pub fn path(mut self, path: &Path) -> Result<Self> {
        for file in files(path)? {
            let name = file.strip_prefix(path).unwrap_or(&file);
            self.add(name.to_string_lossy().as_bytes());
            self.add(&fs::read(&file).with_context(|| format!("reading {}", file.display()))?);
        }
        Ok(self)
    }

    /// The hash, in hexadecimal.
    pub fn finish(self) -> String {
        hex::encode(self.hash.finalize())
    }

    // The length goes first, so that no two lists of inputs run together to the same bytes.
    fn add(&mut self, bytes: &[u8]) {
        self.hash.update((bytes.len() as u64).to_le_bytes());
        self.hash.update(bytes);
    }
}

/// The hash of some bytes, in hexadecimal.
pub fn of_bytes(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// All files under a path, in a fixed order; none where there is nothing.
pub fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    if path.is_dir() {
        let entries = fs::read_dir(path).with_context(|| format!("listing {}", path.display()))?;
        for entry in entries {
            let entry = entry?;
            // Left behind by Python and npm, never an input.
            if entry.file_name() != "__pycache__" && entry.file_name() != "node_modules" {
                found.extend(files(&entry.path())?);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The file that holds the hash of what something was made from.
pub struct Stamp(PathBuf);

impl Stamp {
    /// A stamp kept at this place.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Whether the thing was made from just these inputs.
    pub fn is(&self, inputs: &str) -> bool {
        fs::read_to_string(&self.0).is_ok_and(|kept| kept == inputs)
    }

    /// Notes that the thing is made from these inputs now.
    pub fn set(&self, inputs: &str) -> Result<()> {
        write(&self.0, inputs.as_bytes())
    }
}

/// Writes a file in one go, so that nobody reads half of it.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().context("a file needs a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let part = PathBuf::from(name);
    fs::write(&part, bytes).with_context(|| format!("writing {}", part.display()))?;
    fs::rename(&part, path).with_context(|| format!("writing {}", path.display()))
}
