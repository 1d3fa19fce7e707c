//! ZIP archives: what a package is uploaded and downloaded as.
//!
//! An archive is hostile until it is unpacked. Its central directory alone says what is in it;
//! every entry is checked before a byte of it is inflated, bytes are counted while they are
//! inflated, and files come to be in memory only, by the rules of [`CodePackage`].

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use rawzip::time::UtcDateTime;
use rawzip::{
    CompressionMethod, ZipArchive, ZipArchiveWriter, ZipDataWriter, ZipFileHeaderRecord,
    ZipSliceArchive,
};
use sluice_domain::code::{self, CodePackage, InvalidCodePackage};
use sluice_domain::time::Timestamp;

/// Most entries of an archive that are looked at: files, folders and what is left out.
const MAX_ENTRIES: usize = 3 * CodePackage::MAX_FILES;

/// Why an archive is not unpacked.
#[derive(Debug, thiserror::Error)]
pub enum BadArchive {
    /// It is no ZIP archive, or not a whole one.
    #[error("the file is not a ZIP archive: {0}")]
    NotZip(rawzip::Error),
    /// It has more entries than are looked at.
    #[error("the archive must have at most 30000 entries")]
    TooManyEntries,
    /// One of its entries cannot be a file of the package.
    #[error("the archive's entry {name:?} {rule}")]
    Entry {
        /// The entry, as the archive names it.
        name: String,
        /// What it breaks.
        rule: BadEntry,
    },
    /// Its files are not a package.
    #[error("the archive's files are no code package: {0}")]
    Package(#[from] InvalidCodePackage),
}

/// Why an entry of an archive cannot be a file of the package.
#[derive(Debug, thiserror::Error)]
pub enum BadEntry {
    /// Its name is in some other encoding.
    #[error("has a name that is not UTF-8")]
    Encoding,
    /// Its name leads outside or has something that is not allowed.
    #[error(
        "has a name that is not allowed: it must be relative, with at most 255 bytes, / between folders, no segment . or .. and no control character, backslash or colon"
    )]
    Name,
    /// It is a link.
    #[error("is a link; only files and folders are allowed")]
    Link,
    /// It is a device, a pipe or a socket.
    #[error("is a special file; only files and folders are allowed")]
    Special,
    /// It needs a password.
    #[error("is encrypted")]
    Encrypted,
    /// It is compressed in a way that is not supported.
    #[error("is compressed by {0}; only Deflate and no compression are supported")]
    Method(String),
    /// There was an entry of this name before, or one that differs in case only.
    #[error("has the same name as the entry {0:?}; upper and lower case are not told apart")]
    Duplicate(String),
    /// It has bytes that are another entry's too.
    #[error("shares bytes of the archive with the entry {0:?}")]
    Overlap(String),
    /// With it the files are larger than a package may be.
    #[error("makes the package larger than 128 MB unpacked")]
    TooLarge,
    /// With it there are more files than a package may have.
    #[error("is one file too many: a package has at most 10000")]
    TooMany,
    /// What is inflated is not what the archive says.
    #[error("is damaged: {0}")]
    Damaged(String),
}

/// Unpacks an archive. Takes as long as inflating 128 MB takes, and blocks.
pub fn unpack(zip: &[u8]) -> Result<CodePackage, BadArchive> {
    let archive = ZipArchive::from_slice(zip).map_err(BadArchive::NotZip)?;
    let mut unpacking = Unpacking::default();
    let mut entries = archive.entries();
    let mut count = 0;
    while let Some(entry) = entries.next_entry().map_err(BadArchive::NotZip)? {
        count += 1;
        if count > MAX_ENTRIES {
            return Err(BadArchive::TooManyEntries);
        }
        unpacking
            .take(&archive, &entry)
            .map_err(|rule| BadArchive::Entry {
                name: shown(&entry),
                rule,
            })?;
    }
    Ok(CodePackage::new(unpacking.files)?)
}

/// An entry's name for a message: short, whatever it is.
fn shown(entry: &ZipFileHeaderRecord<'_>) -> String {
    let name = String::from_utf8_lossy(entry.file_path().as_bytes()).into_owned();
    name.chars().take(255).collect()
}

#[derive(Default)]
struct Unpacking {
    files: BTreeMap<String, Bytes>,
    bytes: u64,
    /// Every name in lower case, with the name.
    names: HashMap<String, String>,
    /// Where each file's bytes end in the archive, by where they start.
    ranges: BTreeMap<u64, (u64, String)>,
}

impl Unpacking {
    fn take(
        &mut self,
        archive: &ZipSliceArchive<&[u8]>,
        entry: &ZipFileHeaderRecord<'_>,
    ) -> Result<(), BadEntry> {
        let path = entry.file_path();
        let name = std::str::from_utf8(path.as_bytes()).map_err(|_| BadEntry::Encoding)?;
        let is_folder = kind(entry)? == Kind::Folder;
        if !code::is_path(name.strip_suffix('/').unwrap_or(name)) {
            return Err(BadEntry::Name);
        }
        if is_folder || is_left_out(name) {
            return Ok(());
        }
        if entry.flags().is_encrypted() || entry.flags().has_strong_encryption() {
            return Err(BadEntry::Encrypted);
        }
        if let Some(other) = self.names.insert(name.to_lowercase(), name.to_owned()) {
            return Err(BadEntry::Duplicate(other));
        }
        if self.files.len() == CodePackage::MAX_FILES {
            return Err(BadEntry::TooMany);
        }
        let content = self.content(archive, entry, name)?;
        self.bytes += content.len() as u64;
        self.files.insert(name.to_owned(), content.into());
        Ok(())
    }

    fn content(
        &mut self,
        archive: &ZipSliceArchive<&[u8]>,
        entry: &ZipFileHeaderRecord<'_>,
        name: &str,
    ) -> Result<Vec<u8>, BadEntry> {
        let declared = entry.uncompressed_size_hint();
        if declared > CodePackage::MAX_BYTES as u64 - self.bytes {
            return Err(BadEntry::TooLarge);
        }
        let damaged = |error: &dyn std::fmt::Display| BadEntry::Damaged(error.to_string());
        let found = archive
            .get_entry(entry.wayfinder())
            .map_err(|error| damaged(&error))?;
        self.claim(found.compressed_data_range(), name)?;
        let inflated: Box<dyn Read + '_> = match entry.compression_method() {
            CompressionMethod::STORE => Box::new(found.data()),
            CompressionMethod::DEFLATE => Box::new(DeflateDecoder::new(found.data())),
            other => return Err(BadEntry::Method(format!("{other:?}"))),
        };
        // One byte more than declared shows that there is more, and asks for the end, where
        // length and checksum are compared.
        let mut content = Vec::new();
        found
            .verifying_reader(inflated)
            .take(declared + 1)
            .read_to_end(&mut content)
            .map_err(|error| damaged(&error))?;
        if content.len() as u64 > declared {
            return Err(damaged(&"it has more bytes than the archive says"));
        }
        Ok(content)
    }

    /// Takes a stretch of the archive that no other file has.
    fn claim(&mut self, (start, end): (u64, u64), name: &str) -> Result<(), BadEntry> {
        if start == end {
            return Ok(());
        }
        let before = self.ranges.range(..end).next_back();
        if let Some((_, (their_end, other))) = before
            && *their_end > start
        {
            return Err(BadEntry::Overlap(other.clone()));
        }
        self.ranges.insert(start, (end, name.to_owned()));
        Ok(())
    }
}

#[derive(PartialEq, Eq)]
enum Kind {
    File,
    Folder,
}

/// What an entry is. Its upper attributes are a Unix mode, whichever system wrote it.
fn kind(entry: &ZipFileHeaderRecord<'_>) -> Result<Kind, BadEntry> {
    const TYPE: u32 = 0o170_000;
    match (entry.external_attributes() >> 16) & TYPE {
        0 | 0o100_000 | 0o040_000 if entry.is_dir() => Ok(Kind::Folder),
        0 | 0o100_000 => Ok(Kind::File),
        0o120_000 => Err(BadEntry::Link),
        _ => Err(BadEntry::Special),
    }
}

/// What macOS adds to archives and folders.
fn is_left_out(name: &str) -> bool {
    name.starts_with("__MACOSX/") || name.rsplit('/').next() == Some(".DS_Store")
}

/// Packs a package; every file gets the time `modified`. Takes as long as deflating
/// 128 MB takes, and blocks.
pub fn pack(code: &CodePackage, modified: Timestamp) -> io::Result<Vec<u8>> {
    let modified = UtcDateTime::from_unix(modified.0.div_euclid(1000));
    let mut archive = ZipArchiveWriter::new(Vec::new());
    for (path, content) in code.files() {
        let (mut entry, config) = archive
            .new_file(path)
            .compression_method(CompressionMethod::DEFLATE)
            .last_modified(modified)
            .unix_permissions(0o100_644)
            .start()
            .map_err(io::Error::other)?;
        let encoder = DeflateEncoder::new(&mut entry, Compression::default());
        let mut writer: ZipDataWriter<_> = config.wrap(encoder);
        writer.write_all(content)?;
        let (encoder, written) = writer.finish().map_err(io::Error::other)?;
        encoder.finish()?;
        entry.finish(written).map_err(io::Error::other)?;
    }
    archive.finish().map_err(io::Error::other)
}

#[cfg(test)]
mod tests;
