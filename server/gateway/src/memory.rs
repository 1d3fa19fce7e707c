//! How much of what callers send is held at a time, by all of them together.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::error::GatewayError;

/// Bytes of the bodies of all requests that are being answered.
#[derive(Debug)]
pub(crate) struct Bodies {
    held: AtomicUsize,
    most: usize,
}

/// What one request holds of them, until it is dropped.
#[derive(Debug)]
pub(crate) struct Held<'a> {
    bodies: &'a Bodies,
    bytes: usize,
}

impl Bodies {
    /// None yet, and at most so many.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            held: AtomicUsize::new(0),
            most,
        }
    }

    /// A request that holds nothing yet.
    pub(crate) fn hold(&self) -> Held<'_> {
        Held {
            bodies: self,
            bytes: 0,
        }
    }
}

impl Held<'_> {
    /// Holds more, where there is room.
    pub(crate) fn more(&mut self, bytes: usize) -> Result<(), GatewayError> {
        self.bytes += bytes;
        let before = self.bodies.held.fetch_add(bytes, Relaxed);
        match before + bytes <= self.bodies.most {
            true => Ok(()),
            false => Err(GatewayError::Overloaded("too much is held of bodies")),
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.bodies.held.fetch_sub(self.bytes, Relaxed);
    }
}
