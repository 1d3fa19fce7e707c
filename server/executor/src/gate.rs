//! Counts the calls in flight and, once closed, lets no more in.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Calls that may be in flight at a time; far more than there can be instances.
const PLACES: u32 = 1 << 20;

/// The gate that every call passes.
#[derive(Debug)]
pub struct Gate {
    places: Arc<Semaphore>,
    closed: AtomicBool,
}

impl Gate {
    /// An open gate.
    pub fn new() -> Self {
        Self {
            places: Arc::new(Semaphore::new(PLACES as usize)),
            closed: AtomicBool::new(false),
        }
    }

    /// Lets a call in, unless the gate is closed. It is inside until the permit is dropped.
    pub fn enter(&self) -> Option<OwnedSemaphorePermit> {
        // First in, then asked: whoever is let in after `close` is seen by `empty`.
        let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
        (!self.closed.load(Ordering::SeqCst)).then_some(place)
    }

    /// Lets no more in.
    pub fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
    }

    /// Whether it lets no more in.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// How many are inside.
    pub fn inside(&self) -> usize {
        PLACES as usize - self.places.available_permits()
    }

    /// Waits until nobody is inside.
    pub async fn empty(&self) {
        // Fails only if the semaphore is closed, which nobody does.
        let _ = self.places.acquire_many(PLACES).await;
    }
}
