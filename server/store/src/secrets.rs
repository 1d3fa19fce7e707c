//! Encryption of what must not stand in the database as it is: whoever gets hold of the file, or
//! of a backup of it, has no use of it without `secrets.key`, which lies beside it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chacha20poly1305::aead::{Aead, Generate, Key, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use crate::StoreError;

/// Bytes of the key, and of the number that each encrypted value begins with.
const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;

/// The key. Clones share it.
#[derive(Clone)]
pub struct Secrets(Arc<XChaCha20Poly1305>);

impl Secrets {
    /// The key of the database at `path`: 32 bytes in a file of its own, readable to the owner
    /// alone. It is drawn where there is none, unless values were encrypted with it already.
    pub fn open(database: &Path, is_needed: bool) -> Result<Self, StoreError> {
        let path = database.with_file_name("secrets.key");
        let file = |source| StoreError::KeyFile {
            path: path.clone(),
            source,
        };
        let key = match read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if is_needed {
                    return Err(StoreError::NoKey { path });
                }
                draw(&path).map_err(file)?;
                read(&path)
            }
            read => read,
        };
        let key: [u8; KEY_BYTES] = key.map_err(file)?;
        Ok(Self(Arc::new(XChaCha20Poly1305::new(&key.into()))))
    }

    /// Encrypts `text`. What comes out can be opened only as the value of the same `owner`, so
    /// that nobody who can write to the database reads a value by giving it to another.
    pub fn seal(&self, owner: &str, text: &str) -> Vec<u8> {
        let nonce = XNonce::generate();
        let payload = Payload {
            msg: text.as_bytes(),
            aad: owner.as_bytes(),
        };
        // It fails for texts of gigabytes only.
        let sealed = self.0.encrypt(&nonce, payload).unwrap_or_default();
        [nonce.as_slice(), &sealed].concat()
    }

    /// Decrypts what was sealed for `owner`.
    pub fn unseal(&self, owner: &str, sealed: &[u8]) -> Result<String, StoreError> {
        let text = || {
            let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>()?;
            let payload = Payload {
                msg: sealed,
                aad: owner.as_bytes(),
            };
            let text = self.0.decrypt(&XNonce::from(*nonce), payload).ok()?;
            String::from_utf8(text).ok()
        };
        text().ok_or(StoreError::OtherKey)
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secrets").finish_non_exhaustive()
    }
}

fn read(path: &Path) -> io::Result<[u8; KEY_BYTES]> {
    let mut key = Vec::new();
    let mut file = File::open(path)?.take(KEY_BYTES as u64 + 1);
    file.read_to_end(&mut key)?;
    let bytes = key.len();
    key.try_into().map_err(|_| {
        let reason = format!("it must have {KEY_BYTES} bytes, not {bytes}");
        io::Error::new(io::ErrorKind::InvalidData, reason)
    })
}

/// Puts a new key at `path`, whole or not at all. If another process does the same, the first
/// one's stays.
fn draw(path: &Path) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    let beside = PathBuf::from(beside);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside)?;
    file.write_all(&Key::<XChaCha20Poly1305>::generate())?;
    file.sync_all()?;
    let linked = match fs::hard_link(&beside, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        // Not every file system has links.
        Err(_) => fs::rename(&beside, path),
        Ok(()) => Ok(()),
    };
    match fs::remove_file(&beside) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        removed => removed?,
    }
    linked?;
    if let Some(folder) = path.parent().filter(|folder| *folder != Path::new("")) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(folder: &tempfile::TempDir) -> Secrets {
        Secrets::open(&folder.path().join("sluice.db"), false).unwrap()
    }

    #[test]
    fn what_is_sealed_is_opened_by_the_same_key_for_the_same_owner() {
        let folder = tempfile::tempdir().unwrap();
        let sealed = secrets(&folder).seal("function", "pässword");
        assert_ne!(sealed, secrets(&folder).seal("function", "pässword"));
        let again = secrets(&folder);
        assert_eq!(again.unseal("function", &sealed).unwrap(), "pässword");
        let other = secrets(&tempfile::tempdir().unwrap());
        let mut changed = sealed.clone();
        *changed.last_mut().unwrap() ^= 1;
        for refused in [
            again.unseal("another", &sealed),
            other.unseal("function", &sealed),
            again.unseal("function", &changed),
            again.unseal("function", &sealed[..20]),
            again.unseal("function", b""),
        ] {
            assert!(matches!(refused, Err(StoreError::OtherKey)));
        }
    }

    #[test]
    fn a_key_is_drawn_once_and_never_where_another_was_in_use() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("sluice.db");
        let missing = Secrets::open(&database, true);
        assert!(matches!(missing, Err(StoreError::NoKey { .. })));
        secrets(&folder);
        let path = folder.path().join("secrets.key");
        let key = fs::read(&path).unwrap();
        draw(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), key);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        for wrong in [&key[..31], &key.repeat(2)] {
            fs::write(&path, wrong).unwrap();
            let refused = Secrets::open(&database, false);
            assert!(matches!(refused, Err(StoreError::KeyFile { .. })));
        }
    }
}
