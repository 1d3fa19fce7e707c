//! What moves on a connection, for who decides how long it may stay.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::time::Instant;

use crate::limits::Limits;
use crate::taking::Taking;

/// Fewer bytes at once are no progress: over HTTP/2, a caller who takes nothing of an answer can
/// still have this side write pongs, or take a byte now and then.
const MOVES: usize = 64;

/// The pulse of one connection.
#[derive(Debug)]
pub(crate) struct Pulse {
    limits: Limits,
    began: Instant,
    /// Milliseconds from then to the last progress, or to the first byte of the head that is read.
    since: AtomicU64,
    /// Requests whose answers were not taken whole by the protocol.
    asked: AtomicU32,
    /// How the answers are taken that the protocol has not taken whole.
    taking: Taking,
    /// An answer may not have been written whole.
    unsent: AtomicBool,
    /// Milliseconds until what the protocol keeps of answers will have been taken too slowly.
    unsent_until: AtomicU64,
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
    /// Taken an answer.
    Stalled,
    /// Waited for an answer.
    Answering,
}

impl Pulse {
    /// A connection that begins now.
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            began: Instant::now(),
            since: AtomicU64::new(0),
            asked: AtomicU32::new(0),
            taking: Taking::default(),
            unsent: AtomicBool::new(false),
            unsent_until: AtomicU64::new(0),
            head: AtomicBool::new(true),
            multiplexed: AtomicBool::new(false),
        }
    }

    /// Until when the connection may stay as it is, and what it does then for too long.
    pub(crate) fn deadline(&self) -> (Instant, Overdue) {
        let limits = &self.limits;
        let since = Duration::from_millis(self.since.load(Relaxed));
        let (after, overdue) = if self.asked.load(Relaxed) > 0 {
            (since + limits.answering, Overdue::Answering)
        } else if !self.is_silent() {
            let until = Duration::from_millis(self.unsent_until.load(Relaxed));
            (until, Overdue::Stalled)
        } else if self.head.load(Relaxed) {
            (since + limits.head, Overdue::Head)
        } else {
            (since + limits.idle, Overdue::Idle)
        };
        let deadline = self.began + after;
        match self.taking.soonest() {
            Some(soonest) if soonest < deadline => (soonest, Overdue::Stalled),
            _ => (deadline, overdue),
        }
    }

    /// A whole head was read, and its request is to be answered.
    pub(crate) fn asked(&self, multiplexed: bool) {
        self.multiplexed.store(multiplexed, Relaxed);
        self.unsent.store(true, Relaxed);
        self.head.store(false, Relaxed);
        self.asked.fetch_add(1, Relaxed);
        self.moved();
    }

    /// The router has an answer, whose body is to be taken. Its place among those.
    pub(crate) fn begins_answer(&self) -> usize {
        self.moved();
        self.taking.begin(self.limits.answer)
    }

    /// The protocol has taken so much of an answer.
    pub(crate) fn took(&self, place: usize, bytes: usize) {
        self.taking.took(place, self.limits.answer, bytes);
    }

    /// The protocol would take more of an answer than there is.
    pub(crate) fn starves(&self, place: usize) {
        self.taking.starves(place);
    }

    /// An answer's body has ended.
    pub(crate) fn ends_answer(&self, place: usize) {
        self.taking.end(place);
    }

    /// The protocol has taken an answer whole, or nobody waits for one any more.
    pub(crate) fn answered(&self) {
        self.unsent_until.store(
            millis(self.began.elapsed() + self.limits.answer.grace),
            Relaxed,
        );
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
        let until = self.began + Duration::from_millis(self.unsent_until.load(Relaxed));
        let until = self.limits.answer.put_off(until, Instant::now(), bytes);
        self.unsent_until.store(millis(until - self.began), Relaxed);
    }

    /// A refusal was written: what the caller still sends is waited for as for a head.
    pub(crate) fn refused(&self) {
        self.head.store(true, Relaxed);
        self.moved();
    }

    fn moved(&self) {
        self.since.store(millis(self.began.elapsed()), Relaxed);
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
