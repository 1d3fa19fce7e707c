//! The body of a request, whose sender has to keep up a rate.

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::rate::LeastRate;

/// A body that fails with [`io::ErrorKind::TimedOut`] where it comes too slowly. Only the time counts in
/// which somebody waits for it, and most bodies are there at once: they need no timer.
pub(crate) struct PacedBody {
    body: Incoming,
    rate: LeastRate,
    left: Duration,
    waited_since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl PacedBody {
    /// A body that was not read yet.
    pub(crate) fn new(body: Incoming, rate: LeastRate) -> Self {
        Self {
            body,
            rate,
            left: rate.grace,
            waited_since: None,
            timer: None,
        }
    }
}

impl Body for PacedBody {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) {
            let waited = this.waited_since.take().map(|since| since.elapsed());
            this.left = this.left.saturating_sub(waited.unwrap_or_default());
            if let Some(Ok(frame)) = &frame {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                this.left = this.rate.refilled(this.left, bytes);
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let by = *this.waited_since.get_or_insert_with(Instant::now) + this.left;
        let timer = this.timer.get_or_insert_with(|| Box::pin(sleep_until(by)));
        if timer.deadline() != by {
            timer.as_mut().reset(by);
        }
        ready!(timer.as_mut().poll(cx));
        let least = this.rate.bytes_per_second;
        let text = format!("the body came with less than {least} bytes a second");
        Poll::Ready(Some(Err(
            io::Error::new(io::ErrorKind::TimedOut, text).into()
        )))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
