//! How fast a caller has to be.

use std::time::Duration;

use tokio::time::Instant;

/// The least rate at which bytes have to move while the other end is waited for.
///
/// It is kept like a bucket that runs empty: one who is waited for has `grace`, each byte gives back
/// the time that it may take, and nobody ever has more than `grace`. So the rate holds over any time
/// that is longer, bytes that came quickly buy no more than it, and whoever takes a pause has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeastRate {
    /// How many bytes a second. With 0 every byte gives back all of the grace: only silence ends.
    pub bytes_per_second: u32,
    /// How long may pass without any.
    pub grace: Duration,
}

impl LeastRate {
    /// The time that bytes may take.
    fn time_of(self, bytes: usize) -> Duration {
        if bytes == 0 {
            return Duration::ZERO;
        }
        let micros = (bytes as u64).saturating_mul(1_000_000);
        let time = micros.checked_div(u64::from(self.bytes_per_second));
        time.map_or(self.grace, Duration::from_micros)
    }

    /// What is left of the grace after bytes have moved.
    pub(crate) fn refilled(self, left: Duration, bytes: usize) -> Duration {
        left.saturating_add(self.time_of(bytes)).min(self.grace)
    }

    /// The same, where it is known when all of it will be used up.
    pub(crate) fn put_off(self, until: Instant, now: Instant, bytes: usize) -> Instant {
        now + self.refilled(until.saturating_duration_since(now), bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RATE: LeastRate = LeastRate {
        bytes_per_second: 1000,
        grace: Duration::from_secs(10),
    };

    /// After how many seconds who moves so many bytes each second is too slow, if ever.
    fn check(rate: LeastRate, bytes: impl Fn(u64) -> usize) -> Option<u64> {
        let began = Instant::now();
        let mut until = began + rate.grace;
        (1..=10_000).find(|&second| {
            let now = began + Duration::from_secs(second);
            let is_late = until <= now;
            until = rate.put_off(until, now, bytes(second));
            is_late
        })
    }

    #[test]
    fn who_is_slower_than_the_rate_is_found_out() {
        assert_eq!(check(RATE, |_| 0), Some(10));
        assert_eq!(check(RATE, |_| 1000), None);
        assert_eq!(check(RATE, |_| 500), Some(19));
        assert_eq!(check(RATE, |_| 999), Some(9001));
        // Much at once is no reserve for later, and a pause may be made up for.
        assert_eq!(
            check(RATE, |second| if second == 1 { 1 << 30 } else { 0 }),
            Some(11)
        );
        assert_eq!(
            check(RATE, |second| if second % 9 == 0 { 9000 } else { 0 }),
            None
        );
    }

    #[test]
    fn without_a_rate_only_silence_is_too_slow() {
        let rate = LeastRate {
            bytes_per_second: 0,
            ..RATE
        };
        assert_eq!(check(rate, |_| 0), Some(10));
        assert_eq!(check(rate, |second| usize::from(second % 9 == 0)), None);
    }

    proptest! {
        #[test]
        fn nobody_has_more_than_the_grace(rate: u32, left in 0u64..=10, bytes: usize) {
            let rate = LeastRate { bytes_per_second: rate, ..RATE };
            let left = Duration::from_secs(left);
            let refilled = rate.refilled(left, bytes);
            prop_assert!(left <= refilled && refilled <= rate.grace);
        }
    }
}
