//! Numbers that callers use once: while a signature is valid, each is taken one time.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};
use sluice_domain::time::Timestamp;

/// So many are looked for side by side.
const PARTS: usize = 16;

/// Most that are remembered in each part. Only who signs correctly gets one in.
const MOST: usize = 50_000;

type Key = [u8; 16];

/// The numbers that were used, each until its signature has expired.
#[derive(Debug, Default)]
pub(crate) struct Nonces([Mutex<HashMap<Key, Timestamp>>; PARTS]);

/// There are too many to tell.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Nonces {
    /// Takes a number of a caller's; false where it was taken before. It is remembered until
    /// `expires`.
    pub(crate) fn take(
        &self,
        app_key: &str,
        nonce: &[u8],
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<bool, Full> {
        let mut hash = Sha256::new();
        hash.update(app_key);
        hash.update([0]);
        hash.update(nonce);
        let digest: [u8; 32] = hash.finalize().into();
        let (key, rest) = digest.split_at(16);
        let mut key_bytes = Key::default();
        key_bytes.copy_from_slice(key);
        let part = &self.0[usize::from(rest[0]) % PARTS];
        let mut used = part.lock().unwrap_or_else(PoisonError::into_inner);
        if used.len() >= MOST {
            used.retain(|_, expires| *expires >= now);
            if used.len() >= MOST {
                return Err(Full);
            }
        }
        match used.get(&key_bytes) {
            Some(until) if *until >= now => Ok(false),
            _ => {
                used.insert(key_bytes, expires);
                Ok(true)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_taken_once_by_each_caller() {
        let nonces = Nonces::default();
        let take = |key: &str, nonce: &str| {
            nonces.take(key, nonce.as_bytes(), Timestamp(10), Timestamp(0))
        };
        assert_eq!(take("a", "1"), Ok(true));
        assert_eq!(take("a", "1"), Ok(false));
        let later = nonces.take("a", b"1", Timestamp(30), Timestamp(11));
        assert_eq!(later, Ok(true), "its signature had expired");
        assert_eq!(take("a", "1"), Ok(false));
        assert_eq!(take("a", "2"), Ok(true));
        assert_eq!(take("b", "1"), Ok(true));
        // A key and a number together are told apart from another pair of the same text.
        assert_eq!(take("a1", ""), Ok(true));
    }

    #[test]
    fn there_is_room_again_when_signatures_have_expired() {
        let nonces = Nonces::default();
        let take =
            |n: usize, now| nonces.take("a", &n.to_be_bytes(), Timestamp(now + 10), Timestamp(now));
        let full = (0..2 * PARTS * MOST).find(|&n| take(n, 0) == Err(Full));
        let n = full.expect("it ends somewhere");
        assert_eq!(take(n, 11), Ok(true));
        assert_eq!(take(n, 11), Ok(false));
    }
}
