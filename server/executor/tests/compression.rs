//! Python's `zlib`, where the host compresses, beside the one of this machine.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod common;

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{World, failure, returned, spec};
use serde_json::{Value, json};
use sluice_domain::function::{ExecutionTimeout, MemoryMb};
use sluice_domain::invocation::Cause;
use sluice_executor::DeploymentSpec;

const CASES: &str = include_str!("common/compression.py");

fn roomy(code: &str) -> DeploymentSpec {
    let mut spec = spec(code);
    spec.settings.handler = sluice_domain::function::Handler::parse("index.handler").unwrap();
    spec.settings.timeout = ExecutionTimeout::try_from(120).unwrap();
    spec.settings.memory = MemoryMb::try_from(512).unwrap();
    spec
}

/// Runs the cases in the Python of this machine, which `cargo xtask setup` needs too.
fn natively(given: &Value) -> Value {
    let mut python = Command::new("python3")
        .args(["-c", CASES])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let given = given.to_string();
    python
        .stdin
        .take()
        .unwrap()
        .write_all(given.as_bytes())
        .unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
async fn zlib_does_what_cpythons_does() {
    let world = World::start().await;
    let deployment = world.deploy_spec(roomy(CASES)).await.unwrap();
    let native = natively(&json!({}));
    let event = native["streams"].to_string();
    let ours: Value =
        serde_json::from_str(&returned(world.call(&deployment, &event).await)).unwrap();
    for (name, expected) in native["outcomes"].as_object().unwrap() {
        assert_eq!(&ours["outcomes"][name], expected, "{name}");
    }
    assert_eq!(
        ours["checked"],
        native["streams"].as_object().unwrap().len()
    );
    let back = natively(&ours["streams"]);
    assert_eq!(back["checked"], ours["streams"].as_object().unwrap().len());
}

#[tokio::test]
async fn what_passes_through_zlib_leaves_no_memory_behind() {
    let world = World::start().await;
    let code = "import gc, zlib\n\
        data = bytes(range(256)) * 4000\n\
        def handler(event, context):\n\
        \x20   for _ in range(60):\n\
        \x20       c = zlib.compress(data, 1)\n\
        \x20       assert zlib.decompress(c) == data\n";
    let mut spec = spec(code);
    spec.settings.timeout = ExecutionTimeout::try_from(60).unwrap();
    let deployment = world.deploy_spec(spec).await.unwrap();
    let first = world.call(&deployment, "{}").await.record.memory_used_bytes;
    let second = world.call(&deployment, "{}").await.record;
    assert!(second.cause.is_success(), "{:?}", second.cause);
    let grown = second.memory_used_bytes - first;
    assert!(grown < 2 << 20, "{first} bytes, then {grown} more");
}

#[tokio::test]
async fn a_bomb_meets_the_limit_of_who_unpacks_it() {
    let world = World::start().await;
    let bomb = "import zlib\nc = zlib.compressobj(9)\n\
        bomb = b''.join([c.compress(bytes(1 << 20)) for _ in range(300)] + [c.flush()])\n";
    let check = async |body: &str, seconds: u32, cause: Cause| {
        let code = format!("{bomb}def handler(event, context):\n    {body}\n");
        let mut spec = spec(&code);
        spec.settings.timeout = ExecutionTimeout::try_from(seconds).unwrap();
        let deployment = world.deploy_spec(spec).await.unwrap();
        let invocation = world.call(&deployment, "{}").await;
        assert_eq!(invocation.record.cause, cause, "{body}");
    };
    check("zlib.decompress(bomb)", 60, Cause::MemoryExceeded).await;
    let in_parts = "d = zlib.decompressobj(); n = len(d.decompress(bomb, 1 << 20))\n    \
        while not d.eof: n += len(d.decompress(d.unconsumed_tail, 1 << 20))\n    \
        assert n == 300 << 20";
    check(in_parts, 60, Cause::ColdStart).await;
}

#[tokio::test]
async fn others_answer_while_a_function_compresses() {
    let world = World::start().await; // tokio's test runtime has one thread
    let code = "import zlib\ndata = b''.join(n.to_bytes(3, 'big') * 3 for n in range(300000))\n\
        def handler(event, context):\n    while True: zlib.compress(data, 9)\n";
    let mut busy = spec(code);
    busy.settings.timeout = ExecutionTimeout::try_from(2).unwrap();
    let busy = world.deploy_spec(busy).await.unwrap();
    let quick = world.deploy("def handler(event, context): return 1").await;
    world.call(&quick, "{}").await;
    let others = async {
        let mut slowest = Duration::ZERO;
        for _ in 0..100 {
            let begun = Instant::now();
            returned(world.call(&quick, "{}").await);
            slowest = slowest.max(begun.elapsed());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        slowest
    };
    let (busy_call, slowest) = tokio::join!(world.call(&busy, "{}"), others);
    assert_eq!(failure(&busy_call).0, Cause::TimedOut);
    assert!(slowest < Duration::from_millis(500), "{slowest:?}");
}

#[tokio::test]
async fn open_streams_are_few_and_count_as_memory() {
    let world = World::start().await;
    let check = async |body: &str, expected: &str| {
        let code = format!("import zlib\ndef handler(event, context):\n    {body}\n");
        assert_eq!(world.result(&code).await, expected, "{body}");
    };
    let full = "\"zlib in Sluice's sandbox: 64 streams are open, and a function may have no more\"";
    check(
        "kept = []\n    try:\n        while True: kept.append(zlib.decompressobj())\n    except MemoryError as e: return str(e)",
        full,
    )
    .await;
    check(
        "for _ in range(1000): zlib.compressobj(); zlib.decompressobj()",
        "null",
    )
    .await;
    check(
        "for _ in range(1000):\n        cycle = [zlib.compressobj()]\n        cycle.append(cycle)",
        "null",
    )
    .await;
    let count = |made: &str| {
        format!(
            "import zlib\ndef handler(event, context):\n    kept = [zlib.{made}() for _ in range(60)]\n"
        )
    };
    let small = world.run(&count("error")).await.record.memory_used_bytes;
    let large = world
        .run(&count("compressobj"))
        .await
        .record
        .memory_used_bytes;
    let counted = large - small;
    assert!(
        (30 << 20..34 << 20).contains(&counted),
        "{counted} bytes for 60 compressors"
    );
}

#[tokio::test]
async fn a_stream_cannot_be_copied_and_says_so() {
    let world = World::start().await;
    for made in ["compressobj", "decompressobj"] {
        let code = format!("import zlib\ndef handler(event, context):\n    zlib.{made}().copy()\n");
        let (_, failure) = failure(&world.run(&code).await);
        assert_eq!(failure.error_type, "NotImplementedError");
        assert!(
            failure
                .error_message
                .contains("zlib in Sluice's sandbox cannot copy a "),
            "{failure:?}"
        );
    }
}
