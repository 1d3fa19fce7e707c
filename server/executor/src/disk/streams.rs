//! Streams from and into files in `/tmp`.

use std::io;
use std::sync::Arc;

use rustix::io::Errno;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::{
    DynInputStream, InputStream, OutputStream, Pollable, StreamError, StreamResult,
};

use super::usage::OpenFile;

/// Most bytes of one write: it holds its thread meanwhile.
const WRITE_BYTES: usize = 64 * 1024;

/// Writes into a file, each time at once, so that its size is always what was written.
pub struct Writer {
    file: Arc<OpenFile>,
    /// Where the next byte goes; to the end of the file without.
    position: Option<u64>,
}

impl Writer {
    /// One that begins at `position`, or appends.
    pub fn new(file: Arc<OpenFile>, position: Option<u64>) -> Self {
        Self { file, position }
    }

    fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let at = match self.position {
                Some(position) => position,
                None => self.file.size()?,
            };
            let written = self.file.write_at(bytes, at)?;
            if written == 0 {
                return Err(Errno::IO.into());
            }
            bytes = bytes.split_at(written).1;
            self.position = self.position.map(|_| at + written as u64);
        }
        Ok(())
    }
}

impl OutputStream for Writer {
    fn write(&mut self, bytes: bytes::Bytes) -> StreamResult<()> {
        if bytes.len() > WRITE_BYTES {
            return Err(StreamError::trap(
                "a write has more bytes than were allowed",
            ));
        }
        // After a refusal the file can be made smaller and the stream used again.
        self.write_all(&bytes)
            .map_err(|error| StreamError::LastOperationFailed(error.into()))
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_BYTES)
    }
}

#[async_trait]
impl Pollable for Writer {
    async fn ready(&mut self) {}
}

/// Reads from a file, which stays open meanwhile even if its descriptor goes.
pub struct Reader {
    /// Reads.
    pub stream: DynInputStream,
    /// The file.
    pub _file: Arc<OpenFile>,
}

#[async_trait]
impl InputStream for Reader {
    fn read(&mut self, size: usize) -> StreamResult<bytes::Bytes> {
        self.stream.read(size)
    }

    async fn blocking_read(&mut self, size: usize) -> StreamResult<bytes::Bytes> {
        self.stream.blocking_read(size).await
    }

    fn skip(&mut self, count: usize) -> StreamResult<usize> {
        self.stream.skip(count)
    }

    async fn blocking_skip(&mut self, count: usize) -> StreamResult<usize> {
        self.stream.blocking_skip(count).await
    }

    async fn cancel(&mut self) {
        self.stream.cancel().await;
    }
}

#[async_trait]
impl Pollable for Reader {
    async fn ready(&mut self) {
        self.stream.ready().await;
    }
}
