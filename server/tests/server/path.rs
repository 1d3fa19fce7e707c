//! From deploy to trigger URL to Monitoring > Logs, without a browser.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crate::world::World;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};

/// The handler of the mission's page.
const SEED: &str = r#"# -*- coding:utf-8 -*-
import json
def handler (event, context):
    body = "<html><title>Functiongraph Demo</title><body><p>Hello, FunctionGraph!</p></body></html>"
    print(body)
    return {
        "statusCode":200,
        "body":body,
        "headers": {
            "Content-Type": "text/html",
        },        
        "isBase64Encoded": False
    }
"#;

/// Answers with the event that came in.
const ECHO: &str = r#"
import json
def handler(event, context):
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps(event), "isBase64Encoded": False}
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_function_is_deployed_called_and_read_about() {
    let (world, user, _) = World::with_user().await;
    let url = user.publish("apig_demo", SEED, "/ttest").await;
    assert!(url.ends_with(".apig.localhost:8443/ttest"), "{url}");

    let page = world.call(Method::GET, &url, "").await;
    assert_eq!(
        (page.status, page.header("content-type")),
        (StatusCode::OK, "text/html")
    );
    assert!(page.body.contains("Hello, FunctionGraph!"), "{}", page.body);

    let rows = user.requests("apig_demo", 1).await;
    assert_eq!(rows[0]["api_request_id"], page.header("x-request-id"));
    assert_eq!(rows[0]["cause"], "ColdStart");
    let request_id = rows[0]["request_id"].as_str().unwrap();
    let log = user
        .ask(
            "logs/request",
            json!({ "name": "apig_demo", "request_id": request_id }),
        )
        .await
        .json();
    let lines: Vec<&str> = log["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["text"].as_str().unwrap())
        .collect();
    let start = lines
        .iter()
        .position(|line| {
            line.ends_with(&format!(
                "Start invoke request '{request_id}', version: latest"
            ))
        })
        .unwrap();
    assert!(
        lines[start + 1].starts_with("<html><title>Functiongraph Demo</title>"),
        "{lines:?}"
    );
    assert!(
        lines[start + 2].contains(&format!("Finish invoke request '{request_id}', duration: ")),
        "{lines:?}"
    );

    let logs_page = user.open("/functions/apig_demo/monitoring/logs").await;
    assert!(
        logs_page.body.contains(request_id),
        "the page is complete before any script runs"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_event_has_what_the_caller_sent_but_not_the_consoles_cookie() {
    let (world, user, _) = World::with_user().await;
    let url = user.publish("echo", ECHO, "/echo").await;
    let (host, _) = url
        .strip_prefix("https://")
        .unwrap()
        .split_once('/')
        .unwrap();
    let request = Request::post("/echo/a/b?x=1&x=2&y=%C3%A4")
        .header("host", host)
        .header("cookie", "a=1; sluice_session=secret; b=2")
        .body(axum::body::Body::from("hi"))
        .unwrap();
    let router = world
        .parts
        .gateway
        .router(sluice_gateway::Listener { tls: true });
    let answer = tower::ServiceExt::oneshot(router, request).await.unwrap();
    let body = axum::body::to_bytes(answer.into_body(), 1 << 20)
        .await
        .unwrap();
    let event: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        (&event["httpMethod"], &event["path"]),
        (&json!("POST"), &json!("/echo/a/b"))
    );
    assert_eq!(event["pathParameters"], json!({ "": "a/b" }));
    assert_eq!(
        event["queryStringParameters"],
        json!({ "x": ["1", "2"], "y": "ä" })
    );
    assert_eq!(
        (&event["body"], &event["isBase64Encoded"]),
        (&json!("aGk="), &json!(true))
    );
    assert_eq!(event["headers"]["cookie"], "a=1; b=2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deploy_serves_the_next_call_and_a_syntax_error_serves_nothing() {
    let (world, user, _) = World::with_user().await;
    let code = |text: &str| {
        format!(
            "def handler(event, context):\n    return {{'statusCode': 200, 'body': '{text}'}}\n"
        )
    };
    let url = user.publish("greeter", &code("one"), "/").await;
    assert_eq!(world.call(Method::GET, &url, "").await.body, "one");

    let wrong = json!({ "index.py": "def handler(event, context):\n    return (\n" });
    let wrong = user.deploy("greeter", wrong).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        (&wrong.json()["Code"]["file"], &wrong.json()["Code"]["line"]),
        (&json!("index.py"), &json!(2)),
        "{}",
        wrong.body
    );
    assert_eq!(world.call(Method::GET, &url, "").await.body, "one");

    let right = json!({ "index.py": code("two") });
    let right = user.deploy("greeter", right).await;
    assert_eq!(right.status, StatusCode::OK, "{}", right.body);
    assert_eq!(world.call(Method::GET, &url, "").await.body, "two");
}

#[tokio::test(flavor = "multi_thread")]
async fn deploying_under_load_loses_and_mixes_nothing() {
    const DEPLOYS: u32 = 20;
    let (world, user, _) = World::with_user().await;
    // The version stands in the module and in the function, and is read before and after
    // another call had its chance.
    let code = |version: u32| {
        format!(
            "import json, time\nVERSION = {version}\nimport helper\n\
             def handler(event, context):\n\
             \x20   before = VERSION\n\
             \x20   time.sleep(0.01)\n\
             \x20   said = [before, {version}, helper.VERSION, VERSION, event['queryStringParameters']['q']]\n\
             \x20   return {{'statusCode': 200, 'body': json.dumps(said)}}\n"
        )
    };
    let helper = |version: u32| format!("VERSION = {version}\n");
    let url = user
        .publish("busy", "def handler(event, context): pass", "/")
        .await;
    let deploy = async |version: u32| {
        let written = json!({ "index.py": code(version), "helper.py": helper(version) });
        let deployed = user.deploy("busy", written).await;
        assert_eq!(deployed.status, StatusCode::OK, "{}", deployed.body);
    };
    deploy(1).await;

    // What was acknowledged, and what is on its way at most.
    let (acknowledged, begun) = (AtomicU32::new(1), AtomicU32::new(1));
    let done = AtomicBool::new(false);
    let calls = AtomicU32::new(0);
    let caller = async |name: u32| {
        while !done.load(Ordering::SeqCst) {
            let oldest = acknowledged.load(Ordering::SeqCst);
            let q = format!("{name}-{}", calls.fetch_add(1, Ordering::SeqCst));
            let answer = world.call(Method::GET, &format!("{url}?q={q}"), "").await;
            let newest = begun.load(Ordering::SeqCst);
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
            let said = answer.json();
            let version = said[0].as_u64().unwrap();
            assert!(
                (u64::from(oldest)..=u64::from(newest)).contains(&version),
                "{version} was answered where {oldest} to {newest} served"
            );
            assert_eq!(said, json!([version, version, version, version, q]));
        }
    };
    let deployer = async {
        for version in 2..=DEPLOYS {
            begun.store(version, Ordering::SeqCst);
            deploy(version).await;
            acknowledged.store(version, Ordering::SeqCst);
            // Each serves some calls, from its source or from its snapshot.
            let some = calls.load(Ordering::SeqCst) + 4 + version * 2;
            while calls.load(Ordering::SeqCst) < some {
                tokio::task::yield_now().await;
            }
        }
        done.store(true, Ordering::SeqCst);
    };
    tokio::join!(deployer, caller(1), caller(2), caller(3), caller(4));
    assert!(calls.load(Ordering::SeqCst) > 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_reaches_the_caller_and_the_log_with_its_reason() {
    let (world, user, _) = World::with_user().await;
    let url = user
        .publish(
            "failing",
            "def handler(event, context):\n    return 1 / 0\n",
            "/",
        )
        .await;
    let answer = world.call(Method::GET, &url, "").await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(
        answer.json()["errorType"],
        "ZeroDivisionError",
        "{}",
        answer.body
    );
    assert_eq!(
        user.requests("failing", 1).await[0]["cause"],
        "FunctionError"
    );

    let url = user
        .publish(
            "stringy",
            "def handler(event, context):\n    return 'hello'\n",
            "/",
        )
        .await;
    let answer = world.call(Method::GET, &url, "").await;
    assert_eq!(
        (answer.status, answer.json()["error_code"].clone()),
        (StatusCode::INTERNAL_SERVER_ERROR, json!("FSS.1202"))
    );
    let row = &user.requests("stringy", 1).await[0];
    let log = user
        .ask(
            "logs/request",
            json!({ "name": "stringy", "request_id": row["request_id"] }),
        )
        .await;
    assert!(
        log.body.contains("statusCode"),
        "the log says which member is missing: {}",
        log.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_trigger_or_function_answers_no_more() {
    let (world, user, _) = World::with_user().await;
    let url = user.publish("short_lived", SEED, "/").await;
    assert_eq!(
        world.call(Method::GET, &url, "").await.status,
        StatusCode::OK
    );
    let deleted = user
        .ask("functions/delete", json!({ "name": "short_lived" }))
        .await;
    assert_eq!(deleted.status, StatusCode::OK, "{}", deleted.body);
    let gone = world.call(Method::GET, &url, "").await;
    assert_eq!(
        (gone.status, gone.json()["error_code"].clone()),
        (StatusCode::NOT_FOUND, json!("APIG.0101"))
    );
}
