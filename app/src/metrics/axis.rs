//! Where the lines of a chart's axes stand, and what they are called. The few lines of it are our
//! own: libraries that have it draw whole charts, and would be most of what the browser loads.

use sluice_domain::metrics::Span;
use sluice_domain::time::Timestamp;

/// Most spaces between the lines of the values.
const SPACES: f64 = 4.0;

/// Most lines of the time.
const TIMES: i64 = 6;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The times between two lines that a reader expects.
const BETWEEN: [i64; 16] = [
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    5 * DAY,
    10 * DAY,
    30 * DAY,
];

/// Values at even distances of 1, 2 or 5 times a power of ten, from 0 to the first that is not
/// below `most`; of what is counted, whole ones.
pub(super) fn value_lines(most: f64, is_whole: bool) -> Vec<f64> {
    let most = if most.is_finite() { most } else { 0.0 };
    // Nearer to each other they would have the same label.
    let nearest = if is_whole { 1.0 } else { 0.01 };
    let wanted = (most / SPACES).max(nearest / SPACES);
    let power = 10_f64.powf(wanted.log10().floor());
    let between = [1.0, 2.0, 5.0, 10.0].map(|times| times * power);
    // A hair more, because the power may be a hair less.
    let between = between.into_iter().find(|it| it * 1.000_001 >= wanted);
    let between = between.unwrap_or(wanted);
    let between = between.max(nearest);
    let count = (most / between - 0.000_001).ceil().max(1.0) as u32;
    (0..=count).map(|n| f64::from(n) * between).collect()
}

/// A line of the time: where it stands, in parts of the range, and what it is called.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TimeLine {
    pub(super) at: f64,
    pub(super) label: String,
}

/// Lines at whole times of a zone that is so many minutes ahead of UTC: `09:30`, at midnight the
/// day. None is so near to an end that its label would not fit.
pub(super) fn time_lines(span: Span, offset_minutes: i32) -> Vec<TimeLine> {
    const EDGE: f64 = 0.04;
    let offset = i64::from(offset_minutes) * MINUTE;
    let (from, to) = (span.from.millis() + offset, span.to.millis() + offset);
    let length = (to - from).max(1);
    let between = BETWEEN.into_iter().find(|it| length / it <= TIMES);
    let between = between.unwrap_or(60 * DAY);
    let first = from.div_euclid(between) + 1;
    let times = (first..).map(|n| n * between).take_while(|at| *at < to);
    let lines = times.map(|at| TimeLine {
        at: (at - from) as f64 / length as f64,
        label: label(Timestamp(at)),
    });
    lines
        .filter(|line| (EDGE..=1.0 - EDGE).contains(&line.at))
        .collect()
}

fn label(local: Timestamp) -> String {
    let text = local.console_format();
    let part = match local.millis().rem_euclid(DAY) {
        0 => text.get(5..10),
        _ => text.get(11..16),
    };
    part.unwrap_or_default().to_owned()
}

/// A moment in a zone that is so many minutes ahead of UTC: `2026-07-03 09:29`.
pub(super) fn time_text(at: Timestamp, offset_minutes: i32) -> String {
    let local = at.minus_millis(i64::from(offset_minutes) * -MINUTE);
    let text = local.console_format();
    text.get(..16).unwrap_or_default().to_owned()
}

/// The name of such a zone: `GMT+02:00`.
pub(super) fn zone_text(offset_minutes: i32) -> String {
    let sign = if offset_minutes < 0 { '-' } else { '+' };
    let minutes = offset_minutes.abs();
    format!("GMT{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_round_lines() {
        let check = |most, is_whole| {
            let lines = value_lines(most, is_whole).into_iter();
            let lines: Vec<_> = lines.map(|line| format!("{line:.4}")).collect();
            let lines = lines.iter().map(|line| line.trim_end_matches('0'));
            let lines: Vec<_> = lines.map(|line| line.trim_end_matches('.')).collect();
            lines.join(" ")
        };
        insta::assert_snapshot!(check(0.0, true), @"0 1");
        insta::assert_snapshot!(check(1.0, true), @"0 1");
        insta::assert_snapshot!(check(3.0, true), @"0 1 2 3");
        insta::assert_snapshot!(check(7.0, true), @"0 2 4 6 8");
        insta::assert_snapshot!(check(100.0, true), @"0 50 100");
        insta::assert_snapshot!(check(1234.0, true), @"0 500 1000 1500");
        insta::assert_snapshot!(check(0.0, false), @"0 0.01");
        insta::assert_snapshot!(check(0.37, false), @"0 0.1 0.2 0.3 0.4");
        insta::assert_snapshot!(check(31.766, false), @"0 10 20 30 40");
        insta::assert_snapshot!(check(f64::NAN, false), @"0 0.01");
    }

    #[test]
    fn lines_reach_all_values_and_are_not_many() {
        for n in 0..4000 {
            let most = 1.004_f64.powi(n);
            for is_whole in [true, false] {
                let lines = value_lines(most, is_whole);
                let last = lines.last().copied().unwrap();
                assert!(last >= most * 0.999_99, "{most}: {lines:?}");
                assert!((2..=5).contains(&lines.len()), "{most}: {lines:?}");
            }
        }
    }

    /// 2026-07-03 09:29:07 UTC.
    const NOW: i64 = 1_783_070_947_123;

    #[test]
    fn times_have_lines_at_whole_times_of_the_zone() {
        let check = |hours: i64, offset| {
            let span = Span::new(Timestamp(NOW - hours * HOUR), Timestamp(NOW));
            let lines = time_lines(span, offset).into_iter();
            let lines = lines.map(|line| format!("{} {:.0}%", line.label, line.at * 100.0));
            lines.collect::<Vec<_>>().join(", ")
        };
        insta::assert_snapshot!(check(1, 0), @"08:40 18%, 08:50 34%, 09:00 51%, 09:10 67%, 09:20 84%");
        insta::assert_snapshot!(check(1, 330), @"14:10 18%, 14:20 34%, 14:30 51%, 14:40 67%, 14:50 84%");
        insta::assert_snapshot!(check(12, 0), @"22:00 5%, 07-03 21%, 02:00 38%, 04:00 54%, 06:00 71%, 08:00 88%");
        insta::assert_snapshot!(check(24, -600), @"06:00 28%, 12:00 52%, 18:00 77%");
        insta::assert_snapshot!(check(72, 120), @"07-01 18%, 12:00 34%, 07-02 51%, 12:00 68%, 07-03 84%");
        insta::assert_snapshot!(check(24 * 30, 0), @"06-06 9%, 06-11 26%, 06-16 42%, 06-21 59%, 06-26 75%, 07-01 92%");
        for hours in 0..24 * 200 {
            assert!(check(hours, 0).split(',').count() <= 7, "{hours}");
        }
    }

    #[test]
    fn a_moment_is_told_in_the_zone() {
        assert_eq!(time_text(Timestamp(NOW), 0), "2026-07-03 09:29");
        assert_eq!(time_text(Timestamp(NOW), -570), "2026-07-02 23:59");
        let zones = [0, 330, -570].map(zone_text);
        assert_eq!(zones, ["GMT+00:00", "GMT+05:30", "GMT-09:30"]);
    }
}
