use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// Most steps of a range: a chart that is half a window wide has no more pixels for more.
const MAX_STEPS: i64 = 150;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// How long a step can be. Those of an hour and more are whole hours.
const STEPS: [i64; 12] = [
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    4 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
];

/// A range of time, cut into steps of one length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Its beginning, which is that of its first step.
    pub from: Timestamp,
    /// Its end, which is that of its last step.
    pub to: Timestamp,
    /// The length of a step in milliseconds.
    pub step_ms: i64,
}

impl Span {
    /// The range with the finest steps of which there are no more than 150, and whole ones at both
    /// ends. One that begins after its end has a single step; of one that is longer than 149 days,
    /// the last 149 are taken.
    pub fn new(from: Timestamp, to: Timestamp) -> Self {
        // Far from what a number can hold, so that nothing below goes beyond.
        let bounded = |at: Timestamp| at.millis().clamp(0, i64::MAX / 4);
        let (from, to) = (bounded(from), bounded(to));
        let steps = |step: i64| (div_ceil(to, step) - from.div_euclid(step)).max(1);
        let fits = STEPS.into_iter().find(|step| steps(*step) <= MAX_STEPS);
        let step_ms = fits.unwrap_or(DAY);
        let end = div_ceil(to, step_ms).max(1);
        let begin = from.div_euclid(step_ms);
        let begin = begin.clamp((end - MAX_STEPS).max(0), end - 1);
        Self {
            from: Timestamp(begin * step_ms),
            to: Timestamp(end * step_ms),
            step_ms,
        }
    }

    /// How many steps there are.
    pub fn steps(self) -> usize {
        let steps = (self.to.millis() - self.from.millis()) / self.step_ms.max(1);
        usize::try_from(steps).unwrap_or(0)
    }

    /// Which step a moment is in, if it is in one.
    pub fn step_of(self, at: Timestamp) -> Option<usize> {
        let since = at.millis().checked_sub(self.from.millis())?;
        let step = usize::try_from(since.div_euclid(self.step_ms.max(1))).ok()?;
        (step < self.steps()).then_some(step)
    }

    /// Whether its steps are whole hours.
    pub fn is_by_hours(self) -> bool {
        self.step_ms >= HOUR
    }

    /// The length of a step in words: `5 min`, `2 h`.
    pub fn step_text(self) -> String {
        match self.step_ms {
            step if step >= DAY => format!("{} d", step / DAY),
            step if step >= HOUR => format!("{} h", step / HOUR),
            step => format!("{} min", step / MINUTE),
        }
    }
}

/// Of two numbers that are not negative, their quotient, rounded up.
fn div_ceil(number: i64, by: i64) -> i64 {
    number.div_euclid(by) + i64::from(number.rem_euclid(by) > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: i64 = 1_783_070_947_123;

    #[test]
    fn a_range_has_the_finest_steps_that_there_is_room_for() {
        let check = |hours: i64| {
            let span = Span::new(Timestamp(NOW - hours * HOUR), Timestamp(NOW));
            (span.step_text(), span.steps())
        };
        let expect = |step: &str, steps| (step.to_owned(), steps);
        assert_eq!(check(1), expect("1 min", 61));
        assert_eq!(check(3), expect("2 min", 91));
        assert_eq!(check(12), expect("5 min", 145));
        assert_eq!(check(24), expect("10 min", 145));
        assert_eq!(check(72), expect("30 min", 145));
        assert_eq!(check(24 * 30), expect("6 h", 121));
        assert_eq!(check(24 * 149), expect("1 d", 150));
        assert_eq!(check(24 * 4000), expect("1 d", 150));
        assert_eq!(check(0), expect("1 min", 1));
        assert_eq!(check(-5), expect("1 min", 1));
    }

    #[test]
    fn a_moment_is_in_the_step_that_it_follows() {
        let span = Span::new(Timestamp(90_000), Timestamp(200_000));
        assert_eq!((span.from.0, span.to.0), (60_000, 240_000));
        let check = |at| span.step_of(Timestamp(at));
        assert_eq!(check(59_999), None);
        assert_eq!(check(60_000), Some(0));
        assert_eq!(check(239_999), Some(2));
        assert_eq!(check(240_000), None);
        assert_eq!(check(i64::MIN), None);
    }

    proptest! {
        #[test]
        fn any_range_has_some_steps_but_not_too_many(from in any::<i64>(), to in any::<i64>()) {
            let span = Span::new(Timestamp(from), Timestamp(to));
            prop_assert!((1..=150).contains(&span.steps()));
            prop_assert_eq!(span.from.millis() % span.step_ms, 0);
            let last = to.clamp(1, i64::MAX / 4) - 1;
            prop_assert_eq!(span.step_of(Timestamp(last)), Some(span.steps() - 1));
        }
    }
}
