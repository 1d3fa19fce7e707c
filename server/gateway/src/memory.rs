//! How much of what callers send and get is held at a time, by all of them together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use bytes::Bytes;

use crate::error::GatewayError;

/// Most bytes of an answer that may also have the last quarter of the room: few large answers that
/// nobody takes are not to keep out the many small ones.
const SMALL_BYTES: usize = 64 * 1024;

/// Room for the bodies of all requests, or of all answers.
#[derive(Debug)]
pub(crate) struct Memory {
    held: AtomicUsize,
    most: usize,
}

/// What one request or one answer holds of it, until it is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    memory: Arc<Memory>,
    bytes: usize,
}

impl Memory {
    /// Nothing is held yet, and at most so many bytes.
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            held: AtomicUsize::new(0),
            most,
        })
    }

    /// A request that holds nothing yet.
    pub(crate) fn hold(self: &Arc<Self>) -> Held {
        Held {
            memory: Arc::clone(self),
            bytes: 0,
        }
    }

    /// An answer of so many bytes, where there is room.
    pub(crate) fn hold_answer(self: &Arc<Self>, bytes: usize) -> Result<Held, GatewayError> {
        let most = match bytes {
            0..=SMALL_BYTES => self.most,
            _ => self.most / 4 * 3,
        };
        let mut held = self.hold();
        match held.add(bytes) <= most {
            true => Ok(held),
            false => Err(GatewayError::Overloaded("too much is held of answers")),
        }
    }

    /// Refuses where there is no room for any answer: before a function has done something.
    pub(crate) fn check_room(&self) -> Result<(), GatewayError> {
        match self.held() < self.most {
            true => Ok(()),
            false => Err(GatewayError::Overloaded("too much is held of answers")),
        }
    }

    /// Bytes that are held.
    pub(crate) fn held(&self) -> usize {
        self.held.load(Relaxed)
    }

    /// Most that may be.
    pub(crate) fn most(&self) -> usize {
        self.most
    }
}

impl Held {
    /// Holds more, where there is room.
    pub(crate) fn more(&mut self, bytes: usize) -> Result<(), GatewayError> {
        match self.add(bytes) <= self.memory.most {
            true => Ok(()),
            false => Err(GatewayError::Overloaded("too much is held of bodies")),
        }
    }

    /// Holds bytes for as long as any part of them is kept: by the protocol too, which waits for a slow
    /// reader. Of what it held for more than these, the rest is given back.
    pub(crate) fn with(mut self, bytes: Bytes) -> Bytes {
        let rest = self.bytes.saturating_sub(bytes.len());
        self.bytes -= rest;
        self.memory.held.fetch_sub(rest, Relaxed);
        match bytes.is_empty() {
            true => bytes,
            false => Bytes::from_owner(Kept { bytes, _held: self }),
        }
    }

    /// Counts more, and tells how much all hold then.
    fn add(&mut self, bytes: usize) -> usize {
        self.bytes += bytes;
        self.memory.held.fetch_add(bytes, Relaxed) + bytes
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.memory.held.fetch_sub(self.bytes, Relaxed);
    }
}

/// Bytes that are counted.
struct Kept {
    bytes: Bytes,
    _held: Held,
}

impl AsRef<[u8]> for Kept {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_held_until_its_last_part_is_dropped() {
        let memory = Memory::new(1000);
        let held = memory.hold_answer(100).unwrap();
        let mut body = held.with(Bytes::from(vec![1; 60]));
        assert_eq!(memory.held(), 60);
        let part = body.split_to(10);
        drop(body);
        assert_eq!(memory.held(), 60);
        drop(part);
        assert_eq!(memory.held(), 0);
    }

    #[test]
    fn the_last_quarter_is_for_small_answers() {
        let memory = Memory::new(4 * SMALL_BYTES);
        let large = memory.hold_answer(2 * SMALL_BYTES).unwrap();
        assert!(memory.hold_answer(SMALL_BYTES + 1).is_err());
        let small = [(); 2].map(|()| memory.hold_answer(SMALL_BYTES).unwrap());
        assert!(memory.hold_answer(1).is_err());
        assert!(memory.check_room().is_err());
        drop(small);
        assert!(memory.check_room().is_ok());
        drop(large);
        assert_eq!(memory.held(), 0);
    }
}
