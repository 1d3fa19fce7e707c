//! Measures whether a hostile function slows its neighbour:
//! `cargo run --release -p sluice-executor --example neighbours [-- ROUNDS [GUEST…]]`.
//!
//! A neighbour is called at a steady rate, alone and then with a function of `tests/guests`
//! beside it that is called again as soon as it ends; round by round, all guests in turn. Then
//! each guest runs once on a thread that looks how much CPU time passes until it has its turn
//! again: so long at most a guest keeps others waiting, whatever else the machine does.

#[path = "common/built.rs"]
mod common;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use common::{Built, Error, call};
use sluice_domain::code::CodePackage;
use sluice_domain::function::{
    ExecutionTimeout, FunctionName, FunctionSettings, Handler, InitializationTimeout, Initializer,
    Runtime,
};
use sluice_domain::id::FunctionId;
use sluice_executor::{Deployment, DeploymentSpec, Executor, Outcome};

const NEIGHBOUR: &str = r#"
def handler(event, context):
    html = "<html><body><h1>Hello</h1></body></html>"
    print(html)
    return {"statusCode": 200, "body": html, "headers": {"Content-Type": "text/html"}, "isBase64Encoded": False}
"#;

/// Calls of the neighbour in one measurement, and how far apart they begin.
const CALLS: usize = 400;
const APART: Duration = Duration::from_millis(5);

#[tokio::main]
async fn main() -> Result<(), Error> {
    // On a thread of the runtime, as a server's requests are.
    tokio::spawn(measure()).await?
}

#[expect(clippy::print_stdout, reason = "it prints its figures")]
async fn measure() -> Result<(), Error> {
    let chosen: Vec<String> = std::env::args().skip(2).collect();
    let rounds: usize = std::env::args().nth(1).map_or(Ok(5), |text| text.parse())?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guests");
    let mut guests = Vec::new();
    for entry in std::fs::read_dir(&folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let is_chosen = chosen.is_empty() || chosen.contains(&name);
        if is_chosen && name.ends_with(".py") {
            guests.push(name);
        }
    }
    guests.sort();

    let artifacts = common::artifacts("neighbours");
    let built = Built::read(Runtime::Python312)?;
    let executor = built.start(&artifacts).await?;
    let neighbour = deploy(&executor, 1, NEIGHBOUR.to_owned()).await?;
    let mut hostile = Vec::new();
    for (number, name) in guests.iter().enumerate() {
        let code = std::fs::read_to_string(folder.join(name))?
            + "\n\ndef handler(event, context):\n    return attack(context)\n";
        // Numbered, so that each is a function of its own.
        hostile.push(deploy(&executor, number + 2, code).await?);
    }
    tokio::time::sleep(Duration::from_secs(2)).await;

    let mut quiet = Vec::new();
    let mut beside = vec![Vec::new(); guests.len()];
    let mut attacks = vec![0; guests.len()];
    for _ in 0..rounds {
        for (at, attacker) in hostile.iter().enumerate() {
            // What the one before left behind is not this one's.
            tokio::time::sleep(Duration::from_millis(300)).await;
            quiet.push(neighbour_of(&executor, &neighbour).await?);
            let (percentiles, calls) = attacked(&executor, &neighbour, attacker).await?;
            beside[at].push(percentiles);
            attacks[at] += calls;
        }
    }
    if rounds > 0 {
        report(&mut quiet, &mut beside, &guests, &attacks);
    }
    for (name, attacker) in guests.iter().zip(&hostile) {
        let (executor, attacker) = (executor.clone(), Arc::clone(attacker));
        let holding = tokio::task::spawn_blocking(move || longest_turn(&executor, &attacker));
        println!("{name:28} longest turn {:>7.3} ms of CPU", holding.await??);
    }
    drop((neighbour, hostile, executor));
    // Folders of instances are still going; the system removes the rest.
    let _ = std::fs::remove_dir_all(artifacts);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "it prints its figures")]
fn report(
    quiet: &mut [(f64, f64)],
    beside: &mut [Vec<(f64, f64)>],
    guests: &[String],
    attacks: &[usize],
) {
    let alone = medians(quiet);
    println!(
        "{:28} p50 {:>7.3} ms  p99 {:>7.3} ms",
        "alone", alone.0, alone.1
    );
    for (at, name) in guests.iter().enumerate() {
        let (p50, p99) = medians(&mut beside[at]);
        println!(
            "{name:28} p50 {p50:>7.3} ms  p99 {p99:>7.3} ms  {:>5.1} times  ({} attacks)",
            p99 / alone.1,
            attacks[at]
        );
    }
}

/// The longest CPU time in milliseconds for which `attacker` held a thread before another task
/// had its turn.
fn longest_turn(executor: &Executor, attacker: &Arc<Deployment>) -> Result<f64, Error> {
    let thread = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    thread.block_on(async {
        let (executor, attacker) = (executor.clone(), Arc::clone(attacker));
        let call = tokio::spawn(async move { executor.invoke(&attacker, call(), Ok).await });
        let mut longest = 0.0_f64;
        while !call.is_finished() {
            let before = cpu_ms();
            tokio::task::yield_now().await;
            longest = longest.max(cpu_ms() - before);
        }
        Ok(longest)
    })
}

/// CPU time of this thread.
fn cpu_ms() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

/// p50 and p99 of the neighbour while `attacker` is called again and again, and how often it was.
async fn attacked(
    executor: &Executor,
    neighbour: &Arc<Deployment>,
    attacker: &Arc<Deployment>,
) -> Result<((f64, f64), usize), Error> {
    let (ended, calls) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let attacking = tokio::spawn({
        let (executor, attacker) = (executor.clone(), Arc::clone(attacker));
        let (ended, calls) = (Arc::clone(&ended), Arc::clone(&calls));
        async move {
            while !ended.load(Ordering::SeqCst) {
                // However it ends: the tests say how.
                let _ = executor.invoke(&attacker, call(), Ok).await;
                calls.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    let measured = neighbour_of(executor, neighbour).await;
    ended.store(true, Ordering::SeqCst);
    attacking.await?;
    Ok((measured?, calls.load(Ordering::SeqCst)))
}

/// p50 and p99 of the neighbour in milliseconds. A call that begins late because the one before
/// took long counts from when it should have begun.
async fn neighbour_of(
    executor: &Executor,
    neighbour: &Arc<Deployment>,
) -> Result<(f64, f64), Error> {
    let begun = Instant::now();
    let mut calls = Vec::new();
    for number in 0..CALLS {
        let due = begun + APART * u32::try_from(number)?;
        tokio::time::sleep_until(due.into()).await;
        let (executor, neighbour) = (executor.clone(), Arc::clone(neighbour));
        calls.push(tokio::spawn(async move {
            let invocation = executor.invoke(&neighbour, call(), Ok).await?;
            match invocation.outcome {
                Outcome::Returned(_) => Ok(due.elapsed()),
                other => Err(Error::from(format!("{other:?}"))),
            }
        }));
    }
    let mut times = Vec::new();
    for call in calls {
        times.push(call.await??.as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    Ok((times[CALLS / 2], times[CALLS * 99 / 100]))
}

/// The medians of both, each for itself.
fn medians(rounds: &mut [(f64, f64)]) -> (f64, f64) {
    let mut median = |of: fn(&(f64, f64)) -> f64| {
        rounds.sort_by(|a, b| of(a).total_cmp(&of(b)));
        rounds.get(rounds.len() / 2).map_or(f64::NAN, of)
    };
    (median(|one| one.0), median(|one| one.1))
}

async fn deploy(
    executor: &Executor,
    number: usize,
    code: String,
) -> Result<Arc<Deployment>, Error> {
    let mut settings = FunctionSettings {
        timeout: ExecutionTimeout::try_from(1)?,
        ..FunctionSettings::default()
    };
    if code.contains("def initializer(") {
        settings.initializer = Some(Initializer {
            function: Handler::parse("index.initializer")?,
            timeout: InitializationTimeout::try_from(1)?,
        });
    }
    let runtime = Runtime::Python312;
    let spec = DeploymentSpec {
        function_id: FunctionId::from_bytes((number as u128).to_be_bytes()),
        function_name: FunctionName::parse("demo")?,
        version: "latest".to_owned(),
        runtime,
        settings,
        code: CodePackage::single(runtime.default_file(), code)?,
    };
    Ok(executor.deploy(spec).await?)
}
