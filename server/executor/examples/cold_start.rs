//! Measures what a start, a cold and a warm call take:
//! `cargo run --release -p sluice-executor --example cold_start [-- javascript]`.

#[path = "common/built.rs"]
mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{Built, Error, call};
use rustix::time::{ClockId, clock_gettime};
use sluice_domain::code::CodePackage;
use sluice_domain::concurrency::Concurrency;
use sluice_domain::function::{FunctionName, FunctionSettings, Runtime};
use sluice_domain::id::FunctionId;
use sluice_executor::{Deployment, DeploymentSpec, Executor, Outcome};

const CODE: &str = r#"
def handler(event, context):
    html = "<html><body><h1>Hello</h1></body></html>"
    print(html)
    return {"statusCode": 200, "body": html, "headers": {"Content-Type": "text/html"}, "isBase64Encoded": False}
"#;

const HEAVY: &str = r#"
import argparse, ast, asyncio, calendar, configparser, difflib, email, fractions, html.parser
import inspect, pprint, sched, shelve, statistics, unittest, xml.dom.minidom
table = {str(n): n for n in range(200_000)}
def handler(event, context):
    return table["77777"]
"#;

const JAVASCRIPT: &str = r#"
exports.handler = async (event, context) => {
    const html = "<html><body><h1>Hello</h1></body></html>";
    console.log(html);
    return { statusCode: 200, body: html, headers: { "Content-Type": "text/html" }, isBase64Encoded: false };
};
"#;

#[tokio::main]
async fn main() -> Result<(), Error> {
    // On a thread of the runtime, as a server's requests are.
    tokio::spawn(measure()).await?
}

#[expect(clippy::print_stdout, reason = "it prints its figures")]
async fn measure() -> Result<(), Error> {
    let runtime = match std::env::args().nth(1).as_deref() {
        Some("javascript") => Runtime::JavaScript,
        Some("python3.14") => Runtime::Python314,
        _ => Runtime::Python312,
    };
    let (built, artifacts) = (Built::read(runtime)?, common::artifacts("cold-start"));
    for what in ["first start, compiling", "second start"] {
        let begun = Instant::now();
        drop(built.start(&artifacts).await?);
        println!("{what}: {:?}", begun.elapsed());
    }
    let executor = built.start(&artifacts).await?;

    let codes = match runtime {
        Runtime::JavaScript => vec![("the demo", JAVASCRIPT)],
        _ => vec![("the demo", CODE), ("16 imports and a large dict", HEAVY)],
    };
    for &(name, code) in &codes {
        for tier in ["source", "snapshot"] {
            let mut times = Vec::new();
            let mut snapshots = Vec::new();
            for _ in 0..if code == HEAVY { 20 } else { 200 } {
                // A new deployment has no instances, so its first call is a cold one.
                let deployment = executor.deploy(spec(runtime, code)?).await?;
                if tier == "snapshot" {
                    snapshots.push(snapshot_of(&deployment).await);
                }
                times.push(timed_call(&executor, &deployment).await?);
            }
            let Some(mut made) = snapshots.into_iter().collect::<Option<Vec<_>>>() else {
                continue; // the runtime makes none
            };
            report(&format!("{name}: cold call from {tier}"), &mut times);
            if !made.is_empty() {
                report(&format!("{name}: making the snapshot"), &mut made);
            }
        }
    }
    let deployment = executor.deploy(spec(runtime, codes[0].1)?).await?;
    let mut times = Vec::new();
    for _ in 0..5000 {
        times.push(timed_call(&executor, &deployment).await?);
    }
    report("warm call", &mut times);
    let mut fresh = spec(runtime, codes[0].1)?;
    fresh.settings.concurrency = Concurrency::new(400, 0, true)?;
    let deployment = executor.deploy(fresh).await?;
    snapshot_of(&deployment).await;
    for (what, pause) in [
        ("back to back", Duration::ZERO),
        ("one each 5 ms", Duration::from_millis(5)),
    ] {
        let mut times = Vec::new();
        let before = clock_gettime(ClockId::ProcessCPUTime);
        let begun = Instant::now();
        for _ in 0..CALLS {
            times.push(timed_call(&executor, &deployment).await?);
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
        }
        let all = begun.elapsed();
        let after = clock_gettime(ClockId::ProcessCPUTime);
        let cpu_ns =
            (after.tv_sec - before.tv_sec) * 1_000_000_000 + after.tv_nsec - before.tv_nsec;
        report(
            &format!("call with an instance of its own, {what}"),
            &mut times,
        );
        println!(
            "  with the making of the next one: {:?} a call, {} µs of processor",
            all / CALLS,
            cpu_ns / i64::from(CALLS) / 1000
        );
    }
    drop((deployment, executor));
    // Folders of instances are still going; the system removes the rest.
    let _ = std::fs::remove_dir_all(artifacts);
    Ok(())
}

/// Calls of a function whose calls each have an instance of their own.
const CALLS: u32 = 1000;

/// Waits for the snapshot of a deployment: what making it took, if there is one.
async fn snapshot_of(deployment: &Deployment) -> Option<Duration> {
    loop {
        match deployment.snapshot() {
            None => tokio::time::sleep(Duration::from_millis(1)).await,
            Some(made) => return made.ok().and_then(|snapshot| snapshot.took),
        }
    }
}

async fn timed_call(executor: &Executor, deployment: &Arc<Deployment>) -> Result<Duration, Error> {
    let begun = Instant::now();
    let invocation = executor.invoke(deployment, call(), Ok).await?;
    let took = begun.elapsed();
    match invocation.outcome {
        Outcome::Returned(_) => Ok(took),
        other => Err(format!("{other:?}").into()),
    }
}

#[expect(clippy::print_stdout, reason = "it prints its figures")]
fn report(what: &str, times: &mut [Duration]) {
    times.sort_unstable();
    let at = |part: usize| times[times.len() * part / 100];
    println!(
        "{what}: p50 {:?}, p90 {:?}, p99 {:?}",
        at(50),
        at(90),
        at(99)
    );
}

fn spec(runtime: Runtime, code: &str) -> Result<DeploymentSpec, Error> {
    Ok(DeploymentSpec {
        function_id: FunctionId::from_bytes([1; 16]),
        function_name: FunctionName::parse("demo")?,
        version: "latest".to_owned(),
        runtime,
        settings: FunctionSettings::default(),
        code: CodePackage::single(runtime.default_file(), code)?,
    })
}
