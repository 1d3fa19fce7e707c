//! What ends a function, and what lives on.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod common;

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{World, call, eventually, failure, own_lines, returned, spec, text};
use sluice_domain::function::{ExecutionTimeout, Runtime};
use sluice_domain::invocation::Cause;
use sluice_executor::{Deployment, DeploymentSpec, Outcome, Refused, ResponseRefused};

const GREETS: &str =
    "count = 0\ndef handler(event, context):\n    global count\n    count += 1\n    return count\n";

fn one_second(code: &str) -> DeploymentSpec {
    let mut spec = spec(code);
    spec.settings.timeout = ExecutionTimeout::try_from(1).unwrap();
    spec
}

/// The next call of the deployment needs a new instance.
async fn starts_cold(world: &World, deployment: &Arc<Deployment>) {
    let next = world.call(deployment, "{}").await;
    assert!(next.record.cold_start.is_some());
}

#[tokio::test]
async fn globals_survive_on_a_warm_instance() {
    let world = World::start().await;
    let deployment = world.deploy(GREETS).await;
    for expected in ["1", "2", "3"] {
        assert_eq!(returned(world.call(&deployment, "{}").await), expected);
    }
}

#[tokio::test]
async fn an_exception_keeps_the_instance() {
    let world = World::start().await;
    let deployment = world
        .deploy("n = 0\ndef handler(event, context):\n    global n\n    n += 1\n    return n if event else 1 / 0\n")
        .await;
    world.call(&deployment, "0").await;
    assert_eq!(returned(world.call(&deployment, "1").await), "2");
}

#[tokio::test]
async fn large_events_never_use_up_an_instances_memory() {
    let world = World::start().await;
    let deployment = world
        .deploy("def handler(event, context):\n    return len(event)\n")
        .await;
    let event = format!("\"{}\"", "x".repeat(4 << 20));
    for _ in 0..40 {
        let invocation = world.call(&deployment, &event).await;
        assert!(
            invocation.record.cause.is_success(),
            "{:?}",
            invocation.record.cause
        );
    }
}

#[tokio::test]
async fn two_instances_draw_different_random_numbers() {
    let world = World::start().await;
    let code = "import random, uuid, time\nx = [random.random(), str(uuid.uuid4()), random.SystemRandom().random()]\n\
                def handler(event, context):\n    time.sleep(0.2)\n    return x\n";
    let deployment = world.deploy(code).await;
    let (one, other) = tokio::join!(world.call(&deployment, "{}"), world.call(&deployment, "{}"));
    let list = |text: String| -> Vec<String> { text.split(", ").map(str::to_owned).collect() };
    for (a, b) in list(returned(one)).iter().zip(list(returned(other))) {
        assert_ne!(*a, b);
    }
}

#[tokio::test]
async fn a_busy_loop_times_out_while_others_answer_on_the_same_thread() {
    let world = World::start().await; // tokio's test runtime has one thread
    let busy = world.deploy_spec(one_second("print('x')\ndef handler(event, context):\n    print('before')\n    print('half', end='', flush=True)\n    while True: pass\n")).await.unwrap();
    let greets = world.deploy(GREETS).await;
    world.call(&greets, "{}").await;
    let others = async {
        let mut slowest = Duration::ZERO;
        for _ in 0..50 {
            let begun = Instant::now();
            returned(world.call(&greets, "{}").await);
            slowest = slowest.max(begun.elapsed());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        slowest
    };
    let begun = Instant::now();
    let (busy_call, slowest) = tokio::join!(world.call(&busy, "{}"), others);
    let (cause, failure) = failure(&busy_call);
    assert_eq!(
        (cause, failure.error_message.as_str()),
        (Cause::TimedOut, "call invoke timeout 1s")
    );
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
    assert!(slowest < Duration::from_millis(500), "{slowest:?}");
    let lines: Vec<_> = own_lines(&busy_call.record)
        .into_iter()
        .map(|(_, text)| text)
        .collect();
    assert_eq!(lines, ["x", "before", "half", "call invoke timeout 1s"]);
    starts_cold(&world, &busy).await;
}

#[tokio::test]
async fn sleeping_functions_hold_no_thread() {
    let world = World::start().await;
    let deployment = world
        .deploy("import time\ndef handler(event, context): time.sleep(0.5)")
        .await;
    let begun = Instant::now();
    let calls = (0..8).map(|_| world.call(&deployment, "{}"));
    for call in futures::future::join_all(calls).await {
        returned(call);
    }
    assert!(
        begun.elapsed() < Duration::from_secs(3),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn too_much_memory_ends_the_call() {
    let world = World::start().await;
    let deployment = world.deploy("def handler(event, context):\n    try: return len(bytearray(event))\n    except MemoryError: return 'caught'\n").await;
    let small = world.call(&deployment, "20000000").await;
    assert!(small.record.memory_used_bytes > 20_000_000);
    returned(small);
    let large = world.call(&deployment, "200000000").await;
    let (cause, failure) = failure(&large);
    assert_eq!(
        (cause, failure.error_message.as_str()),
        (Cause::MemoryExceeded, "runtime memory limit exceeded")
    );
    assert!(text(&large.record).contains("(invoke Failed:RuntimeMemoryExceedLimit)"));
    starts_cold(&world, &deployment).await;
}

#[tokio::test]
async fn a_flood_of_log_ends_the_call() {
    let world = World::start().await;
    let deployment = world
        .deploy("def handler(event, context):\n    while True: print('x' * 1000)\n")
        .await;
    let flooded = world.call(&deployment, "{}").await;
    let (cause, _) = failure(&flooded);
    assert_eq!(cause, Cause::LogExceeded);
    let lines = own_lines(&flooded.record);
    let bytes: usize = lines.iter().map(|(_, text)| text.len() + 1).sum();
    assert!((4_100_000..4_200_000).contains(&bytes), "{bytes}");
    assert!(
        lines
            .last()
            .unwrap()
            .1
            .starts_with("runtime log limit exceeded")
    );
    starts_cold(&world, &deployment).await;
}

#[tokio::test]
async fn tmp_is_private_and_goes_with_its_instance() {
    let world = World::start().await;
    let deployment = world
        .deploy(
            "import os, tempfile\n\
             def handler(event, context):\n\
             \x20   before = os.listdir('/tmp')\n\
             \x20   open('/tmp/mark', 'w').write('x')\n\
             \x20   with tempfile.TemporaryFile() as file: file.write(b'y')\n\
             \x20   try: open('/opt/function/code/new', 'w')\n\
             \x20   except OSError: pass\n\
             \x20   else: raise Exception('code can be written')\n\
             \x20   return before\n",
        )
        .await;
    assert_eq!(returned(world.call(&deployment, "{}").await), "[]");
    assert_eq!(returned(world.call(&deployment, "{}").await), "[\"mark\"]");
    let (tmp, code) = (world.artifacts.join("tmp"), world.artifacts.join("code"));
    // One can go between being listed and being looked into.
    let entries = |folder: &std::path::Path| fs::read_dir(folder).map_or(0, Iterator::count);
    // Empty folders are made ahead.
    let used = |folder: &std::path::Path| {
        let folders = fs::read_dir(folder).unwrap().flatten();
        folders.filter(|folder| entries(&folder.path()) > 0).count()
    };
    assert_eq!((used(&tmp), entries(&code)), (1, 1));
    drop(deployment);
    eventually("removing /tmp and the code", || {
        used(&tmp) + entries(&code) == 0
    })
    .await;
}

#[tokio::test]
async fn more_calls_than_instances_are_refused() {
    let world = World::with_instances(1).await;
    let deployment = world
        .deploy("import time\ndef handler(event, context): time.sleep(0.3)")
        .await;
    let second = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        world.executor.invoke(&deployment, call("{}"), Ok).await
    };
    let (first, second) = tokio::join!(world.call(&deployment, "{}"), second);
    returned(first);
    assert_eq!(second.err(), Some(Refused::Throttled { max_instances: 1 }));
    returned(world.call(&deployment, "{}").await);
}

#[tokio::test]
async fn a_caller_that_leaves_does_not_stop_the_function() {
    let mut world = World::start().await;
    let deployment = world
        .deploy(
            "import time\ndef handler(event, context):\n    time.sleep(0.3)\n    print('done')\n",
        )
        .await;
    let left =
        tokio::time::timeout(Duration::from_millis(100), world.call(&deployment, "{}")).await;
    assert!(left.is_err());
    let record = world.records.recv().await.unwrap();
    assert_eq!(own_lines(&record), [("INFO", "done".to_owned())]);
}

#[tokio::test]
async fn a_refused_response_is_a_failure_of_the_code() {
    let mut world = World::start().await;
    let deployment = world.deploy(GREETS).await;
    let refuse = |text: String| Err::<(), _>(ResponseRefused(format!("{text} is no response")));
    let invocation = world
        .executor
        .invoke(&deployment, call("{}"), refuse)
        .await
        .unwrap();
    assert_eq!(
        invocation.outcome,
        Outcome::Refused(ResponseRefused("1 is no response".to_owned()))
    );
    assert_eq!(invocation.record.cause, Cause::CodeError);
    assert_eq!(
        own_lines(&invocation.record),
        [("ERROR", "1 is no response".to_owned())]
    );
    // Recorded before the caller had its answer.
    assert_eq!(world.records.try_recv().unwrap(), invocation.record);
}

#[tokio::test]
async fn a_panic_does_not_hang_the_caller() {
    let world = World::start().await;
    let deployment = world.deploy(GREETS).await;
    let panics = |_: String| -> Result<(), ResponseRefused> { panic!("in accept") };
    let invocation = world
        .executor
        .invoke(&deployment, call("{}"), panics)
        .await
        .unwrap();
    assert_eq!(invocation.record.cause, Cause::SystemError);
}

#[tokio::test]
async fn stopping_waits_for_calls_in_flight_and_lets_no_more_in() {
    let world = World::start().await;
    let deployment = world
        .deploy("import time\ndef handler(event, context):\n    time.sleep(0.3)\n    return 1\n")
        .await;
    let stop = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        world.executor.stop(Duration::from_secs(5)).await;
        world.executor.invoke(&deployment, call("{}"), Ok).await
    };
    let (running, refused) = tokio::join!(world.call(&deployment, "{}"), stop);
    assert_eq!(returned(running), "1");
    assert_eq!(refused.err(), Some(Refused::Stopping));
}

#[tokio::test]
async fn a_damaged_compiled_runtime_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    drop(common::start(Runtime::Python312, folder.path(), 1).await);
    let runtimes = || {
        fs::read_dir(folder.path())
            .unwrap()
            .flatten()
            .map(|entry| entry.path())
    };
    let compiled = runtimes()
        .map(|path| path.join("component.cwasm"))
        .find(|path| path.is_file())
        .unwrap();
    let mut bytes = fs::read(&compiled).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&compiled, &bytes).unwrap();
    drop(common::start(Runtime::Python312, folder.path(), 1).await);
    assert_ne!(fs::read(&compiled).unwrap(), bytes);
    let begun = Instant::now();
    drop(common::start(Runtime::Python312, folder.path(), 1).await);
    assert!(
        begun.elapsed() < Duration::from_secs(3),
        "{:?}",
        begun.elapsed()
    );
}
