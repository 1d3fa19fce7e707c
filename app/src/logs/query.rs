use leptos_router::params::ParamsMap;
use serde::{Deserialize, Serialize};
use sluice_domain::invocation::{Cause, LogLevel};
use sluice_domain::time::Timestamp;

/// Which part of the log is wanted, as it stands in the page's address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogQueryView {
    /// How far back.
    pub range: LogRange,
    /// Only from here, with [`LogRange::Custom`].
    pub from: Option<Timestamp>,
    /// Only up to here, with [`LogRange::Custom`] or to page back.
    pub to: Option<Timestamp>,
    /// Keyword search; see [`sluice_domain::log_query::LogQuery`].
    pub keyword: String,
    /// Only requests that ended so.
    pub result: LogResult,
    /// Only requests that ended for this cause.
    pub cause: Option<Cause>,
    /// Only this request.
    pub request_id: String,
    /// Only lines of these levels; all where there is none.
    pub levels: Vec<LogLevel>,
}

/// How far back the log is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogRange {
    /// The last hour.
    #[default]
    Hour,
    /// The last 3 hours.
    ThreeHours,
    /// The last 12 hours.
    HalfDay,
    /// The last 24 hours.
    Day,
    /// The last 72 hours.
    ThreeDays,
    /// Between two moments.
    Custom,
}

impl LogRange {
    /// Every range: its name in the address and its label.
    pub(crate) const ALL: [(Self, &'static str, &'static str); 6] = [
        (Self::Hour, "1h", "Last hour"),
        (Self::ThreeHours, "3h", "Last 3 hours"),
        (Self::HalfDay, "12h", "Last 12 hours"),
        (Self::Day, "1d", "Last day"),
        (Self::ThreeDays, "3d", "Last 3 days"),
        (Self::Custom, "custom", "Custom"),
    ];

    /// Those that Logs offers. Source: Monitoring > Logs.
    pub(crate) const OF_LOGS: [Self; 4] = [Self::Hour, Self::Day, Self::ThreeDays, Self::Custom];

    /// Those that Metrics offers. Source: Monitoring > Metrics.
    pub(crate) const OF_METRICS: [Self; 6] = [
        Self::Hour,
        Self::ThreeHours,
        Self::HalfDay,
        Self::Day,
        Self::ThreeDays,
        Self::Custom,
    ];

    /// How many milliseconds back it goes; none for [`LogRange::Custom`].
    pub fn millis(self) -> Option<i64> {
        const HOUR: i64 = 3_600_000;
        match self {
            Self::Hour => Some(HOUR),
            Self::ThreeHours => Some(3 * HOUR),
            Self::HalfDay => Some(12 * HOUR),
            Self::Day => Some(24 * HOUR),
            Self::ThreeDays => Some(72 * HOUR),
            Self::Custom => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(range, ..)| *range == self)
            .map_or("", |(_, name, _)| name)
    }

    pub(crate) fn label(self) -> &'static str {
        let mut all = Self::ALL.iter();
        let found = all.find(|(range, ..)| *range == self);
        found.map_or("", |(.., label)| label)
    }

    /// The range of that name; the last hour where there is none.
    pub(crate) fn named(name: &str) -> Self {
        let mut all = Self::ALL.iter();
        let found = all.find(|(_, known, _)| *known == name);
        found.map_or(Self::Hour, |(range, ..)| *range)
    }
}

/// Whether succeeded or failed requests are wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogResult {
    /// Both.
    #[default]
    All,
    /// Those that succeeded.
    Successful,
    /// Those that failed.
    Failed,
}

impl LogResult {
    pub(crate) const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::All, "", "All results"),
        (Self::Successful, "successful", "Execution successful"),
        (Self::Failed, "failed", "Execution failed"),
    ];
}

/// The level choices of Request Logs: name in the address, label, levels.
pub(crate) const LEVELS: [(&str, &str, &[LogLevel]); 4] = [
    ("", "All", &[]),
    ("error", "Error", &[LogLevel::Error]),
    (
        "warn",
        "Error & Warning",
        &[LogLevel::Error, LogLevel::Warn],
    ),
    (
        "info",
        "Error & Warning & Info",
        &[LogLevel::Error, LogLevel::Warn, LogLevel::Info],
    ),
];

impl LogQueryView {
    /// Reads the query out of the page's address. What does not parse is left
    /// out, as if it had not been there.
    pub(crate) fn from_params(params: &ParamsMap) -> Self {
        let text = |name: &str| params.get(name).unwrap_or_default();
        Self {
            range: LogRange::named(&text("range")),
            from: moment(&text("from")),
            to: moment(&text("to")),
            keyword: text("q"),
            result: LogResult::ALL
                .iter()
                .find(|(_, name, _)| *name == text("result"))
                .map_or(LogResult::All, |(result, ..)| *result),
            cause: text("cause").parse().ok(),
            request_id: text("id").trim().to_owned(),
            levels: LEVELS
                .iter()
                .find(|(name, ..)| *name == text("level"))
                .map_or(Vec::new(), |(.., levels)| levels.to_vec()),
        }
    }

    /// From and to, seen from `now`.
    pub fn bounds(&self, now: Timestamp) -> (Timestamp, Timestamp) {
        match self.range.millis() {
            Some(millis) => (now.minus_millis(millis), Timestamp(i64::MAX)),
            None => (
                self.from.unwrap_or(Timestamp(0)),
                self.to.unwrap_or(Timestamp(i64::MAX)),
            ),
        }
    }
}

/// A moment as a `datetime-local` field has it, in UTC: `2026-11-22T23:00`.
fn moment(text: &str) -> Option<Timestamp> {
    Timestamp::parse_minutes(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str) -> LogQueryView {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        LogQueryView::from_params(
            &pairs
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        )
    }

    #[test]
    fn the_address_says_which_part_of_the_log_is_wanted() {
        assert_eq!(check(""), LogQueryView::default());
        let query = check(
            "range=custom&from=2026-11-22T23:00&q=hello&result=failed&cause=RuntimeTimeout&level=error",
        );
        assert_eq!(query.range, LogRange::Custom);
        assert_eq!(query.from, Some(Timestamp(1_795_388_400_000)));
        assert_eq!(
            (query.result, query.cause),
            (LogResult::Failed, Some(Cause::TimedOut))
        );
        assert_eq!(query.levels, [LogLevel::Error]);
        assert_eq!(query.bounds(Timestamp(0)).1, Timestamp(i64::MAX));
    }

    #[test]
    fn nonsense_in_the_address_is_left_out() {
        let query = check("range=x&from=y&result=z&cause=w&level=v");
        assert_eq!(query, LogQueryView::default());
    }
}
