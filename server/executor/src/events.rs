//! Which events are kept with the records of their invocations. A busy function could fill the disk
//! with them, so each function may keep some at once and then a few a second.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use sluice_domain::event::{KeptEvent, MAX_KEPT_BYTES};
use sluice_domain::invocation::Origin;

use crate::call::Call;

/// Bytes of events that a function may keep at once: those of some 600 requests.
const AT_ONCE: f64 = 1024.0 * 1024.0;

/// Bytes of events that a function may keep each second from then on: those of some 40 requests. The
/// rest of what it is called with costs nothing.
const A_SECOND: f64 = 64.0 * 1024.0;

/// What a kept event costs besides its text, with its places in the indexes.
const ROW_BYTES: usize = 256;

/// What is left to a function of the events that it may keep.
#[derive(Debug)]
pub struct EventBudget(Mutex<Left>);

#[derive(Debug)]
struct Left {
    bytes: f64,
    at: Instant,
}

impl EventBudget {
    pub fn new() -> Self {
        Self(Mutex::new(Left {
            bytes: AT_ONCE,
            at: Instant::now(),
        }))
    }

    /// Takes so many bytes, if they are left. The last half is there for calls that have failed:
    /// those are looked at, and replayed.
    fn take(&self, bytes: usize, has_failed: bool, now: Instant) -> bool {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = now.saturating_duration_since(left.at).as_secs_f64();
        left.bytes = (left.bytes + passed * A_SECOND).min(AT_ONCE);
        left.at = now;
        let (bytes, spared) = (bytes as f64, if has_failed { 0.0 } else { AT_ONCE / 2.0 });
        let is_left = left.bytes - bytes >= spared;
        if is_left {
            left.bytes -= bytes;
        }
        is_left
    }
}

/// What of a call is kept besides its record.
#[derive(Debug, Default)]
pub struct Keeping {
    /// The result, copied before the caller gets it, once it is known that the event is kept.
    result: Option<Option<String>>,
}

impl Keeping {
    /// Decides by what the handler returned.
    pub fn returned(&mut self, budget: &EventBudget, call: &Call, result: &str) {
        let is_small = result.len() <= MAX_KEPT_BYTES;
        let bytes = cost(call) + if is_small { result.len() } else { 0 };
        if budget.take(bytes, false, Instant::now()) {
            self.result = Some(is_small.then(|| result.to_owned()));
        }
    }

    /// What is kept of a call that has ended, without secrets. `failure` is what it answered where it
    /// failed. The event moves: no byte of it is copied unless a secret is in it.
    pub fn ended(
        self,
        budget: &EventBudget,
        call: Call,
        failure: impl FnOnce() -> Option<String>,
    ) -> Option<KeptEvent> {
        let answer = match self.result {
            Some(result) => result,
            None => {
                let failure = failure()?;
                let is_kept = budget.take(cost(&call) + failure.len(), true, Instant::now());
                is_kept
                    .then_some(failure.len() <= MAX_KEPT_BYTES)?
                    .then_some(failure)
            }
        };
        let event_bytes = call.event.len();
        let event = (event_bytes <= MAX_KEPT_BYTES).then_some(call.event);
        let kept = |event| KeptEvent {
            event,
            event_bytes: event_bytes as u64,
            answer,
        };
        let names = call.secrets.as_deref().unwrap_or_default();
        Some(match call.origin {
            // A user of the console wrote it to be kept, or it has no secrets any more.
            Origin::Test => KeptEvent {
                event,
                ..kept(None).redacted(names)
            },
            Origin::Trigger { .. } | Origin::PreStop => kept(event).redacted(names),
        })
    }
}

fn cost(call: &Call) -> usize {
    match call.event.len() {
        bytes @ 0..=MAX_KEPT_BYTES => bytes + ROW_BYTES,
        _ => ROW_BYTES,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_function_keeps_some_at_once_and_then_a_few_a_second() {
        let budget = EventBudget::new();
        let begun = Instant::now();
        let take = |has_failed, after_ms| {
            let now = begun + Duration::from_millis(after_ms);
            let mut count = 0;
            while budget.take(1024, has_failed, now) {
                count += 1;
            }
            count
        };
        assert_eq!(take(false, 0), 512);
        assert_eq!(take(true, 0), 512, "what is spared for failures");
        assert_eq!((take(false, 1000), take(true, 1000)), (0, 64));
        assert_eq!(take(false, 100_000), 512);
        assert!(
            budget.take(0, false, begun),
            "a clock that goes back breaks nothing"
        );
    }
}
