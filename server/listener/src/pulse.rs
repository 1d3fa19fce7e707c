//! What moves on a connection, for who decides how long it may stay.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::time::Instant;

use crate::limits::Limits;

/// Fewer bytes at once are no progress: over HTTP/2, a caller who takes nothing of an answer can
/// still have this side write pongs, or take a byte now and then.
const MOVES: usize = 64;

/// The pulse of one connection.
#[derive(Debug)]
pub(crate) struct Pulse {
    began: Instant,
    /// Milliseconds from then to the last progress, or to the first byte of the head that is read.
    since: AtomicU64,
    /// Requests whose answers were not taken whole by the protocol.
    asked: AtomicU32,
    /// Of those, the ones that the router has not answered yet.
    answering: AtomicU32,
    /// An answer may not have been written whole.
    unsent: AtomicBool,
    /// A head is waited for: the first one, or one that has begun.
    head: AtomicBool,
    /// HTTP/2, where nobody but the protocol can tell what a byte belongs to.
    multiplexed: AtomicBool,
}

/// What a connection has done for too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overdue {
    /// Sent the head of a request.
    Head,
    /// Nothing.
    Idle,
    /// Kept its answer waiting.
    Stalled,
    /// Waited for an answer.
    Answering,
}

impl Pulse {
    /// A connection that begins now.
    pub(crate) fn new() -> Self {
        Self {
            began: Instant::now(),
            since: AtomicU64::new(0),
            asked: AtomicU32::new(0),
            answering: AtomicU32::new(0),
            unsent: AtomicBool::new(false),
            head: AtomicBool::new(true),
            multiplexed: AtomicBool::new(false),
        }
    }

    /// Until when the connection may stay as it is, and what it does then for too long.
    pub(crate) fn deadline(&self, limits: &Limits) -> (Instant, Overdue) {
        let (patience, overdue) = if self.answering.load(Relaxed) > 0 {
            (limits.answering, Overdue::Answering)
        } else if !self.is_silent() {
            (limits.stalled, Overdue::Stalled)
        } else if self.head.load(Relaxed) {
            (limits.head, Overdue::Head)
        } else {
            (limits.idle, Overdue::Idle)
        };
        let since = Duration::from_millis(self.since.load(Relaxed));
        (self.began + since + patience, overdue)
    }

    /// A whole head was read, and its request is to be answered.
    pub(crate) fn asked(&self, multiplexed: bool) {
        self.multiplexed.store(multiplexed, Relaxed);
        self.unsent.store(true, Relaxed);
        self.head.store(false, Relaxed);
        self.asked.fetch_add(1, Relaxed);
        self.answering.fetch_add(1, Relaxed);
        self.moved();
    }

    /// The router has an answer, or nobody waits for one any more.
    pub(crate) fn has_answer(&self) {
        self.answering.fetch_sub(1, Relaxed);
        self.moved();
    }

    /// The protocol has taken an answer.
    pub(crate) fn answered(&self) {
        self.asked.fetch_sub(1, Relaxed);
        self.moved();
    }

    /// All that was to be written is.
    pub(crate) fn flushed(&self) {
        if self.asked.load(Relaxed) == 0 {
            self.unsent.store(false, Relaxed);
        }
    }

    /// True while nobody asked for anything.
    pub(crate) fn is_silent(&self) -> bool {
        self.asked.load(Relaxed) == 0 && !self.unsent.load(Relaxed)
    }

    /// True while what is written can only be the protocol's own words. Over HTTP/2 it can always be a
    /// part of an answer that was held back.
    pub(crate) fn is_the_protocols(&self) -> bool {
        self.is_silent() && !self.multiplexed.load(Relaxed)
    }

    /// Bytes were read.
    pub(crate) fn read(&self, bytes: usize) {
        if !self.is_silent() {
            if bytes >= MOVES {
                self.moved();
            }
        } else if bytes > 0 && !self.multiplexed.load(Relaxed) && !self.head.swap(true, Relaxed) {
            self.moved();
        }
    }

    /// Bytes were written.
    pub(crate) fn wrote(&self, bytes: usize) {
        if bytes >= MOVES && !self.head.load(Relaxed) {
            self.moved();
        }
    }

    /// A refusal was written: what the caller still sends is waited for as for a head.
    pub(crate) fn refused(&self) {
        self.head.store(true, Relaxed);
        self.moved();
    }

    fn moved(&self) {
        let since = self.began.elapsed().as_millis();
        self.since
            .store(u64::try_from(since).unwrap_or(u64::MAX), Relaxed);
    }
}
