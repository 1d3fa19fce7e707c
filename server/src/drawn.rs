//! What comes from outside every time: the clock and random ids. All of the
//! server takes them from here; the domain gets them handed in.

use std::time::SystemTime;

use sluice_domain::env_vars::Secret;
use sluice_domain::time::Timestamp;

/// Now.
pub fn now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Sixteen random bytes in the form of a version 4 UUID, for an id.
pub fn id_bytes() -> [u8; 16] {
    uuid::Uuid::new_v4().into_bytes()
}

/// A secret of 64 hexadecimal digits, 244 bits of them random.
pub fn secret() -> Secret {
    let halves = [uuid::Uuid::new_v4(), uuid::Uuid::new_v4()];
    Secret::new(halves.map(|half| half.simple().to_string()).concat())
}
