//! The access keys of the console's users, arranged for finding one, and the lock of those that
//! callers do not know the secret of.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sluice_domain::access_key::AccessKeySecrets;
use sluice_domain::time::Timestamp;

/// So many wrong signatures lock an access key. Source: APIG user guide, `APIG.0301`.
const MOST_FAILURES: u32 = 5;

/// How long it stays locked, and after what time without one wrong signatures are forgotten.
/// Source: the same, 5 minutes.
const LOCK_MS: u64 = 5 * 60 * 1000;

/// The enabled access keys of all users. Built whole, the keys in it never change.
#[derive(Debug, Default)]
pub(crate) struct AccessKeys(HashMap<String, Arc<KnownKey>>);

/// An access key, and what was tried with it.
#[derive(Debug)]
pub(crate) struct KnownKey {
    pub(crate) secrets: AccessKeySecrets,
    pub(super) failures: Arc<Failures>,
}

impl AccessKeys {
    /// Arranges these. Of those that were there before, `old`, it is known what was tried; there
    /// is never more to remember than there are keys.
    pub(crate) fn following(old: &Self, keys: impl IntoIterator<Item = AccessKeySecrets>) -> Self {
        let known = |secrets: AccessKeySecrets| {
            let id = secrets.access_key_id.to_string();
            let before = old.0.get(&id);
            let failures = before.map(|key| Arc::clone(&key.failures));
            let key = KnownKey {
                secrets,
                failures: failures.unwrap_or_default(),
            };
            (id, Arc::new(key))
        };
        Self(keys.into_iter().map(known).collect())
    }

    pub(super) fn find(&self, id: &str) -> Option<&Arc<KnownKey>> {
        self.0.get(id)
    }
}

/// Wrong signatures with one access key: how many one after the other, and when the last came.
#[derive(Debug, Default)]
pub(super) struct Failures(Mutex<Option<(u32, Timestamp)>>);

impl Failures {
    /// Whether there were too many.
    pub(super) fn are_too_many(&self, now: Timestamp) -> bool {
        let failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failures.is_some_and(|(count, last)| count >= MOST_FAILURES && is_recent(last, now))
    }

    /// Counts one.
    pub(super) fn add(&self, now: Timestamp) {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = failures.filter(|(_, last)| is_recent(*last, now));
        let count = before.map_or(0, |(count, _)| count);
        *failures = Some((count.saturating_add(1), now));
    }

    /// Forgets them, after a signature that was right.
    pub(super) fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Whether `last` was less than five minutes from `now`. A clock that was set back must not keep a
/// key locked for longer.
fn is_recent(last: Timestamp, now: Timestamp) -> bool {
    last.millis().abs_diff(now.millis()) < LOCK_MS
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_domain::env_vars::Secret;
    use sluice_domain::id::{AccessKeyId, UserId};

    fn key(n: u8) -> AccessKeySecrets {
        AccessKeySecrets {
            access_key_id: AccessKeyId::from_bytes([n; 16]),
            secret: Secret::new("secret".to_owned()),
            user_id: UserId::from_bytes([n; 16]),
            user_name: "admin".parse().unwrap(),
        }
    }

    #[test]
    fn the_fifth_failure_locks_for_five_minutes() {
        let failures = Failures::default();
        let locked = |at: i64| failures.are_too_many(Timestamp(at));
        let lock_ms = i64::try_from(LOCK_MS).unwrap();
        for at in 1..=4 {
            failures.add(Timestamp(at));
            assert!(!locked(at));
        }
        failures.add(Timestamp(5));
        assert!(locked(5) && locked(4 + lock_ms));
        assert!(!locked(5 + lock_ms) && !locked(4 - lock_ms));
        // It begins anew then.
        failures.add(Timestamp(5 + lock_ms));
        assert!(!locked(5 + lock_ms));
    }

    #[test]
    fn failures_are_forgotten_with_time_and_after_a_success() {
        let failures = Failures::default();
        let lock_ms = i64::try_from(LOCK_MS).unwrap();
        for n in 0..20 {
            failures.add(Timestamp(n * lock_ms));
        }
        assert!(!failures.are_too_many(Timestamp(19 * lock_ms)));
        for _ in 0..3 {
            failures.add(Timestamp(19 * lock_ms));
        }
        failures.forget();
        failures.add(Timestamp(19 * lock_ms));
        assert!(!failures.are_too_many(Timestamp(19 * lock_ms)));
    }

    #[test]
    fn a_lock_outlives_changes_of_other_keys_and_goes_with_its_own() {
        let keys = AccessKeys::following(&AccessKeys::default(), [key(1), key(2)]);
        let id = key(1).access_key_id.to_string();
        for _ in 0..MOST_FAILURES {
            keys.find(&id).unwrap().failures.add(Timestamp(0));
        }
        let is_locked = |keys: &AccessKeys| {
            let key = keys.find(&id).unwrap();
            key.failures.are_too_many(Timestamp(0))
        };
        let keys = AccessKeys::following(&keys, [key(1)]);
        assert!(is_locked(&keys));
        let keys = AccessKeys::following(&keys, [key(2)]);
        assert!(keys.find(&id).is_none());
        assert!(!is_locked(&AccessKeys::following(&keys, [key(1)])));
    }
}
