//! What is measured of functions, by minute and hour: Monitoring > Metrics.

mod rollup;

use std::num::TryFromIntError;

use sluice_domain::id::FunctionId;
use sluice_domain::metrics::{
    CallMetrics, Histogram, InstanceMetrics, MetricPoint, Metrics, Span, Spread, ThrottleReason,
};
use sluice_domain::time::Timestamp;
use sqlx::SqliteConnection;

pub(crate) use rollup::Rollups;

use crate::error::{damaged, doing};
use crate::{Store, StoreError};

pub(crate) const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// The spans of which there are rows, in milliseconds.
pub(crate) const SPANS: [i64; 2] = [MINUTE_MS, HOUR_MS];

/// When the span of a moment began.
pub(crate) fn began(moment: Timestamp, span_ms: i64) -> i64 {
    moment.millis().div_euclid(span_ms) * span_ms
}

/// Most rows that one statement deletes: a few milliseconds' work.
const BATCH_ROWS: i64 = 5000;

impl Store {
    /// What is measured of a function within `span`, in its steps.
    pub async fn find_metrics(
        &self,
        function_id: &FunctionId,
        span: Span,
    ) -> Result<Metrics, StoreError> {
        let mut points: Vec<_> = vec![None; span.steps()];
        let mut total = Total::default();
        let mut reading = self.begin_reading().await?;
        for row in calls(&mut reading, function_id, span).await? {
            let (at, calls) = (row.at, row.parse()?);
            total.add(&calls);
            if let Some(point) = point(&mut points, span, at) {
                point.calls = Some(calls.metrics());
            }
        }
        for (at, reason, count) in throttles(&mut reading, function_id, span).await? {
            total.throttled(reason, count);
            if let Some(point) = point(&mut points, span, at) {
                *throttled(point, reason) += count;
            }
        }
        for (at, instances) in instances(&mut reading, function_id, span).await? {
            let most = total.point.instances.unwrap_or_default().max(instances);
            total.point.instances = Some(most);
            if let Some(point) = point(&mut points, span, at) {
                point.instances = Some(instances);
            }
        }
        Ok(Metrics {
            span,
            points: points.into_iter().flatten().collect(),
            total: total.of(span.from),
        })
    }

    /// Keeps how many instances functions had at most, where that is more than is kept of the
    /// minute of `now`.
    pub async fn add_instances(
        &self,
        samples: &[(FunctionId, InstanceMetrics)],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let spans = |sample| SPANS.map(|span| (sample, span));
        for ((function_id, most), span) in samples.iter().flat_map(spans) {
            let id = function_id.as_str();
            let (busy, ready) = (integer(most.busy), integer(most.ready));
            let reserved = integer(most.reserved);
            let began = began(now, span);
            sqlx::query!(
                "insert into instance_peak
                     (function_id, span_ms, began_ms, busy, ready, reserved)
                 values (?, ?, ?, ?, ?, ?)
                 on conflict do update set busy = max(busy, excluded.busy),
                     ready = max(ready, excluded.ready),
                     reserved = max(reserved, excluded.reserved)",
                id,
                span,
                began,
                busy,
                ready,
                reserved
            )
            .execute(&mut *tx)
            .await
            .map_err(doing("counting instances"))?;
        }
        tx.commit().await.map_err(doing("counting instances"))
    }

    /// Deletes what was measured before `moment`.
    pub(crate) async fn delete_metrics_before(&self, moment: Timestamp) -> Result<(), StoreError> {
        let moment = moment.millis();
        while self.delete_oldest_metrics(moment).await? > 0 {}
        sqlx::query!("delete from instance_peak where began_ms < ?", moment)
            .execute(&self.writer)
            .await
            .map_err(doing("deleting old metrics"))?;
        Ok(())
    }

    /// Deletes some of the oldest measurements of calls before `moment`; tells how many.
    pub(crate) async fn delete_oldest_metrics(&self, moment: i64) -> Result<u64, StoreError> {
        let deleted = sqlx::query!(
            "delete from metric where (function_id, span_ms, began_ms) in (
                 select function_id, span_ms, began_ms from metric
                 where began_ms < ? order by began_ms limit ?
             )",
            moment,
            BATCH_ROWS
        )
        .execute(&self.writer)
        .await
        .map_err(doing("deleting old metrics"))?;
        Ok(deleted.rows_affected())
    }
}

/// The point of the step that a moment is in.
fn point(points: &mut [Option<MetricPoint>], span: Span, at: i64) -> Option<&mut MetricPoint> {
    let step = span.step_of(Timestamp(at))?;
    let begin = span.from.millis() + i64::try_from(step).unwrap_or(0) * span.step_ms;
    let point = points.get_mut(step)?;
    Some(point.get_or_insert_with(|| MetricPoint::new(Timestamp(begin))))
}

fn throttled(point: &mut MetricPoint, reason: ThrottleReason) -> &mut u64 {
    match reason {
        ThrottleReason::Instances => &mut point.throttled_instances,
        ThrottleReason::Policy => &mut point.throttled_policy,
    }
}

/// The calls of a step, as one row has them.
struct RawCalls {
    at: i64,
    calls: i64,
    failures: i64,
    cold_starts: i64,
    duration_sum_us: i64,
    duration_min_us: i64,
    duration_max_us: i64,
    memory_sum_bytes: i64,
    memory_min_bytes: i64,
    memory_max_bytes: i64,
    durations: String,
}

/// Calls that ran, so that they can be added up.
#[derive(Debug, Clone)]
struct Calls {
    count: u64,
    failures: u64,
    cold_starts: u64,
    duration_us: Sum,
    memory_bytes: Sum,
    durations: Histogram,
}

/// The sum, the least and the most.
#[derive(Debug, Clone, Copy)]
struct Sum {
    sum: u64,
    min: u64,
    max: u64,
}

impl RawCalls {
    fn parse(self) -> Result<Calls, StoreError> {
        let durations = self.durations.parse();
        let number = |value: i64, column| {
            u64::try_from(value).map_err(|wrong: TryFromIntError| damaged("metric", column)(wrong))
        };
        Ok(Calls {
            count: number(self.calls, "calls")?,
            failures: number(self.failures, "failures")?,
            cold_starts: number(self.cold_starts, "cold_starts")?,
            duration_us: Sum {
                sum: number(self.duration_sum_us, "duration_sum_us")?,
                min: number(self.duration_min_us, "duration_min_us")?,
                max: number(self.duration_max_us, "duration_max_us")?,
            },
            memory_bytes: Sum {
                sum: number(self.memory_sum_bytes, "memory_sum_bytes")?,
                min: number(self.memory_min_bytes, "memory_min_bytes")?,
                max: number(self.memory_max_bytes, "memory_max_bytes")?,
            },
            durations: durations.map_err(damaged("metric", "durations"))?,
        })
    }
}

impl Calls {
    fn metrics(&self) -> CallMetrics {
        let spread = |of: Sum| Spread {
            min: of.min,
            average: of.sum / self.count.max(1),
            max: of.max,
        };
        let duration_us = spread(self.duration_us);
        CallMetrics {
            count: self.count,
            failures: self.failures,
            cold_starts: self.cold_starts,
            duration_us,
            percentiles_us: self.durations.percentiles(duration_us),
            memory_bytes: spread(self.memory_bytes),
        }
    }

    fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.failures += other.failures;
        self.cold_starts += other.cold_starts;
        self.duration_us.add(other.duration_us);
        self.memory_bytes.add(other.memory_bytes);
        self.durations.merge(&other.durations);
    }
}

impl Sum {
    /// Of no number yet.
    const NONE: Self = Self {
        sum: 0,
        min: u64::MAX,
        max: 0,
    };

    fn add_number(&mut self, number: u64) {
        self.add(Self {
            sum: number,
            min: number,
            max: number,
        });
    }

    fn add(&mut self, other: Self) {
        self.sum = self.sum.saturating_add(other.sum);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }
}

/// All steps together.
struct Total {
    calls: Option<Calls>,
    point: MetricPoint,
}

impl Default for Total {
    fn default() -> Self {
        Self {
            calls: None,
            point: MetricPoint::new(Timestamp(0)),
        }
    }
}

impl Total {
    fn add(&mut self, calls: &Calls) {
        match &mut self.calls {
            Some(sum) => sum.add(calls),
            None => self.calls = Some(calls.clone()),
        }
    }

    fn throttled(&mut self, reason: ThrottleReason, count: u64) {
        *throttled(&mut self.point, reason) += count;
    }

    fn of(self, at: Timestamp) -> MetricPoint {
        MetricPoint {
            at,
            calls: self.calls.as_ref().map(Calls::metrics),
            ..self.point
        }
    }
}

/// The rows that make the steps.
fn row_of(span: Span) -> i64 {
    if span.is_by_hours() {
        HOUR_MS
    } else {
        MINUTE_MS
    }
}

async fn calls(
    reading: &mut SqliteConnection,
    function_id: &FunctionId,
    span: Span,
) -> Result<Vec<RawCalls>, StoreError> {
    let (id, step) = (function_id.as_str(), span.step_ms);
    let (from, to) = (span.from.millis(), span.to.millis());
    let row_ms = if span.is_by_hours() {
        HOUR_MS
    } else {
        MINUTE_MS
    };
    // Histograms that stand one behind the other are their sum.
    sqlx::query_as!(
        RawCalls,
        r#"select (began_ms / ?1) * ?1 as "at!: i64", sum(calls) as "calls!: i64",
               sum(failures) as "failures!: i64", sum(cold_starts) as "cold_starts!: i64",
               sum(duration_sum_us) as "duration_sum_us!: i64",
               min(duration_min_us) as "duration_min_us!: i64",
               max(duration_max_us) as "duration_max_us!: i64",
               sum(memory_sum_bytes) as "memory_sum_bytes!: i64",
               min(memory_min_bytes) as "memory_min_bytes!: i64",
               max(memory_max_bytes) as "memory_max_bytes!: i64",
               group_concat(durations, ' ') as "durations!: String"
           from metric
           where function_id = ?2 and span_ms = ?3 and began_ms >= ?4 and began_ms < ?5
           group by 1 order by 1"#,
        step,
        id,
        row_ms,
        from,
        to
    )
    .fetch_all(reading)
    .await
    .map_err(doing("reading metrics"))
}

async fn throttles(
    reading: &mut SqliteConnection,
    function_id: &FunctionId,
    span: Span,
) -> Result<Vec<(i64, ThrottleReason, u64)>, StoreError> {
    let (id, step) = (function_id.as_str(), span.step_ms);
    let (from, to, row_ms) = (span.from.millis(), span.to.millis(), row_of(span));
    let rows = sqlx::query!(
        r#"select (began_ms / ?1) * ?1 as "at!: i64", reason, sum(count) as "count!: i64"
           from throttle
           where function_id = ?2 and span_ms = ?3 and began_ms >= ?4 and began_ms < ?5
           group by 1, 2"#,
        step,
        id,
        row_ms,
        from,
        to
    );
    let rows = rows.fetch_all(reading).await;
    let rows = rows.map_err(doing("reading throttled calls"))?.into_iter();
    rows.map(|row| {
        let reason = row.reason.parse().map_err(damaged("throttle", "reason"))?;
        Ok((row.at, reason, row.count.unsigned_abs()))
    })
    .collect()
}

async fn instances(
    reading: &mut SqliteConnection,
    function_id: &FunctionId,
    span: Span,
) -> Result<Vec<(i64, InstanceMetrics)>, StoreError> {
    let (id, step) = (function_id.as_str(), span.step_ms);
    let (from, to, row_ms) = (span.from.millis(), span.to.millis(), row_of(span));
    let rows = sqlx::query!(
        r#"select (began_ms / ?1) * ?1 as "at!: i64", max(busy) as "busy!: i64",
               max(ready) as "ready!: i64", max(reserved) as "reserved!: i64"
           from instance_peak
           where function_id = ?2 and span_ms = ?3 and began_ms >= ?4 and began_ms < ?5
           group by 1"#,
        step,
        id,
        row_ms,
        from,
        to
    );
    let rows = rows.fetch_all(reading).await;
    let rows = rows.map_err(doing("reading instances"))?.into_iter();
    let instances = rows.map(|row| {
        let most = InstanceMetrics {
            busy: row.busy.unsigned_abs(),
            ready: row.ready.unsigned_abs(),
            reserved: row.reserved.unsigned_abs(),
        };
        (row.at, most)
    });
    Ok(instances.collect())
}

/// A count as a column has it.
fn integer(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
