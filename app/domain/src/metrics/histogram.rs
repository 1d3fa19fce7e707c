use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::{Percentiles, Spread};

/// Of the bits of a number, so many after the first say which bucket it is in: 16 buckets for each
/// doubling, so that the middle of one is within 4 % of all that is in it.
const BITS: u32 = 4;

/// Buckets that are there: those of all numbers that fit into 64 bits.
const BUCKETS: u16 = (64 - BITS as u16 + 1) << BITS;

/// How numbers are spread: how many there are in each of a fixed set of buckets, which grow with
/// the numbers.
///
/// As text it has the buckets that are not empty, `41:12 97:3`. Texts that stand one behind the
/// other, with a space between, are the histogram of all their numbers together, so that a database
/// can add them up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Histogram(BTreeMap<u16, u64>);

/// Why a text is not a [`Histogram`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be buckets and counts such as 41:12, not {0:?}")]
pub struct InvalidHistogram(String);

impl Histogram {
    /// Adds a number.
    pub fn add(&mut self, number: u64) {
        self.add_to(bucket(number), 1);
    }

    /// Adds all numbers of another one.
    pub fn merge(&mut self, other: &Self) {
        for (&bucket, &count) in &other.0 {
            self.add_to(bucket, count);
        }
    }

    /// The percentiles, none of them beyond what the least and the most are known to be. None
    /// where there are no numbers.
    pub fn percentiles(&self, known: Spread) -> Option<Percentiles> {
        let at = |percent| {
            let number = self.at(percent)?;
            Some(number.max(known.min).min(known.max))
        };
        Some(Percentiles {
            p50: at(50)?,
            p95: at(95)?,
            p99: at(99)?,
        })
    }

    /// A number that so many percent are not above.
    fn at(&self, percent: u64) -> Option<u64> {
        let count = |(_, count): (&u16, &u64)| u128::from(*count);
        let all: u128 = self.0.iter().map(count).sum();
        let wanted = (all * u128::from(percent)).div_ceil(100).max(1);
        let mut below = 0;
        let found = self.0.iter().find(|entry| {
            below += count((entry.0, entry.1));
            below >= wanted
        });
        found.map(|(&bucket, _)| middle(bucket))
    }

    fn add_to(&mut self, bucket: u16, count: u64) {
        let counted = self.0.entry(bucket).or_default();
        *counted = counted.saturating_add(count);
    }
}

impl fmt::Display for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (bucket, count)) in self.0.iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            write!(f, "{space}{bucket}:{count}")?;
        }
        Ok(())
    }
}

impl FromStr for Histogram {
    type Err = InvalidHistogram;

    fn from_str(text: &str) -> Result<Self, InvalidHistogram> {
        let mut histogram = Self::default();
        for entry in text.split(' ').filter(|entry| !entry.is_empty()) {
            let parsed = entry.split_once(':').and_then(|(bucket, count)| {
                let bucket = bucket.parse().ok().filter(|bucket| *bucket < BUCKETS)?;
                Some((bucket, count.parse().ok()?))
            });
            let wrong = || InvalidHistogram(entry.chars().take(64).collect());
            let (bucket, count) = parsed.ok_or_else(wrong)?;
            histogram.add_to(bucket, count);
        }
        Ok(histogram)
    }
}

/// The bucket of a number. The first ones have one number each.
fn bucket(number: u64) -> u16 {
    let doublings = (number | 1).ilog2().saturating_sub(BITS);
    let within = (number >> doublings) as u16;
    // From the second doubling on, the first bit of what is left is always set, and not counted.
    ((doublings as u16) << BITS) + within
}

/// The number in the middle of a bucket.
fn middle(bucket: u16) -> u64 {
    let doublings = (u32::from(bucket) >> BITS).saturating_sub(1);
    let within = u64::from(bucket) - (u64::from(doublings) << BITS);
    (within << doublings) + ((1 << doublings) / 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ANY: Spread = Spread {
        min: 0,
        average: 0,
        max: u64::MAX,
    };

    fn of(numbers: impl IntoIterator<Item = u64>) -> Histogram {
        let mut histogram = Histogram::default();
        numbers.into_iter().for_each(|number| histogram.add(number));
        histogram
    }

    #[test]
    fn percentiles_are_near_those_of_the_numbers() {
        let check = |numbers: Vec<u64>, known| {
            of(numbers)
                .percentiles(known)
                .map(|it| (it.p50, it.p95, it.p99))
        };
        assert_eq!(check(vec![], ANY), None);
        assert_eq!(check(vec![7], ANY), Some((7, 7, 7)));
        assert_eq!(check((1..=10).collect(), ANY), Some((5, 10, 10)));
        let (p50, p95, p99) = check((1..=100_000).collect(), ANY).unwrap();
        for (percentile, right) in [(p50, 50_000.0), (p95, 95_000.0), (p99, 99_000.0)] {
            assert!(
                (percentile as f64 / right - 1.0).abs() < 0.04,
                "{percentile}"
            );
        }
        // One slow call among many is the 99th percentile of few, not of many.
        let slow = |fast| [vec![1; fast], vec![15]].concat();
        assert_eq!(check(slow(98), ANY), Some((1, 1, 15)));
        assert_eq!(check(slow(99), ANY), Some((1, 1, 1)));
        // What is known stands over what a bucket says.
        let known = Spread {
            min: 1_001,
            average: 1_001,
            max: 1_001,
        };
        assert_eq!(check(vec![1_001], known), Some((1_001, 1_001, 1_001)));
    }

    #[test]
    fn texts_one_behind_the_other_are_their_sum() {
        let (one, other) = (of([3, 3, 1_000]), of([3, 70_000_000]));
        assert_eq!(one.to_string(), "3:2 111:1");
        let mut sum = one.clone();
        sum.merge(&other);
        assert_eq!(format!("{one} {other}").parse(), Ok(sum));
        assert_eq!("".parse(), Ok(Histogram::default()));
        let largest = of([u64::MAX]);
        assert_eq!(largest.to_string().parse(), Ok(largest));
    }

    #[test]
    fn a_text_that_is_none_is_refused() {
        for wrong in ["x", "3", "3:", ":3", "976:1", "3:-1", "3:1:1", "3:1,4:1"] {
            assert!(wrong.parse::<Histogram>().is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn a_bucket_is_as_narrow_as_it_says(number in any::<u64>(), bits in 0_u32..64) {
            let number = number >> bits;
            let found = bucket(number);
            prop_assert!(found < BUCKETS);
            let middle = middle(found);
            prop_assert_eq!(bucket(middle), found);
            prop_assert!(middle.abs_diff(number) as f64 <= number as f64 * 0.04);
            // They are in order.
            prop_assert!(bucket(number.saturating_add(1)) >= found);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[0-9: x]{0,20}") {
            if let Ok(histogram) = text.parse::<Histogram>() {
                prop_assert_eq!(histogram.to_string().parse(), Ok(histogram));
            }
        }
    }
}
