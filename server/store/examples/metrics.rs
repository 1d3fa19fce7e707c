//! Measures how long Monitoring > Metrics and Logs wait for a function with a million records:
//! `cargo run --release -p sluice-store --example metrics`.
//!
//! The records are spread over 30 days, some 23 a minute, so that there is no minute without any;
//! so are refused calls and instances. Each range is read by the queries that its page makes.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sluice_domain::id::{ApiRequestId, FunctionId, RequestId, TriggerId};
use sluice_domain::invocation::{Cause, InvocationRecord, LogLevel, LogLine, Origin};
use sluice_domain::log_query::LogQuery;
use sluice_domain::metrics::{InstanceMetrics, Span, ThrottleReason, Throttles};
use sluice_domain::time::Timestamp;
use sluice_store::{Period, RequestListQuery, Store};

const RECORDS: u64 = 1_000_000;
const BATCH: u64 = 500;

/// How often each range is read; the slowest counts.
const READS: u32 = 10;

const HOUR_MS: i64 = 3_600_000;
const DAYS: i64 = 30;
const BEGIN: i64 = 1_750_000_000_000;
const END: i64 = BEGIN + DAYS * 24 * HOUR_MS;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "it prints its figures")]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(&folder.path().join("metrics.db")).await?;
    let began = Instant::now();
    for batch in 0..RECORDS / BATCH {
        let records: Vec<_> = (batch * BATCH..(batch + 1) * BATCH)
            .map(|n| Arc::new(record(n)))
            .collect();
        store.insert_invocations(&records).await?;
    }
    for minute in 0..DAYS * 24 * 60 {
        let at = Timestamp(BEGIN + minute * 60_000);
        let throttles = [ThrottleReason::Instances, ThrottleReason::Policy];
        let throttles = throttles.map(|reason| Throttles {
            function_id: function(),
            reason,
            count: 3,
        });
        store.add_throttles(&throttles, at).await?;
        let most = InstanceMetrics {
            busy: 4,
            ready: 2,
            reserved: 1,
        };
        store.add_instances(&[(function(), most)], at).await?;
    }
    let megabytes = store.database_bytes().await? / (1024 * 1024);
    println!(
        "{RECORDS} records in {DAYS} days: {megabytes} MB, written in {:.0} s",
        began.elapsed().as_secs_f64()
    );
    println!("range       steps of  points  metrics ms  request list ms");
    for (name, hours) in [
        ("1 hour", 1),
        ("3 hours", 3),
        ("12 hours", 12),
        ("1 day", 24),
        ("3 days", 72),
        ("10 days", 240),
        ("30 days", 720),
    ] {
        let from = Timestamp(END - hours * HOUR_MS);
        let span = Span::new(from, Timestamp(END));
        let (mut points, mut metrics, mut list) = (0, Duration::ZERO, Duration::ZERO);
        for _ in 0..READS {
            let began = Instant::now();
            points = store.find_metrics(&function(), span).await?.points.len();
            metrics = metrics.max(began.elapsed());
            let began = Instant::now();
            store.request_list(&page(from)?).await?;
            list = list.max(began.elapsed());
        }
        println!(
            "{name:10}  {:8}  {points:6}  {:10.1}  {:15.1}",
            span.step_text(),
            metrics.as_secs_f64() * 1000.0,
            list.as_secs_f64() * 1000.0
        );
    }
    store.close().await?;
    Ok(())
}

fn function() -> FunctionId {
    FunctionId::from_bytes([1; 16])
}

/// The first page of the Request List.
fn page(from: Timestamp) -> Result<RequestListQuery, Box<dyn Error>> {
    Ok(RequestListQuery {
        function_id: function(),
        period: Period {
            from,
            to: Timestamp(i64::MAX),
        },
        request_id: None,
        success: None,
        cause: None,
        keyword: LogQuery::parse("")?,
        after: None,
        limit: 200,
    })
}

/// The `n`th record. What it took is spread over four magnitudes.
fn record(n: u64) -> InvocationRecord {
    let at = Timestamp(BEGIN + (n as i64) * (END - BEGIN) / (RECORDS as i64));
    let random = mix(n);
    let id = (u128::from(at.millis() as u64) << 80 | u128::from(random)).to_be_bytes();
    let micros = 1000.0 * 10_f64.powf((random % 4000) as f64 / 1000.0);
    let text = "2026-07-03T09:29:07Z Start invoke request, version: latest".to_owned();
    InvocationRecord {
        request_id: RequestId::from_bytes(id),
        function_id: function(),
        function_name: "hello"
            .parse()
            .unwrap_or_else(|_| unreachable!("it is a name")),
        version: "latest".to_owned(),
        origin: Origin::Trigger {
            trigger_id: TriggerId::from_bytes([2; 16]),
            api_request_id: ApiRequestId::from_bytes(id),
        },
        started_at: at,
        duration: Duration::from_micros(micros as u64),
        cold_start: n.is_multiple_of(100).then_some(Duration::from_millis(1)),
        memory_used_bytes: 33_309_261 + random % 1_000_000,
        cause: match n % 50 {
            0 => Cause::CodeError,
            _ => Cause::Success,
        },
        log: vec![
            LogLine {
                at,
                level: LogLevel::Info,
                text,
            };
            3
        ],
        event: None,
    }
}

/// A number that looks random: what the generator SplitMix64 makes of `n`.
fn mix(n: u64) -> u64 {
    let n = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}
