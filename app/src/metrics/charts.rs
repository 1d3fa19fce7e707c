//! Which charts there are, and what they show of the measurements. Source: Monitoring > Metrics.

use sluice_domain::metrics::{CallMetrics, InstanceMetrics, MetricPoint, Metrics, Spread};
use sluice_domain::time::Timestamp;

/// A chart: series that share their axes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chart {
    /// Its heading, with the unit.
    pub(super) title: &'static str,
    /// What it counts or measures.
    pub(super) about: &'static str,
    /// What its numbers are.
    pub(super) unit: Unit,
    /// How it is drawn.
    pub(super) look: Look,
    /// One to three.
    pub(super) series: Vec<Series>,
}

/// What a number says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// How many: a whole number.
    Count,
    /// Milliseconds or megabytes.
    Measure,
}

/// How a chart is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// A bar a step; those of several series stand one upon the other.
    Bars,
    /// A line a series, with gaps where nothing is known.
    Lines,
}

/// The numbers of one kind.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Series {
    /// What they are.
    pub(super) label: &'static str,
    /// The number of the whole range, where there is one.
    pub(super) total: Option<f64>,
    /// The number of each step of the range, where there is one.
    pub(super) values: Vec<Option<f64>>,
}

impl Unit {
    /// A number as it is read: `1,234`, `0.42`, `31.8`.
    pub(super) fn text(self, value: f64) -> String {
        let decimals = match (self, value) {
            (Self::Count, _) => 0,
            (Self::Measure, ..10.0) => 2,
            (Self::Measure, ..100.0) => 1,
            (Self::Measure, _) => 0,
        };
        let text = format!("{value:.decimals$}");
        let (whole, rest) = match text.find('.') {
            Some(point) => text.split_at(point),
            None => (text.as_str(), ""),
        };
        let mut grouped = String::new();
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        grouped + rest
    }

    /// The same at an axis, without digits that say nothing.
    pub(super) fn short_text(self, value: f64) -> String {
        let text = self.text(value);
        match text.contains('.') {
            true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
            false => text,
        }
    }
}

impl Chart {
    /// The most that a step has, of all series together where they stand one upon the other.
    pub(super) fn most(&self) -> f64 {
        let steps = self.series.first().map_or(0, |it| it.values.len());
        let of_step = |step: usize| {
            let values = self
                .series
                .iter()
                .filter_map(|it| it.values.get(step).copied()?);
            match self.look {
                Look::Bars => values.sum(),
                Look::Lines => values.fold(0.0, f64::max),
            }
        };
        (0..steps).map(of_step).fold(0.0, f64::max)
    }

    /// The steps in which there is something to tell.
    pub(super) fn steps(&self) -> Vec<usize> {
        let steps = self.series.first().map_or(0, |it| it.values.len());
        let tells = |value: Option<f64>| match self.look {
            Look::Bars => value.is_some_and(|value| value > 0.0),
            Look::Lines => value.is_some(),
        };
        let told = |step: &usize| {
            let mut series = self.series.iter();
            series.any(|it| tells(it.values.get(*step).copied().flatten()))
        };
        (0..steps).filter(told).collect()
    }

    /// The numbers of a step, or of the whole range: `Max. 12.0, Average 3.20`.
    pub(super) fn told(&self, step: Option<usize>) -> String {
        let numbers = self.series.iter().map(|series| {
            let text = series.text(self.unit, step);
            format!("{} {text}", series.label)
        });
        numbers.collect::<Vec<_>>().join(", ")
    }
}

impl Series {
    /// The number of a step, or of the whole range; a dash where there is none.
    pub(super) fn text(&self, unit: Unit, step: Option<usize>) -> String {
        let value = match step {
            Some(step) => self.values.get(step).copied().flatten(),
            None => self.total,
        };
        value.map_or_else(|| "–".to_owned(), |value| unit.text(value))
    }
}

/// When each step of the measurements begins.
pub(super) fn times(metrics: &Metrics) -> Vec<Timestamp> {
    let span = metrics.span;
    let steps = (0_i64..).take(span.steps());
    let time = |step| Timestamp(span.from.millis() + step * span.step_ms);
    steps.map(time).collect()
}

/// All charts, in their order.
pub(super) fn charts(metrics: &Metrics) -> Vec<Chart> {
    let count =
        |number: fn(&MetricPoint) -> u64| move |point: &MetricPoint| Some(number(point) as f64);
    let calls = |number: fn(&CallMetrics) -> u64| {
        move |point: &MetricPoint| Some(point.calls.as_ref().map_or(0, number) as f64)
    };
    let series = |label, value: &dyn Fn(&MetricPoint) -> Option<f64>| {
        let mut values = vec![None; metrics.span.steps()];
        for point in &metrics.points {
            let step = metrics.span.step_of(point.at);
            if let Some(place) = step.and_then(|step| values.get_mut(step)) {
                *place = value(point);
            }
        }
        Series {
            label,
            total: value(&metrics.total),
            values,
        }
    };
    let spread = |spread: fn(&CallMetrics) -> Spread, unit: f64| {
        let part = move |part: fn(Spread) -> u64| {
            move |point: &MetricPoint| Some(part(spread(point.calls.as_ref()?)) as f64 / unit)
        };
        vec![
            series("Max.", &part(|it| it.max)),
            series("Average", &part(|it| it.average)),
            series("Min.", &part(|it| it.min)),
        ]
    };
    let percentile = |part: fn(&sluice_domain::metrics::Percentiles) -> u64| {
        move |point: &MetricPoint| {
            let percentiles = point.calls.as_ref()?.percentiles_us?;
            Some(part(&percentiles) as f64 / MILLIS)
        }
    };
    let instances = |number: fn(InstanceMetrics) -> u64| {
        move |point: &MetricPoint| Some(number(point.instances?) as f64)
    };
    let chart = |title, about, unit, look, series| Chart {
        title,
        about,
        unit,
        look,
        series,
    };
    let bars = |title, about, series| chart(title, about, Unit::Count, Look::Bars, series);
    let lines = |title, about, unit, series| chart(title, about, unit, Look::Lines, series);
    vec![
        bars(
            "Invocations",
            "All requests, those that failed or were throttled too.",
            vec![series("Invocations", &count(MetricPoint::invocations))],
        ),
        bars(
            "Errors",
            "Calls that failed, whatever status their callers got.",
            vec![series("Errors", &calls(|it| it.failures))],
        ),
        lines(
            "Duration (ms)",
            "How long the handler ran.",
            Unit::Measure,
            spread(|it| it.duration_us, MILLIS),
        ),
        lines(
            "Duration Percentiles (ms)",
            "So many percent of the calls took no longer, within 4 %.",
            Unit::Measure,
            vec![
                series("p99", &percentile(|it| it.p99)),
                series("p95", &percentile(|it| it.p95)),
                series("p50", &percentile(|it| it.p50)),
            ],
        ),
        bars(
            "Throttles",
            "Requests answered with 429: no instance was free, or a policy refused them.",
            vec![
                series("Instances", &count(|it| it.throttled_instances)),
                series("Policy", &count(|it| it.throttled_policy)),
            ],
        ),
        bars(
            "Cold Starts",
            "Calls for which an instance was made.",
            vec![series("Cold starts", &calls(|it| it.cold_starts))],
        ),
        lines(
            "Instance Statistics",
            "The most at a time. One at work runs one request.",
            Unit::Count,
            vec![
                series("At work", &instances(|it| it.busy)),
                series("Ready", &instances(|it| it.ready)),
                series("Reserved", &instances(|it| it.reserved)),
            ],
        ),
        lines(
            "Memory Usage (MB)",
            "The most that an instance had by the end of a call.",
            Unit::Measure,
            spread(|it| it.memory_bytes, MEGABYTE),
        ),
    ]
}

/// Microseconds of a millisecond.
const MILLIS: f64 = 1000.0;

/// Bytes of a megabyte.
const MEGABYTE: f64 = 1024.0 * 1024.0;

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_domain::metrics::{Percentiles, Span};

    fn metrics() -> Metrics {
        let span = Span::new(Timestamp(0), Timestamp(240_000));
        let calls = CallMetrics {
            count: 3,
            failures: 1,
            cold_starts: 0,
            duration_us: Spread {
                min: 420,
                average: 1_260,
                max: 1_234_567,
            },
            percentiles_us: Some(Percentiles {
                p50: 500,
                p95: 12_345,
                p99: 98_765,
            }),
            memory_bytes: Spread {
                min: 31 << 20,
                average: 32 << 20,
                max: 33 << 20,
            },
        };
        let called = MetricPoint {
            calls: Some(calls.clone()),
            ..MetricPoint::new(Timestamp(60_000))
        };
        let throttled = MetricPoint {
            throttled_instances: 1,
            throttled_policy: 1_500,
            ..MetricPoint::new(Timestamp(180_000))
        };
        let total = MetricPoint {
            calls: Some(calls),
            ..throttled.clone()
        };
        Metrics {
            span,
            points: vec![called, throttled],
            total,
        }
    }

    #[test]
    fn each_chart_shows_its_part() {
        let charts = charts(&metrics());
        let told = charts.iter().map(|chart| {
            let steps = chart.steps().into_iter();
            let steps = steps.map(|step| format!("{step}: {}", chart.told(Some(step))));
            let steps = steps.collect::<Vec<_>>().join("; ");
            format!(
                "{} up to {}: {} | {steps}",
                chart.title,
                chart.most(),
                chart.told(None)
            )
        });
        insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @r"
        Invocations up to 1501: Invocations 1,504 | 1: Invocations 3; 3: Invocations 1,501
        Errors up to 1: Errors 1 | 1: Errors 1
        Duration (ms) up to 1234.567: Max. 1,235, Average 1.26, Min. 0.42 | 1: Max. 1,235, Average 1.26, Min. 0.42
        Duration Percentiles (ms) up to 98.765: p99 98.8, p95 12.3, p50 0.50 | 1: p99 98.8, p95 12.3, p50 0.50
        Throttles up to 1501: Instances 1, Policy 1,500 | 3: Instances 1, Policy 1,500
        Cold Starts up to 0: Cold starts 0 | 
        Instance Statistics up to 0: At work –, Ready –, Reserved – | 
        Memory Usage (MB) up to 33: Max. 33.0, Average 32.0, Min. 31.0 | 1: Max. 33.0, Average 32.0, Min. 31.0
        ");
    }

    #[test]
    fn a_number_is_as_long_as_it_says_something() {
        let check = |value| (Unit::Measure.text(value), Unit::Measure.short_text(value));
        let expect = |text: &str, short: &str| (text.to_owned(), short.to_owned());
        assert_eq!(check(0.0), expect("0.00", "0"));
        assert_eq!(check(0.5), expect("0.50", "0.5"));
        assert_eq!(check(40.0), expect("40.0", "40"));
        assert_eq!(check(1_234_567.0), expect("1,234,567", "1,234,567"));
        assert_eq!(Unit::Count.short_text(100.0), "100");
    }
}
