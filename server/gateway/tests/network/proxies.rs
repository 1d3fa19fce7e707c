//! Proxies in front of the gateway.

use serde_json::{Value, json};

use crate::world::{HOST, World, answers, trusting};

/// What a function gets to know of a caller behind a proxy on this machine.
async fn check(world: &World, host: &str) -> Value {
    let request = format!(
        "GET /a HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-For: 6.6.6.6, 1.2.3.4\r\nX-Forwarded-Proto: https\r\n\
         X-Forwarded-Host: {HOST}:8443\r\nX-Real-IP: 6.6.6.6\r\nX_Forwarded_For: 6.6.6.6\r\nConnection: close\r\n\r\n"
    );
    let answer = world.send(request.as_bytes()).await;
    match world.events().first() {
        None => json!(answers(&answer)[0].status),
        Some(event) => {
            json!({ "sourceIp": event["requestContext"]["sourceIp"], "headers": event["headers"] })
        }
    }
}

#[tokio::test]
async fn what_a_trusted_proxy_says_of_a_caller_is_what_a_function_gets() {
    let world = trusting(&["127.0.0.0/8"]);
    let mut got = check(&world, "127.0.0.1:9000").await;
    got["headers"]
        .as_object_mut()
        .unwrap()
        .remove("x-request-id");
    let expected = json!({
        "sourceIp": "1.2.3.4",
        "headers": {
            "host": format!("{HOST}:8443"),
            "x-forwarded-host": HOST,
            "x-forwarded-port": "8443",
            "x-forwarded-proto": "https",
            "x-forwarded-for": "6.6.6.6, 1.2.3.4, 127.0.0.1",
            "x-real-ip": "1.2.3.4",
        }
    });
    assert_eq!(got, expected);
}

#[tokio::test]
async fn what_others_say_is_not_believed() {
    let world = trusting(&["10.0.0.0/8"]);
    assert_eq!(check(&world, "127.0.0.1:9000").await, 404);
    let mut got = check(&world, HOST).await;
    got["headers"]
        .as_object_mut()
        .unwrap()
        .remove("x-request-id");
    let expected = json!({
        "sourceIp": "127.0.0.1",
        "headers": {
            "host": HOST,
            "x-forwarded-host": HOST,
            "x-forwarded-port": "80",
            "x-forwarded-proto": "http",
            "x-forwarded-for": "6.6.6.6, 1.2.3.4, 127.0.0.1",
            "x-real-ip": "127.0.0.1",
        }
    });
    assert_eq!(got, expected);
}
