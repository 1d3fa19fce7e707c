//! The files of an instance: WASI's own, where all that changes its `/tmp` is counted.
//!
//! What cannot be written (the code, the standard library) is passed on as it is. In `/tmp`,
//! the bytes of all files count, and each file, folder and link besides; what the quota has no
//! room for is refused before anything is written: `No space left on device`. A file counts as
//! long as it has a name or is open, whichever ends later; a sparse one counts whole.

use std::collections::HashMap;
use std::sync::Arc;

use wasmtime::component::{HasData, Linker, Resource};
use wasmtime_wasi::FsPerms;
use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystemCtxView};
use wasmtime_wasi::p2::bindings::filesystem::types::{
    self, Advice, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry,
    DirectoryEntryStream, ErrorCode, Host, HostDescriptor, HostDirectoryEntryStream,
    MetadataHashValue, NewTimestamp, OpenFlags, PathFlags,
};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, FsError, FsResult};

mod streams;
mod usage;

pub use usage::TMP_BYTES;

use streams::{Reader, Writer};
use usage::{Entry, Full, OpenFile, SharedUsage, Usage};

/// Gives what is linked the files of the instance that `view` takes them from, in the place
/// of those that it has.
pub fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> Disk<'_>,
) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    types::add_to_linker::<_, Disks>(linker, view)?;
    linker.allow_shadowing(false);
    Ok(())
}

/// What an instance has in its `/tmp`.
#[derive(Debug)]
pub struct DiskUse {
    usage: SharedUsage,
    /// The files in `/tmp` that are open, by the numbers of their descriptors.
    open: HashMap<u32, Arc<OpenFile>>,
}

impl DiskUse {
    /// Nothing yet, of at most `quota` bytes.
    pub fn new(quota: u64) -> Self {
        Self {
            usage: SharedUsage::new(Usage::new(quota)),
            open: HashMap::new(),
        }
    }

    /// Bytes that count against the quota.
    pub fn bytes(&self) -> u64 {
        self.usage.lock().bytes()
    }

    /// The quota, if it had no room for something.
    pub fn refused_beyond(&self) -> Option<u64> {
        self.usage.lock().refused_beyond()
    }

    /// Forgets that the quota had no room for something.
    pub fn forget_refusal(&self) {
        self.usage.lock().forget_refusal();
    }

    /// Whether the folder is as good as a new one: it was not even listed, which its time of
    /// access would tell.
    pub fn is_untouched(&self) -> bool {
        !self.usage.lock().is_touched()
    }
}

/// The files of an instance.
pub struct Disk<'a> {
    /// Does what is allowed.
    pub files: WasiFilesystemCtxView<'a>,
    /// Counts it.
    pub tmp: &'a mut DiskUse,
}

/// Says to wasmtime that the host of these imports is a view.
struct Disks;

impl HasData for Disks {
    type Data<'a> = Disk<'a>;
}

type Fd = Resource<Descriptor>;

/// The same descriptor once more: WASI's functions take theirs away.
fn same(fd: &Fd) -> Fd {
    Resource::new_borrow(fd.rep())
}

impl From<Full> for FsError {
    fn from(_: Full) -> Self {
        ErrorCode::InsufficientSpace.into()
    }
}

impl Disk<'_> {
    /// Whether `fd` is in `/tmp`, which alone can be written.
    fn is_tmp(&self, fd: &Fd) -> FsResult<bool> {
        let perms = match self.files.table.get(fd)? {
            Descriptor::File(file) => file.perms,
            Descriptor::Dir(folder) => folder.perms,
        };
        Ok(perms == FsPerms::ReadWrite)
    }

    /// The file in `/tmp` that `fd` has open.
    fn file(&self, fd: &Fd) -> Option<Arc<OpenFile>> {
        self.tmp.open.get(&fd.rep()).map(Arc::clone)
    }

    /// Says that what is done with `fd` leaves a trace, if it is in `/tmp`.
    fn touch(&self, fd: &Fd) -> FsResult<bool> {
        let is_tmp = self.is_tmp(fd)?;
        if is_tmp {
            self.tmp.usage.lock().touch();
        }
        Ok(is_tmp)
    }

    /// What `path` stands for; nothing where it cannot be told, which then either fails or
    /// counts as new.
    async fn look(&mut self, fd: &Fd, flags: PathFlags, path: &str) -> FsResult<Option<Entry>> {
        let stat = self.files.stat_at(same(fd), flags, path.to_owned()).await;
        let Some(stat) = unless_trapped(stat)? else {
            return Ok(None);
        };
        let hash = self
            .files
            .metadata_hash_at(same(fd), flags, path.to_owned());
        let Some(hash) = unless_trapped(hash.await)? else {
            return Ok(None);
        };
        let is_file = stat.type_ == DescriptorType::RegularFile;
        Ok(Some(Entry {
            id: (hash.lower, hash.upper),
            bytes: if is_file { stat.size } else { 0 },
            is_last_of_file: is_file && stat.link_count <= 1,
        }))
    }

    /// Does what makes a new file, folder or link, and counts it.
    async fn add<T>(
        &mut self,
        fd: &Fd,
        make: impl AsyncFnOnce(&mut WasiFilesystemCtxView<'_>) -> FsResult<T>,
    ) -> FsResult<T> {
        let is_tmp = self.touch(fd)?;
        if is_tmp {
            self.tmp.usage.lock().room_for_entry()?;
        }
        let made = make(&mut self.files).await?;
        if is_tmp {
            self.tmp.usage.lock().added();
        }
        Ok(made)
    }

    fn writer(
        &mut self,
        fd: &Fd,
        position: Option<u64>,
    ) -> Option<FsResult<Resource<DynOutputStream>>> {
        let file = self.file(fd)?;
        let writer: DynOutputStream = Box::new(Writer::new(file, position));
        Some(self.files.table.push(writer).map_err(FsError::from))
    }
}

/// What WASI refuses is no fault of ours.
fn unless_trapped<T>(result: FsResult<T>) -> FsResult<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(refused) if refused.downcast_ref().is_some() => Ok(None),
        Err(trapped) => Err(trapped),
    }
}

impl Host for Disk<'_> {
    fn convert_error_code(&mut self, error: FsError) -> wasmtime::Result<ErrorCode> {
        self.files.convert_error_code(error)
    }

    fn filesystem_error_code(
        &mut self,
        error: Resource<wasmtime::Error>,
    ) -> wasmtime::Result<Option<ErrorCode>> {
        self.files.filesystem_error_code(error)
    }
}

impl HostDescriptor for Disk<'_> {
    async fn open_at(
        &mut self,
        fd: Fd,
        path_flags: PathFlags,
        path: String,
        open_flags: OpenFlags,
        flags: DescriptorFlags,
    ) -> FsResult<Fd> {
        if !self.is_tmp(&fd)? {
            return self
                .files
                .open_at(fd, path_flags, path, open_flags, flags)
                .await;
        }
        let mut before = None;
        if open_flags.intersects(OpenFlags::CREATE | OpenFlags::TRUNCATE) {
            self.tmp.usage.lock().touch();
            before = self.look(&fd, path_flags, &path).await?;
        }
        let creates = open_flags.contains(OpenFlags::CREATE) && before.is_none();
        if creates {
            self.tmp.usage.lock().room_for_entry()?;
        }
        let opened = self
            .files
            .open_at(fd, path_flags, path, open_flags, flags)
            .await?;
        if creates {
            self.tmp.usage.lock().added();
        }
        let Descriptor::File(file) = self.files.table.get(&opened)? else {
            return Ok(opened);
        };
        let file = Arc::clone(&file.file);
        if let Some(before) = before {
            let after = file.metadata()?.len();
            self.tmp.usage.lock().resized(before.bytes, after);
        }
        let hash = self.files.metadata_hash(same(&opened)).await?;
        let file = OpenFile::new(file, (hash.lower, hash.upper), &self.tmp.usage);
        self.tmp.open.insert(opened.rep(), Arc::new(file));
        Ok(opened)
    }

    fn drop(&mut self, fd: Fd) -> wasmtime::Result<()> {
        let number = fd.rep();
        HostDescriptor::drop(&mut self.files, fd)?;
        self.tmp.open.remove(&number);
        Ok(())
    }

    async fn write(&mut self, fd: Fd, bytes: Vec<u8>, offset: u64) -> FsResult<u64> {
        match self.file(&fd) {
            Some(file) => Ok(file.write_at(&bytes, offset)? as u64),
            None => self.files.write(fd, bytes, offset).await,
        }
    }

    async fn set_size(&mut self, fd: Fd, size: u64) -> FsResult<()> {
        match self.file(&fd) {
            Some(file) => Ok(file.set_size(size)?),
            None => self.files.set_size(fd, size).await,
        }
    }

    fn write_via_stream(&mut self, fd: Fd, offset: u64) -> FsResult<Resource<DynOutputStream>> {
        match self.writer(&fd, Some(offset)) {
            Some(writer) => writer,
            None => self.files.write_via_stream(fd, offset),
        }
    }

    fn append_via_stream(&mut self, fd: Fd) -> FsResult<Resource<DynOutputStream>> {
        match self.writer(&fd, None) {
            Some(writer) => writer,
            None => self.files.append_via_stream(fd),
        }
    }

    fn read_via_stream(&mut self, fd: Fd, offset: u64) -> FsResult<Resource<DynInputStream>> {
        let file = self.file(&fd);
        let stream = self.files.read_via_stream(fd, offset)?;
        let Some(file) = file else {
            return Ok(stream);
        };
        let reader: DynInputStream = Box::new(Reader {
            stream: self.files.table.delete(stream)?,
            _file: file,
        });
        Ok(self.files.table.push(reader)?)
    }

    async fn create_directory_at(&mut self, fd: Fd, path: String) -> FsResult<()> {
        let folder = same(&fd);
        self.add(&fd, async |files| {
            files.create_directory_at(folder, path).await
        })
        .await
    }

    async fn symlink_at(&mut self, fd: Fd, target: String, path: String) -> FsResult<()> {
        let folder = same(&fd);
        self.add(&fd, async |files| {
            files.symlink_at(folder, target, path).await
        })
        .await
    }

    async fn link_at(
        &mut self,
        fd: Fd,
        flags: PathFlags,
        path: String,
        new_fd: Fd,
        new_path: String,
    ) -> FsResult<()> {
        let new_folder = same(&new_fd);
        self.add(&new_fd, async |files| {
            files.link_at(fd, flags, path, new_folder, new_path).await
        })
        .await
    }

    async fn unlink_file_at(&mut self, fd: Fd, path: String) -> FsResult<()> {
        let mut gone = None;
        if self.touch(&fd)? {
            gone = self.look(&fd, PathFlags::empty(), &path).await?;
        }
        self.files.unlink_file_at(fd, path).await?;
        if let Some(gone) = gone {
            self.tmp.usage.lock().removed(&gone);
        }
        Ok(())
    }

    async fn remove_directory_at(&mut self, fd: Fd, path: String) -> FsResult<()> {
        let mut gone = None;
        if self.touch(&fd)? {
            gone = self.look(&fd, PathFlags::empty(), &path).await?;
        }
        self.files.remove_directory_at(fd, path).await?;
        if let Some(gone) = gone {
            self.tmp.usage.lock().removed(&gone);
        }
        Ok(())
    }

    async fn rename_at(
        &mut self,
        fd: Fd,
        path: String,
        new_fd: Fd,
        new_path: String,
    ) -> FsResult<()> {
        let mut replaced = None;
        if self.touch(&fd)? && self.touch(&new_fd)? {
            let moved = self.look(&fd, PathFlags::empty(), &path).await?;
            replaced = self.look(&new_fd, PathFlags::empty(), &new_path).await?;
            // Of two names of one file, both stay.
            replaced = replaced.filter(|there| moved.is_some_and(|moved| moved.id != there.id));
        }
        self.files.rename_at(fd, path, new_fd, new_path).await?;
        if let Some(replaced) = replaced {
            self.tmp.usage.lock().removed(&replaced);
        }
        Ok(())
    }

    async fn set_times(
        &mut self,
        fd: Fd,
        accessed: NewTimestamp,
        modified: NewTimestamp,
    ) -> FsResult<()> {
        self.touch(&fd)?;
        self.files.set_times(fd, accessed, modified).await
    }

    async fn set_times_at(
        &mut self,
        fd: Fd,
        flags: PathFlags,
        path: String,
        accessed: NewTimestamp,
        modified: NewTimestamp,
    ) -> FsResult<()> {
        self.touch(&fd)?;
        self.files
            .set_times_at(fd, flags, path, accessed, modified)
            .await
    }

    async fn read_directory(&mut self, fd: Fd) -> FsResult<Resource<DirectoryEntryStream>> {
        self.touch(&fd)?;
        self.files.read_directory(fd).await
    }

    // What follows changes nothing.

    async fn advise(&mut self, fd: Fd, offset: u64, len: u64, advice: Advice) -> FsResult<()> {
        self.files.advise(fd, offset, len, advice).await
    }

    async fn sync_data(&mut self, fd: Fd) -> FsResult<()> {
        self.files.sync_data(fd).await
    }

    async fn get_flags(&mut self, fd: Fd) -> FsResult<DescriptorFlags> {
        self.files.get_flags(fd).await
    }

    async fn get_type(&mut self, fd: Fd) -> FsResult<DescriptorType> {
        self.files.get_type(fd).await
    }

    async fn read(&mut self, fd: Fd, len: u64, offset: u64) -> FsResult<(Vec<u8>, bool)> {
        self.files.read(fd, len, offset).await
    }

    async fn sync(&mut self, fd: Fd) -> FsResult<()> {
        self.files.sync(fd).await
    }

    async fn stat(&mut self, fd: Fd) -> FsResult<DescriptorStat> {
        self.files.stat(fd).await
    }

    async fn stat_at(
        &mut self,
        fd: Fd,
        flags: PathFlags,
        path: String,
    ) -> FsResult<DescriptorStat> {
        self.files.stat_at(fd, flags, path).await
    }

    async fn readlink_at(&mut self, fd: Fd, path: String) -> FsResult<String> {
        self.files.readlink_at(fd, path).await
    }

    async fn is_same_object(&mut self, one: Fd, other: Fd) -> wasmtime::Result<bool> {
        self.files.is_same_object(one, other).await
    }

    async fn metadata_hash(&mut self, fd: Fd) -> FsResult<MetadataHashValue> {
        self.files.metadata_hash(fd).await
    }

    async fn metadata_hash_at(
        &mut self,
        fd: Fd,
        flags: PathFlags,
        path: String,
    ) -> FsResult<MetadataHashValue> {
        self.files.metadata_hash_at(fd, flags, path).await
    }
}

impl HostDirectoryEntryStream for Disk<'_> {
    async fn read_directory_entry(
        &mut self,
        stream: Resource<DirectoryEntryStream>,
    ) -> FsResult<Option<DirectoryEntry>> {
        self.files.read_directory_entry(stream).await
    }

    fn drop(&mut self, stream: Resource<DirectoryEntryStream>) -> wasmtime::Result<()> {
        HostDirectoryEntryStream::drop(&mut self.files, stream)
    }
}
