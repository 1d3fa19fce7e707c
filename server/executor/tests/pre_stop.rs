//! What runs before an instance is stopped.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{Given, World, own_lines, returned, spec_in, text};
use sluice_domain::concurrency::Concurrency;
use sluice_domain::function::{Handler, PreStop, Runtime};
use sluice_domain::invocation::{Cause, InvocationRecord, Origin};
use sluice_executor::DeploymentSpec;

fn with_pre_stop(runtime: Runtime, code: &str) -> DeploymentSpec {
    let mut spec = spec_in(runtime, code);
    spec.settings.pre_stop = Some(PreStop {
        function: Handler::parse("index.stop").unwrap(),
        timeout: 1.try_into().unwrap(),
    });
    spec
}

fn python(stop: &str) -> DeploymentSpec {
    let code = format!(
        "count = 0\ndef stop(context):\n    {stop}\n\
         def handler(event, context):\n    global count\n    count += 1\n    return count\n"
    );
    with_pre_stop(Runtime::Python312, &code)
}

/// The record of the next pre-stop; calls before it are passed over.
async fn stopped(world: &mut World) -> Arc<InvocationRecord> {
    let next = async {
        loop {
            let record = world.records.recv().await.unwrap();
            if record.origin == Origin::PreStop {
                return record;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), next)
        .await
        .expect("an instance is stopped")
}

fn printed(record: &Arc<InvocationRecord>) -> String {
    own_lines(record)
        .into_iter()
        .map(|(_, text)| text)
        .collect()
}

#[tokio::test]
async fn it_runs_once_when_code_is_replaced() {
    let mut world = World::start().await;
    let deployment = world
        .deploy_spec(python("print('bye', count)"))
        .await
        .unwrap();
    for n in 1..=2 {
        assert_eq!(returned(world.call(&deployment, "{}").await), n.to_string());
    }
    drop(deployment);
    let record = stopped(&mut world).await;
    assert_eq!(printed(&record), "bye 2");
    assert_eq!(record.cause, Cause::Success);
    let text = text(&record);
    let id = &record.request_id;
    assert!(text.contains(&format!("Start pre-stop request '{id}', version: latest")));
    assert!(text.contains(&format!("Finish pre-stop request '{id}', duration: ")));
    world.executor.stop(Duration::from_secs(60)).await;
    assert!(world.records.try_recv().is_err(), "it is stopped once");
}

#[tokio::test]
async fn it_runs_in_idle_instances_and_at_the_end_of_the_server() {
    let given = Given {
        idle: Duration::from_millis(50),
        ..Given::default()
    };
    let mut world = World::given(Runtime::Python312, given).await;
    let deployment = world.deploy_spec(python("print('idle')")).await.unwrap();
    world.call(&deployment, "{}").await;
    assert_eq!(printed(&stopped(&mut world).await), "idle");
    assert_eq!(deployment.waiting_instances(), 0);

    let mut world = World::start().await;
    let deployment = world
        .deploy_spec(python("import time; time.sleep(0.2); print('end')"))
        .await
        .unwrap();
    world.call(&deployment, "{}").await;
    world.executor.stop(Duration::from_secs(60)).await;
    // It was waited for.
    world.records.try_recv().unwrap();
    assert_eq!(printed(&world.records.try_recv().unwrap()), "end");
}

#[tokio::test]
async fn it_runs_after_each_call_where_instances_are_fresh() {
    let mut world = World::start().await;
    let mut spec = python("print('bye', count)");
    spec.settings.concurrency = Concurrency::new(1, 0, true).unwrap();
    let deployment = world.deploy_spec(spec).await.unwrap();
    for _ in 0..5 {
        assert_eq!(returned(world.call(&deployment, "{}").await), "1");
        assert_eq!(printed(&stopped(&mut world).await), "bye 1");
    }
}

#[tokio::test]
async fn a_stop_waits_for_it_and_does_not_keep_it_waiting() {
    let mut world = World::start().await;
    let slow = "import time; time.sleep(0.3); print('put away')";
    let mut fresh = python(slow);
    fresh.settings.concurrency = Concurrency::new(1, 0, true).unwrap();
    let fresh = world.deploy_spec(fresh).await.unwrap();
    world.call(&fresh, "{}").await;
    // It runs behind the answer.
    world.executor.stop(Duration::from_secs(60)).await;
    let mut records = std::iter::from_fn(|| world.records.try_recv().ok());
    assert_eq!(
        records
            .find(|it| it.origin == Origin::PreStop)
            .map(|it| printed(&it))
            .as_deref(),
        Some("put away")
    );

    // One call that runs for longer than the stop waits keeps nothing from another's.
    let mut world = World::start().await;
    let idle = world.deploy_spec(python("print('idle')")).await.unwrap();
    world.call(&idle, "{}").await;
    let endless = world
        .deploy("import time\ndef handler(event, context):\n    time.sleep(60)\n")
        .await;
    let executor = world.executor.clone();
    let running =
        tokio::spawn(async move { executor.invoke(&endless, common::call("{}"), Ok).await });
    tokio::task::yield_now().await;
    world.executor.stop(Duration::from_millis(700)).await;
    running.abort();
    assert_eq!(printed(&stopped(&mut world).await), "idle");
}

#[tokio::test]
async fn javascript_has_it_too() {
    let mut world = World::javascript().await;
    for stop in [
        "async (context) => { await null; bye(context); }",
        "(context, callback) => setTimeout(() => { bye(context); callback(null); }, 1)",
    ] {
        let code = format!(
            "function bye(context) {{ console.log('bye', context.getFunctionName()); }}\n\
             exports.stop = {stop};\nexports.handler = async () => 1;\n"
        );
        let deployment = world
            .deploy_spec(with_pre_stop(Runtime::JavaScript, &code))
            .await
            .unwrap();
        world.call(&deployment, "{}").await;
        drop(deployment);
        assert_eq!(printed(&stopped(&mut world).await), "bye demo");
    }
}

#[tokio::test]
async fn what_goes_wrong_in_it_is_recorded() {
    let mut world = World::start().await;
    let mut check = async |spec: DeploymentSpec, cause: Cause, reason: &str| {
        let deployment = world.deploy_spec(spec).await.unwrap();
        returned(world.call(&deployment, "{}").await);
        drop(deployment);
        let record = stopped(&mut world).await;
        let text = text(&record);
        assert_eq!(record.cause, cause, "{text}");
        assert!(text.contains(reason), "{text}");
        let failed = format!("(pre-stop Failed:{})", cause.name());
        assert!(text.contains(&failed), "{text}");
    };
    check(
        python("raise ValueError('no')"),
        Cause::CodeError,
        "ValueError: no",
    )
    .await;
    check(
        python("while True: pass"),
        Cause::TimedOut,
        "pre-stop timed out after 1s",
    )
    .await;
    check(
        python("x = bytearray(10**9)"),
        Cause::MemoryExceeded,
        "memory",
    )
    .await;
    check(
        python("import os; os._exit(1)"),
        Cause::CodeError,
        "ended its process",
    )
    .await;
    let mut missing = python("pass");
    missing.settings.pre_stop.as_mut().unwrap().function = Handler::parse("index.none").unwrap();
    check(
        missing,
        Cause::CodeError,
        "pre-stop 'none' not found in module 'index'",
    )
    .await;
    let mut elsewhere = python("pass");
    elsewhere.settings.pre_stop.as_mut().unwrap().function = Handler::parse("lib.stop").unwrap();
    check(
        elsewhere,
        Cause::CodeError,
        "must be in the file of the handler",
    )
    .await;
}

#[tokio::test]
async fn an_instance_whose_call_did_not_return_is_not_entered_again() {
    let mut world = World::start().await;
    let mut spec = python("print('never')");
    spec.settings.timeout = 1.try_into().unwrap();
    let code =
        "def stop(context): print('never')\ndef handler(event, context):\n    while True: pass\n";
    spec.code = spec_in(Runtime::Python312, code).code;
    let deployment = world.deploy_spec(spec).await.unwrap();
    let invocation = world.call(&deployment, "{}").await;
    assert_eq!(invocation.record.cause, Cause::TimedOut);
    drop(deployment);
    world.executor.stop(Duration::from_secs(60)).await;
    assert_eq!(world.records.try_recv().unwrap().cause, Cause::TimedOut);
    assert!(world.records.try_recv().is_err());
}
