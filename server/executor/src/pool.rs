//! The instances of a deployment that wait for their next call.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::instance::Instance;

/// How long an instance waits before it goes. Source: instance life, about 60 s.
pub const IDLE: Duration = Duration::from_secs(60);

/// Instances without a call. The one that was used last is taken first, so
/// that those a lower load does not need grow old and go.
#[derive(Debug, Default)]
pub struct Pool(Mutex<Vec<Waiting>>);

#[derive(Debug)]
struct Waiting {
    instance: Instance,
    since: Instant,
}

impl Pool {
    /// The instance that was used last.
    pub fn take(&self) -> Option<Instance> {
        self.lock().pop().map(|waiting| waiting.instance)
    }

    /// Keeps an instance for the next call.
    pub fn give_back(&self, instance: Instance) {
        let since = Instant::now();
        self.lock().push(Waiting { instance, since });
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Takes out the instances that have waited for at least `age`, but keeps `reserved` of all.
    pub fn take_older(&self, age: Duration, reserved: usize) -> Vec<Instance> {
        let mut waiting = self.lock();
        // They stand in the order in which they came back.
        let old = waiting.partition_point(|one| one.since.elapsed() >= age);
        let spare = waiting.len().saturating_sub(reserved);
        let old = waiting.drain(..old.min(spare));
        old.map(|waiting| waiting.instance).collect()
    }

    /// Takes out the one that has waited longest.
    pub fn take_oldest(&self) -> Option<Instance> {
        let mut waiting = self.lock();
        (!waiting.is_empty()).then(|| waiting.remove(0).instance)
    }

    /// Since when the one that has waited longest waits.
    pub fn oldest(&self) -> Option<Instant> {
        self.lock().first().map(|waiting| waiting.since)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
