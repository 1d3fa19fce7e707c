//! Debug: requests to an API from the console.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::{Visitor, World};

const ECHO: &str = "import json\n\ndef handler(event, context):\n    print('seen', event['httpMethod'])\n    return {'statusCode': 201, 'headers': {'X-Own': 'ü'}, 'body': json.dumps(event)}\n";

/// The id of the API that the first trigger of a function has published.
async fn api_id(user: &Visitor, function: &str) -> String {
    let path = format!("/api/triggers/list?name={function}");
    let cards = user.expect(user.send(Method::GET, &path, Body::empty(), &[]).await);
    cards[0]["trigger"]["api_id"].as_str().unwrap().to_owned()
}

fn request(api_id: &str, method: &str, path: &str, body: &str) -> Value {
    json!({ "api_id": api_id, "environment": "RELEASE", "request": {
        "method": method, "path": path, "query": [["a", "1"], ["a", "ü &"]],
        "headers": [["X-A", "1"], ["x-a", "2"], ["X-Apig-Mode", "debug"]], "body": body,
    } })
}

fn stages(answer: &Value) -> Vec<&str> {
    let steps = answer["steps"].as_array().unwrap().iter();
    steps.map(|step| step["stage"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_request_of_debug_is_a_call_with_its_record_and_a_trace() {
    let (_world, user, anonymous) = World::with_user().await;
    user.publish("echo", ECHO, "/echo").await;
    let api_id = api_id(&user, "echo").await;
    let path = format!("/api/debug/find?api_id={api_id}");
    let target = user.expect(user.send(Method::GET, &path, Body::empty(), &[]).await);
    assert_eq!(target["api_name"], "API_echo");
    let published = &target["published"][0];
    assert_eq!(published["environment"], "RELEASE");
    assert_eq!(published["function"], "echo");
    assert!(
        published["base_path_url"]
            .as_str()
            .unwrap()
            .starts_with("https://localhost:8443/_group/")
    );

    let answer = user
        .ask(
            "debug/send",
            request(&api_id, "PUT", "/echo/x%20y", "hällo"),
        )
        .await;
    let answer = user.expect(answer);
    assert_eq!(
        (&answer["status"], &answer["reason"]),
        (&json!(201), &json!("Created"))
    );
    let headers = answer["headers"].as_array().unwrap();
    assert!(headers.contains(&json!(["x-own", "ü"])), "{headers:?}");
    assert!(headers.iter().any(|header| header[0] == "x-apig-latency"));
    let text = answer["body"]["Text"]["text"].as_str().unwrap();
    assert_eq!(answer["body_bytes"], text.len());
    let event: Value = serde_json::from_str(text).unwrap();
    assert_eq!(event["httpMethod"], "PUT");
    assert_eq!(event["path"], "/echo/x y");
    assert_eq!(event["queryStringParameters"]["a"], json!(["1", "ü &"]));
    assert_eq!(event["headers"]["x-a"], json!(["1", "2"]));
    assert_eq!(event["body"], "aMOkbGxv");
    assert_eq!(event["requestContext"]["sourceIp"], "127.0.0.1");
    assert_eq!(event["headers"]["x-forwarded-port"], "8443");
    // Whether the code is loaded depends on whether its snapshot was made in time.
    let mut went_through = stages(&answer);
    went_through.retain(|stage| *stage != "LOAD");
    let stages_of_a_call = [
        "ROUTE",
        "AUTHENTICATION",
        "BODY",
        "EVENT",
        "QUEUE",
        "INSTANCE",
        "HANDLER",
        "RESPONSE",
        "COMPRESSION",
    ];
    assert_eq!(went_through, stages_of_a_call);
    assert_eq!(
        answer["steps"][1]["detail"],
        "NONE: not asked of admin, who is signed in"
    );
    // It is a call like any other.
    let rows = user.requests("echo", 1).await;
    assert_eq!(answer["log"], json!(["echo", rows[0]["request_id"]]));
    let again = user
        .ask("debug/send", request(&api_id, "GET", "/echo", ""))
        .await;
    assert_eq!(stages(&user.expect(again)), stages_of_a_call);

    let refused = anonymous
        .ask("debug/send", request(&api_id, "GET", "/echo", ""))
        .await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    let found = anonymous.send(Method::GET, &path, Body::empty(), &[]).await;
    assert_eq!(found.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_closed_api_is_debugged_without_its_authentication() {
    let (world, user, _) = World::with_user().await;
    let url = user.publish("open", ECHO, "/open").await;
    let group = url.split("://").nth(1).unwrap().split('.').next().unwrap();
    let environment = user
        .ask(
            "environments/create",
            json!({ "name": "TEST", "description": "" }),
        )
        .await;
    let environment = user.expect(environment);
    let settings = json!({
        "api_name": "API_closed", "group_id": group,
        "authentication": "IAM", "protocol": "HTTP", "path": "/closed/{id}", "matching": "NORMAL",
        "method": "POST", "timeout": 5000,
    });
    let created = user
        .ask(
            "triggers/create",
            json!({ "name": "open", "settings": settings, "environment_id": environment["environment_id"] }),
        )
        .await;
    user.expect(created);
    let closed = api_id(&user, "open").await;
    let url = url
        .replace("https", "http")
        .replace("8443", "8080")
        .replace("/open", "/closed/7");
    let called = world
        .call_with(Method::POST, &url, "", &[("x-stage", "TEST")])
        .await;
    assert_eq!(called.status, StatusCode::UNAUTHORIZED);
    let mut in_test = request(&closed, "POST", "/closed/7", "");
    in_test["environment"] = json!("TEST");
    let answer = user.expect(user.ask("debug/send", in_test).await);
    assert_eq!(answer["status"], 201);
    let event: Value =
        serde_json::from_str(answer["body"]["Text"]["text"].as_str().unwrap()).unwrap();
    assert_eq!(event["requestContext"]["stage"], "TEST");
    assert_eq!(event["pathParameters"], json!({ "id": "7" }));
    assert_eq!(event["headers"]["x-forwarded-proto"], "http");

    // Where it is not published, and what is no request.
    let not_there = user
        .ask("debug/send", request(&closed, "POST", "/closed/7", ""))
        .await;
    assert_eq!(not_there.status, StatusCode::NOT_FOUND);
    let unknown = "00".repeat(16);
    let unknown = user
        .ask("debug/send", request(&unknown, "POST", "/closed/7", ""))
        .await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    for (field, wrong) in [
        ("method", json!("ANY")),
        ("method", json!("TRACE")),
        ("path", json!("no-slash")),
        ("path", json!("/a b")),
        ("headers", json!([["Host", "other"]])),
        ("headers", json!([["X-Stage", "RELEASE"]])),
        ("headers", json!([["a", "b\r\nc: d"]])),
    ] {
        let mut request = request(&closed, "POST", "/closed/7", "");
        request["request"][field] = wrong.clone();
        let answer = user.ask("debug/send", request).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{field} {wrong}");
    }
}
