//! Callers at full speed, while users change what they call: every answer belongs to its request, to
//! its function and to a revision that was live meanwhile; none is lost, and none is an error.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use fastrand::Rng;
use hyper::StatusCode;
use serde_json::{Value, json};

use crate::often;
use crate::process::{Client, Process, data_folder};

/// The revisions of a function that may answer: the last one that was acknowledged, and the last
/// one that was sent.
#[derive(Default)]
struct Live {
    acknowledged: AtomicU64,
    sent: AtomicU64,
}

fn code(function: usize, revision: u64) -> String {
    format!(
        "import json\ndef handler(event, context):\n    n = event['queryStringParameters']['n']\n    return {{'statusCode': 200, 'body': json.dumps({{'function': {function}, 'revision': {revision}, 'n': n}}), 'isBase64Encoded': False}}\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_belongs_to_its_request_while_all_is_being_changed() {
    let calls = often("SLUICE_LOAD_CALLS", 3000);
    let functions = often("SLUICE_LOAD_FUNCTIONS", 8) as usize;
    let callers = often("SLUICE_LOAD_CALLERS", 4);
    let seed = often("SLUICE_SEED", 7);
    let data = data_folder().await;
    let process = Process::start(data.path()).await;
    let mut user = Client::signed_in(&process).await;
    let (group, host) = user.create_group("loaded").await;
    let live: Arc<Vec<Live>> = Arc::new((0..functions).map(|_| Live::default()).collect());
    for function in 0..functions {
        let name = format!("f{function}");
        user.create_function(&name).await.unwrap().json();
        user.deploy(&name, &code(function, 0)).await.unwrap().json();
        user.create_trigger(&name, &group, &format!("/f{function}"))
            .await
            .unwrap()
            .json();
    }

    let (left, over) = (
        Arc::new(AtomicU64::new(calls)),
        Arc::new(AtomicBool::new(false)),
    );
    let changing = [
        tokio::spawn(redeploy(
            user.at(&process),
            Arc::clone(&live),
            Arc::clone(&over),
            seed,
        )),
        tokio::spawn(come_and_go(
            user.at(&process),
            group,
            Client::new(&process.gateway, &host),
            Arc::clone(&over),
        )),
        tokio::spawn(resize(
            user.at(&process),
            functions,
            Arc::clone(&over),
            seed,
        )),
    ];
    let begun = Instant::now();
    let calling: Vec<_> = (0..callers)
        .map(|caller| {
            let client = Client::new(&process.gateway, &host);
            tokio::spawn(call(
                client,
                Arc::clone(&live),
                Arc::clone(&left),
                Rng::with_seed(seed + caller),
            ))
        })
        .collect();
    for caller in calling {
        caller.await.unwrap();
    }
    let seconds = begun.elapsed().as_secs_f64();
    over.store(true, Ordering::Relaxed);
    let mut changes = Vec::new();
    for changing in changing {
        changes.push(changing.await.unwrap());
    }
    println!(
        "{calls} calls of {functions} functions in {seconds:.1} s, {:.0} a second; meanwhile {} deploys, {} functions created, called and deleted, {} pools resized",
        calls as f64 / seconds,
        changes[0],
        changes[1],
        changes[2]
    );
    assert!(changes.iter().all(|changes| *changes > 0), "{changes:?}");

    // Nobody's answer was an error, and every call was recorded.
    let mut operator = Client::new(&process.admin, "localhost");
    let mut recorded = 0;
    for _ in 0..200 {
        let metrics = operator.get("/metrics").await.unwrap().text();
        let sum = |name: &str| -> u64 {
            let counts = metrics
                .lines()
                .filter(|line| line.starts_with(name) && !line.contains("function=\"guest\""));
            counts
                .map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
                .sum()
        };
        assert_eq!(sum("sluice_gateway_answers_total{status=\"5xx\"}"), 0);
        assert_eq!(sum("sluice_records_lost "), 0);
        recorded = sum("sluice_invocations_total{");
        if recorded == calls {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(recorded, calls);
    assert_eq!(operator.get("/readyz").await.unwrap().text(), "ready\n");
    process.kill();
}

async fn call(mut client: Client, live: Arc<Vec<Live>>, left: Arc<AtomicU64>, mut rng: Rng) {
    let take = |left: u64| left.checked_sub(1);
    while let Ok(n) = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
        let function = rng.usize(..live.len());
        let oldest = live[function].acknowledged.load(Ordering::SeqCst);
        let answer = client.get(&format!("/f{function}?n={n}")).await.unwrap();
        let newest = live[function].sent.load(Ordering::SeqCst);
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        let told: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(
            (&told["function"], &told["n"]),
            (&json!(function), &json!(n.to_string()))
        );
        let revision = told["revision"].as_u64().unwrap();
        assert!(
            (oldest..=newest).contains(&revision),
            "f{function}: {revision} is none of {oldest} to {newest}"
        );
    }
}

/// Deploys one function after the other.
async fn redeploy(mut user: Client, live: Arc<Vec<Live>>, over: Arc<AtomicBool>, seed: u64) -> u64 {
    let (mut rng, mut done) = (Rng::with_seed(seed), 0);
    while !over.load(Ordering::Relaxed) {
        let function = rng.usize(..live.len());
        let revision = live[function].sent.fetch_add(1, Ordering::SeqCst) + 1;
        user.deploy(&format!("f{function}"), &code(function, revision))
            .await
            .unwrap()
            .json();
        live[function]
            .acknowledged
            .store(revision, Ordering::SeqCst);
        done += 1;
    }
    done
}

/// Creates a function with a trigger, calls it, and deletes it.
async fn come_and_go(
    mut user: Client,
    group: String,
    mut caller: Client,
    over: Arc<AtomicBool>,
) -> u64 {
    let mut done = 0;
    while !over.load(Ordering::Relaxed) {
        user.create_function("guest").await.unwrap().json();
        user.create_trigger("guest", &group, "/guest")
            .await
            .unwrap()
            .json();
        assert_eq!(caller.get("/guest").await.unwrap().status, StatusCode::OK);
        user.delete_function("guest").await.unwrap().json();
        assert_eq!(
            caller.get("/guest").await.unwrap().status,
            StatusCode::NOT_FOUND
        );
        done += 1;
    }
    done
}

/// Gives functions other numbers of instances.
async fn resize(mut user: Client, functions: usize, over: Arc<AtomicBool>, seed: u64) -> u64 {
    let (mut rng, mut done) = (Rng::with_seed(!seed), 0);
    while !over.load(Ordering::Relaxed) {
        // As many as there may be callers, so that nobody is refused.
        let concurrency = json!({ "max_instances": rng.u32(100..=400), "reserved_instances": rng.u32(..3), "fresh_instances": rng.bool() });
        let asked =
            json!({ "name": format!("f{}", rng.usize(..functions)), "concurrency": concurrency });
        user.ask("functions/update-concurrency", asked)
            .await
            .unwrap()
            .json();
        done += 1;
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    done
}
