use leptos_router::params::ParamsMap;
use serde::{Deserialize, Serialize};
use sluice_domain::metrics::Span;
use sluice_domain::time::Timestamp;

use crate::logs::LogRange;

/// How long the range is that has a beginning or an end, but not both.
const HOUR_MS: i64 = 3_600_000;

/// Which range of time is wanted, as it stands in the page's address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricsQuery {
    /// How far back.
    pub range: LogRange,
    /// From when on, with [`LogRange::Custom`].
    pub from: Option<Timestamp>,
    /// Until when, with [`LogRange::Custom`].
    pub to: Option<Timestamp>,
}

impl MetricsQuery {
    /// Reads it out of the page's address. What does not parse is left out, as if it had not been
    /// there.
    pub(crate) fn from_params(params: &ParamsMap) -> Self {
        let moment = |name: &str| Timestamp::parse_minutes(&params.get(name)?);
        Self {
            range: LogRange::named(&params.get("range").unwrap_or_default()),
            from: moment("from"),
            to: moment("to"),
        }
    }

    /// The range with its steps, seen from `now`, which it does not go beyond. None where it would
    /// begin after its end.
    pub fn span(&self, now: Timestamp) -> Option<Span> {
        let (from, to) = match self.range.millis() {
            Some(millis) => (now.minus_millis(millis), now),
            None => {
                let to = self.to.unwrap_or(now).min(now);
                (self.from.unwrap_or(to.minus_millis(HOUR_MS)), to)
            }
        };
        (from < to).then(|| Span::new(from, to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_783_070_947_123);

    fn check(query: &str) -> Option<(i64, i64, usize)> {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let params = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let span = MetricsQuery::from_params(&params.collect()).span(NOW)?;
        let before = |at: Timestamp| (NOW.millis() - at.millis()) / 60_000;
        Some((before(span.from), before(span.to), span.steps()))
    }

    #[test]
    fn the_address_says_which_range_is_wanted() {
        assert_eq!(check(""), Some((60, 0, 61)));
        assert_eq!(check("range=nonsense"), Some((60, 0, 61)));
        assert_eq!(check("range=3h"), Some((181, 0, 91)));
        assert_eq!(check("range=12h").map(|it| it.2), Some(145));
        assert_eq!(check("range=3d").map(|it| it.2), Some(145));
        assert_eq!(check("range=custom"), Some((60, 0, 61)));
        let custom = "range=custom&from=2026-07-03T08:00&to=2026-07-03T09:00";
        assert_eq!(check(custom), Some((89, 29, 60)));
    }

    #[test]
    fn a_range_ends_by_now_and_begins_before_it_ends() {
        let custom = "range=custom&from=2026-07-03T09:00&to=2027-01-01T00:00";
        assert_eq!(check(custom), Some((29, 0, 30)));
        assert_eq!(check("range=custom&from=2027-01-01T00:00"), None);
        let backwards = "range=custom&from=2026-07-03T09:00&to=2026-07-03T08:00";
        assert_eq!(check(backwards), None);
    }
}
