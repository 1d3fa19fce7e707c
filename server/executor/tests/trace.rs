//! What the trace of a call tells of its instance.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod common;

use std::sync::Arc;

use common::{World, call, eventually, spec};
use sluice_domain::concurrency::Concurrency;
use sluice_domain::function::Initializer;
use sluice_domain::trace::{Stage, Step};
use sluice_executor::{Call, Deployment, DeploymentSpec, Trace};

const CODE: &str =
    "def initializer(context):\n    pass\n\ndef handler(event, context):\n    return 1\n";

fn with_initializer() -> DeploymentSpec {
    let mut spec = spec(CODE);
    spec.settings.initializer = Some(Initializer {
        function: "index.initializer".parse().unwrap(),
        timeout: 60.try_into().unwrap(),
    });
    spec
}

async fn traced(world: &World, deployment: &Arc<Deployment>) -> Vec<Step> {
    let trace = Trace::begin_call();
    let call = Call {
        trace: trace.clone(),
        ..call("{}")
    };
    let invoked = world.executor.invoke(deployment, call, Ok).await;
    assert!(invoked.unwrap().record.cause.is_success());
    let steps = trace.steps();
    let mut began = 0;
    for step in &steps {
        assert!(step.offset_us >= began, "{steps:?}");
        began = step.offset_us + step.duration_us;
    }
    steps
}

fn told(steps: &[Step]) -> String {
    let told = steps.iter().map(|it| {
        assert!(it.has_ended, "{it:?}");
        format!("{}: {}", it.stage.label(), it.detail)
    });
    told.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_trace_tells_how_an_instance_came_to_be() {
    let world = World::start().await;
    let deployment = world.deploy_spec(with_initializer()).await.unwrap();
    let queue = "Queue: 1 of 400 instances of the function at work";
    let end = "Handler: Returned\nResponse: 1 bytes of JSON";
    // The snapshot is not made before a tenth of a second is over.
    assert_eq!(
        told(&traced(&world, &deployment).await),
        format!(
            "{queue}\nInstance: Cold start: made from the runtime\nLoad: The code was loaded\n\
             Initializer: Returned\n{end}"
        )
    );
    assert_eq!(
        told(&traced(&world, &deployment).await),
        format!("{queue}\nInstance: Warm: it was there\n{end}")
    );
    let other = world.deploy_spec(with_initializer()).await.unwrap();
    eventually("a snapshot", || other.snapshot().is_some()).await;
    assert_eq!(
        told(&traced(&world, &other).await),
        format!(
            "{queue}\nInstance: Cold start: made from the snapshot\nInitializer: Returned\n{end}"
        )
    );
}

#[tokio::test]
async fn a_trace_tells_of_an_instance_that_was_made_new() {
    let world = World::start().await;
    let mut spec = spec(CODE);
    spec.settings.concurrency = Concurrency::new(1, 0, true).unwrap();
    let deployment = world.deploy_spec(spec).await.unwrap();
    eventually("a snapshot", || deployment.snapshot().is_some()).await;
    traced(&world, &deployment).await;
    eventually("an instance", || deployment.waiting_instances() == 1).await;
    let steps = traced(&world, &deployment).await;
    assert_eq!(
        steps[1].detail,
        "Renewed: it was there, made new after an earlier call"
    );
}

#[tokio::test]
async fn a_trace_tells_what_failed() {
    let world = World::start().await;
    let last = async |code: &str| {
        let deployment = world.deploy(code).await;
        let trace = Trace::begin_call();
        let call = Call {
            trace: trace.clone(),
            ..call("{}")
        };
        world.executor.invoke(&deployment, call, Ok).await.unwrap();
        let step = trace.steps().pop().unwrap();
        (step.stage, step.has_ended, step.detail)
    };
    let handler = |told: &str| (Stage::Handler, true, told.to_owned());
    assert_eq!(
        last("def handler(e, c):\n    1 / 0\n").await,
        handler("Failed")
    );
    assert_eq!(
        last("import os\ndef handler(e, c):\n    os.abort()\n").await,
        handler("Ended by the sandbox")
    );
    assert_eq!(last("1 / 0\n").await, (Stage::Load, false, String::new()));
}
