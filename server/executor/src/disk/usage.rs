//! What a `/tmp` holds, counted against its quota.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::io::Errno;

/// Bytes that the `/tmp` of an instance may hold. Source: quotas, 512 MB.
pub const TMP_BYTES: u64 = 512 * 1024 * 1024;

/// What each file, folder and link counts beside its bytes: the disk has blocks of this size,
/// and a name needs one too.
const ENTRY_BYTES: u64 = 4096;

/// Most files, folders and links: when the instance goes, each of them has to be removed.
const MAX_ENTRIES: u64 = 20_000;

/// The quota has no room for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

impl From<Full> for io::Error {
    fn from(_: Full) -> Self {
        Errno::NOSPC.into()
    }
}

/// Which file it is, by whatever name.
pub type Identity = (u64, u64);

/// What a name in `/tmp` stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Which file it is.
    pub id: Identity,
    /// Bytes of a file; none of a folder or a symbolic link.
    pub bytes: u64,
    /// Whether it is the only name of a file: folders have none other, and neither has the
    /// target of a symbolic link to do with its name.
    pub is_last_of_file: bool,
}

/// The count of one `/tmp`. Nobody but the instance writes there, and it does one thing at a
/// time, so that what is there when a call of it begins is there until it ends.
#[derive(Debug)]
pub struct Usage {
    quota: u64,
    bytes: u64,
    entries: u64,
    /// How often each file is open: one without a name goes when it is closed.
    open: HashMap<Identity, usize>,
    refused: bool,
    touched: bool,
}

impl Usage {
    /// An empty one that may hold `quota` bytes.
    pub fn new(quota: u64) -> Self {
        Self {
            quota,
            bytes: 0,
            entries: 0,
            open: HashMap::new(),
            refused: false,
            touched: false,
        }
    }

    /// Bytes that it holds.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The quota, if it had no room for something.
    pub fn refused_beyond(&self) -> Option<u64> {
        self.refused.then_some(self.quota)
    }

    /// Forgets that there was no room for something.
    pub fn forget_refusal(&mut self) {
        self.refused = false;
    }

    /// Whether the instance did anything to it that a later one could notice.
    pub fn is_touched(&self) -> bool {
        self.touched
    }

    /// The instance is about to do such a thing.
    pub fn touch(&mut self) {
        self.touched = true;
    }

    /// Whether there is room for so many bytes more.
    pub fn room_for(&mut self, bytes: u64) -> Result<(), Full> {
        let wanted = self.bytes.checked_add(bytes);
        if bytes == 0 || wanted.is_some_and(|wanted| wanted <= self.quota) {
            return Ok(());
        }
        self.refused = true;
        Err(Full)
    }

    /// Whether there is room for one more file, folder or link.
    pub fn room_for_entry(&mut self) -> Result<(), Full> {
        if self.entries < MAX_ENTRIES {
            return self.room_for(ENTRY_BYTES);
        }
        self.refused = true;
        Err(Full)
    }

    /// There is one more file, folder or link.
    pub fn added(&mut self) {
        self.entries += 1;
        self.bytes += ENTRY_BYTES;
    }

    /// A file has another size.
    pub fn resized(&mut self, before: u64, after: u64) {
        self.bytes = self.bytes.saturating_sub(before).saturating_add(after);
    }

    /// A name is gone.
    pub fn removed(&mut self, entry: &Entry) {
        if !entry.is_last_of_file {
            self.forget(0);
        } else if !self.open.contains_key(&entry.id) {
            self.forget(entry.bytes);
        }
    }

    fn opened(&mut self, id: Identity) {
        *self.open.entry(id).or_default() += 1;
    }

    /// A file was closed, which has so many bytes and maybe no name any more.
    fn closed(&mut self, id: Identity, bytes: u64, has_name: bool) {
        let left = self.open.get_mut(&id).map(|count| {
            *count -= 1;
            *count
        });
        if left == Some(0) {
            self.open.remove(&id);
            if !has_name {
                self.forget(bytes);
            }
        }
    }

    /// There is one file, folder or link less.
    fn forget(&mut self, bytes: u64) {
        self.entries = self.entries.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(ENTRY_BYTES + bytes);
    }
}

/// The count, for all that has a part of the same `/tmp`.
#[derive(Debug, Clone)]
pub struct SharedUsage(Arc<Mutex<Usage>>);

impl SharedUsage {
    /// Shares `usage`.
    pub fn new(usage: Usage) -> Self {
        Self(Arc::new(Mutex::new(usage)))
    }

    /// The count; to be held shortly.
    pub fn lock(&self) -> MutexGuard<'_, Usage> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A file in `/tmp` that is open, for as long as this lives.
#[derive(Debug)]
pub struct OpenFile {
    file: Arc<File>,
    id: Identity,
    usage: SharedUsage,
}

impl OpenFile {
    /// Counts `file` as open.
    pub fn new(file: Arc<File>, id: Identity, usage: &SharedUsage) -> Self {
        usage.lock().opened(id);
        let usage = usage.clone();
        Self { file, id, usage }
    }

    /// Bytes that it has.
    pub fn size(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Writes `bytes`, or the first of them. Where the quota has no room for all, it writes
    /// none.
    pub fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let before = self.size()?;
        let end = offset.checked_add(bytes.len() as u64);
        let end = end.ok_or(Errno::FBIG)?;
        self.grow_to(before, end)?;
        let written = self.file.write_at(bytes, offset)?;
        if written > 0 {
            let after = before.max(offset + written as u64);
            self.usage.lock().resized(before, after);
        }
        Ok(written)
    }

    /// Gives it so many bytes, by cutting it or filling it up with zeroes, which count too.
    pub fn set_size(&self, after: u64) -> io::Result<()> {
        let before = self.size()?;
        self.grow_to(before, after)?;
        self.file.set_len(after)?;
        self.usage.lock().resized(before, after);
        Ok(())
    }

    fn grow_to(&self, before: u64, after: u64) -> Result<(), Full> {
        let mut usage = self.usage.lock();
        usage.touch();
        usage.room_for(after.saturating_sub(before))
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        // Of a file that cannot be looked at, nothing is refunded.
        let (bytes, has_name) = match self.file.metadata() {
            Ok(file) => (file.len(), file.nlink() > 0),
            Err(_) => (0, true),
        };
        self.usage.lock().closed(self.id, bytes, has_name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: Entry = Entry {
        id: (1, 1),
        bytes: 100,
        is_last_of_file: true,
    };

    /// A count with one file of 100 bytes.
    fn usage() -> Usage {
        let mut usage = Usage::new(2 * ENTRY_BYTES + 100);
        usage.added();
        usage.resized(0, 100);
        usage
    }

    #[test]
    fn there_is_room_up_to_the_quota_and_not_beyond() {
        let mut usage = usage();
        assert_eq!(usage.room_for(ENTRY_BYTES), Ok(()));
        assert_eq!(usage.refused_beyond(), None);
        assert_eq!(usage.room_for(ENTRY_BYTES + 1), Err(Full));
        assert_eq!(usage.room_for(u64::MAX), Err(Full));
        assert_eq!(usage.refused_beyond(), Some(2 * ENTRY_BYTES + 100));
        assert_eq!(usage.room_for_entry(), Ok(()));
        usage.added();
        assert_eq!(usage.room_for_entry(), Err(Full));
        assert_eq!(usage.room_for(0), Ok(()), "to write nothing needs no room");
    }

    #[test]
    fn there_are_so_many_entries_and_no_more() {
        let mut usage = Usage::new(u64::MAX);
        for _ in 0..MAX_ENTRIES {
            assert_eq!(usage.room_for_entry(), Ok(()));
            usage.added();
        }
        assert_eq!(usage.room_for_entry(), Err(Full));
        usage.removed(&FILE);
        assert_eq!(usage.room_for_entry(), Ok(()));
    }

    #[test]
    fn a_file_counts_until_it_has_no_name_and_is_closed_everywhere() {
        let check = |open: usize, entry: Entry, after_removal: u64| {
            let mut usage = usage();
            (0..open).for_each(|_| usage.opened(entry.id));
            usage.removed(&entry);
            assert_eq!(usage.bytes(), after_removal, "{open} {entry:?}");
            for left in (0..open).rev() {
                assert_eq!(usage.bytes(), after_removal, "{left} left");
                usage.closed(entry.id, 100, !entry.is_last_of_file);
            }
            usage
        };
        let whole = ENTRY_BYTES + 100;
        assert_eq!(check(0, FILE, 0).bytes(), 0);
        assert_eq!(check(1, FILE, whole).bytes(), 0);
        assert_eq!(check(2, FILE, whole).bytes(), 0);
        // Another name of it is left.
        let other = Entry {
            is_last_of_file: false,
            ..FILE
        };
        assert_eq!(check(0, other, 100).bytes(), 100);
        assert_eq!(check(1, other, 100).bytes(), 100);
    }
}
