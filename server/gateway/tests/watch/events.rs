//! The event of a call is the same for every method and every kind of body.

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::json;
use sluice_gateway::ApiPolicies;

use crate::world::{World, api, request};

const METHODS: [&str; 7] = ["GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS"];

const BODIES: [(&str, &[u8]); 7] = [
    ("", b""),
    ("text/plain; charset=utf-8", "grüße\r\n".as_bytes()),
    ("application/json", br#"{"a": [1, null], "b": "\u0000"}"#),
    ("application/xml", b"<a>&amp;</a>"),
    ("application/x-www-form-urlencoded", b"a=1&a=2&b=%20+"),
    (
        "multipart/form-data; boundary=x",
        b"--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n\0\xff\r\n--x--\r\n",
    ),
    ("application/octet-stream", b"\x00\xff\xfe\x80"),
];

#[tokio::test]
async fn every_method_hands_over_every_body() {
    let world = World::publishing(api(ApiPolicies::default()));
    for method in METHODS {
        for (kind, body) in BODIES {
            let headers = [("Content-Type", kind)];
            let headers = if kind.is_empty() {
                &headers[..0]
            } else {
                &headers
            };
            let request = request(method, "/f/x?q=1", headers).map(|_| Body::from(body));
            let answer = world.call(request).await;
            // HEAD is answered with the length of what is not sent.
            assert_eq!(answer.body.is_empty(), method == "HEAD", "{method}");
            assert_ne!(answer.headers["content-length"], "0", "{method}");
            let event = world.event();
            let context = format!("{method} {kind}");
            assert_eq!(event["httpMethod"], method, "{context}");
            assert_eq!(event["isBase64Encoded"], true, "{context}");
            assert_eq!(event["body"], BASE64.encode(body), "{context}");
            assert_eq!(
                event["queryStringParameters"],
                json!({"q": "1"}),
                "{context}"
            );
            assert_eq!(event["path"], "/f/x", "{context}");
            let sent = (!kind.is_empty()).then_some(kind);
            assert_eq!(event["headers"]["content-type"].as_str(), sent, "{context}");
        }
    }
}

#[tokio::test]
async fn what_is_sent_more_than_once_is_handed_over_so() {
    let world = World::publishing(api(ApiPolicies::default()));
    let headers = [
        ("X-A", "1"),
        ("X-B", "one"),
        ("x-a", "2"),
        ("Accept", "text/html"),
        ("Accept", "*/*"),
        ("Cookie", "a=1"),
        ("Cookie", "b=2; c=3"),
    ];
    for method in METHODS {
        world
            .call(request(method, "/f?x=1&y=2&x=3&x=", &headers))
            .await;
        let event = world.event();
        assert_eq!(event["headers"]["x-a"], json!(["1", "2"]), "{method}");
        assert_eq!(event["headers"]["x-b"], "one");
        assert_eq!(event["headers"]["accept"], json!(["text/html", "*/*"]));
        assert_eq!(event["headers"]["cookie"], "a=1; b=2; c=3");
        let query = &event["queryStringParameters"];
        assert_eq!(*query, json!({"x": ["1", "3", ""], "y": "2"}));
    }
}
