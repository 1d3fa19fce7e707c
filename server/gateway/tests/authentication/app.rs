//! App authentication: signed requests and AppCodes.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{HeaderValue, Request};
use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::Value;
use sluice_domain::credential::CredentialSecrets;
use sluice_domain::env_vars::Secret;
use sluice_domain::id::{EnvironmentId, TriggerId};
use sluice_domain::publication::BoundApi;
use sluice_domain::time::Timestamp;
use sluice_gateway::{AccessLog, Credentials, GatewayConfig, Listener};

use crate::world::{Case, NOW, World, api, credential, signatures};

#[tokio::test]
async fn requests_that_the_vendors_sdk_signed_are_let_in() {
    assert_eq!(
        Timestamp::parse_basic(&signatures().date),
        Some(Timestamp(NOW))
    );
    for case in signatures().cases {
        assert_eq!(
            World::new().answer(case.request()).await,
            "200",
            "{}",
            case.name
        );
    }
}

#[tokio::test]
async fn whatever_is_changed_on_the_way_is_noticed() {
    let world = World::new();
    let check = async |case: &Case, what: &str, changed: Case| {
        let answer = world.answer(changed.request()).await;
        assert!(
            answer.starts_with("401 APIG.0303"),
            "{}: {what}: {answer}",
            case.name
        );
    };
    for case in signatures().cases {
        let changed = |change: &dyn Fn(&mut Case)| {
            let mut changed = case.clone();
            change(&mut changed);
            changed
        };
        check(
            &case,
            "method",
            changed(&|it| it.method = "OPTIONS".to_owned()),
        )
        .await;
        check(
            &case,
            "path",
            changed(&|it| it.uri = it.uri.replacen("/f", "/f/x", 1)),
        )
        .await;
        check(
            &case,
            "query",
            changed(&|it| {
                let sign = if it.uri.contains('?') { '&' } else { '?' };
                it.uri = format!("{}{sign}z=1", it.uri);
            }),
        )
        .await;
        if !case.is_unsigned() {
            check(&case, "body", changed(&|it| it.body.push(' '))).await;
        }
        let signed = case.headers["Authorization"].clone();
        for name in case.headers.keys() {
            if name == "Authorization" || name.contains('_') {
                continue;
            }
            assert!(signed.contains(&name.to_ascii_lowercase()), "{name}");
            if name == "Host" {
                let other = case
                    .clone()
                    .with(name, "07070707070707070707070707070707.apig.localhost:1");
                check(&case, name, other).await;
            } else if name != "X-Stage" {
                check(&case, name, case.clone().with(name, "20261123T120001Z")).await;
            }
            if name != "Host" {
                check(&case, name, case.clone().without(name)).await;
            }
        }
        check(
            &case,
            "signature",
            case.clone().replacing("Signature=", "Signature=00"),
        )
        .await;
        let last = signed.chars().last().unwrap();
        let other = if last == '0' { '1' } else { '0' };
        let flipped = format!("{}{other}", &signed[..signed.len() - 1]);
        check(
            &case,
            "signature",
            case.clone().with("Authorization", &flipped),
        )
        .await;
    }
}

#[tokio::test]
async fn a_caller_is_told_what_is_wrong() {
    let world = World::new();
    let get = || Case::named("a GET");
    let check = async |case: Case| world.answer(case.request()).await;
    assert_snapshot!(check(get().without("Authorization")).await, @"401 APIG.0303 Incorrect app authentication information: the header Authorization is missing");
    for wrong in [
        "",
        "Basic eA==",
        "SDK-HMAC-SHA256",
        "SDK-HMAC-SHA256 Access=a",
        "SDK-HMAC-SHA256 Access=a, Access=b, SignedHeaders=host, Signature=00",
        "SDK-HMAC-SHA256 Access=a, SignedHeaders=host, Signature=zz",
        "SDK-HMAC-SHA256 Access=a, SignedHeaders=host, Signature=0",
    ] {
        assert_eq!(
            check(get().with("Authorization", wrong)).await,
            "401 APIG.0303 Incorrect app authentication information: Authorization must be SDK-HMAC-SHA256 Access=…, SignedHeaders=…, Signature=…",
            "{wrong}"
        );
    }
    assert_snapshot!(check(get().replacing("0123456789abcdef0123456789abcdef", "nobody")).await, @"401 APIG.0303 Incorrect app authentication information: app not found, appkey nobody");
    for wrong in [
        "2026-11-23T12:00:00Z",
        "20261123T120000",
        "20261123t120000z",
        "20261323T120000Z",
        "",
    ] {
        assert_eq!(
            check(get().with("X-Sdk-Date", wrong)).await,
            "401 APIG.0303 Incorrect app authentication information: X-Sdk-Date must have the form YYYYMMDDTHHMMSSZ",
            "{wrong}"
        );
    }
    assert_snapshot!(check(get().replacing("host;", "host;x-more;")).await, @"401 APIG.0303 Incorrect app authentication information: the signed header x-more is missing");
    assert_snapshot!(check(get().with("X-Sdk-Nonce", "1")).await, @"401 APIG.0303 Incorrect app authentication information: X-Sdk-Nonce is not among the signed headers");
    assert_snapshot!(check(get().replacing("host;x-sdk-date", "x-sdk-date")).await, @"401 APIG.0303 Incorrect app authentication information: Host is not among the signed headers");
    assert_snapshot!(check(get().with("X-Stage", "RELEASE")).await, @"401 APIG.0303 Incorrect app authentication information: X-Stage is not among the signed headers");
    assert_snapshot!(check(get().replacing("host;x", "host;Host;x")).await, @"401 APIG.0303 Incorrect app authentication information: SignedHeaders names Host more than once");
    let mut escaped = get();
    escaped.uri = "/f/a%2fb".to_owned();
    assert_snapshot!(check(escaped).await, @"401 APIG.0303 Incorrect app authentication information: a signed path must not have %2F");
    // Not what the caller's page may not know, though the caller can have it signed.
    let cookies = get()
        .with("Cookie", "sluice_session=secret")
        .with("X-Stage", "RELEASE");
    let answer = check(cookies.replacing("host;", "cookie;host;x-stage;")).await;
    assert_snapshot!(answer, @"401 APIG.0303 Incorrect app authentication information: signature verification failed, canonicalRequest:GET|/f/||cookie:***|host:07070707070707070707070707070707.apig.localhost|x-stage:RELEASE|x-sdk-date:20261123T120000Z||cookie;host;x-stage;x-sdk-date|e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    // In the form in which it had to be signed.
    let mut changed = Case::named("a query with escapes");
    changed.method = "POST".to_owned();
    assert_snapshot!(check(changed).await, @"401 APIG.0303 Incorrect app authentication information: signature verification failed, canonicalRequest:POST|/f/|a%20b=%E4%B8%AD%20%E6%96%87&k%C3%A4se=gr%C3%BC%C3%9Fe%20%26%20so%3D%2B%2F%3F&t=~%2A%27%28%29%21|host:07070707070707070707070707070707.apig.localhost|x-sdk-date:20261123T120000Z||host;x-sdk-date|e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    let mut twice = get().request();
    twice
        .headers_mut()
        .append("X-Sdk-Date", HeaderValue::from_static("20261123T120000Z"));
    assert_snapshot!(world.answer(twice).await, @"401 APIG.0303 Incorrect app authentication information: the header X-Sdk-Date is given more than once");
}

#[tokio::test]
async fn a_signature_is_good_for_fifteen_minutes() {
    let check = async |clock: fn() -> Timestamp| {
        World::at(clock)
            .answer(Case::named("a GET").request())
            .await
    };
    assert_eq!(check(|| Timestamp(NOW + 15 * 60 * 1000)).await, "200");
    assert_eq!(check(|| Timestamp(NOW - 15 * 60 * 1000)).await, "200");
    assert_snapshot!(check(|| Timestamp(NOW + 16 * 60 * 1000)).await, @"401 APIG.0303 Incorrect app authentication information: signature expired, signature time:20261123T120000Z,server time:20261123T121600Z");
    assert_snapshot!(check(|| Timestamp(NOW - 16 * 60 * 1000)).await, @"401 APIG.0303 Incorrect app authentication information: signature expired, signature time:20261123T120000Z,server time:20261123T114400Z");
}

#[tokio::test]
async fn a_number_that_is_used_once_is_used_once() {
    let world = World::new();
    let case = Case::named("a number used once");
    let mut changed = case.clone();
    changed.method = "POST".to_owned();
    // What is refused uses nothing up.
    assert!(
        world
            .answer(changed.request())
            .await
            .contains("signature verification failed")
    );
    assert_eq!(world.answer(case.request()).await, "200");
    assert_snapshot!(world.answer(case.request()).await, @"401 APIG.0303 Incorrect app authentication information: X-Sdk-Nonce was used before");
    // Without one a request may come again.
    for _ in 0..2 {
        assert_eq!(world.answer(Case::named("a GET").request()).await, "200");
    }
}

#[tokio::test]
async fn a_credential_calls_the_apis_that_it_is_bound_to() {
    let world = World::new();
    let call = async || world.answer(Case::named("a GET").request()).await;
    let own = credential().apis.into_iter().next().unwrap();
    let another_api = BoundApi {
        trigger_id: TriggerId::from_bytes([9; 16]),
        ..own.clone()
    };
    let elsewhere = BoundApi {
        environment_id: EnvironmentId::from_bytes([9; 16]),
        ..own
    };
    for bound in [another_api, elsewhere] {
        world.0.admit(Credentials::new([CredentialSecrets {
            apis: HashSet::from([bound]),
            ..credential()
        }]));
        let refused = "403 APIG.0304 The app is not authorized to access the API.";
        assert_eq!(call().await, refused);
    }
    world.0.admit(Credentials::new([CredentialSecrets {
        app_secret: Secret::new("another".to_owned()),
        ..credential()
    }]));
    assert!(call().await.contains("signature verification failed"));
    world.0.admit(Credentials::default());
    assert!(call().await.contains("app not found"));
    world.0.admit(Credentials::new([credential()]));
    assert_eq!(call().await, "200");
}

fn with_code(code: &str) -> Request<Body> {
    let mut request = Case::named("a GET").without("Authorization").request();
    let code = HeaderValue::from_str(code).unwrap();
    request.headers_mut().insert("X-Apig-AppCode", code);
    request
}

#[tokio::test]
async fn an_app_code_is_enough_where_the_api_says_so() {
    let world = World::new();
    let code = "c0de".repeat(16);
    assert_eq!(world.answer(with_code(&code)).await, "200");
    assert_snapshot!(world.answer(with_code("another")).await, @"401 APIG.0303 Incorrect app authentication information: app not found, appcode");
    let http = Listener { tls: false };
    assert_snapshot!(world.answer_by(http, with_code(&code)).await, @"401 APIG.0303 Incorrect app authentication information: an AppCode is accepted over HTTPS only");
    // The function gets neither it nor a signature.
    let (_, event) = world
        .sent(Listener { tls: true }, Case::named("a GET").request())
        .await;
    let event: Value = serde_json::from_slice(&event).unwrap();
    assert_eq!(event["headers"]["authorization"], Value::Null);
    let (_, event) = world.sent(Listener { tls: true }, with_code(&code)).await;
    let event: Value = serde_json::from_slice(&event).unwrap();
    assert_eq!(event["headers"]["x-apig-appcode"], Value::Null);
    assert!(event["headers"]["x-sdk-date"].is_string());
    let mut strict = api();
    strict.settings.simple_authentication = false;
    world.publish(strict);
    assert_snapshot!(world.answer(with_code(&code)).await, @"401 APIG.0303 Incorrect app authentication information: the API has no simple authentication");
    assert_eq!(world.answer(Case::named("a GET").request()).await, "200");
}

#[tokio::test]
async fn each_request_is_told_of_without_what_is_secret() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let lines = Arc::clone(&told);
    let config = GatewayConfig {
        clock: || Timestamp(NOW),
        ids: || [0xab; 16],
        access_log: Some(AccessLog(Arc::new(move |line| {
            let mut line = serde_json::to_value(line).unwrap();
            let took = line["request_time"].take().as_f64().unwrap();
            assert!((0.0..10.0).contains(&took));
            lines.lock().unwrap().push(line);
        }))),
        ..GatewayConfig::default()
    };
    let world = World::with(config);
    let mut request = Case::named("a query")
        .with("User-Agent", "curl/8")
        .request();
    let address: SocketAddr = "192.0.2.1:1234".parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(address));
    assert_eq!(world.answer(request).await, "200");
    world.answer(with_code("wrong")).await;
    let told = told.lock().unwrap();
    let text = serde_json::to_string_pretty(&*told).unwrap();
    for secret in ["wrong", "Signature", "b=2"] {
        assert!(!text.contains(secret), "{secret}");
    }
    assert!(told[0]["bytes_sent"].as_u64() > Some(100));
    let told: Vec<_> = told
        .iter()
        .map(|line| {
            let line = line.as_object().unwrap().iter();
            let line = line.filter(|(name, _)| *name != "bytes_sent" && *name != "request_time");
            line.map(|(name, value)| format!("{name}={value}"))
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    assert_snapshot!(told.join("\n").replace("07070707070707070707070707070707", "<group>"), @r#"
    api_id="02020202020202020202020202020202" api_name="API_test" app_id="01010101010101010101010101010101" group_id="<group>" host="<group>.apig.localhost" http_user_agent="curl/8" invocation_id="abababab-abab-abab-abab-abababababab" remote_addr="192.0.2.1" request_id="abababababababababababababababab" request_method="GET" scheme="https" stage="RELEASE" status=200 time="2026-11-23T12:00:00.000Z" uri="/f"
    api_id="02020202020202020202020202020202" api_name="API_test" apig_err_code="APIG.0303" group_id="<group>" host="<group>.apig.localhost" http_user_agent="" remote_addr=null request_id="abababababababababababababababab" request_method="GET" scheme="https" stage="RELEASE" status=401 time="2026-11-23T12:00:00.000Z" uri="/f"
    "#);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever stands in the headers of a signature: an answer, and no other than a refusal.
    #[test]
    fn any_headers_are_refused_in_words(
        authorization in "(SDK-HMAC-SHA256 )?(Access=[ -~]{0,9}[, ]{0,2})?(SignedHeaders=[a-z;-]{0,20}[, ]{0,2})?(Signature=[0-9a-g]{0,64})?",
        date in "[0-9]{8}T[0-9]{6}Z|[ -~]{0,20}",
        nonce in proptest::option::of("[ -~]{0,9}"),
        query in "[A-Za-z0-9%&=+;:@/?._~!$'()*,-]{0,30}",
    ) {
        let mut case = Case::named("a GET").with("Authorization", &authorization).with("X-Sdk-Date", &date);
        if let Some(nonce) = nonce {
            case = case.with("X-Sdk-Nonce", &nonce);
        }
        let uri = format!("/f?{query}");
        case.uri = uri;
        let world = World::new();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let answer = runtime.block_on(world.answer(case.request()));
        prop_assert!(answer.starts_with("401 APIG.0303 Incorrect app authentication information: "), "{answer}");
    }
}
