use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use sluice_domain::invocation::{Cause, InvocationRecord, Origin};
use sluice_domain::metrics::Throttles;

use super::*;
use crate::testing::{TestStore, id, record, recorded_function, records};

/// A record of a call in this minute, which took so many milliseconds.
fn call(n: u32, minute: i64, millis: u64, cause: Cause) -> InvocationRecord {
    InvocationRecord {
        duration: Duration::from_millis(millis),
        cold_start: (cause == Cause::ColdStart).then_some(Duration::from_millis(1)),
        memory_used_bytes: u64::from(n) * 1000,
        ..record(n, minute * MINUTE_MS + i64::from(n), cause, &[])
    }
}

async fn keep(test: &TestStore, records: impl IntoIterator<Item = InvocationRecord>) {
    let records: Vec<_> = records.into_iter().map(Arc::new).collect();
    test.store.insert_invocations(&records).await.unwrap();
}

fn minutes(from: i64, to: i64) -> Span {
    Span::new(Timestamp(from * MINUTE_MS), Timestamp(to * MINUTE_MS))
}

async fn metrics(test: &TestStore, span: Span) -> Metrics {
    let found = test.store.find_metrics(&recorded_function(), span).await;
    found.unwrap()
}

/// Each step in a line, and the whole in the last.
fn told(metrics: &Metrics) -> String {
    let mut text = String::new();
    for point in metrics.points.iter().chain([&metrics.total]) {
        let minute = point.at.millis() / MINUTE_MS;
        write!(text, "{minute:>3}:").unwrap();
        if let Some(calls) = &point.calls {
            let CallMetrics {
                count,
                failures,
                cold_starts,
                ..
            } = calls;
            let (took, memory) = (calls.duration_us, calls.memory_bytes);
            let took = [took.min, took.average, took.max].map(|us| us / 1000);
            let memory = [memory.min, memory.average, memory.max];
            write!(
                text,
                " {count} calls, {failures} failed, {cold_starts} cold, {took:?} ms, {memory:?} bytes"
            )
            .unwrap();
        }
        let (instances, policy) = (point.throttled_instances, point.throttled_policy);
        if point.throttled() > 0 {
            write!(text, " throttled {instances}+{policy}").unwrap();
        }
        if let Some(most) = point.instances {
            write!(
                text,
                " instances {}/{}/{}",
                most.busy, most.ready, most.reserved
            )
            .unwrap();
        }
        text.push('\n');
    }
    text
}

#[tokio::test]
async fn calls_are_added_up_by_the_minute_that_they_began_in() {
    let test = TestStore::new().await;
    // In two batches, which have a minute in common.
    keep(
        &test,
        [
            call(1, 70, 10, Cause::ColdStart),
            call(2, 70, 20, Cause::Success),
            call(3, 71, 30, Cause::CodeError),
        ],
    )
    .await;
    let stopping = InvocationRecord {
        origin: Origin::PreStop,
        ..call(9, 71, 9000, Cause::Success)
    };
    let of_another = InvocationRecord {
        function_id: FunctionId::from_bytes(id(2)),
        ..call(8, 71, 9000, Cause::Success)
    };
    keep(
        &test,
        [call(4, 71, 50, Cause::TimedOut), stopping, of_another],
    )
    .await;
    insta::assert_snapshot!(told(&metrics(&test, minutes(60, 80)).await), @r"
     70: 2 calls, 0 failed, 1 cold, [10, 15, 20] ms, [1000, 1500, 2000] bytes
     71: 2 calls, 2 failed, 0 cold, [30, 40, 50] ms, [3000, 3500, 4000] bytes
     60: 4 calls, 2 failed, 1 cold, [10, 27, 50] ms, [1000, 2500, 4000] bytes
    ");
    insta::assert_snapshot!(told(&metrics(&test, minutes(71, 72)).await), @r"
     71: 2 calls, 2 failed, 0 cold, [30, 40, 50] ms, [3000, 3500, 4000] bytes
     71: 2 calls, 2 failed, 0 cold, [30, 40, 50] ms, [3000, 3500, 4000] bytes
    ");
    // By steps of hours there are rows of their own.
    let days = metrics(&test, minutes(0, 60 * 24 * 8)).await;
    assert_eq!(days.span.step_ms, 2 * HOUR_MS);
    insta::assert_snapshot!(told(&days), @r"
      0: 4 calls, 2 failed, 1 cold, [10, 27, 50] ms, [1000, 2500, 4000] bytes
      0: 4 calls, 2 failed, 1 cold, [10, 27, 50] ms, [1000, 2500, 4000] bytes
    ");
    assert_eq!(metrics(&test, minutes(72, 80)).await.points, []);
}

#[tokio::test]
async fn percentiles_are_those_of_all_batches_together() {
    let test = TestStore::new().await;
    for batch in 0..10 {
        let calls = (1..=100).map(|n| call(batch * 100 + n, 5, u64::from(n), Cause::Success));
        keep(&test, calls).await;
    }
    let found = metrics(&test, minutes(0, 10)).await;
    let near = |found: u64, millis: f64| (found as f64 / 1000.0 / millis - 1.0).abs() < 0.05;
    for calls in [&found.points[0].calls, &found.total.calls] {
        let calls = calls.as_ref().unwrap();
        let percentiles = calls.percentiles_us.unwrap();
        assert_eq!(calls.count, 1000);
        assert!(near(percentiles.p50, 50.0), "{percentiles:?}");
        assert!(near(percentiles.p95, 95.0), "{percentiles:?}");
        assert!(near(percentiles.p99, 99.0), "{percentiles:?}");
    }
}

#[tokio::test]
async fn a_batch_that_is_refused_counts_nothing() {
    let test = TestStore::new().await;
    let mut batch = records(3);
    batch.push(batch[0].clone());
    assert!(test.store.insert_invocations(&batch).await.is_err());
    assert_eq!(test.count("metric").await, 0);
}

#[tokio::test]
async fn refused_calls_and_instances_have_points_too() {
    let test = TestStore::new().await;
    let throttles = |reason, count| Throttles {
        function_id: recorded_function(),
        reason,
        count,
    };
    let instances = |busy, ready, reserved| {
        let most = InstanceMetrics {
            busy,
            ready,
            reserved,
        };
        (recorded_function(), most)
    };
    let at = |minute| Timestamp(minute * MINUTE_MS + 30_000);
    for (minute, counts) in [
        (3, vec![throttles(ThrottleReason::Policy, 2)]),
        (
            5,
            vec![
                throttles(ThrottleReason::Policy, 1),
                throttles(ThrottleReason::Instances, 4),
            ],
        ),
    ] {
        test.store.add_throttles(&counts, at(minute)).await.unwrap();
    }
    for (minute, sample) in [
        (5, instances(3, 0, 1)),
        (5, instances(1, 2, 1)),
        (6, instances(0, 1, 0)),
    ] {
        let samples = [sample];
        let added = test.store.add_instances(&samples, at(minute));
        added.await.unwrap();
    }
    keep(&test, [call(1, 5, 10, Cause::Success)]).await;
    let found = metrics(&test, minutes(0, 10)).await;
    insta::assert_snapshot!(told(&found), @r"
      3: throttled 0+2
      5: 1 calls, 0 failed, 0 cold, [10, 10, 10] ms, [1000, 1000, 1000] bytes throttled 4+1 instances 3/2/1
      6: instances 0/1/0
      0: 1 calls, 0 failed, 0 cold, [10, 10, 10] ms, [1000, 1000, 1000] bytes throttled 4+3 instances 3/2/1
    ");
    assert_eq!(found.total.invocations(), 8);
}

#[tokio::test]
async fn old_metrics_go_as_old_records_do() {
    let test = TestStore::new().await;
    keep(
        &test,
        (0..200).map(|n| call(n, i64::from(n), 1, Cause::Success)),
    )
    .await;
    let samples = [(recorded_function(), InstanceMetrics::default())];
    let added = test.store.add_instances(&samples, Timestamp(0));
    added.await.unwrap();
    assert_eq!(test.count("metric").await, 204);
    let moment = Timestamp(150 * MINUTE_MS);
    test.store.delete_metrics_before(moment).await.unwrap();
    assert_eq!(test.count("metric").await, 51); // 50 minutes, an hour
    assert_eq!(test.count("instance_peak").await, 0);
    test.store.shrink_to(0).await.unwrap();
    assert_eq!(test.count("metric").await, 0);
}

#[tokio::test]
async fn calls_that_were_kept_before_are_counted_by_the_migration() {
    let test = TestStore::new().await;
    let calls = (0..130).map(|n| call(n, i64::from(n), 10, Cause::ColdStart));
    let stopping = InvocationRecord {
        origin: Origin::PreStop,
        ..call(200, 5, 9000, Cause::Success)
    };
    keep(
        &test,
        calls.chain([call(201, 5, 20, Cause::TimedOut), stopping]),
    )
    .await;
    let before = metrics(&test, minutes(0, 200)).await;
    let by_hour = metrics(&test, minutes(0, 60 * 200)).await;
    for sql in [
        "drop table metric",
        "drop table instance_peak",
        "drop table throttle",
        include_str!("../../../../migrations/0012_throttle.sql"),
        "insert into throttle values ('00000000-0000-0000-0000-000000000001', 60000, 3)",
        include_str!("../../../../migrations/0023_metrics.sql"),
    ] {
        sqlx::raw_sql(sql)
            .execute(&test.store.writer)
            .await
            .unwrap();
    }
    for (mut known, span) in [(before, minutes(0, 200)), (by_hour, minutes(0, 60 * 200))] {
        let found = metrics(&test, span).await;
        assert_eq!(found.total.throttled_instances, 3);
        for point in known.points.iter_mut().chain([&mut known.total]) {
            // These were not kept.
            point.calls.as_mut().unwrap().percentiles_us = None;
        }
        let calls = |metrics: &Metrics| {
            let points = metrics.points.iter().chain([&metrics.total]);
            points.map(|point| point.calls.clone()).collect::<Vec<_>>()
        };
        assert_eq!(calls(&found), calls(&known));
    }
}

#[tokio::test]
async fn a_damaged_row_is_told() {
    let test = TestStore::new().await;
    keep(&test, [call(1, 5, 10, Cause::Success)]).await;
    test.sql("update metric set durations = 'nonsense'")
        .await
        .unwrap();
    let function = recorded_function();
    let found = test.store.find_metrics(&function, minutes(0, 10)).await;
    assert_eq!(
        found.unwrap_err().to_string(),
        "the database has a damaged value in metric.durations"
    );
}
