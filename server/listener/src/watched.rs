//! The stream of a connection, under the eyes of who measures its pulse.
//!
//! Hyper refuses by itself what is no HTTP/1, with a status and no body. Such
//! an answer can be told from all others: it is written while no request is
//! being answered. So it is here that it gets the words of the router's owner.
//! (Where a refused request was sent close behind another, whose answer the
//! caller has not taken yet, the two cannot be told apart, and hyper's own
//! stays. Over HTTP/2 there is no answer to replace: streams are reset.)

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::pulse::Pulse;
use crate::refuse::Refuse;

/// How much of what a refused caller still sends is read and thrown away. Closing the connection
/// under its hands would reset it, and the caller would see that instead of the answer.
const DISCARDED_BYTES: usize = 1024 * 1024;

/// A stream that tells its pulse.
pub(crate) struct Watched<S> {
    stream: S,
    pulse: Arc<Pulse>,
    refuse: Refuse,
    refusal: Option<Refusal>,
}

/// The answer that takes the place of hyper's.
struct Refusal {
    text: Vec<u8>,
    written: usize,
    /// Bytes that came after it; none before the last of it was sent.
    discarded: Option<usize>,
}

impl<S> Watched<S> {
    /// Watches a stream.
    pub(crate) fn new(stream: S, pulse: Arc<Pulse>, refuse: Refuse) -> Self {
        Self {
            stream,
            pulse,
            refuse,
            refusal: None,
        }
    }

    /// Notices where hyper speaks for itself.
    fn notice(&mut self, bytes: &[u8]) {
        if self.refusal.is_none()
            && self.pulse.is_the_protocols()
            && let Some(status) = refused_with(bytes)
        {
            self.refusal = Some(Refusal {
                text: self.refuse.written(status),
                written: 0,
                discarded: None,
            });
        }
    }
}

/// The status of an answer that begins so, if it is a refusal. Its version is the one of the request
/// before it.
fn refused_with(bytes: &[u8]) -> Option<StatusCode> {
    let [b'0' | b'1', b' ', rest @ ..] = bytes.strip_prefix(b"HTTP/1.")? else {
        return None;
    };
    let status = StatusCode::from_bytes(rest.get(..3)?).ok()?;
    status.is_client_error().then_some(status)
}

impl<S: AsyncWrite + Unpin> Watched<S> {
    fn poll_refusal(
        stream: &mut S,
        refusal: &mut Refusal,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while let Some(rest) = refusal
            .text
            .get(refusal.written..)
            .filter(|it| !it.is_empty())
        {
            let n = ready!(Pin::new(&mut *stream).poll_write(cx, rest))?;
            if n == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            refusal.written += n;
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buffer))?;
        this.pulse.read(buffer.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.notice(bytes);
        if let Some(refusal) = &mut this.refusal {
            ready!(Self::poll_refusal(&mut this.stream, refusal, cx))?;
            return Poll::Ready(Ok(bytes.len()));
        }
        let n = ready!(Pin::new(&mut this.stream).poll_write(cx, bytes))?;
        this.pulse.wrote(n);
        Poll::Ready(Ok(n))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.notice(slices.first().map_or(&[], |first| first));
        if let Some(refusal) = &mut this.refusal {
            ready!(Self::poll_refusal(&mut this.stream, refusal, cx))?;
            return Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum()));
        }
        let n = ready!(Pin::new(&mut this.stream).poll_write_vectored(cx, slices))?;
        this.pulse.wrote(n);
        Poll::Ready(Ok(n))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Hyper comes here only when its own buffer is empty.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.pulse.flushed();
        Pin::new(&mut this.stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
        let Some(refusal) = &mut this.refusal else {
            return Poll::Ready(Ok(()));
        };
        let discarded = refusal.discarded.get_or_insert_with(|| {
            this.pulse.refused();
            0
        });
        let mut scratch = [0; 4096];
        while *discarded < DISCARDED_BYTES {
            let mut buffer = ReadBuf::new(&mut scratch);
            let read = ready!(Pin::new(&mut this.stream).poll_read(cx, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                break;
            }
            *discarded += buffer.filled().len();
        }
        Poll::Ready(Ok(()))
    }
}
