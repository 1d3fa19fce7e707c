//! What holds for instances that begin with the memory of one that has loaded the code.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{World, eventually, failure, returned, spec};
use sluice_domain::function::{ExecutionTimeout, Runtime};
use sluice_domain::invocation::Cause;
use sluice_executor::Deployment;

const PYTHONS: [Runtime; 2] = [Runtime::Python312, Runtime::Python314];

/// Waits until a snapshot was tried: why there is none, if there is none.
async fn snapshot(deployment: &Deployment) -> Result<(), String> {
    loop {
        match deployment.snapshot() {
            Some(made) => return made.map(drop).map_err(ToString::to_string),
            None => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

async fn snapshotted(world: &World, code: &str) -> Arc<Deployment> {
    let mut spec = spec(code);
    // Some import much, and a busy machine takes its time.
    spec.settings.timeout = ExecutionTimeout::try_from(60).unwrap();
    let deployment = world.deploy_spec(spec).await.unwrap();
    assert_eq!(snapshot(&deployment).await, Ok(()), "{code}");
    deployment
}

/// Two results of `code`, each of an instance that no call had before.
async fn two_instances(world: &World, code: &str) -> (String, String) {
    let deployment = snapshotted(world, code).await;
    // Both sleep, so that neither can be called on the other's instance.
    let (one, other) = tokio::join!(world.call(&deployment, "{}"), world.call(&deployment, "{}"));
    assert_eq!(one.record.cause, Cause::ColdStart);
    assert_eq!(other.record.cause, Cause::ColdStart);
    (returned(one), returned(other))
}

#[tokio::test]
async fn what_the_code_prepared_is_there() {
    for runtime in PYTHONS {
        let world = World::of(runtime, 400).await;
        let code = "import decimal, time\n\
             table = {n: str(n) for n in range(50_000)}\n\
             loaded_at = time.monotonic()\n\
             def handler(event, context):\n\
             \x20   import wave, colorsys\n\
             \x20   import os\n\
             \x20   open('/tmp/a', 'w').write('x')\n\
             \x20   return [table[777], str(decimal.Decimal('1.10')), wave.__name__, os.listdir('/tmp'),\n\
             \x20           open('code/index.py').read(12), os.environ['RUNTIME_FUNC_NAME'],\n\
             \x20           time.monotonic() > loaded_at, abs(time.time() - os.stat('/tmp/a').st_mtime) < 5]\n";
        let deployment = snapshotted(&world, code).await;
        let answer = returned(world.call(&deployment, "{}").await);
        assert_eq!(
            answer,
            r#"["777", "1.10", "wave", ["a"], "import decim", "demo", true, true]"#
        );
    }
}

#[tokio::test]
async fn what_was_loaded_is_not_loaded_again() {
    let world = World::start().await;
    // The time at which it was loaded is the same in both.
    let code = "import time\n\
         loaded_at = time.time_ns()\n\
         def handler(event, context):\n\
         \x20   time.sleep(0.5)\n\
         \x20   return loaded_at\n";
    let (one, other) = two_instances(&world, code).await;
    assert_eq!(one, other);
}

#[tokio::test]
async fn every_instance_draws_its_own_numbers() {
    for (runtime, drawn) in PYTHONS.into_iter().flat_map(|runtime| {
        [
            "random.random()",
            "own.getrandbits(64)",
            "tempfile.mktemp()",
            "uuid.uuid4().hex",
            "uuid.uuid1().hex",
            "secrets.token_hex()",
            "os.urandom(8).hex()",
            "random.SystemRandom().random()",
        ]
        .map(|drawn| (runtime, drawn))
    }) {
        let world = World::of(runtime, 400).await;
        let code = format!(
            "import os, random, secrets, tempfile, time, uuid\n\
             own = random.Random()\n\
             random.random()\n\
             def handler(event, context):\n\
             \x20   time.sleep(0.5)\n\
             \x20   return {drawn}\n"
        );
        let (one, other) = two_instances(&world, &code).await;
        assert_ne!(one, other, "{runtime}: {drawn}");
    }
}

#[tokio::test]
async fn a_generator_that_was_given_a_seed_goes_on() {
    let world = World::start().await;
    let code = "import random, time\n\
         own = random.Random(7)\n\
         random.seed('a')\n\
         def handler(event, context):\n\
         \x20   time.sleep(0.5)\n\
         \x20   return [own.random(), random.random()]\n";
    let (one, other) = two_instances(&world, code).await;
    assert_eq!(one, other);
}

#[tokio::test]
async fn code_that_cannot_be_frozen_is_loaded_at_each_start() {
    let world = World::start().await;
    let handler = "\ndef handler(event, context):\n    return 1\n";
    for (begin, reason) in [
        (
            "f = open('/opt/function/code/index.py')",
            "the code has a file open after it was loaded",
        ),
        (
            "open('/tmp/a', 'w').write('x')",
            "the code wrote to /tmp while it was loaded",
        ),
        (
            "import zlib\nc = zlib.compressobj()",
            "the code keeps a stream that compresses or decompresses",
        ),
    ] {
        let deployment = world.deploy(&format!("{begin}{handler}")).await;
        assert_eq!(snapshot(&deployment).await, Err(reason.to_owned()));
        let invocation = world.call(&deployment, "{}").await;
        assert_eq!(invocation.record.cause, Cause::ColdStart);
        assert_eq!(returned(invocation), "1");
    }
    let deployment = world.deploy("1 / 0").await;
    assert_eq!(
        snapshot(&deployment).await,
        Err(
            "the code could not be loaded: function entry exception, error: division by zero"
                .to_owned()
        )
    );
    assert_eq!(
        world.call(&deployment, "{}").await.record.cause,
        Cause::LoadFailed
    );
    // At import, and in what the collection of garbage runs.
    for endless in [
        "while True: pass",
        "class Endless:\n    def __del__(self):\n        while True: pass\nit = Endless()\nit.me = it\ndel it",
    ] {
        let deployment = world.deploy(&format!("{endless}{handler}")).await;
        assert_eq!(
            snapshot(&deployment).await,
            Err("the code was not loaded within 3 s".to_owned())
        );
    }
}

#[tokio::test]
async fn a_generator_that_cannot_be_seeded_fails_the_call() {
    let world = World::start().await;
    let code = "import random\n\
         class Sealed(random.Random):\n\
         \x20   def seed(self, *args):\n\
         \x20       if hasattr(self, 'made'): raise ValueError('sealed')\n\
         \x20       self.made = True\n\
         own = Sealed()\n\
         def handler(event, context):\n\
         \x20   return 1\n";
    let deployment = snapshotted(&world, code).await;
    let (cause, failure) = failure(&world.call(&deployment, "{}").await);
    assert_eq!(
        (cause, failure.error_type.as_str()),
        (Cause::CodeError, "ValueError")
    );
    assert_eq!(returned(world.call(&deployment, "{}").await), "1");
}

#[tokio::test]
async fn instances_share_nothing_but_the_beginning() {
    let world = World::start().await;
    let code = "import time\n\
         seen = []\n\
         def handler(event, context):\n\
         \x20   seen.append(event)\n\
         \x20   time.sleep(0.5)\n\
         \x20   return len(seen)\n";
    let (one, other) = two_instances(&world, code).await;
    assert_eq!((one.as_str(), other.as_str()), ("1", "1"));
}

#[tokio::test]
async fn no_call_is_lost_while_a_snapshot_takes_over() {
    let mut world = World::start().await;
    let code = "table = {n: str(n) for n in range(20_000)}\n\
         def handler(event, context):\n\
         \x20   return table[event['n']]\n";
    let deployment = world.deploy_spec(spec(code)).await.unwrap();
    let mut calls = 0;
    while deployment.snapshot().is_none() || calls < 200 {
        let event = format!(r#"{{"n": {calls}}}"#);
        assert_eq!(
            returned(world.call(&deployment, &event).await),
            format!("\"{calls}\"")
        );
        // Nobody else takes the records, and callers wait for a place for them.
        world.records.recv().await.unwrap();
        calls = (calls + 1) % 20_000;
    }
    assert_eq!(snapshot(&deployment).await, Ok(()));
}

#[tokio::test]
async fn a_restored_function_gets_its_snapshot_when_it_is_called() {
    let world = World::start().await;
    let code = "def handler(event, context): return 1";
    let restored = world.executor.restore(spec(code)).await.unwrap();
    let deployed = world.deploy(code).await;
    eventually("a snapshot", || deployed.snapshot().is_some()).await;
    // One is made at a time, in order: the other would have been before.
    assert!(restored.snapshot().is_none());
    returned(world.call(&restored, "{}").await);
    eventually("a snapshot", || restored.snapshot().is_some()).await;
}
