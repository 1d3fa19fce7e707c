//! Calls of trigger URLs, from request to answer, with a script in place of
//! the executor.

#![expect(
    clippy::unwrap_used,
    reason = "clippy.toml allows it in tests, but does not see the helpers of this file as one"
)]

#[path = "common/api.rs"]
mod api;

use std::convert::Infallible;
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use bytes::Bytes;
use futures::stream;
use http::{HeaderMap, Request, StatusCode, Version};
use http_body_util::BodyExt as _;
use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::{Value, json};
use sluice_domain::domain_name::TlsVersion;
use sluice_domain::environment::EnvironmentName;
use sluice_domain::id::ApiGroupId;
use sluice_domain::invocation::Failure;
use sluice_domain::policy::{
    AccessControl, AccessEffect, Addresses, CorsFields, CorsMethods, HeaderAction,
    HeaderChangeFields, HeaderNames, Origins, PeriodUnit, ThrottlingFields,
};
use sluice_domain::trigger::{Authentication, BackendTimeout, Protocol};
use sluice_executor::{Call, Outcome, Refused};
use sluice_gateway::decode::FunctionResponse;
use sluice_gateway::{
    Backend, BodyPatience, Cors, DomainNames, Gateway, GatewayConfig, Listener, Ports,
    PublishedApi, ResponseHeaders, RouteTable, ServedDomainName, Throttle,
};
use tower::ServiceExt as _;

use api::published;

const GROUP: &str = "07070707070707070707070707070707";
const HOST: &str = "07070707070707070707070707070707.apig.localhost";

/// What a function does when it is called.
#[derive(Debug, Clone)]
enum Script {
    /// Returns this JSON text.
    Returns(&'static str),
    /// Returns the event as the body.
    Echoes,
    Raises,
    TimesOut,
    IsRefused(Refused),
    /// Runs longer than any API waits.
    Sleeps,
    Panics,
}

/// Runs scripts, and keeps the last call and how many were refused by a policy.
#[derive(Default)]
struct Scripted(Arc<Mutex<Option<Call>>>, Arc<AtomicUsize>);

impl Backend for Scripted {
    type Deployment = Script;

    async fn invoke(
        &self,
        script: &Script,
        call: Call,
    ) -> Result<Outcome<FunctionResponse>, Refused> {
        let event = call.event.clone();
        *self.0.lock().unwrap() = Some(call);
        let failed = |message: &str, class: &str| {
            Ok(Outcome::Failed(Failure {
                error_message: message.to_owned(),
                error_type: class.to_owned(),
                stack_trace: Vec::new(),
            }))
        };
        let result = match script {
            Script::Returns(result) => (*result).to_owned(),
            Script::Echoes => json!({"statusCode": 200, "body": event}).to_string(),
            Script::Raises => {
                return failed("function invocation exception, error: x", "ValueError");
            }
            Script::TimesOut => return failed("call invoke timeout 3s", "TimeoutError"),
            Script::IsRefused(refused) => return Err(*refused),
            Script::Sleeps => std::future::pending().await,
            Script::Panics => panic!("a fault"),
        };
        Ok(match FunctionResponse::parse(&result) {
            Ok(response) => Outcome::Returned(response),
            Err(refused) => Outcome::Refused(refused),
        })
    }

    fn throttled(&self, _: &Script) {
        self.1.fetch_add(1, Ordering::Relaxed);
    }
}

fn api(method: &str, path: &str, script: Script) -> PublishedApi<Script> {
    let mut api = published(path, script);
    api.api.settings.method = method.parse().unwrap();
    api.api.settings.protocol = Protocol::Https;
    api
}

struct World {
    gateway: Gateway<Scripted>,
    last_call: Arc<Mutex<Option<Call>>>,
    throttled: Arc<AtomicUsize>,
}

impl World {
    fn publishing(apis: impl IntoIterator<Item = PublishedApi<Script>>) -> Self {
        let backend = Scripted::default();
        let (last_call, throttled) = (backend.0.clone(), backend.1.clone());
        let config = GatewayConfig {
            ids: || [0xab; 16],
            body_patience: BodyPatience {
                piece: Duration::from_millis(200),
                whole: Duration::from_millis(500),
            },
            ..GatewayConfig::default()
        };
        let gateway = Gateway::new(backend, config);
        gateway.publish(RouteTable::new(apis));
        Self {
            gateway,
            last_call,
            throttled,
        }
    }

    /// A function behind `ANY /f`.
    fn with(script: Script) -> Self {
        Self::publishing([api("ANY", "/f", script)])
    }

    fn https(&self) -> Router {
        self.gateway.router(Listener { tls: true })
    }

    async fn get(&self, path: &str) -> Answer {
        answer(self.https(), get(path)).await
    }
}

fn get(path: &str) -> Request<Body> {
    Request::get(path)
        .header("Host", HOST)
        .body(Body::empty())
        .unwrap()
}

fn post(body: Body) -> Request<Body> {
    Request::post("/f").header("Host", HOST).body(body).unwrap()
}

#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The status, and code and message of an answer that is the gateway's own.
    fn error(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(body["request_id"], "ab".repeat(16));
        assert_eq!(self.headers["content-type"], "application/json");
        format!(
            "{} {} {}",
            self.status.as_u16(),
            body["error_code"].as_str().unwrap(),
            body["error_msg"].as_str().unwrap()
        )
    }
}

async fn answer(router: Router, request: Request<Body>) -> Answer {
    let response = router.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    assert_eq!(parts.headers["x-request-id"], "ab".repeat(16));
    assert_eq!(parts.headers["server"], "api-gateway");
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: body.collect().await.unwrap().to_bytes(),
    }
}

#[tokio::test]
async fn a_function_answers_its_url() {
    let world = World::with(Script::Returns(
        r#"{"statusCode": 201, "headers": {"Content-Type": "text/html", "Set-Cookie": ["a=1", "b=2"]}, "body": "<html/>"}"#,
    ));
    let answer = world.get("/f/x").await;
    assert_eq!((answer.status.as_u16(), answer.text()), (201, "<html/>"));
    assert_eq!(answer.headers["content-type"], "text/html");
    assert_eq!(answer.headers["content-length"], "7");
    let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
}

#[tokio::test]
async fn a_function_neither_gets_nor_sets_the_consoles_cookie() {
    let world = World::with(Script::Echoes);
    let mut request = get("/f");
    let cookies = "sluice_session=secret; a=1".parse().unwrap();
    request.headers_mut().insert("cookie", cookies);
    let event = answer(world.https(), request).await;
    assert!(event.text().contains(r#""cookie":"a=1""#));
    assert!(!event.text().contains("secret"));
    let world = World::with(Script::Returns(
        r#"{"statusCode": 200, "headers": {"Set-Cookie": ["a=1", " sluice_session=x; Path=/", "b=2"]}}"#,
    ));
    let answer = world.get("/f").await;
    let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
}

#[tokio::test]
async fn a_function_gets_the_event() {
    let world = World::with(Script::Echoes);
    let mut request = Request::put("/f/x/y%2Fz?q=1")
        .header("Host", format!("{HOST}:8443"))
        .header("Cookie", "a=1")
        .body(Body::from("hi"))
        .unwrap();
    let client: SocketAddr = "[::ffff:192.0.2.7]:1234".parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(client));
    let answer = answer(world.https(), request).await;
    let event: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(event["path"], "/f/x/y/z");
    assert_eq!(event["pathParameters"], json!({"": "x/y/z"}));
    assert_eq!(event["queryStringParameters"], json!({"q": "1"}));
    assert_eq!(event["httpMethod"], "PUT");
    assert_eq!(event["body"], "aGk=");
    assert_eq!(event["requestContext"]["sourceIp"], "192.0.2.7");
    assert_eq!(event["headers"]["x-forwarded-port"], "8443");
    assert_eq!(event["headers"]["x-request-id"], "ab".repeat(16));
    let call = world.last_call.lock().unwrap().take().unwrap();
    assert_eq!(call.request_id.as_str().len(), 36);
    assert!(format!("{:?}", call.origin).contains(&"ab".repeat(16)));
}

#[tokio::test]
async fn a_group_is_reached_by_its_path_on_other_hosts() {
    let world = World::with(Script::Echoes);
    let request = Request::get(format!("/_group/{GROUP}/f/x"))
        .header("Host", "192.168.1.5:8443")
        .body(Body::empty())
        .unwrap();
    let answer = answer(world.https(), request).await;
    let event: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(event["path"], "/f/x");
    assert_eq!(event["headers"]["host"], "192.168.1.5:8443");
}

#[tokio::test]
async fn http_2_and_absolute_uris_name_the_host_in_the_uri() {
    let world = World::with(Script::Echoes);
    let uri = format!("https://{}/f", HOST.to_uppercase());
    for (version, host) in [(Version::HTTP_2, None), (Version::HTTP_11, Some("other"))] {
        let mut request = Request::get(&uri).version(version);
        if let Some(host) = host {
            request = request.header("Host", host);
        }
        let request = request.body(Body::empty()).unwrap();
        assert_eq!(answer(world.https(), request).await.status, 200);
    }
}

#[tokio::test]
async fn what_is_not_published_does_not_exist() {
    let world = World::publishing([api("GET", "/f", Script::Echoes)]);
    let not_published =
        "404 APIG.0101 The API does not exist or has not been published in the environment.";
    assert_eq!(world.get("/other").await.error(), not_published);
    for host in [
        "localhost:8443",
        "apig.localhost",
        "1.2.3.4",
        "0000.apig.localhost",
    ] {
        let request = Request::get("/f").header("Host", host).body(Body::empty());
        assert_eq!(
            answer(world.https(), request.unwrap()).await.error(),
            not_published
        );
    }
    let request = Request::get("/")
        .header("Host", "localhost")
        .body(Body::empty());
    assert_eq!(
        answer(world.https(), request.unwrap()).await.error(),
        not_published
    );
    for method in ["POST", "HEAD", "TRACE", "PROPFIND", "ANY"] {
        let mut request = get("/f");
        *request.method_mut() = method.parse().unwrap();
        let answer = answer(world.https(), request).await;
        if method != "HEAD" {
            assert_eq!(answer.error(), "404 APIG.0101 The API does not exist.");
        }
        assert_eq!(answer.status, 404);
    }
}

#[tokio::test]
async fn a_stage_names_the_environment() {
    let mut staging = api("GET", "/f", Script::Returns(r#"{"statusCode": 202}"#));
    staging.environment = EnvironmentName::parse("STAGING").unwrap();
    let world = World::publishing([api("GET", "/f", Script::Echoes), staging]);
    let status = async |stages: &[&[u8]]| {
        let mut request = get("/f");
        for stage in stages {
            let value = http::HeaderValue::from_bytes(stage).unwrap();
            request.headers_mut().append("x-stage", value);
        }
        answer(world.https(), request).await.status.as_u16()
    };
    assert_eq!(status(&[]).await, 200);
    assert_eq!(status(&[b"RELEASE"]).await, 200);
    assert_eq!(status(&[b"STAGING"]).await, 202);
    assert_eq!(status(&[b"TEST"]).await, 404);
    assert_eq!(status(&[b"\xff"]).await, 404);
    assert_eq!(status(&[b"RELEASE", b"STAGING"]).await, 400);
}

#[tokio::test]
async fn only_the_apis_own_protocol_is_answered() {
    let world = World::with(Script::Echoes);
    let http = world.gateway.router(Listener { tls: false });
    assert_snapshot!(answer(http.clone(), get("/f")).await.error(), @"400 APIG.0607 The following protocol is supported: HTTPS");
    let mut http_only = api("ANY", "/f", Script::Echoes);
    http_only.api.settings.protocol = Protocol::Http;
    world.gateway.publish(RouteTable::new([http_only]));
    assert_eq!(answer(http, get("/f")).await.status, 200);
    assert_snapshot!(world.get("/f").await.error(), @"400 APIG.0607 The following protocol is supported: HTTP");
}

#[tokio::test]
async fn what_cannot_be_authenticated_is_refused() {
    let check = async |authentication| {
        let mut api = api("ANY", "/f", Script::Echoes);
        api.api.settings.authentication = authentication;
        let world = World::publishing([api]);
        let answer = world.get("/f").await.error();
        assert!(world.last_call.lock().unwrap().is_none());
        answer
    };
    assert_snapshot!(check(Authentication::App).await, @"401 APIG.0303 Incorrect app authentication information: the header Authorization is missing");
    assert_snapshot!(check(Authentication::Iam).await, @"401 APIG.0301 Incorrect IAM authentication information: the header Authorization is missing");
    assert_snapshot!(check(Authentication::Custom).await, @"500 APIG.0601 Internal server error: custom authorizer");
}

#[tokio::test]
async fn a_function_that_cannot_be_called_is_told_apart() {
    let check = async |refused| {
        World::with(Script::IsRefused(refused))
            .get("/f")
            .await
            .error()
    };
    assert_snapshot!(check(Refused::Throttled { max_instances: 1 }).await, @"429 FSS.0429 Too many requests.");
    assert_snapshot!(check(Refused::Stopping).await, @"503 APIG.0201 Backend unavailable.");
    assert_snapshot!(check(Refused::EventTooLarge { bytes: 2, limit: 1 }).await, @"413 FSS.1201 The request body is too large.");
    assert_snapshot!(check(Refused::Fault).await, @"500 APIG.0601 Internal server error.");
    let mut missing = api("ANY", "/f", Script::Echoes);
    missing.deployment = None;
    assert_snapshot!(World::publishing([missing]).get("/f").await.error(), @"500 APIG.0103 The backend does not exist.");
    assert_snapshot!(World::with(Script::Panics).get("/f").await.error(), @"500 APIG.0601 Internal server error.");
}

#[tokio::test]
async fn a_function_that_fails_shows_its_failure() {
    let answer = World::with(Script::Raises).get("/f").await;
    assert_eq!(answer.status, 500);
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_snapshot!(answer.text(), @r#"{"errorMessage":"function invocation exception, error: x","errorType":"ValueError"}"#);
    let answer = World::with(Script::TimesOut).get("/f").await;
    assert_eq!(answer.status, 500);
    assert_snapshot!(answer.text(), @r#"{"errorMessage":"call invoke timeout 3s","errorType":"TimeoutError"}"#);
}

#[tokio::test]
async fn a_result_that_is_no_response_is_an_error() {
    for result in [
        r#""text""#,
        "{}",
        r#"{"statusCode": 99}"#,
        r#"{"statusCode": 200, "body": 1}"#,
        "",
    ] {
        let answer = World::with(Script::Returns(result)).get("/f").await;
        assert_eq!(
            answer.error(),
            "500 FSS.1202 The response body or callback body is invalid because they do not contain any status code."
        );
    }
}

#[tokio::test]
async fn an_answer_has_at_most_1000_headers() {
    let check = async |headers: Value| {
        let result = json!({"statusCode": 200, "headers": headers}).to_string();
        let world = World::with(Script::Returns(Box::leak(result.into_boxed_str())));
        world.get("/f").await.status.as_u16()
    };
    let named = |count| (0..count).map(|n| (format!("x-{n}"), json!("1"))).collect();
    for (count, status) in [(999, 200), (1001, 500), (24_576, 500), (40_000, 500)] {
        assert_eq!(check(Value::Object(named(count))).await, status, "{count}");
        let of_one_name = json!({"x-a": vec!["1"; count]});
        assert_eq!(check(of_one_name).await, status, "{count}");
    }
}

#[tokio::test]
async fn a_function_that_is_slower_than_the_apis_timeout_is_not_waited_for() {
    let mut slow = api("ANY", "/f", Script::Sleeps);
    slow.api.settings.timeout = BackendTimeout::try_from(20).unwrap();
    assert_snapshot!(World::publishing([slow]).get("/f").await.error(), @"504 APIG.0201 Backend timeout.");
}

#[tokio::test]
async fn a_body_has_at_most_4_mb() {
    const MB: usize = 1024 * 1024;
    let world = World::with(Script::Returns(r#"{"statusCode": 200}"#));
    assert_eq!(
        answer(world.https(), post(vec![1; 4 * MB].into()))
            .await
            .status,
        200
    );
    assert_snapshot!(answer(world.https(), post(vec![1; 4 * MB + 1].into())).await.error(), @"413 FSS.1201 The request body is too large.");
    // In pieces, without a length.
    let pieces = |count| {
        let piece = Bytes::from(vec![1; MB]);
        Body::from_stream(stream::iter(vec![Ok::<_, Infallible>(piece); count]))
    };
    assert_eq!(answer(world.https(), post(pieces(4))).await.status, 200);
    assert_eq!(answer(world.https(), post(pieces(5))).await.status, 413);
    // One that only says so is refused unread.
    let mut request = post(Body::from_stream(stream::pending::<
        Result<Bytes, Infallible>,
    >()));
    request
        .headers_mut()
        .insert("content-length", (4 * MB + 1).into());
    assert_eq!(answer(world.https(), request).await.status, 413);
}

#[tokio::test]
async fn a_body_in_pieces_arrives_whole() {
    let world = World::with(Script::Echoes);
    let pieces = ["", "a", "bc", "", "def"].map(|piece| Ok::<_, Infallible>(Bytes::from(piece)));
    let answer = answer(world.https(), post(Body::from_stream(stream::iter(pieces)))).await;
    let event: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(event["body"], "YWJjZGVm");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let world = World::with(Script::Echoes);
    let never = stream::pending::<Result<Bytes, Infallible>>();
    assert_snapshot!(answer(world.https(), post(Body::from_stream(never))).await.error(), @"408 APIG.0201 API request error.");
    // A piece now and then does not help.
    let drops = stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        Some((Ok::<_, Infallible>(Bytes::from("a")), ()))
    });
    assert_snapshot!(answer(world.https(), post(Body::from_stream(drops))).await.error(), @"408 APIG.0201 API request error.");
    let broken = stream::iter([Ok(Bytes::from("a")), Err(std::io::Error::other("reset"))]);
    assert_snapshot!(answer(world.https(), post(Body::from_stream(broken))).await.error(), @"400 APIG.0201 API request error.");
}

#[tokio::test]
async fn a_request_has_limits() {
    let world = World::with(Script::Returns(r#"{"statusCode": 200}"#));
    const KB: usize = 1024;
    assert_eq!(
        world
            .get(&format!("/f/{}", "a".repeat(32 * KB - 3)))
            .await
            .status,
        200
    );
    assert_snapshot!(world.get(&format!("/f/{}", "a".repeat(32 * KB))).await.error(), @"414 APIG.0201 Request URI too large.");
    assert_snapshot!(world.get(&format!("/f?{}", "a".repeat(32 * KB))).await.error(), @"414 APIG.0201 Request URI too large.");
    let headers = async |count: usize, bytes: usize| {
        let mut request = get("/f");
        for _ in 0..count {
            let value = "a".repeat(bytes).parse().unwrap();
            request.headers_mut().append("x-long", value);
        }
        answer(world.https(), request).await
    };
    assert_eq!(headers(1, 32 * KB - 6).await.status, 200);
    assert_snapshot!(headers(1, 32 * KB).await.error(), @"494 APIG.0201 Request headers too large.");
    assert_snapshot!(headers(5, 30 * KB).await.error(), @"494 APIG.0201 Request headers too large.");
}

#[tokio::test]
async fn an_odd_request_is_a_client_error() {
    let world = World::with(Script::Echoes);
    let check = async |request: http::request::Builder| {
        answer(world.https(), request.body(Body::empty()).unwrap())
            .await
            .error()
    };
    assert_snapshot!(check(Request::get("/f")).await, @"400 APIG.0201 API request error.");
    assert_snapshot!(check(Request::get("/f").header("Host", "a b")).await, @"400 APIG.0201 API request error.");
    assert_snapshot!(check(Request::get("/f").header("Host", HOST).header("Host", HOST)).await, @"400 APIG.0201 API request error.");
    assert_snapshot!(check(Request::connect("example.com:443")).await, @"400 APIG.0201 API request error.");
    assert_snapshot!(check(Request::options("*").header("Host", HOST)).await, @"404 APIG.0101 The API does not exist or has not been published in the environment.");
    // HTTP/1.0 knows no Host; the path may name the group.
    let old = |path: &str| Request::get(path).version(Version::HTTP_10);
    assert_snapshot!(check(old("/f")).await, @"404 APIG.0101 The API does not exist or has not been published in the environment.");
    let by_path = old(&format!("/_group/{GROUP}/f"))
        .body(Body::empty())
        .unwrap();
    assert_eq!(answer(world.https(), by_path).await.status, 200);
}

#[tokio::test]
async fn head_and_statuses_without_a_body_have_none() {
    let check = async |method: &str, result| {
        let mut request = get("/f");
        *request.method_mut() = method.parse().unwrap();
        let answer = answer(World::with(Script::Returns(result)).https(), request).await;
        let length = answer
            .headers
            .get("content-length")
            .map(|it| it.to_str().unwrap());
        format!(
            "{} {:?} {:?}",
            answer.status.as_u16(),
            length.unwrap_or("-"),
            answer.text()
        )
    };
    let body = r#"{"statusCode": 200, "body": "12345"}"#;
    assert_snapshot!(check("GET", body).await, @r#"200 "5" "12345""#);
    assert_snapshot!(check("HEAD", body).await, @r#"200 "5" """#);
    assert_snapshot!(check("GET", r#"{"statusCode": 204, "body": "1"}"#).await, @r#"204 "-" """#);
    assert_snapshot!(check("GET", r#"{"statusCode": 304, "body": "1"}"#).await, @r#"304 "-" """#);
    assert_snapshot!(check("GET", r#"{"statusCode": 205, "body": "1"}"#).await, @r#"205 "0" """#);
}

#[tokio::test]
async fn a_call_in_flight_is_not_touched_by_publishing() {
    let mut slow = api("ANY", "/f", Script::Sleeps);
    slow.api.settings.timeout = BackendTimeout::try_from(50).unwrap();
    let world = World::publishing([slow]);
    let router = world.https();
    let call = tokio::spawn(answer(router, get("/f")));
    tokio::time::sleep(Duration::from_millis(10)).await;
    world.gateway.publish(RouteTable::default());
    assert_eq!(call.await.unwrap().status, 504);
    assert_eq!(world.get("/f").await.status, 404);
    assert!(world.gateway.published().is_empty());
}

/// What comes back by a real connection for these bytes, without `Date`.
async fn over_the_wire(world: &World, request: String) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = world
        .https()
        .into_make_service_with_connect_info::<SocketAddr>();
    let server = tokio::spawn(async { axum::serve(listener, service).await });
    let answer = tokio::task::spawn_blocking(move || {
        let mut socket = std::net::TcpStream::connect(address).unwrap();
        socket.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        answer
    });
    let answer = answer.await.unwrap();
    server.abort();
    let lines = answer
        .split("\r\n")
        .filter(|line| !line.starts_with("date: "));
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn answers_are_right_on_the_wire() {
    let world = World::publishing([
        api(
            "ANY",
            "/f",
            Script::Returns(r#"{"statusCode": 200, "body": "hi"}"#),
        ),
        api(
            "ANY",
            "/none",
            Script::Returns(r#"{"statusCode": 204, "body": "hi"}"#),
        ),
        api("ANY", "/echo", Script::Echoes),
    ]);
    // One connection: an answer whose length is told wrongly would spoil the next.
    let call = |method: &str, path: &str, more: &str| {
        format!("{method} {path} HTTP/1.1\r\nHost: {HOST}\r\n{more}\r\n")
    };
    let calls = call("HEAD", "/f", "")
        + &call("GET", "/none", "")
        + &call("GET", "/f", "Connection: close\r\n");
    assert_snapshot!(over_the_wire(&world, calls).await, @r"
    HTTP/1.1 200 OK
    content-type: application/json
    x-request-id: abababababababababababababababab
    server: api-gateway
    content-length: 2

    HTTP/1.1 204 No Content
    x-request-id: abababababababababababababababab
    server: api-gateway

    HTTP/1.1 200 OK
    content-type: application/json
    x-request-id: abababababababababababababababab
    server: api-gateway
    content-length: 2
    connection: close

    hi
    ");
    // The caller waits for `100 Continue` before it sends a body that is too large.
    let expecting = call(
        "PUT",
        "/f",
        "Content-Length: 9999999\r\nExpect: 100-continue\r\nConnection: close\r\n",
    );
    let answer = over_the_wire(&world, expecting).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    let answer = over_the_wire(&world, call("GET", "/echo", "Connection: close\r\n")).await;
    assert!(answer.contains(r#""sourceIp":"127.0.0.1""#), "{answer}");
    let connect =
        format!("CONNECT {HOST}:443 HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n");
    let answer = over_the_wire(&world, connect).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
}

proptest! {
    #[test]
    fn any_request_gets_an_answer_with_its_id(
        method in "GET|POST|[A-Z]{1,6}",
        path in "/f(/[!-~]{0,20}){0,3}|/[!-~]{0,30}|\\*",
        host in prop_oneof![
            3 => Just(HOST.as_bytes().to_vec()),
            1 => prop::collection::vec(any::<u8>(), 0..40),
        ],
        headers in prop::collection::vec(
            ("host|connection|x-stage|x-forwarded-for|content-length|cookie|te|[a-z-]{1,12}", prop::collection::vec(any::<u8>(), 0..20)),
            0..6,
        ),
        body in prop::collection::vec(any::<u8>(), 0..100),
        tls in any::<bool>(),
    ) {
        let mut request = Request::builder().method(method.as_str()).uri(path.as_str());
        let host = ("host".to_owned(), host);
        for (name, value) in headers.iter().chain([&host]) {
            if let Ok(value) = http::HeaderValue::from_bytes(value) {
                request = request.header(name, value);
            }
        }
        // What the http crate refuses never gets as far as here.
        let Ok(request) = request.body(Body::from(body)) else { return Ok(()) };
        let world = World::with(Script::Echoes);
        let router = world.gateway.router(Listener { tls });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let answer = runtime.block_on(answer(router, request));
        prop_assert!(answer.status == 200 || answer.status.is_client_error(), "{:?}", answer);
    }
}

fn throttling(requests: u32, address_requests: Option<u32>) -> Arc<Throttle> {
    let fields = ThrottlingFields {
        period: 1,
        unit: PeriodUnit::Hour,
        requests,
        user_requests: None,
        credential_requests: None,
        address_requests,
        excluded: Vec::new(),
        is_shared: false,
    };
    Arc::new(Throttle::new(&fields.try_into().unwrap()))
}

fn from(address: &str) -> Request<Body> {
    let mut request = get("/f");
    let address: SocketAddr = address.parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(address));
    request
}

#[tokio::test]
async fn an_api_is_called_as_often_as_its_policy_says() {
    let mut api = api("ANY", "/f", Script::Echoes);
    api.policies.throttle = Some(throttling(3, Some(2)));
    let world = World::publishing([api.clone()]);
    let call = async |address: &str| answer(world.https(), from(address)).await;
    for _ in 0..2 {
        assert_eq!(call("1.1.1.1:1").await.status, 200);
    }
    let refused = call("1.1.1.1:2").await;
    assert_snapshot!(refused.error(), @"429 APIG.0308 The throttling threshold has been reached: policy ip over ratelimit,limit:2,time:1 hour");
    let seconds: u64 = refused.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1700..=1800).contains(&seconds), "{seconds}");
    // The count goes on when something else is published.
    world.gateway.publish(RouteTable::new([api]));
    assert_eq!(call("1.1.1.2:1").await.status, 200);
    assert_snapshot!(call("1.1.1.3:1").await.error(), @"429 APIG.0308 The throttling threshold has been reached: policy api over ratelimit,limit:3,time:1 hour");
    assert_eq!(world.throttled.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn an_api_is_called_from_the_addresses_that_its_policy_lets_in() {
    let mut api = api("ANY", "/f", Script::Echoes);
    api.policies.access = Some(Arc::new(AccessControl {
        effect: AccessEffect::Permit,
        addresses: Addresses::parse("10.0.0.0/8").unwrap(),
    }));
    let world = World::publishing([api]);
    let call = async |address: &str| answer(world.https(), from(address)).await;
    assert_eq!(call("10.1.2.3:1").await.status, 200);
    // By a socket of IPv6.
    assert_eq!(call("[::ffff:10.1.2.3]:1").await.status, 200);
    assert_snapshot!(call("11.1.2.3:1").await.error(), @"403 APIG.0402 The IP address is not authorized to access the API.");
    // What a caller says of himself is not believed.
    let mut request = from("11.1.2.3:1");
    let said = "10.1.2.3".parse().unwrap();
    request.headers_mut().insert("x-forwarded-for", said);
    assert_eq!(answer(world.https(), request).await.status, 403);
}

const PAGE: &str = "https://page.example";

/// Lets pages of [`PAGE`] call by PUT, and read `X-Request-Id`.
fn cors() -> Arc<Cors> {
    let fields = CorsFields {
        allow_origin: Origins::parse(PAGE).unwrap(),
        allow_methods: CorsMethods::parse("PUT").unwrap(),
        allow_headers: HeaderNames::parse("Content-Type").unwrap(),
        expose_headers: HeaderNames::parse("X-Request-Id").unwrap(),
        max_age: 600,
        allow_credentials: true,
    };
    Arc::new(Cors::new(&fields.try_into().unwrap()))
}

fn with_cors(mut api: PublishedApi<Script>) -> PublishedApi<Script> {
    api.policies.cors = Some(cors());
    api
}

/// What a browser sends for a page of `origin`; with `asked` a preflight for that method.
fn of_page(origin: &str, method: &str, path: &str, asked: Option<&str>) -> Request<Body> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("Host", HOST)
        .header("Origin", origin);
    if let Some(asked) = asked {
        request = request
            .header("Access-Control-Request-Method", asked)
            .header("Access-Control-Request-Headers", "content-type");
    }
    request.body(Body::empty()).unwrap()
}

impl Answer {
    /// The status, and the headers that are about other origins.
    fn opened(&self) -> String {
        let told = self.headers.iter().filter_map(|(name, value)| {
            let is_told = name.as_str().starts_with("access-control-") || name == "vary";
            let value = value.to_str().unwrap();
            let name = name.as_str().trim_start_matches("access-control-");
            is_told.then(|| format!("\n{name}: {value}"))
        });
        format!("{}{}", self.status.as_u16(), told.collect::<String>())
    }
}

#[tokio::test]
async fn a_preflight_is_answered_without_the_function_and_without_authentication() {
    let mut guarded = with_cors(api("PUT", "/f", Script::Panics));
    guarded.api.settings.authentication = Authentication::App;
    guarded.policies.throttle = Some(throttling(1, None));
    guarded.policies.access = Some(Arc::new(AccessControl {
        effect: AccessEffect::Permit,
        addresses: Addresses::parse("10.0.0.0/8").unwrap(),
    }));
    let world = World::publishing([guarded, api("GET", "/f", Script::Echoes)]);
    let call = async |origin, asked| {
        let request = of_page(origin, "OPTIONS", "/f/x", Some(asked));
        answer(world.https(), request).await
    };
    let first = call(PAGE, "PUT").await;
    assert_eq!(first.headers["content-length"], "0");
    assert_snapshot!(first.opened(), @r"
    200
    allow-methods: PUT
    allow-headers: Content-Type
    max-age: 600
    vary: Origin
    allow-origin: https://page.example
    allow-credentials: true
    expose-headers: X-Request-Id
    ");
    for _ in 0..3 {
        assert_eq!(call(PAGE, "PUT").await.opened(), first.opened());
    }
    assert_snapshot!(call("https://other.example", "PUT").await.opened(), @r"
    200
    vary: Origin
    ");
    // The API that has this method has no policy, and none has OPTIONS.
    for asked in ["GET", "DELETE"] {
        let answered = call(PAGE, asked).await;
        assert_eq!(answered.opened(), "404");
        assert_eq!(answered.error(), "404 APIG.0101 The API does not exist.");
    }
    assert!(world.last_call.lock().unwrap().is_none());
}

#[tokio::test]
async fn the_function_gets_what_is_no_preflight_of_an_api_with_a_policy() {
    let world = World::publishing([
        api("ANY", "/own", Script::Echoes),
        with_cors(api("ANY", "/f", Script::Echoes)),
        with_cors(api("PUT", "/two", Script::Panics)),
        api("OPTIONS", "/two", Script::Echoes),
    ]);
    let check = async |path, asked| {
        let answer = answer(world.https(), of_page(PAGE, "OPTIONS", path, asked)).await;
        let by = match world.last_call.lock().unwrap().take() {
            Some(_) => "function",
            None => "gateway",
        };
        format!("{} by the {by}", answer.status.as_u16())
    };
    assert_snapshot!(check("/own", Some("GET")).await, @"200 by the function");
    assert_snapshot!(check("/f", Some("GET")).await, @"200 by the gateway");
    assert_snapshot!(check("/f", None).await, @"200 by the function");
    assert_snapshot!(check("/f", Some("PROPFIND")).await, @"200 by the function");
    assert_snapshot!(check("/two", Some("PUT")).await, @"200 by the gateway");
    assert_snapshot!(check("/two", Some("GET")).await, @"200 by the function");
    assert_snapshot!(check("/two", None).await, @"200 by the function");
}

#[tokio::test]
async fn a_page_reads_every_answer_of_an_api_with_a_policy() {
    let mut once = with_cors(api("ANY", "/once", Script::Echoes));
    once.policies.throttle = Some(throttling(1, None));
    let mut guarded = with_cors(api("ANY", "/guarded", Script::Echoes));
    guarded.api.settings.authentication = Authentication::App;
    let world = World::publishing([
        once,
        guarded,
        with_cors(api("ANY", "/raises", Script::Raises)),
        with_cors(api("ANY", "/panics", Script::Panics)),
        with_cors(api("ANY", "/wrong", Script::Returns("{}"))),
        api("ANY", "/closed", Script::Echoes),
    ]);
    let call = async |origin, path| {
        let request = of_page(origin, "POST", path, None);
        answer(world.https(), request).await.opened()
    };
    let open = "\nvary: Origin\nallow-origin: https://page.example\nallow-credentials: true\nexpose-headers: X-Request-Id";
    for (path, status) in [
        ("/once", 200),
        ("/once", 429),
        ("/guarded", 401),
        ("/raises", 500),
        ("/panics", 500),
        ("/wrong", 500),
    ] {
        assert_eq!(call(PAGE, path).await, format!("{status}{open}"), "{path}");
    }
    assert_eq!(call("https://other", "/once").await, "429\nvary: Origin");
    assert_eq!(call(PAGE, "/closed").await, "200");
    assert_eq!(call(PAGE, "/none").await, "404");
}

#[tokio::test]
async fn a_function_that_opens_itself_is_not_opened_further() {
    let own = r#"{"statusCode": 200, "headers": {"Access-Control-Allow-Origin": "https://other.example", "Vary": "Accept"}}"#;
    let world = World::publishing([with_cors(api("ANY", "/f", Script::Returns(own)))]);
    let request = of_page(PAGE, "GET", "/f", None);
    assert_snapshot!(answer(world.https(), request).await.opened(), @r"
    200
    allow-origin: https://other.example
    vary: Accept
    vary: Origin
    expose-headers: X-Request-Id
    ");
}

#[tokio::test]
async fn a_policy_changes_the_headers_of_what_functions_answer() {
    use HeaderAction::{Add, Delete, Override};
    let changes = [
        (Override, "Content-Type", "text/html"),
        (Delete, "X-Powered-By", ""),
        (Add, "Set-Cookie", "b=2"),
        (Add, "Set-Cookie", "sluice_session=x"),
    ];
    let changes = changes.map(|(action, name, value)| {
        let change = HeaderChangeFields {
            name: name.to_owned(),
            action,
            value: value.to_owned(),
        };
        change.try_into().unwrap()
    });
    let rule = changes.to_vec().try_into().unwrap();
    let policy = Some(Arc::new(ResponseHeaders::new(&rule)));
    let with_policy = |path, script| {
        let mut api = api("GET", path, script);
        api.policies.response_headers = policy.clone();
        api
    };
    let world = World::publishing([
        with_policy(
            "/f",
            Script::Returns(
                r#"{"statusCode": 200, "headers": {"X-Powered-By": "me", "Set-Cookie": "a=1"}}"#,
            ),
        ),
        with_policy("/raises", Script::Raises),
    ]);
    let changed = world.get("/f").await;
    assert_eq!(changed.headers["content-type"], "text/html");
    assert!(!changed.headers.contains_key("x-powered-by"));
    // The console's own cookie is not set by this way either.
    let cookies: Vec<_> = changed.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
    // What the gateway answers itself stays JSON.
    for path in ["/raises", "/none"] {
        let answer = world.get(path).await;
        assert_eq!(answer.headers["content-type"], "application/json");
        assert!(!answer.headers.contains_key("set-cookie"));
    }
}

/// A gateway whose one group has these domain names, with TLS 1.3 and a redirect where they say so.
fn named(names: &[(&str, TlsVersion, bool)]) -> World {
    let world = World::with(Script::Echoes);
    let names = names
        .iter()
        .map(|&(name, min_tls, redirect)| ServedDomainName {
            name: name.parse().unwrap(),
            group_id: ApiGroupId::from_bytes([7; 16]),
            min_tls,
            redirect,
        });
    let ports = Ports {
        http: 8080,
        https: 8443,
    };
    world.gateway.name(DomainNames::new(names, ports));
    world
}

fn at(host: &str, path: &str) -> Request<Body> {
    let request = Request::get(path).header("Host", host);
    request.body(Body::empty()).unwrap()
}

#[tokio::test]
async fn a_group_is_called_by_its_domain_names() {
    let world = named(&[
        ("api.example.com", TlsVersion::V1_2, false),
        ("*.shop.example", TlsVersion::V1_2, false),
    ]);
    for host in ["api.example.com", "API.Example.com.:8443", "a.shop.example"] {
        let answer = answer(world.https(), at(host, "/f/x?q=1")).await;
        let event: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(event["path"], "/f/x", "{host}");
        assert_eq!(event["headers"]["host"], host);
    }
    let not_there =
        "404 APIG.0101 The API does not exist or has not been published in the environment.";
    let mut staged = at("api.example.com", "/f");
    let stage = "TEST".parse().unwrap();
    staged.headers_mut().insert("x-stage", stage);
    for request in [
        staged,
        at("example.com", "/f"),
        at("shop.example", "/f"),
        at("a.b.shop.example", "/f"),
        // The name says which group it is, and then all of the path is the API's.
        at("api.example.com", &format!("/_group/{GROUP}/f")),
    ] {
        assert_eq!(answer(world.https(), request).await.error(), not_there);
    }
    // The group's own host stays, and names that are taken away go at once.
    assert_eq!(world.get("/f").await.status, 200);
    world.gateway.name(DomainNames::default());
    let request = at("api.example.com", "/f");
    assert_eq!(answer(world.https(), request).await.error(), not_there);
}

#[tokio::test]
async fn a_domain_name_may_send_requests_over_http_to_https() {
    let world = named(&[("api.example.com", TlsVersion::V1_2, true)]);
    let http = || world.gateway.router(Listener { tls: false });
    let redirected = answer(http(), at("api.example.com:8080", "/f/x?q=1")).await;
    assert_eq!(redirected.status, 308);
    assert_eq!(
        redirected.headers["location"],
        "https://api.example.com:8443/f/x?q=1"
    );
    assert!(redirected.body.is_empty() && world.last_call.lock().unwrap().is_none());
    let secure = answer(world.https(), at("api.example.com:8443", "/f")).await;
    assert_eq!(secure.status, 200);
    // Nobody is sent away from the group's own host.
    let own = answer(http(), at(HOST, "/f")).await;
    assert_eq!(
        own.error(),
        "400 APIG.0607 The following protocol is supported: HTTPS"
    );
}

#[tokio::test]
async fn a_connection_with_an_older_tls_is_not_used_for_a_name_that_demands_a_newer() {
    let world = named(&[
        ("new.example.com", TlsVersion::V1_3, false),
        ("old.example.com", TlsVersion::V1_2, false),
    ]);
    let check = async |host: &str, version: TlsVersion| {
        let mut request = at(host, "/f");
        request.extensions_mut().insert(version);
        let answer = answer(world.https(), request).await;
        match answer.status.is_success() {
            true => "200".to_owned(),
            false => answer.error(),
        }
    };
    assert_eq!(check("new.example.com", TlsVersion::V1_3).await, "200");
    assert_eq!(check("old.example.com", TlsVersion::V1_2).await, "200");
    assert_eq!(
        check("new.example.com", TlsVersion::V1_2).await,
        "400 APIG.0204 SSL protocol is not supported: TLSv1.2"
    );
}
