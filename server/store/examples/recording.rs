//! Measures what it costs to keep the records of invocations:
//! `cargo run --release -p sluice-store --example recording`.
//!
//! Records as a trigger URL makes them are kept in batches as the recorder keeps them, in one
//! database with ids that are random and in another with ids that begin with the time, in turn.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sluice_domain::id::{ApiRequestId, FunctionId, RequestId, TriggerId};
use sluice_domain::invocation::{Cause, InvocationRecord, LogLevel, LogLine, Origin};
use sluice_domain::time::Timestamp;
use sluice_store::Store;

/// Records of a batch, batches of a round, and rounds.
const RECORDS: u64 = 500;
const BATCHES: u64 = 100;
const ROUNDS: u64 = 5;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "it prints its figures")]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let random = Store::open(&folder.path().join("random.db")).await?;
    let ordered = Store::open(&folder.path().join("ordered.db")).await?;
    println!("round  ids      CPU µs a record  written bytes a record");
    for round in 0..ROUNDS {
        for (name, store, ids) in [
            ("random", &random, random_id as fn(u64) -> [u8; 16]),
            ("ordered", &ordered, ordered_id),
        ] {
            let before = (cpu_time()?, written()?);
            for batch in 0..BATCHES {
                let first = (round * BATCHES + batch) * RECORDS;
                let records: Vec<_> = (first..first + RECORDS)
                    .map(|n| Arc::new(record(n, ids(n))))
                    .collect();
                store.insert_invocations(&records).await?;
            }
            let count = BATCHES * RECORDS;
            let cpu = (cpu_time()? - before.0).as_micros() as f64 / count as f64;
            let bytes = (written()? - before.1) / count;
            println!("{round:5}  {name:8} {cpu:15.1}  {bytes:22}");
        }
    }
    random.close().await?;
    ordered.close().await?;
    Ok(())
}

/// A record of a call that printed one line, some 16,000 of them a second.
fn record(n: u64, id: [u8; 16]) -> InvocationRecord {
    let at = Timestamp(1_750_000_000_000 + (n / 16) as i64);
    let line = |text: String| LogLine {
        at,
        level: LogLevel::Info,
        text,
    };
    let request_id = RequestId::from_bytes(id);
    InvocationRecord {
        log: vec![
            line(format!(
                "2026-07-03T09:29:07Z Start invoke request '{request_id}', version: latest"
            )),
            line("<html><body><h1>Hello, FunctionGraph!</h1></body></html>".to_owned()),
            line(format!(
                "2026-07-03T09:29:07Z Finish invoke request '{request_id}', duration: 1.260ms, billing duration: 2ms, \
                 memory used: 31.766MB, billing memory: 128MB, cpu used: 0.300U, storage used: 0.039MB"
            )),
        ],
        request_id,
        function_id: FunctionId::from_bytes([1; 16]),
        function_name: "hello"
            .parse()
            .unwrap_or_else(|_| unreachable!("it is a name")),
        version: "latest".to_owned(),
        origin: Origin::Trigger {
            trigger_id: TriggerId::from_bytes([2; 16]),
            api_request_id: ApiRequestId::from_bytes(id),
        },
        started_at: at,
        duration: Duration::from_micros(1260),
        cold_start: None,
        memory_used_bytes: 33_309_261,
        cause: Cause::Success,
        event: None,
    }
}

/// Sixteen bytes that look random: what the generator SplitMix64 makes of `n`.
fn random_id(n: u64) -> [u8; 16] {
    let mix = |n: u64| {
        let n = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        n ^ (n >> 31)
    };
    let (high, low) = (mix(2 * n + 1), mix(2 * n + 2));
    (u128::from(high) << 64 | u128::from(low)).to_be_bytes()
}

/// The same with the time in front, as a UUID of version 7 has it.
fn ordered_id(n: u64) -> [u8; 16] {
    let mut id = random_id(n);
    let millis = 1_750_000_000_000 + n / 16;
    id[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
    id
}

/// CPU time of all threads so far, by Linux.
fn cpu_time() -> Result<Duration, Box<dyn Error>> {
    let mut nanos = 0;
    for task in std::fs::read_dir("/proc/self/task")? {
        let text = std::fs::read_to_string(task?.path().join("schedstat"))?;
        let first = text.split(' ').next().unwrap_or_default();
        nanos += first.parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanos))
}

/// Bytes that were handed to the system for files so far, by Linux.
fn written() -> Result<u64, Box<dyn Error>> {
    let text = std::fs::read_to_string(Path::new("/proc/self/io"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("wchar: "));
    Ok(line.unwrap_or_default().parse()?)
}
