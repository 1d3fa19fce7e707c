//! Test events, and the events of requests: what is kept of them, and Replay.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use sluice_domain::test_event::TEMPLATES;

use crate::world::{Visitor, World};

/// Answers with the event, and sets a cookie.
const ECHO: &str = "import json\n\ndef handler(event, context):\n    return {'statusCode': 201, 'headers': {'Set-Cookie': 'a=hidden'}, \
                    'body': json.dumps(event), 'isBase64Encoded': False}\n";

/// The newest request of a function, with its event, once there are `count`.
async fn newest(user: &Visitor, name: &str, count: usize) -> Value {
    let rows = user.requests(name, count).await;
    let arguments = json!({ "name": name, "request_id": rows[0]["request_id"] });
    user.expect(user.ask("logs/request", arguments).await)
}

fn parsed(text: &Value) -> Value {
    serde_json::from_str(text.as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn the_event_of_a_request_is_kept_without_its_secrets_and_replayed() {
    let (world, user, anonymous) = World::with_user().await;
    let url = user.publish("echo", ECHO, "/echo").await;
    let headers = [
        ("authorization", "Bearer hidden"),
        ("x-auth-token", "hidden"),
        ("x-plain", "told"),
    ];
    let url = format!("{url}?password=hidden&q=told");
    let answer = world
        .call_with(Method::POST, &url, "a body", &headers)
        .await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let called_with = answer.json();
    assert_eq!(called_with["headers"]["authorization"], "Bearer hidden");

    let request = newest(&user, "echo", 1).await;
    let event = parsed(&request["event"]["event"]);
    assert_eq!(event["headers"]["authorization"], "[redacted]");
    assert_eq!(event["headers"]["x-plain"], "told");
    assert_eq!(
        event["queryStringParameters"],
        json!({ "password": "[redacted]", "q": "told" })
    );
    assert_eq!(event["body"], called_with["body"]);
    let answer = parsed(&request["event"]["answer"]);
    assert_eq!(answer["headers"]["Set-Cookie"], "[redacted]");
    assert!(!event.to_string().contains("hidden"), "{event}");

    let arguments = json!({ "name": "echo", "request_id": request["row"]["request_id"] });
    let refused = anonymous.ask("logs/replay", arguments.clone()).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    let replayed = user.expect(user.ask("logs/replay", arguments).await);
    let answer = parsed(&replayed["output"]["Ok"]);
    assert_eq!(parsed(&answer["body"]), event);

    // A replay is a request of its own.
    let again = newest(&user, "echo", 2).await;
    assert_eq!(again["row"]["request_id"], replayed["request_id"]);
    assert_eq!(parsed(&again["event"]["event"]), event);
}

#[tokio::test]
async fn a_large_event_is_not_kept_and_cannot_be_replayed() {
    let (world, user, _) = World::with_user().await;
    let url = user.publish("large", ECHO, "/large").await;
    let answer = world.call(Method::POST, &url, "x".repeat(60_000)).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let request = newest(&user, "large", 1).await;
    assert_eq!(request["event"]["event"], Value::Null);
    assert!(request["event"]["event_bytes"].as_u64().unwrap() > 80_000);
    let arguments = json!({ "name": "large", "request_id": request["row"]["request_id"] });
    let refused = user.ask("logs/replay", arguments).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND, "{}", refused.body);
}

#[tokio::test]
async fn of_many_requests_at_once_some_events_are_kept() {
    let (world, user, _) = World::with_user().await;
    let url = user.publish("busy", ECHO, "/busy").await;
    // The budget of what succeeds is half a megabyte at once, and then 64 KB a second.
    for _ in 0..16 {
        let answer = world.call(Method::POST, &url, "x".repeat(40_000)).await;
        assert_eq!(answer.status, StatusCode::CREATED);
    }
    let rows = user.requests("busy", 16).await;
    let mut kept = 0;
    for row in rows.as_array().unwrap() {
        let arguments = json!({ "name": "busy", "request_id": row["request_id"] });
        let request = user.expect(user.ask("logs/request", arguments).await);
        kept += usize::from(!request["event"].is_null());
    }
    assert!((4..16).contains(&kept), "{kept}");
}

#[tokio::test]
async fn the_template_of_an_api_has_what_the_gateway_sends() {
    let (world, user, _) = World::with_user().await;
    let url = user.publish("shape", ECHO, "/shape").await;
    let headers = [("accept", "text/html"), ("user-agent", "test")];
    let url = format!("{url}?responseType=html");
    let answer = world.call_with(Method::GET, &url, "", &headers).await;
    let template = TEMPLATES.iter().find(|it| it.name == "apig-event-template");
    let template: Value = serde_json::from_str(template.unwrap().json).unwrap();
    // Without a connection there is no address of a caller.
    let of_caller = ["sourceIp", "x-real-ip", "x-forwarded-for"];
    let names = |event: &Value| {
        let mut names = Vec::new();
        collect(event, "", &mut names);
        names.retain(|name: &String| !of_caller.iter().any(|it| name.ends_with(it)));
        names.sort();
        names
    };
    assert_eq!(names(&template), names(&answer.json()));
}

/// The names of all members, each with those that it is in.
fn collect(value: &Value, within: &str, names: &mut Vec<String>) {
    for (name, value) in value.as_object().into_iter().flatten() {
        let name = format!("{within}/{name}");
        collect(value, &name, names);
        names.push(name);
    }
}

#[tokio::test]
async fn test_events_are_managed_by_users_alone() {
    let (_world, user, anonymous) = World::with_user().await;
    user.publish("demo", ECHO, "/demo").await;
    let event = |name: &str, content: &str| json!({ "name": "demo", "event": { "name": name, "content": content } });
    let create = async |visitor: &Visitor, name: &str, content: &str| {
        let answer = visitor
            .ask("test-events/create", event(name, content))
            .await;
        (answer.status.as_u16(), answer.body)
    };
    assert_eq!(create(&anonymous, "one", "{}").await.0, 401);
    assert_eq!(create(&user, "one", "{}").await.0, 200);
    let (status, told) = create(&user, "one", "{}").await;
    assert!(status == 409 && told.contains("FSS.1073"), "{told}");
    let (status, told) = create(&user, "1", "{}").await;
    assert!(
        status == 400 && told.contains("must start with a letter"),
        "{told}"
    );
    let (status, told) = create(&user, "two", "{").await;
    assert!(status == 400 && told.contains("must be JSON"), "{told}");
    user.expect(user.ask("test-events/update", event("one", "[1]")).await);
    assert_eq!(
        user.code("demo").await["test_events"],
        json!([{ "name": "one", "content": "[1]" }])
    );
    let delete = json!({ "name": "demo", "event": "one" });
    user.expect(user.ask("test-events/delete", delete.clone()).await);
    assert_eq!(
        user.ask("test-events/delete", delete).await.status,
        StatusCode::NOT_FOUND
    );
}
