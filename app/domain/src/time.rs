//! Moments. `now` is always handed in, so that everything here is repeatable.

use serde::{Deserialize, Serialize};

/// The form of a moment in signed requests. Source: `X-Sdk-Date`.
const BASIC: &str = "%Y%m%dT%H%M%SZ";

/// A moment in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub fn millis(self) -> i64 {
        self.0
    }

    /// The moment `millis` milliseconds earlier.
    pub fn minus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_sub(millis))
    }

    /// As log lines have it: `2026-07-03T09:29:07Z`.
    pub fn log_format(self) -> String {
        self.civil().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// With milliseconds, for machines: `2026-07-03T09:29:07.123Z`.
    pub fn iso_format(self) -> String {
        self.civil().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
    }

    /// As the console shows it where it does not know the reader's time zone:
    /// `2026-07-03 09:29:07 GMT+00:00`.
    pub fn console_format(self) -> String {
        self.civil()
            .strftime("%Y-%m-%d %H:%M:%S GMT+00:00")
            .to_string()
    }

    /// Relative to `now`, as the Function List has it: "just now",
    /// "2 minutes ago", "3 days ago".
    pub fn ago(self, now: Self) -> String {
        let seconds = (now.0 - self.0).max(0) / 1000;
        let (count, unit) = match seconds {
            0..60 => return "just now".to_owned(),
            60..3600 => (seconds / 60, "minute"),
            3600..86_400 => (seconds / 3600, "hour"),
            _ => (seconds / 86_400, "day"),
        };
        let plural = if count == 1 { "" } else { "s" };
        format!("{count} {unit}{plural} ago")
    }

    /// Parses a moment as a `datetime-local` field has it, taken as UTC:
    /// `2026-11-22T23:00`, with seconds or without.
    pub fn parse_minutes(text: &str) -> Option<Self> {
        let civil: jiff::civil::DateTime = text.parse().ok()?;
        let zoned = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(Self(zoned.timestamp().as_millisecond()))
    }

    /// As signed requests have it: `20260703T092907Z`.
    pub fn basic_format(self) -> String {
        self.civil().strftime(BASIC).to_string()
    }

    /// Parses a moment of that form.
    pub fn parse_basic(text: &str) -> Option<Self> {
        let civil = jiff::civil::DateTime::strptime(BASIC, text).ok()?;
        let zoned = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        let parsed = Self(zoned.timestamp().as_millisecond());
        // There is one way to write it.
        (parsed.basic_format() == text).then_some(parsed)
    }

    fn civil(self) -> jiff::Zoned {
        jiff::Timestamp::from_millisecond(self.0)
            .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
            .to_zoned(jiff::tz::TimeZone::UTC)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOMENT: Timestamp = Timestamp(1_783_070_947_123);

    #[test]
    fn a_moment_is_shown_in_utc() {
        assert_eq!(MOMENT.log_format(), "2026-07-03T09:29:07Z");
        assert_eq!(MOMENT.iso_format(), "2026-07-03T09:29:07.123Z");
        assert_eq!(MOMENT.console_format(), "2026-07-03 09:29:07 GMT+00:00");
    }

    #[test]
    fn an_absurd_moment_does_not_panic() {
        assert_eq!(Timestamp(i64::MAX).log_format(), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn a_moment_is_read_from_a_form_field() {
        assert_eq!(
            Timestamp::parse_minutes("2026-07-03T09:29:07"),
            Some(Timestamp(MOMENT.0 - 123))
        );
        assert_eq!(
            Timestamp::parse_minutes("2026-07-03T09:29"),
            Some(Timestamp(MOMENT.0 - 7123))
        );
        for wrong in ["", "yesterday", "2026-13-01T00:00", "9999999-01-01T00:00"] {
            assert_eq!(Timestamp::parse_minutes(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_function_list_says_how_long_ago() {
        let check = |seconds: i64| MOMENT.minus_millis(seconds * 1000).ago(MOMENT);
        assert_eq!(check(-5), "just now");
        assert_eq!(check(59), "just now");
        assert_eq!(check(60), "1 minute ago");
        assert_eq!(check(7200), "2 hours ago");
        assert_eq!(check(86_400 * 3), "3 days ago");
    }
}
