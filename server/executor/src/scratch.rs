//! Folders that go with what they belong to.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::removal;

/// A new empty folder, removed with all that is in it when this is dropped.
#[derive(Debug)]
pub struct ScratchFolder(PathBuf);

impl ScratchFolder {
    /// Makes one in `parent`, whose name nothing else in this process has.
    pub fn new(parent: &Path) -> io::Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = parent.join(format!("{}-{number}", std::process::id()));
        fs::create_dir(&path)?;
        Ok(Self(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for ScratchFolder {
    fn drop(&mut self) {
        // Most stay empty, and this is all there is to do.
        if fs::remove_dir(&self.0).is_ok() {
            return;
        }
        let path = std::mem::take(&mut self.0);
        let remove = move || {
            if let Err(error) = removal::remove(&path) {
                tracing::warn!(path = %path.display(), %error, "a folder could not be removed; the next start removes it");
            }
        };
        // A full one takes its time, which no other call should wait for.
        match tokio::runtime::Handle::try_current() {
            Ok(handle) => drop(handle.spawn_blocking(remove)),
            Err(_) => remove(),
        }
    }
}

/// Empty folders, made ahead: making one takes longer than all else of an instance.
#[derive(Debug)]
pub struct Stock {
    parent: PathBuf,
    ready: Mutex<Vec<ScratchFolder>>,
    filling: AtomicBool,
}

/// How many folders are made ahead, and how few make it worth to make more.
const READY: usize = 32;
const FEW: usize = 16;

impl Stock {
    /// A stock of folders in `parent`.
    pub fn new(parent: PathBuf) -> Self {
        Self {
            parent,
            ready: Mutex::default(),
            filling: AtomicBool::new(false),
        }
    }

    /// A folder of one's own.
    pub fn take(self: &Arc<Self>) -> io::Result<ScratchFolder> {
        let (folder, left) = {
            let mut ready = self.lock();
            (ready.pop(), ready.len())
        };
        if left < FEW && !self.filling.swap(true, Ordering::SeqCst) {
            let stock = Arc::downgrade(self);
            tokio::task::spawn_blocking(move || {
                if let Some(stock) = stock.upgrade() {
                    stock.fill();
                }
            });
        }
        folder.map_or_else(|| ScratchFolder::new(&self.parent), Ok)
    }

    fn fill(&self) {
        while self.lock().len() < READY {
            match ScratchFolder::new(&self.parent) {
                Ok(folder) => self.lock().push(folder),
                // Whoever takes one meets the same error, and tells it.
                Err(_) => break,
            }
        }
        self.filling.store(false, Ordering::SeqCst);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<ScratchFolder>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Empties `folder`, or makes it.
pub fn emptied(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    removal::empty(folder)
}
