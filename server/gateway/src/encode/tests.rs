use super::*;
use http::Request;
use insta::assert_snapshot;
use serde_json::{Value, json};
use sluice_domain::stage_variables::StageVariable;

use crate::fixture::api;

fn event(request: http::request::Builder, body: &[u8]) -> Value {
    event_with(None, request, body)
}

/// The event where the group has these variables.
fn event_with(
    variables: Option<&StageVariables>,
    request: http::request::Builder,
    body: &[u8],
) -> Value {
    let request = request.body(()).unwrap().into_parts().0;
    let arrival = Arrival {
        tls: true,
        authority: Some(Authority::from_static("group.apig.localhost:8443")),
        client_ip: Some([192, 0, 2, 7].into()),
        peer: Some([192, 0, 2, 7].into()),
        request_id: ApiRequestId::from_bytes([0xa3; 16]),
        console_cookie: "session",
        withheld: Withheld::default(),
        declared: None,
    };
    let path = request.uri.path();
    let text = apig_event(
        &api("ANY /a prefix -> echo"),
        variables,
        &arrival,
        &request,
        path,
        body,
        None,
    );
    serde_json::from_str(&text).unwrap()
}

#[test]
fn an_event_has_the_fields_of_the_contract() {
    let request = Request::post("/a/b%20c?name=2")
        .header("Host", "ignored")
        .header("User-Agent", "curl");
    assert_eq!(
        event(request, b"\x00hi"),
        json!({
            "requestContext": {
                "requestId": "a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3",
                "apiId": "cacacacacacacacacacacacacacacaca",
                "stage": "RELEASE",
                "sourceIp": "192.0.2.7",
            },
            "headers": {
                "user-agent": "curl",
                "host": "group.apig.localhost:8443",
                "x-real-ip": "192.0.2.7",
                "x-forwarded-for": "192.0.2.7",
                "x-forwarded-host": "group.apig.localhost",
                "x-forwarded-port": "8443",
                "x-forwarded-proto": "https",
                "x-request-id": "a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3",
            },
            "httpMethod": "POST",
            "pathParameters": {"": "b c"},
            "queryStringParameters": {"name": "2"},
            "body": "AGhp",
            "isBase64Encoded": true,
            "path": "/a/b c",
        })
    );
}

#[test]
fn what_is_not_there_is_empty() {
    let event = event(Request::get("/a"), b"");
    assert_eq!(event["body"], "");
    assert_eq!(event["isBase64Encoded"], true);
    assert_eq!(event["pathParameters"], json!({}));
    assert_eq!(event["queryStringParameters"], json!({}));
}

#[test]
fn the_query_is_decoded_as_forms_are() {
    let check = |query: &str| {
        event(Request::get(format!("/a?{query}")), b"")["queryStringParameters"].to_string()
    };
    assert_snapshot!(check("b=1&a=2&b=3"), @r#"{"a":"2","b":["1","3"]}"#);
    assert_snapshot!(check("a=x+y%2Bz&%C3%A4=%26"), @r#"{"a":"x y+z","ä":"&"}"#);
    assert_snapshot!(check("a&b=&=c&&d=e=f"), @r#"{"":"c","a":"","b":"","d":"e=f"}"#);
    assert_snapshot!(check("a=100%&b=%zz&c=%4"), @r#"{"a":"100%","b":"%zz","c":"%4"}"#);
    assert_snapshot!(check("a=%ff"), @r#"{"a":"�"}"#);
    assert_snapshot!(check("a=%2541"), @r#"{"a":"%41"}"#); // once
}

#[test]
fn headers_are_lower_case_and_arrays_when_repeated() {
    let request = Request::get("/a")
        .header("X-Custom", "1")
        .header("x-custom", "2")
        .header("Cookie", "a=1")
        .header("Cookie", "b=2")
        .header("X-Bytes", b"\xff\xe4".as_slice())
        .header("X-Utf8", "ü".as_bytes());
    let headers = &event(request, b"")["headers"];
    assert_eq!(headers["x-custom"], json!(["1", "2"]));
    assert_eq!(headers["cookie"], "a=1; b=2");
    assert_eq!(headers["x-bytes"], "\u{fffd}\u{fffd}");
    assert_eq!(headers["x-utf8"], "ü");
}

#[test]
fn a_caller_cannot_speak_for_the_gateway() {
    let request = Request::get("/a")
        .header("X-Request-Id", "forged")
        .header("X-Real-IP", "10.0.0.1")
        .header("X_Real_IP", "forged")
        .header("X-Forwarded_For", "forged")
        .header("X-Forwarded-Host", "forged")
        .header("X-Forwarded-Port", "1")
        .header("X-Forwarded-Proto", "forged")
        .header("X-Forwarded-For", "10.0.0.1, 10.0.0.2")
        .header("X-Forwarded-For", "10.0.0.3");
    let text = event(request, b"")["headers"].to_string();
    assert!(!text.contains("forged"), "{text}");
    assert!(text.contains(r#""x-real-ip":"192.0.2.7""#), "{text}");
    assert!(
        text.contains(r#""x-forwarded-for":"10.0.0.1, 10.0.0.2, 10.0.0.3, 192.0.2.7""#),
        "{text}"
    );
}

#[test]
fn the_consoles_cookie_is_kept_from_functions() {
    let check = |cookies: &[&str]| {
        let mut request = Request::get("/a");
        for cookie in cookies {
            request = request.header("Cookie", *cookie);
        }
        event(request, b"")["headers"]["cookie"].to_string()
    };
    assert_snapshot!(check(&["a=1; session=secret; b=2"]), @r#""a=1; b=2""#);
    assert_snapshot!(check(&["session=secret", "a=1", "session =secret"]), @r#""a=1""#);
    assert_snapshot!(check(&["session=secret;session"]), @"null");
    assert_snapshot!(check(&["my-session=1; a=session=2"]), @r#""my-session=1; a=session=2""#);
}

#[test]
fn headers_of_the_connection_end_at_the_gateway() {
    let request = Request::get("/a")
        .header("Connection", "keep-alive, X-Hop")
        .header("Keep-Alive", "timeout=5")
        .header("X-Hop", "1")
        .header("TE", "trailers")
        .header("Transfer-Encoding", "chunked")
        .header("Upgrade", "websocket")
        .header("X-End", "2");
    let event = event(request, b"");
    let names: Vec<_> = event["headers"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_snapshot!(names.join(" "), @"host x-end x-forwarded-for x-forwarded-host x-forwarded-port x-forwarded-proto x-real-ip x-request-id");
}

#[test]
fn a_large_body_is_encoded_whole() {
    let body: Vec<u8> = (0..100_000u32).map(|i| i as u8).collect();
    let event = event(Request::post("/a"), &body);
    assert_eq!(
        BASE64.decode(event["body"].as_str().unwrap()).unwrap(),
        body
    );
}

#[test]
fn variables_of_the_group_are_an_object_where_there_are_any() {
    let variable = |name: &str, value: &str| StageVariable {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    let check = |variables: Vec<StageVariable>| {
        let variables = variables.try_into().unwrap();
        let event = event_with(Some(&variables), Request::get("/a"), b"");
        event["requestContext"]["stageVariables"].clone()
    };
    let two = vec![variable("Host", "a.example:1"), variable("path", "/b")];
    assert_eq!(check(two), json!({"Host": "a.example:1", "path": "/b"}));
    assert_eq!(check(Vec::new()), Value::Null);
}
