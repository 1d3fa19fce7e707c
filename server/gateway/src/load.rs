//! How much the gateway has to do.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// How much the gateway has to do at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Requests that are being answered.
    pub requests: usize,
    /// Bytes of the bodies of these requests.
    pub bodies_bytes: usize,
    /// Most of them.
    pub most_bodies_bytes: usize,
    /// Bytes of answers that were not taken yet.
    pub answers_bytes: usize,
    /// Most of them.
    pub most_answers_bytes: usize,
}

/// Counts the requests that are being answered.
#[derive(Debug, Default)]
pub(crate) struct Running(AtomicUsize);

/// One of them, until it is dropped.
pub(crate) struct One<'a>(&'a Running);

impl Running {
    /// One more.
    pub(crate) fn one(&self) -> One<'_> {
        self.0.fetch_add(1, Relaxed);
        One(self)
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.load(Relaxed)
    }
}

impl Drop for One<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Relaxed);
    }
}
