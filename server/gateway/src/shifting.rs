//! Traffic shifting: an API calls an alias, which sends a part of the calls to an additional version.
//!
//! By percentage, the versions take turns as the peers of nginx do that have weights (smooth weighted
//! round robin): of a hundred calls, or fewer where that comes out even, each version gets exactly its
//! part, and one's calls stand as evenly among the other's as they can. With 50 %, they take turns.
//! The turns are counted for all callers and all APIs of the alias together, so that what one caller
//! gets is no promise. By rules, a call goes where its headers send it.
//!
//! Only calls that reach the function count.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::HeaderMap;
use sluice_domain::alias::{Percentage, ShiftBy};

use crate::route_table::PublishedApi;

/// What an alias has besides its version.
#[derive(Debug, Clone)]
pub struct Shift<D> {
    /// Which calls are meant.
    pub split: Arc<Split>,
    /// The version that gets them, ready to be called. None while it has no deployment.
    pub additional: Option<D>,
}

/// Which calls of an alias go to its additional version. It counts, so one that did not change is
/// published again as it is.
#[derive(Debug)]
pub struct Split {
    by: ShiftBy,
    /// Whose turn it is, one call after the other, from the beginning again: true for the additional
    /// version. None with rules.
    turns: Box<[bool]>,
    calls: AtomicUsize,
}

impl Split {
    /// One whose first call is yet to come.
    pub fn new(by: ShiftBy) -> Self {
        let turns = match &by {
            ShiftBy::Percentage(percentage) => turns(*percentage),
            ShiftBy::Rules(_) => Box::default(),
        };
        Self {
            by,
            turns,
            calls: AtomicUsize::new(0),
        }
    }

    /// How calls are chosen.
    pub fn by(&self) -> &ShiftBy {
        &self.by
    }

    /// Whether this call goes to the additional version. It counts as one.
    fn takes(&self, headers: &HeaderMap) -> bool {
        match &self.by {
            ShiftBy::Percentage(_) => {
                let call = self.calls.fetch_add(1, Ordering::Relaxed);
                self.turns[call % self.turns.len()]
            }
            ShiftBy::Rules(rules) => rules.are_met(|name| {
                let values = headers.get_all(name).iter();
                // What is no text is like nothing that a rule can say.
                values.filter_map(|value| std::str::from_utf8(value.as_bytes()).ok())
            }),
        }
    }
}

impl<D> PublishedApi<D> {
    /// What a call with these headers is answered by, if it has a deployment. It counts as one.
    pub(crate) fn called_by(&self, headers: &HeaderMap) -> Option<&D> {
        match &self.shift {
            Some(shift) if shift.split.takes(headers) => shift.additional.as_ref(),
            _ => self.deployment.as_ref(),
        }
    }
}

/// Whose turn it is in each of the calls after which all begins again; at least one.
fn turns(percentage: Percentage) -> Box<[bool]> {
    // Version and additional version, each with its weight and what it has saved up.
    let additional = i64::from(percentage.get());
    let weights = [100 - additional, additional];
    let mut saved = [0; 2];
    let mut turns = Vec::new();
    loop {
        saved = [saved[0] + weights[0], saved[1] + weights[1]];
        let chosen = usize::from(saved[1] > saved[0]);
        saved[chosen] -= 100;
        turns.push(chosen == 1);
        if saved == [0; 2] {
            return turns.into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::api;
    use http::{HeaderName, HeaderValue};
    use proptest::prelude::*;
    use sluice_domain::alias::{CombineRules, ShiftOperator, ShiftRule, ShiftRules};

    fn split(percent: u32) -> Split {
        Split::new(ShiftBy::Percentage(percent.try_into().unwrap()))
    }

    /// Who gets the first calls: `a` for the additional version.
    fn check(split: Split, calls: usize) -> String {
        let mut api = api("GET / prefix -> v");
        api.shift = Some(Shift {
            split: Arc::new(split),
            additional: Some("a".to_owned()),
        });
        let call = |_| api.called_by(&HeaderMap::new()).unwrap().as_str();
        (0..calls).map(call).collect()
    }

    #[test]
    fn versions_take_turns_by_their_weights() {
        assert_eq!(check(split(0), 4), "vvvv");
        assert_eq!(check(split(100), 4), "aaaa");
        assert_eq!(check(split(50), 6), "vavava");
        assert_eq!(check(split(20), 10), "vvavvvvavv");
        assert_eq!(check(split(60), 5), "avava");
        let of_a_hundred = check(split(5), 100);
        assert_eq!(of_a_hundred.matches('a').count(), 5);
    }

    #[test]
    fn headers_choose_by_rules() {
        let rule = |header: &str, value: &str| ShiftRule {
            header: header.parse().unwrap(),
            operator: ShiftOperator::In,
            value: value.parse().unwrap(),
        };
        let rules = vec![rule("X-Tester", "ann, bob"), rule("x-beta", "1")];
        let rules = ShiftRules {
            combine: CombineRules::Any,
            rules: rules.try_into().unwrap(),
        };
        let split = Split::new(ShiftBy::Rules(rules));
        let takes = |headers: &[(&'static str, &'static [u8])]| {
            let mut all = HeaderMap::new();
            for &(name, value) in headers {
                let value = HeaderValue::from_bytes(value).unwrap();
                all.append(HeaderName::from_static(name), value);
            }
            split.takes(&all)
        };
        assert!(takes(&[("x-tester", b"bob")]));
        assert!(takes(&[("x-beta", b"0"), ("x-beta", b" 1")]));
        assert!(!takes(&[]) && !takes(&[("x-tester", b"ann, bob")]));
        assert!(!takes(&[("x-tester", b"\xff")]));
    }

    #[test]
    fn a_version_without_deployment_answers_nobody() {
        let mut api = api("GET / prefix -> v");
        api.shift = Some(Shift {
            split: Arc::new(split(50)),
            additional: None,
        });
        let called = || api.called_by(&HeaderMap::new()).cloned();
        assert_eq!((called(), called()), (Some("v".to_owned()), None));
    }

    proptest! {
        /// At no time a version has had more or less than its part, but for one call.
        #[test]
        fn the_parts_are_even_at_all_times(percent in 0_u32..=100, calls in 1_usize..400) {
            let had = check(split(percent), calls).matches('a').count();
            let due = calls as f64 * f64::from(percent) / 100.0;
            prop_assert!((had as f64 - due).abs() < 1.0, "{had} of {calls}, not {due}");
        }
    }
}
