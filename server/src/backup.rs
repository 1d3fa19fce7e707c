//! `sluice backup` and `sluice restore`: all state in one file, and back.
//!
//! The file is a tar archive packed with Zstandard: `manifest.json`, which lists the others with
//! their sizes and SHA-256, then the database, the key of its secrets, and what the gateway shows
//! to TLS callers. Artifacts are not in it: a server makes them from the code.
//!
//! A restore is first laid out beside the state it replaces, looked over as a whole, and then moved
//! into place step by step. A server that starts after it was cut off does what is left of it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sluice_store::{Store, copy_database};

use crate::cli::{BackupArgs, RestoreArgs};
use crate::serve::{StartError, lock, make_folder};
use crate::{drawn, logging};

/// What a backup is made of, in the order in which a restore puts it into place: the database,
/// which is the state, comes last.
const PARTS: [&str; 3] = ["tls", "secrets.key", "sluice.db"];

/// What SQLite writes beside a database that is open, or was not closed.
const BESIDE_DATABASE: [&str; 2] = ["sluice.db-wal", "sluice.db-shm"];

/// The only format so far.
const FORMAT: u32 = 1;

/// Most files of a backup, and most bytes of its manifest.
const MAX_FILES: usize = 64;
const MAX_MANIFEST_BYTES: u64 = 64 * 1024;

/// Zstandard's own choice between speed and size.
const LEVEL: i32 = 3;

/// Where a backup copies the database to before it is packed.
const BACKING_UP: &str = "backing-up";
/// Where a restore unpacks to. Nothing has been replaced yet.
const RESTORING: &str = "restoring";
/// What [`RESTORING`] is called once it is whole: from then on it is the state.
const RESTORED: &str = "restored";

/// The first file of a backup.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Manifest {
    format: u32,
    /// Version of Sluice that wrote it.
    sluice: String,
    /// For people: when that was.
    made_at: String,
    files: Vec<Listed>,
}

/// A file of a backup.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Listed {
    /// Its path in the data folder.
    name: String,
    bytes: u64,
    /// In hexadecimal digits.
    sha256: String,
}

/// Runs `sluice backup`.
pub async fn run_backup(args: BackupArgs) -> Result<(), StartError> {
    let begun = Instant::now();
    let bytes = match args.file.as_os_str() == "-" {
        true => back_up(&args.data.data, io::stdout()).await?,
        false => {
            let beside = beside(&args.file, "partial");
            let written = write_file(&args.data.data, &beside, &args.file).await;
            if written.is_err() {
                // Whatever was there before is there still.
                drop(fs::remove_file(&beside));
            }
            written?
        }
    };
    let duration_ms = begun.elapsed().as_millis() as u64;
    tracing::info!(bytes, duration_ms, "backed up");
    Ok(())
}

async fn write_file(data: &Path, beside: &Path, file: &Path) -> Result<u64, StartError> {
    let told = |error| cannot("write", file, error);
    let target = create(beside).map_err(told)?;
    let bytes = back_up(data, target.try_clone().map_err(told)?).await?;
    target.sync_all().map_err(told)?;
    fs::rename(beside, file).map_err(told)?;
    sync_folder(file.parent().unwrap_or(Path::new(""))).map_err(told)?;
    Ok(bytes)
}

/// Writes the state of the data folder to `target`; tells how many bytes it has unpacked. A server
/// may serve from the folder meanwhile: what it acknowledged before is in the backup.
pub async fn back_up(data: &Path, target: impl Write) -> Result<u64, StartError> {
    let database = data.join("sluice.db");
    if !database.is_file() {
        return Err(format!("there is no state in {}", data.display()).into());
    }
    let copying = Copying::begin(data)?;
    copy_database(&database, &copying.folder.join("sluice.db")).await?;
    let mut paths = vec![("sluice.db".to_owned(), copying.folder.join("sluice.db"))];
    for part in &PARTS[..2] {
        paths.extend(files_of(data, part).map_err(|error| cannot("read", data, error))?);
    }
    let pack = || -> io::Result<u64> {
        let files = paths.iter().map(|(name, path)| {
            let (bytes, sha256) = hash(File::open(path)?)?;
            let name = name.clone();
            Ok(Listed {
                name,
                bytes,
                sha256,
            })
        });
        let manifest = Manifest {
            format: FORMAT,
            sluice: env!("CARGO_PKG_VERSION").to_owned(),
            made_at: drawn::now().iso_format(),
            files: files.collect::<io::Result<_>>()?,
        };
        let mut packed = zstd::Encoder::new(target, LEVEL)?;
        packed.include_checksum(true)?;
        let mut archive = tar::Builder::new(packed);
        let text = serde_json::to_vec_pretty(&manifest)?;
        append(&mut archive, "manifest.json", text.len() as u64, &text[..])?;
        for (listed, (_, path)) in manifest.files.iter().zip(&paths) {
            let file = File::open(path)?.take(listed.bytes);
            append(&mut archive, &listed.name, listed.bytes, file)?;
        }
        archive.into_inner()?.finish()?.flush()?;
        Ok(manifest.files.iter().map(|listed| listed.bytes).sum())
    };
    pack().map_err(|error| format!("the backup cannot be written: {error}").into())
}

/// The folder that the database is copied to. One that an earlier backup left is removed first.
struct Copying {
    folder: PathBuf,
    _lock: File,
}

impl Copying {
    fn begin(data: &Path) -> Result<Self, StartError> {
        let folder = data.join(BACKING_UP);
        let told = |error| cannot("write", &folder, error);
        let lock = File::create(data.join("backup.lock")).map_err(told)?;
        if lock.try_lock().is_err() {
            return Err("another backup is being made".into());
        }
        remove_folder(&folder).map_err(told)?;
        make_folder(&folder).map_err(told)?;
        Ok(Self {
            folder,
            _lock: lock,
        })
    }
}

impl Drop for Copying {
    fn drop(&mut self) {
        if let Err(error) = remove_folder(&self.folder) {
            tracing::warn!(
                error = logging::chain(&error),
                "a copy of the database stays in the data folder"
            );
        }
    }
}

/// The files of a part, with their names in the data folder; none where there is no such part.
fn files_of(data: &Path, part: &str) -> io::Result<Vec<(String, PathBuf)>> {
    let path = data.join(part);
    if path.is_file() {
        return Ok(vec![(part.to_owned(), path)]);
    }
    if !path.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(&path)? {
        let entry = entry?;
        let name = format!("{part}/{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_file() && is_name_of_part(&name) {
            files.push((name, entry.path()));
        }
    }
    files.sort();
    Ok(files)
}

/// Whether a backup may have a file of this name: whatever an archive says, nothing else is written.
fn is_name_of_part(name: &str) -> bool {
    let is_plain = |name: &str| {
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        name.len() <= 64
            && name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name.chars().all(known)
    };
    match name.strip_prefix("tls/") {
        Some(name) => is_plain(name),
        None => ["secrets.key", "sluice.db"].contains(&name),
    }
}

fn append(
    archive: &mut tar::Builder<impl Write>,
    name: &str,
    bytes: u64,
    content: impl Read,
) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes);
    header.set_mode(0o600);
    header.set_entry_type(tar::EntryType::Regular);
    archive.append_data(&mut header, name, content)
}

/// Runs `sluice restore`.
pub async fn run_restore(args: RestoreArgs) -> Result<(), StartError> {
    let begun = Instant::now();
    let data = &args.data.data;
    let opened = File::open(&args.file).map_err(|error| cannot("read", &args.file, error))?;
    let _lock = lock(data)?;
    finish_restore(data)?;
    if data.join("sluice.db").exists() && !args.replace {
        return Err(format!(
            "{} has state already: name another folder by --data, or replace it by --replace",
            data.display()
        )
        .into());
    }
    let restored = restore(opened, data).await;
    let made_at = restored.map_err(|error| format!("{}: {error}", args.file.display()))?;
    let duration_ms = begun.elapsed().as_millis() as u64;
    tracing::info!(backup.made_at = made_at, duration_ms, "restored");
    Ok(())
}

/// Puts a backup into the data folder, in place of what is there; tells when the backup was made.
/// Everybody has to sign in again. A server must not serve from the folder.
pub async fn restore(backup: impl Read, data: &Path) -> Result<String, StartError> {
    let folder = data.join(RESTORING);
    let manifest = unpack(backup, &folder)?;
    // Of an older version of Sluice it becomes one of this version.
    let store = Store::open(&folder.join("sluice.db")).await?;
    let checked = store.check_integrity().await;
    // Who signed out after the backup was made stays signed out.
    let ended = store.delete_sessions().await;
    store.close().await?;
    checked.and(ended)?;
    let told = |error| cannot("write", data, error);
    sync_folder(&folder).map_err(told)?;
    fs::rename(&folder, data.join(RESTORED)).map_err(told)?;
    sync_folder(data).map_err(told)?;
    finish_restore(data)?;
    Ok(manifest.made_at)
}

/// Unpacks a backup and compares it with its manifest. Writes no file that a backup does not have,
/// and no more bytes than it lists.
fn unpack(backup: impl Read, folder: &Path) -> Result<Manifest, StartError> {
    let told = |error| cannot("write", folder, error);
    remove_folder(folder).map_err(told)?;
    make_folder(folder).map_err(told)?;
    let broken = |error: io::Error| format!("it is no backup, or a damaged one: {error}");
    let mut archive = tar::Archive::new(zstd::Decoder::new(backup).map_err(broken)?);
    let mut entries = archive.entries().map_err(broken)?;
    let mut next = |name: &str| -> Result<_, String> {
        let entry = entries
            .next()
            .ok_or_else(|| format!("it ends before {name}"))?;
        let entry = entry.map_err(broken)?;
        let is_it = entry.path_bytes().as_ref() == name.as_bytes();
        match is_it && entry.header().entry_type().is_file() {
            true => Ok(entry),
            false => Err(format!("it has something else where {name} belongs")),
        }
    };
    let mut text = Vec::new();
    let manifest = next("manifest.json")?;
    manifest
        .take(MAX_MANIFEST_BYTES)
        .read_to_end(&mut text)
        .map_err(broken)?;
    let manifest: Manifest = serde_json::from_slice(&text)
        .map_err(|error| format!("its manifest cannot be read: {error}"))?;
    check(&manifest)?;
    for listed in &manifest.files {
        let path = folder.join(&listed.name);
        make_folder(path.parent().unwrap_or(folder)).map_err(told)?;
        let mut file = create(&path).map_err(told)?;
        let mut entry = next(&listed.name)?.take(listed.bytes);
        io::copy(&mut entry, &mut file).map_err(broken)?;
        file.sync_all().map_err(told)?;
        let (bytes, sha256) = hash(File::open(&path).map_err(told)?).map_err(told)?;
        if (bytes, &sha256) != (listed.bytes, &listed.sha256) {
            return Err(format!("its {} is damaged", listed.name).into());
        }
    }
    Ok(manifest)
}

fn check(manifest: &Manifest) -> Result<(), String> {
    let Manifest {
        format,
        sluice,
        files,
        ..
    } = manifest;
    if *format != FORMAT {
        return Err(format!(
            "it was written by a newer version of Sluice ({sluice})"
        ));
    }
    if let Some(other) = files.iter().find(|listed| !is_name_of_part(&listed.name)) {
        return Err(format!(
            "it has {:?}, which is no part of a backup",
            other.name
        ));
    }
    let has = |name| files.iter().any(|listed| listed.name == name);
    match has("sluice.db") && files.len() <= MAX_FILES {
        true => Ok(()),
        false => Err("it has no database, or too many files".to_owned()),
    }
}

/// Does what is left of a restore that was cut off, if there is one: none or all of it.
pub fn finish_restore(data: &Path) -> Result<(), StartError> {
    let told = |error| cannot("write", data, error);
    remove_folder(&data.join(RESTORING)).map_err(told)?;
    let restored = data.join(RESTORED);
    if !restored.is_dir() {
        return Ok(());
    }
    let replaced = restored.join("replaced");
    let keep = |name: &str| -> io::Result<()> {
        if !data.join(name).exists() {
            return Ok(());
        }
        make_folder(&replaced)?;
        fs::rename(data.join(name), replaced.join(name))
    };
    let place = |part: &str| -> io::Result<()> {
        // What is no longer there was put into place before.
        if !restored.join(part).exists() {
            return Ok(());
        }
        keep(part)?;
        if part == "sluice.db" {
            BESIDE_DATABASE.iter().try_for_each(|name| keep(name))?;
        }
        fs::rename(restored.join(part), data.join(part))?;
        sync_folder(data)
    };
    PARTS
        .iter()
        .try_for_each(|part| place(part))
        .map_err(told)?;
    if replaced.is_dir() {
        let kept = data.join(format!("replaced-{}", drawn::now().basic_format()));
        fs::rename(&replaced, &kept).map_err(told)?;
        tracing::info!(folder = %kept.display(), "what was there before is kept");
    }
    Ok(remove_folder(&restored).map_err(told)?)
}

/// Bytes and SHA-256, in hexadecimal digits, of what is read.
fn hash(mut file: impl Read) -> io::Result<(u64, String)> {
    let mut hasher = Sha256::new();
    let bytes = io::copy(&mut file, &mut hasher)?;
    Ok((bytes, hex::encode(hasher.finalize())))
}

/// Creates a file for its owner alone.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn remove_folder(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn sync_folder(path: &Path) -> io::Result<()> {
    let path = if path == Path::new("") {
        Path::new(".")
    } else {
        path
    };
    File::open(path)?.sync_all()
}

fn beside(path: &Path, what: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{what}"));
    PathBuf::from(name)
}

fn cannot(what: &str, path: &Path, error: io::Error) -> String {
    format!("cannot {what} {}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A data folder with a little state, and its backup.
    async fn state() -> (tempfile::TempDir, Vec<u8>) {
        let data = tempfile::tempdir().unwrap();
        let store = Store::open(&data.path().join("sluice.db")).await.unwrap();
        fs::create_dir(data.path().join("tls")).unwrap();
        fs::write(data.path().join("tls/ca.pem"), "certificate").unwrap();
        let mut backup = Vec::new();
        back_up(data.path(), &mut backup).await.unwrap();
        store.close().await.unwrap();
        (data, backup)
    }

    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = names
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[tokio::test]
    async fn what_was_backed_up_is_restored_and_nothing_else_is_left() {
        let (data, backup) = state().await;
        assert!(!data.path().join(BACKING_UP).exists());
        let other = tempfile::tempdir().unwrap();
        restore(&backup[..], other.path()).await.unwrap();
        assert_eq!(names(other.path()), ["secrets.key", "sluice.db", "tls"]);
        for file in ["secrets.key", "tls/ca.pem"] {
            let read = |folder: &Path| fs::read(folder.join(file)).unwrap();
            assert_eq!(read(other.path()), read(data.path()), "{file}");
        }
    }

    #[tokio::test]
    async fn a_restore_that_was_cut_off_anywhere_is_finished_by_the_next_start() {
        let (_data, backup) = state().await;
        for steps in 0..=PARTS.len() {
            let data = tempfile::tempdir().unwrap();
            let at = |name: &str| data.path().join(name);
            fs::create_dir_all(at("tls")).unwrap();
            for old in ["tls/old.pem", "secrets.key", "sluice.db", "sluice.db-wal"] {
                fs::write(at(old), "old").unwrap();
            }
            unpack(&backup[..], &at(RESTORING)).unwrap();
            fs::rename(at(RESTORING), at(RESTORED)).unwrap();
            // As far as it came.
            fs::create_dir(at("restored/replaced")).unwrap();
            for part in &PARTS[..steps] {
                fs::rename(at(part), at("restored/replaced").join(part)).unwrap();
                if steps < PARTS.len() || *part != "sluice.db" {
                    fs::rename(at(RESTORED).join(part), at(part)).unwrap();
                }
            }
            finish_restore(data.path()).unwrap();
            finish_restore(data.path()).unwrap();
            let left = names(data.path());
            assert_eq!(left[1..], ["secrets.key", "sluice.db", "tls"], "{steps}");
            assert_eq!(
                names(&at(&left[0])),
                ["secrets.key", "sluice.db", "sluice.db-wal", "tls"],
                "{steps}"
            );
            assert!(at("tls/ca.pem").exists() && !at("tls/old.pem").exists());
        }
    }

    #[tokio::test]
    async fn a_restore_that_was_not_whole_changes_nothing() {
        let (data, backup) = state().await;
        let before = fs::read(data.path().join("secrets.key")).unwrap();
        unpack(&backup[..], &data.path().join(RESTORING)).unwrap();
        finish_restore(data.path()).unwrap();
        assert!(!data.path().join(RESTORING).exists());
        assert_eq!(fs::read(data.path().join("secrets.key")).unwrap(), before);
    }

    #[tokio::test]
    async fn what_is_no_backup_is_refused_and_the_state_stays() {
        let (data, backup) = state().await;
        let archive = zstd::decode_all(&backup[..]).unwrap();
        let packed = |archive: &[u8]| zstd::encode_all(archive, 1).unwrap();
        let of = |files: &[(&str, &str)], manifest: &str| {
            let mut archive = tar::Builder::new(Vec::new());
            for (name, text) in [("manifest.json", manifest)].iter().chain(files) {
                append(&mut archive, name, text.len() as u64, text.as_bytes()).unwrap();
            }
            packed(&archive.into_inner().unwrap())
        };
        let listing = |name: &str| {
            format!(
                r#"{{"format":1,"sluice":"9","made_at":"","files":[{{"name":"{name}","bytes":1,"sha256":"00"}}]}}"#
            )
        };
        let mut changed = archive.clone();
        let key = archive
            .windows(11)
            .rposition(|bytes| bytes == b"secrets.key")
            .unwrap();
        changed[key + 512] ^= 1; // behind its header
        for (wrong, told) in [
            (b"no archive".to_vec(), "it is no backup"),
            (Vec::new(), "it is no backup, or a damaged one"),
            (backup[..backup.len() / 2].to_vec(), "damaged"),
            (packed(&archive[..2048]), "its sluice.db is damaged"),
            (packed(&changed), "its secrets.key is damaged"),
            (
                of(&[], "{}"),
                "its manifest cannot be read: missing field `format`",
            ),
            (
                of(&[], &listing("sluice.db").replace(":1,\"s", ":2,\"s")),
                "it was written by a newer version of Sluice (9)",
            ),
            (
                of(&[], &listing("../out")),
                "it has \"../out\", which is no part of a backup",
            ),
            (
                of(&[], &listing("tls/../../out")),
                "which is no part of a backup",
            ),
            (of(&[], &listing("secrets.key")), "it has no database"),
            (
                of(&[("other", "x")], &listing("sluice.db")),
                "it has something else where sluice.db belongs",
            ),
            (
                of(&[("sluice.db", "xyz")], &listing("sluice.db")),
                "its sluice.db is damaged",
            ),
        ] {
            let error = restore(&wrong[..], data.path()).await.unwrap_err();
            assert!(error.to_string().contains(told), "{told}: {error}");
            finish_restore(data.path()).unwrap();
            assert_eq!(
                names(data.path()),
                ["backup.lock", "secrets.key", "sluice.db", "tls"],
                "{told}"
            );
        }
    }

    #[tokio::test]
    async fn without_state_there_is_no_backup() {
        let data = tempfile::tempdir().unwrap();
        let error = back_up(data.path(), io::sink()).await.unwrap_err();
        assert!(error.to_string().starts_with("there is no state in"));
    }
}
