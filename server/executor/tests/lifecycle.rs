//! How many instances there are, when they are made, and what one knows of the calls before.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod common;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use common::{Given, World, call, eventually, failure, returned, spec, spec_in, text};
use sluice_domain::concurrency::Concurrency;
use sluice_domain::function::{ExecutionTimeout, Initializer, Runtime};
use sluice_domain::invocation::Cause;
use sluice_domain::metrics::ThrottleReason;
use sluice_executor::{Deployment, DeploymentSpec, Refused};

fn with(mut spec: DeploymentSpec, max: u32, reserved: u32, fresh: bool) -> DeploymentSpec {
    spec.settings.concurrency = Concurrency::new(max, reserved, fresh).unwrap();
    spec
}

fn fresh(code: &str) -> DeploymentSpec {
    with(spec(code), 400, 0, true)
}

async fn snapshot_made(deployment: &Deployment) {
    eventually("a snapshot", || deployment.snapshot().is_some()).await;
}

/// Leaves traces wherever a function can, and returns those that it found.
const NOSY: &str = r#"
import builtins, json, os, random, sys, tempfile

def look():
    found = []
    if hasattr(builtins, "trace"): found.append("builtins")
    if "TRACE" in os.environ: found.append("environment")
    if os.listdir("/tmp"): found.append("tmp")
    if os.getcwd() != "/opt/function": found.append("working directory")
    if sys.path[0] == "trace": found.append("path")
    if json.dumps("x") != '"x"': found.append("module")
    if os.path.getmtime("/tmp") < 10: found.append("times of /tmp")
    if "trace" in globals(): found.append("globals")
    return found

def handler(event, context):
    found = look()
    builtins.trace = globals()["trace"] = os.environ["TRACE"] = "here"
    open("/tmp/trace", "w").write("here")
    os.utime("/tmp", (1, 1))
    os.chdir("/tmp")
    sys.path.insert(0, "trace")
    json.dumps = lambda value: "trace"
    return found
"#;

#[tokio::test]
async fn each_call_has_an_instance_of_its_own_where_that_is_set() {
    let world = World::start().await;
    let deployment = world.deploy_spec(fresh(NOSY)).await.unwrap();
    // From source first, from the snapshot afterwards, and then from used ones made new.
    for _ in 0..5 {
        assert_eq!(returned(world.call(&deployment, "{}").await), "[]");
    }
    snapshot_made(&deployment).await;
    for _ in 0..20 {
        assert_eq!(returned(world.call(&deployment, "{}").await), "[]");
    }
    // Without the setting, all of them are found.
    let shared = world.deploy(NOSY).await;
    world.call(&shared, "{}").await;
    let found = returned(world.call(&shared, "{}").await);
    assert_eq!(found.matches('"').count(), 16, "{found}");
}

#[tokio::test]
async fn an_instance_is_made_new_instead_of_another_being_made() {
    let world = World::start().await;
    let code = "import random\ndef handler(event, context):\n    return random.random()\n";
    let deployment = world.deploy_spec(fresh(code)).await.unwrap();
    snapshot_made(&deployment).await;
    world.call(&deployment, "{}").await;
    let mut drawn = HashSet::new();
    let mut warm = 0;
    for _ in 0..20 {
        let invocation = world.call(&deployment, "{}").await;
        warm += u32::from(invocation.record.cold_start.is_none());
        drawn.insert(returned(invocation));
    }
    assert_eq!(drawn.len(), 20, "each draws its own");
    // Whether one is ready in time is a matter of how busy this machine is.
    assert!(warm > 0);
}

#[tokio::test]
async fn an_instance_that_grew_or_failed_is_not_made_new() {
    let world = World::start().await;
    let code = "data = None\ndef handler(event, context):\n    global data\n    \
                if data: return 'seen'\n    data = bytearray(event)\n    return len(data)\n";
    let deployment = world.deploy_spec(fresh(code)).await.unwrap();
    snapshot_made(&deployment).await;
    for bytes in ["1", "30000000", "1", "300000000", "30000000", "1"] {
        let invocation = world.call(&deployment, bytes).await;
        match bytes {
            "300000000" => assert_eq!(failure(&invocation).0, Cause::MemoryExceeded),
            _ => assert_eq!(returned(invocation), bytes),
        }
    }
}

#[tokio::test]
async fn an_initializer_is_tried_on_three_instances() {
    let check = async |code: &str, seconds: u32| {
        let world = World::start().await;
        let mut spec = spec(code);
        spec.settings.initializer = Some(Initializer {
            function: "index.initializer".parse().unwrap(),
            timeout: seconds.try_into().unwrap(),
        });
        let deployment = world.deploy_spec(spec).await.unwrap();
        let invocation = world.call(&deployment, "{}").await;
        let log: Vec<_> = invocation
            .record
            .log
            .iter()
            .map(|line| line.text.clone())
            .collect();
        let tries = log.iter().filter(|line| line.contains("trying")).count();
        let told = log
            .iter()
            .filter(|line| line.contains("of 3 on a new instance"))
            .count();
        (invocation.record.cause, tries, told)
    };
    let fails = "def initializer(context):\n    print('trying')\n    raise OSError('down')\n\
                 def handler(event, context):\n    return 1\n";
    assert_eq!(check(fails, 60).await, (Cause::InitializationFailed, 3, 2));
    let hangs = "import time\ndef initializer(context):\n    print('trying')\n    time.sleep(9)\n\
                 def handler(event, context):\n    return 1\n";
    assert_eq!(check(hangs, 1).await, (Cause::InitializationFailed, 1, 0));
    let works = "def initializer(context):\n    print('trying')\n\
                 def handler(event, context):\n    return 1\n";
    assert_eq!(check(works, 60).await, (Cause::ColdStart, 1, 0));
}

#[tokio::test]
async fn fresh_instances_run_the_initializer_each() {
    let world = World::start().await;
    let mut spec = fresh(
        "n = 0\ndef initializer(context):\n    global n\n    n += 1\n\
         def handler(event, context):\n    return n\n",
    );
    spec.settings.initializer = Some(Initializer {
        function: "index.initializer".parse().unwrap(),
        timeout: Default::default(),
    });
    let deployment = world.deploy_spec(spec).await.unwrap();
    snapshot_made(&deployment).await;
    for _ in 0..5 {
        assert_eq!(returned(world.call(&deployment, "{}").await), "1");
    }
}

#[tokio::test]
async fn javascript_has_fresh_instances_too() {
    let world = World::javascript().await;
    let code = "let n = 0; exports.handler = async () => ++n;";
    let spec = with(spec_in(Runtime::JavaScript, code), 400, 0, true);
    let deployment = world.deploy_spec(spec).await.unwrap();
    for _ in 0..5 {
        assert_eq!(returned(world.call(&deployment, "{}").await), "1");
    }
}

#[tokio::test]
async fn reserved_instances_are_there_before_anybody_calls() {
    let world = World::start().await;
    let code = "import time\ndef initializer(context): print('ready')\n\
                def handler(event, context): time.sleep(0.3)\n";
    let mut spec = with(spec(code), 400, 3, false);
    spec.settings.initializer = Some(Initializer {
        function: "index.initializer".parse().unwrap(),
        timeout: Default::default(),
    });
    let deployment = world.deploy_spec(spec).await.unwrap();
    eventually("three instances", || deployment.waiting_instances() == 3).await;
    let calls = (0..3).map(|_| world.call(&deployment, "{}"));
    for invocation in futures::future::join_all(calls).await {
        assert_eq!(invocation.record.cause, Cause::Success);
        assert!(
            text(&invocation.record).contains("INFO ready\n"),
            "{}",
            text(&invocation.record)
        );
    }
}

const SLEEPS: &str = "import time\ndef handler(event, context): time.sleep(event)\n";

#[tokio::test]
async fn a_call_waits_for_an_instance() {
    let world = World::with_queue_wait(Duration::from_secs(60)).await;
    let deployment = world.deploy_spec(with(spec(SLEEPS), 1, 0, false)).await;
    let deployment = deployment.unwrap();
    let calls = ["0.2", "0", "0"].map(|event| world.call(&deployment, event));
    for invocation in futures::future::join_all(calls).await {
        returned(invocation);
    }
    assert_eq!(world.executor.take_throttled(), []);
    assert_eq!(deployment.waiting_instances(), 1);
}

#[tokio::test]
async fn a_call_that_waited_in_vain_is_refused_and_counted() {
    let world = World::with_queue_wait(Duration::ZERO).await;
    let deployment = world.deploy_spec(with(spec(SLEEPS), 1, 0, false)).await;
    let deployment = deployment.unwrap();
    let long = world.call(&deployment, "0.5");
    let refused = world.executor.invoke(&deployment, call("0"), Ok);
    let (first, refused) = tokio::join!(long, refused);
    returned(first);
    assert_eq!(refused.err(), Some(Refused::Throttled { max_instances: 1 }));
    let id = deployment.spec().function_id.clone();
    deployment.throttle_by_policy();
    let [of_instances, of_policy] = &world.executor.take_throttled()[..] else {
        panic!("each reason is counted by itself");
    };
    assert_eq!((&of_instances.function_id, of_instances.count), (&id, 1));
    assert_eq!(of_instances.reason, ThrottleReason::Instances);
    assert_eq!((&of_policy.function_id, of_policy.count), (&id, 1));
    assert_eq!(of_policy.reason, ThrottleReason::Policy);
    assert_eq!(world.executor.take_throttled(), []);
}

#[tokio::test]
async fn the_most_instances_since_the_last_look_are_told() {
    let world = World::with_queue_wait(Duration::from_secs(60)).await;
    let deployment = world.deploy_spec(with(spec(SLEEPS), 2, 0, true)).await;
    let deployment = deployment.unwrap();
    let calls = ["0.1", "0.1", "0.1"].map(|event| world.call(&deployment, event));
    futures::future::join_all(calls)
        .await
        .into_iter()
        .for_each(|invocation| drop(returned(invocation)));
    let [(function_id, most)] = &world.executor.take_instances()[..] else {
        panic!("it has one function");
    };
    assert_eq!(function_id, &deployment.spec().function_id);
    assert_eq!((most.busy, most.reserved), (2, 0));
}

#[tokio::test]
async fn a_further_instance_is_made_when_the_last_of_several_is_taken() {
    let world = World::start().await;
    let deployment = world.deploy(SLEEPS).await;
    let two_calls = || async {
        let calls = [(); 2].map(|()| world.call(&deployment, "0.3"));
        for invocation in futures::future::join_all(calls).await {
            returned(invocation);
        }
    };
    two_calls().await;
    assert_eq!(deployment.waiting_instances(), 2, "each made its own");
    two_calls().await;
    eventually("a third", || deployment.waiting_instances() == 3).await;
    two_calls().await;
    assert_eq!(deployment.waiting_instances(), 3, "one was left");
}

#[tokio::test]
async fn what_cannot_be_loaded_is_not_loaded_again_behind_the_answer() {
    let mut world = World::start().await;
    let code = "import time\nprint(time.time())\nraise ValueError('no')\n";
    let deployment = world.deploy_spec(fresh(code)).await.unwrap();
    snapshot_made(&deployment).await;
    for _ in 0..3 {
        let (cause, _) = failure(&world.call(&deployment, "{}").await);
        assert_eq!(cause, Cause::LoadFailed);
        world.records.recv().await.unwrap();
    }
    assert_eq!(deployment.busy_instances(), 0);
    assert_eq!(deployment.waiting_instances(), 0);
}

#[tokio::test]
async fn a_function_gets_as_many_instances_as_its_last_deployment_says() {
    let world = World::start().await;
    let code = "import time\ndef handler(event, context): time.sleep(0.3)\n";
    let one = with(spec(code), 1, 0, false);
    let two = with(one.clone(), 2, 0, false);
    let at_a_time = async |deployment: &Arc<Deployment>| {
        let calls = (0..3).map(|_| world.executor.invoke(deployment, call("{}"), Ok));
        let ended = futures::future::join_all(calls).await;
        ended.iter().filter(|ended| ended.is_ok()).count()
    };
    let deployment = world.deploy_spec(one).await.unwrap();
    assert_eq!(at_a_time(&deployment).await, 1);
    let deployment = world.deploy_spec(two).await.unwrap();
    assert_eq!(at_a_time(&deployment).await, 2);
}

#[tokio::test]
async fn functions_share_the_memory_of_the_server() {
    let world = World::with_memory(100 << 20).await;
    let code =
        "kept = None\ndef handler(event, context):\n    global kept\n    kept = bytearray(event)\n";
    let deployments = [world.deploy(code).await, world.deploy(code).await];
    // Each keeps 60 MB while it waits, until the other one wants them.
    for turn in 0..4 {
        let invocation = world.call(&deployments[turn % 2], "60000000").await;
        returned(invocation);
    }
    let third = world.deploy(code).await;
    let (cause, failure) = failure(&world.call(&third, "110000000").await);
    assert_eq!(cause, Cause::MemoryExceeded);
    assert_eq!(
        failure.error_message,
        "the functions of this server have 100 MB of memory together, and it is used up"
    );
    returned(world.call(&deployments[0], "60000000").await);
}

#[tokio::test]
async fn idle_instances_go_and_reserved_ones_stay() {
    let given = Given {
        idle: Duration::from_millis(500),
        ..Given::default()
    };
    let world = World::given(Runtime::Python312, given).await;
    let sleep = "import time\ndef handler(event, context):\n    time.sleep(0.05)\n";
    let two = world
        .deploy_spec(with(spec(sleep), 10, 2, false))
        .await
        .unwrap();
    let none = world.deploy(sleep).await;
    for deployment in [&two, &none] {
        let calls = (0..5).map(|_| world.call(deployment, "{}"));
        futures::future::join_all(calls).await;
        assert_eq!(deployment.waiting_instances(), 5);
    }
    eventually("idle ones go", || none.waiting_instances() == 0).await;
    // These were looked at before, and are older.
    assert_eq!(two.waiting_instances(), 2);
    let invocation = world.call(&two, "{}").await;
    assert_eq!(invocation.record.cold_start, None);
}

#[tokio::test]
async fn a_function_with_many_busy_calls_leaves_others_their_share() {
    let world = World::start().await; // tokio's test runtime has one thread
    let mut spin = spec("def handler(event, context):\n    while True: pass\n");
    spin.settings.timeout = ExecutionTimeout::try_from(2).unwrap();
    let many = world.deploy_spec(spin.clone()).await.unwrap();
    spin.function_id = spec("").function_id;
    let single = world.deploy_spec(spin).await.unwrap();
    let of_many = (0..8).map(|_| world.call(&many, "{}"));
    let (of_many, of_one) = tokio::join!(
        futures::future::join_all(of_many),
        world.call(&single, "{}")
    );
    let cpu = |invocation: &sluice_executor::Invocation<String>| -> f64 {
        let text = text(&invocation.record);
        let (_, after) = text.split_once("cpu used: ").unwrap();
        after.split_once('U').unwrap().0.parse().unwrap()
    };
    let all: f64 = of_many.iter().map(cpu).sum();
    let share = cpu(&of_one) / (all + cpu(&of_one));
    assert!(
        share > 0.25,
        "one function of two has {share} of the processor"
    );
}
