//! The instances that a function may have at a time, and the calls that wait for one.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Most calls of one function that wait for an instance: a longer line would only wait in vain.
const MOST_WAITING: usize = 1000;

/// The instances of one function, shared by its deployments.
#[derive(Debug)]
pub struct Slots {
    free: Arc<Semaphore>,
    size: Mutex<Size>,
    waiting: AtomicUsize,
    throttled: AtomicU64,
    throttled_by_policy: AtomicU64,
    /// Slots in use, and the most of them since that was asked last.
    busy: AtomicUsize,
    peak: AtomicUsize,
}

#[derive(Debug)]
struct Size {
    most: usize,
    /// Slots in use that are not given back, because there are fewer now.
    surplus: usize,
}

/// The right to one instance, until it is dropped.
#[derive(Debug)]
pub struct Slot {
    permit: Option<OwnedSemaphorePermit>,
    slots: Arc<Slots>,
}

impl Slots {
    /// So many slots, all free.
    pub fn new(most: usize) -> Self {
        Self {
            free: Arc::new(Semaphore::new(most)),
            size: Mutex::new(Size { most, surplus: 0 }),
            waiting: AtomicUsize::new(0),
            throttled: AtomicU64::new(0),
            throttled_by_policy: AtomicU64::new(0),
            busy: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
        }
    }

    /// Changes how many there are. Calls that run are not touched.
    pub fn resize(&self, most: usize) {
        let mut size = self.size();
        if most > size.most {
            let more = most - size.most;
            let kept = more.min(size.surplus);
            size.surplus -= kept;
            self.free.add_permits(more - kept);
        } else {
            let fewer = size.most - most;
            size.surplus += fewer - self.free.forget_permits(fewer);
        }
        size.most = most;
    }

    /// A slot, at once if one is free; otherwise the call waits in line, at most for `patience`.
    pub async fn take(self: &Arc<Self>, patience: Duration) -> Option<Slot> {
        let permit = match Arc::clone(&self.free).try_acquire_owned() {
            Ok(permit) => Some(permit),
            Err(_) => self.wait(patience).await,
        };
        if permit.is_none() {
            self.throttled.fetch_add(1, Ordering::Relaxed);
        }
        permit.map(|permit| self.slot(permit))
    }

    /// A slot if one is free.
    #[cfg(test)]
    fn try_take(self: &Arc<Self>) -> Option<Slot> {
        let permit = Arc::clone(&self.free).try_acquire_owned().ok()?;
        Some(self.slot(permit))
    }

    /// How many there are.
    pub fn most(&self) -> usize {
        self.size().most
    }

    /// How many are in use.
    pub fn used(&self) -> usize {
        let size = self.size();
        (size.most + size.surplus).saturating_sub(self.free.available_permits())
    }

    /// Calls that were refused since this was asked last.
    pub fn take_throttled(&self) -> u64 {
        self.throttled.swap(0, Ordering::Relaxed)
    }

    /// Counts a call that a policy of the gateway has refused.
    pub fn throttle_by_policy(&self) {
        self.throttled_by_policy.fetch_add(1, Ordering::Relaxed);
    }

    /// Those that policies have refused since this was asked last.
    pub fn take_throttled_by_policy(&self) -> u64 {
        self.throttled_by_policy.swap(0, Ordering::Relaxed)
    }

    /// The most that were in use at a time since this was asked last.
    pub fn take_peak(&self) -> usize {
        let busy = self.busy.load(Ordering::Relaxed);
        self.peak.swap(busy, Ordering::Relaxed).max(busy)
    }

    async fn wait(&self, patience: Duration) -> Option<OwnedSemaphorePermit> {
        let _waiting = Waiting::one_more(&self.waiting)?;
        let free = Arc::clone(&self.free).acquire_owned();
        // The semaphore is never closed.
        tokio::time::timeout(patience, free).await.ok()?.ok()
    }

    fn slot(self: &Arc<Self>, permit: OwnedSemaphorePermit) -> Slot {
        let busy = self.busy.fetch_add(1, Ordering::Relaxed) + 1;
        self.peak.fetch_max(busy, Ordering::Relaxed);
        Slot {
            permit: Some(permit),
            slots: Arc::clone(self),
        }
    }

    fn size(&self) -> MutexGuard<'_, Size> {
        self.size.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slots.busy.fetch_sub(1, Ordering::Relaxed);
        let mut size = self.slots.size();
        if size.surplus > 0
            && let Some(permit) = self.permit.take()
        {
            size.surplus -= 1;
            permit.forget();
        }
    }
}

/// One call in the line.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn one_more(count: &'a AtomicUsize) -> Option<Self> {
        let before = count.fetch_add(1, Ordering::SeqCst);
        let waiting = Self(count);
        (before < MOST_WAITING).then_some(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_ONCE: Duration = Duration::ZERO;

    #[tokio::test]
    async fn what_is_taken_away_while_in_use_does_not_come_back() {
        let slots = Arc::new(Slots::new(2));
        let (one, other) = (slots.take(AT_ONCE).await, slots.take(AT_ONCE).await);
        slots.resize(1);
        assert_eq!((slots.most(), slots.used()), (1, 2));
        drop(one);
        assert!(slots.try_take().is_none());
        drop(other);
        assert_eq!(slots.used(), 0);
        let first = slots.try_take();
        assert!(first.is_some() && slots.try_take().is_none());
        slots.resize(3);
        let more = [slots.try_take(), slots.try_take()];
        assert!(more.iter().all(Option::is_some) && slots.try_take().is_none());
    }

    #[tokio::test]
    async fn the_most_that_were_in_use_are_told_once() {
        let slots = Arc::new(Slots::new(3));
        assert_eq!(slots.take_peak(), 0);
        let kept = slots.try_take();
        drop((slots.try_take(), slots.try_take()));
        assert_eq!(slots.take_peak(), 3, "though they are free again");
        assert_eq!(slots.take_peak(), 1, "what is in use counts anew");
        drop(kept);
        assert_eq!((slots.take_peak(), slots.take_peak()), (1, 0));
    }

    #[tokio::test]
    async fn a_slot_that_is_given_away_again_while_in_use_comes_back() {
        let slots = Arc::new(Slots::new(1));
        let one = slots.try_take();
        slots.resize(0);
        slots.resize(1);
        assert!(slots.try_take().is_none());
        drop(one);
        assert!(slots.try_take().is_some());
    }

    #[tokio::test]
    async fn a_call_waits_for_a_slot_and_counts_when_it_waited_in_vain() {
        let slots = Arc::new(Slots::new(1));
        let first = slots.take(AT_ONCE).await;
        assert!(slots.take(AT_ONCE).await.is_none());
        assert_eq!((slots.take_throttled(), slots.take_throttled()), (1, 0));
        let waiting = tokio::spawn({
            let slots = Arc::clone(&slots);
            async move { slots.take(Duration::from_secs(60)).await.is_some() }
        });
        tokio::task::yield_now().await;
        drop(first);
        assert!(waiting.await.unwrap());
    }
}
