//! Standard output and error of an instance, on their way to the log.

use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

use crate::log::{SharedLog, Stream};

/// Bytes that a write may have; the guest's library writes at most 4096 at a time.
const WRITE_BYTES: usize = 64 * 1024;

/// One of the two streams.
#[derive(Debug, Clone)]
pub struct Output {
    log: SharedLog,
    stream: Stream,
}

impl Output {
    /// Writes to `log` what the guest writes to `stream`.
    pub fn new(log: &SharedLog, stream: Stream) -> Self {
        let log = log.clone();
        Self { log, stream }
    }
}

impl OutputStream for Output {
    fn write(&mut self, bytes: bytes::Bytes) -> StreamResult<()> {
        self.log
            .lock()
            .write(self.stream, &bytes)
            .map_err(|exceeded| StreamError::Trap(exceeded.into()))
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_BYTES)
    }
}

#[async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {}
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    /// Only WASI 0.3 asks for this one, and no runtime of ours speaks it.
    fn async_stream(&self) -> Box<dyn tokio::io::AsyncWrite + Send + Sync> {
        Box::new(tokio::io::sink())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}
