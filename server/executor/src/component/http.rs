//! An event of an APIG trigger as the HTTP request that it was, and the answer as the result that
//! the gateway reads: so limits, log and trigger are the same as for any other function.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sluice_domain::invocation::MAX_RESULT_BYTES;
use tokio::sync::oneshot;
use wasmtime::Store;
use wasmtime_wasi_http::p2::bindings::Proxy;
use wasmtime_wasi_http::p2::bindings::http::types::Scheme;
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpView};

use super::failure;
use crate::guest::Failure;
use crate::instance::Host;

/// What stays as it is in a path: RFC 3986's `pchar`, and the slash.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@')
    .remove(b'/');

/// What stays as it is in a name or value of a query: RFC 3986's unreserved characters.
const IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Most bytes of one set of headers: each is memory of the host, and there can be many.
const MAX_FIELDS_BYTES: usize = 64 * 1024;

/// What an instance has of `wasi:http`.
pub fn context() -> WasiHttpCtx {
    let mut context = WasiHttpCtx::new();
    context.set_field_size_limit(MAX_FIELDS_BYTES);
    context
}

/// The parts of an event that a request is made of.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    http_method: String,
    path: String,
    #[serde(default)]
    headers: BTreeMap<String, Value>,
    #[serde(default)]
    query_string_parameters: BTreeMap<String, Value>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// The texts of a value that is one, or a list of them.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        Value::Null | Value::Object(_) => Vec::new(),
        Value::Bool(_) | Value::Number(_) => vec![value.to_string()],
    }
}

/// The request that an event tells of.
fn request(event: &str) -> Result<(Scheme, Request<Full<Bytes>>), String> {
    let event: Event = serde_json::from_str(event).map_err(|error| {
        format!("a component that is an HTTP server needs an event of an APIG trigger, such as apig-event-template: {error}")
    })?;
    let mut headers = HeaderMap::new();
    for (name, value) in &event.headers {
        let name = HeaderName::try_from(name).map_err(|_| format!("{name:?} is no header name"))?;
        for text in texts(value) {
            let value = HeaderValue::from_str(&text)
                .map_err(|_| format!("the header {name} has a value that is not allowed"))?;
            headers.append(name.clone(), value);
        }
    }
    let scheme = match headers.get("x-forwarded-proto") {
        Some(proto) if proto == "https" => Scheme::Https,
        _ => Scheme::Http,
    };
    let authority = match headers.get(http::header::HOST).map(HeaderValue::to_str) {
        Some(Ok(host)) => host.to_owned(),
        _ => "localhost".to_owned(),
    };
    let mut target = utf8_percent_encode(&event.path, IN_PATH).to_string();
    if !target.starts_with('/') {
        target.insert(0, '/');
    }
    let pairs = event
        .query_string_parameters
        .iter()
        .flat_map(|(name, value)| texts(value).into_iter().map(move |value| (name, value)));
    for (number, (name, value)) in pairs.enumerate() {
        let encoded = |text| utf8_percent_encode(text, IN_QUERY);
        let start = if number == 0 { '?' } else { '&' };
        target += &format!("{start}{}={}", encoded(name), encoded(&value));
    }
    let body = event.body.unwrap_or_default();
    let body = match event.is_base64_encoded {
        true => BASE64
            .decode(body)
            .map_err(|error| format!("the event's body is not Base64: {error}"))?,
        false => body.into_bytes(),
    };
    let uri = http::Uri::builder()
        .scheme("http")
        .authority(authority)
        .path_and_query(target)
        .build()
        .map_err(|error| format!("the event's path or host is not allowed: {error}"))?;
    let mut request = Request::builder()
        .method(event.http_method.as_str())
        .uri(uri)
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| format!("the event's httpMethod is not allowed: {error}"))?;
    *request.headers_mut() = headers;
    Ok((scheme, request))
}

/// The answer as a function's result. A body that is text stays readable.
fn result(head: &http::response::Parts, body: &[u8]) -> String {
    let mut headers = Map::new();
    for name in head.headers.keys() {
        let values = head.headers.get_all(name).iter();
        let mut values: Vec<Value> = values
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into())
            .collect();
        let value = match values.len() {
            1 => values.remove(0),
            _ => Value::Array(values),
        };
        headers.insert(name.to_string(), value);
    }
    let (body, is_encoded) = match std::str::from_utf8(body) {
        Ok(text) => (text.to_owned(), false),
        Err(_) => (BASE64.encode(body), true),
    };
    json!({
        "statusCode": head.status.as_u16(),
        "headers": headers,
        "isBase64Encoded": is_encoded,
        "body": body,
    })
    .to_string()
}

/// Hands the request of an event to a component and waits for its whole answer.
pub async fn call(
    proxy: &Proxy,
    store: &mut Store<Host>,
    event: &str,
) -> wasmtime::Result<Result<String, Failure>> {
    let failed = |kind: &str, reason: &str| Ok(Err(failure(kind, "invocation", reason)));
    let (scheme, request) = match request(event) {
        Ok(request) => request,
        Err(reason) => return failed("InvalidEvent", &reason),
    };
    let (sender, receiver) = oneshot::channel();
    let request = store
        .data_mut()
        .http()
        .new_incoming_request(scheme, request)?;
    let out = store.data_mut().http().new_response_outparam(sender)?;
    let handler = proxy.wasi_http_incoming_handler();
    let handling = async {
        let handled = handler.call_handle(&mut *store, request, out).await;
        // What it has left open will never be written: its end must be seen.
        store.data_mut().close_all();
        handled
    };
    // Side by side: the component can write more only once some was read.
    let answering = async {
        match receiver.await {
            Ok(Ok(response)) => read(response).await,
            Ok(Err(code)) => Err(Answer::Error(format!(
                "the component answered with the error {code:?}"
            ))),
            Err(_) => Err(Answer::None),
        }
    };
    let (handled, answer) = tokio::join!(handling, answering);
    match (handled, answer) {
        (_, Err(Answer::TooLarge)) => failed(
            "FunctionResultError",
            &format!("the answer's body has more than {MAX_RESULT_BYTES} bytes"),
        ),
        (Err(error), _) => Err(error),
        (Ok(()), Ok(result)) => Ok(Ok(result)),
        (Ok(()), Err(Answer::None)) => failed(
            "MissingResponse",
            "the component returned without an answer",
        ),
        (Ok(()), Err(Answer::Error(reason))) => failed("InvalidResponse", &reason),
    }
}

/// Why there is no answer.
enum Answer {
    None,
    TooLarge,
    Error(String),
}

async fn read(response: Response<HyperOutgoingBody>) -> Result<String, Answer> {
    let (head, mut body) = response.into_parts();
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame
            .map_err(|error| Answer::Error(format!("the answer's body is not whole: {error:?}")))?;
        if let Ok(data) = frame.into_data() {
            if bytes.len() + data.len() > MAX_RESULT_BYTES {
                return Err(Answer::TooLarge);
            }
            bytes.extend_from_slice(&data);
        }
    }
    Ok(result(&head, &bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_becomes_the_request_that_it_tells_of() {
        let event = json!({
            "httpMethod": "POST", "path": "/a b/ü", "isBase64Encoded": true, "body": "AP8=",
            "queryStringParameters": { "x": ["1", "2 3"], "y": "&" },
            "headers": { "host": "h.example:8443", "x-many": ["a", "b"], "x-forwarded-proto": "https" },
        });
        let (scheme, request) = request(&event.to_string()).unwrap();
        assert!(matches!(scheme, Scheme::Https));
        assert_eq!(request.method(), "POST");
        let uri = request.uri();
        assert_eq!(uri.authority().unwrap(), "h.example:8443");
        assert_eq!(
            uri.path_and_query().unwrap(),
            "/a%20b/%C3%BC?x=1&x=2%203&y=%26"
        );
        assert_eq!(request.headers().get_all("x-many").iter().count(), 2);
    }

    #[test]
    fn an_event_of_another_form_is_refused_in_words() {
        let check = |event: Value, expected: &str| {
            let error = request(&event.to_string()).unwrap_err();
            assert!(error.contains(expected), "{error}");
        };
        check(
            json!({ "key": "value" }),
            "needs an event of an APIG trigger",
        );
        check(json!([]), "needs an event of an APIG trigger");
        let with = |name: &str, value: Value| {
            let mut event = json!({ "httpMethod": "GET", "path": "/" });
            event[name] = value;
            event
        };
        check(
            with("httpMethod", "A B".into()),
            "httpMethod is not allowed",
        );
        check(with("headers", json!({ "a b": "" })), "no header name");
        check(
            with("headers", json!({ "a": "\n" })),
            "value that is not allowed",
        );
        check(with("headers", json!({ "host": "a b" })), "path or host");
        let mut event = with("isBase64Encoded", true.into());
        event["body"] = "!".into();
        check(event, "not Base64");
    }

    #[test]
    fn a_body_that_is_text_stays_readable() {
        let response = Response::builder()
            .status(201)
            .header("x", "a")
            .header("x", "b");
        let (head, ()) = response.body(()).unwrap().into_parts();
        let text: Value = serde_json::from_str(&result(&head, "grüße".as_bytes())).unwrap();
        assert_eq!(
            text,
            json!({ "statusCode": 201, "headers": { "x": ["a", "b"] }, "isBase64Encoded": false, "body": "grüße" })
        );
        let bytes: Value = serde_json::from_str(&result(&head, &[0, 255])).unwrap();
        assert_eq!(
            (&bytes["isBase64Encoded"], &bytes["body"]),
            (&json!(true), &json!("AP8="))
        );
    }
}
