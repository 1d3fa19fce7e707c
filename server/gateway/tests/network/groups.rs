//! What API groups say about all of their APIs: responses of the gateway's own, variables, and
//! whether their host is there.

use std::sync::{Arc, Mutex};

use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::{Value, json};
use sluice_domain::api_group::GroupSettings;
use sluice_domain::environment::EnvironmentName;
use sluice_domain::gateway_response::{
    AddedHeader, GatewayResponse, GatewayResponses, HeaderFields, ResponseBody, ResponseSet,
    ResponseType,
};
use sluice_domain::id::{ApiGroupId, ResponseSetId};
use sluice_domain::policy::{
    AccessControl, AccessEffect, Addresses, CorsFields, CorsMethods, HeaderNames, Origins,
};
use sluice_domain::stage_variables::{StageVariable, StageVariables};
use sluice_domain::trigger::{Authentication, Protocol};
use sluice_gateway::{AccessLog, Cors, GatewayConfig, PublishedApi, RouteTable};

use crate::world::{Answer, HOST, World, answers, api};

const BODY: &str = r##"{"at":"$context.reqUri","host":"#Host#","error":"$context.error.type $context.error.code","in":"$context.stage"}"##;

/// A response with a status, a body and a header that repeats the path.
fn response(status: Option<u16>, body: &str) -> GatewayResponse {
    let header = |name: &str, value: &str| {
        let fields = HeaderFields {
            name: name.to_owned(),
            value: value.to_owned(),
        };
        AddedHeader::try_from(fields).unwrap()
    };
    let headers = vec![
        header("X-Path", "$context.reqPath"),
        header("Content-Type", "application/problem+json"),
    ];
    GatewayResponse {
        status: status.map(|it| it.try_into().unwrap()),
        body: ResponseBody::parse(body).unwrap(),
        headers: headers.try_into().unwrap(),
    }
}

fn variables(host: &str) -> StageVariables {
    let variable = StageVariable {
        name: "Host".to_owned(),
        value: host.to_owned(),
    };
    vec![variable].try_into().unwrap()
}

/// A group with these responses, and a variable in RELEASE and in TEST.
fn group(responses: impl Into<GatewayResponses>) -> GroupSettings {
    let name = |text: &str| EnvironmentName::parse(text).unwrap();
    GroupSettings {
        variables: [
            (name("RELEASE"), variables("released.example")),
            (name("TEST"), variables("tested.example")),
        ]
        .into(),
        responses: responses.into(),
        ..GroupSettings::default()
    }
}

/// A group whose responses of all types are changed.
fn all_changed() -> GroupSettings {
    let all = ResponseType::ALL.iter();
    let all = all.map(|&kind| (kind, response(None, BODY)));
    group(all.collect::<GatewayResponses>())
}

/// A gateway with one group, which says this, and these APIs.
fn world(settings: GroupSettings, apis: impl IntoIterator<Item = PublishedApi<()>>) -> World {
    let world = World::new(GatewayConfig {
        ids: || [0xab; 16],
        ..GatewayConfig::default()
    });
    publish(&world, settings, apis);
    world
}

fn publish(
    world: &World,
    settings: GroupSettings,
    apis: impl IntoIterator<Item = PublishedApi<()>>,
) {
    let groups = [(ApiGroupId::from_bytes([7; 16]), settings)];
    let table = RouteTable::new(apis).with_groups(groups);
    world.gateway.publish(table);
}

/// The answer to `GET /a` with headers, on a connection of its own.
async fn call(world: &World, line: &str, headers: &str) -> Answer {
    let request = format!("{line} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n{headers}\r\n");
    let mut answers = answers(&world.send(request.as_bytes()).await);
    assert_eq!(answers.len(), 1, "{answers:?}");
    answers.remove(0)
}

/// The status and the body.
fn told(answer: &Answer) -> String {
    assert_eq!(
        answer.header("x-request-id"),
        Some("ab".repeat(16)).as_deref()
    );
    assert_eq!(answer.header("server"), Some("api-gateway"));
    format!("{} {}", answer.status, answer.body)
}

#[tokio::test]
async fn a_group_says_what_callers_get_of_an_api_that_is_not_there() {
    let changed = group([(ResponseType::NotFound, response(Some(410), BODY))]);
    let world = world(changed, []);
    let answer = call(&world, "GET /a/b?c=1", "").await;
    assert_snapshot!(told(&answer), @r#"410 {"at":"/a/b?c=1","host":"released.example","error":"NOT_FOUND APIG.0101","in":"RELEASE"}"#);
    assert_eq!(answer.header("x-path"), Some("/a/b"));
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json")
    );
    let length = answer.body.len().to_string();
    assert_eq!(answer.header("content-length"), Some(length.as_str()));
    // In another environment it has other variables, and none in one that is not there.
    assert_snapshot!(told(&call(&world, "GET /a", "X-Stage: TEST\r\n").await), @r#"410 {"at":"/a","host":"tested.example","error":"NOT_FOUND APIG.0101","in":"TEST"}"#);
    assert_snapshot!(told(&call(&world, "GET /a", "X-Stage: <b>\r\n").await), @r##"410 {"at":"/a","host":"#Host#","error":"NOT_FOUND APIG.0101","in":"\u003cb\u003e"}"##);
    // To HEAD the body is told by its length alone.
    let head = call(&world, "HEAD /a/b?c=1", "").await;
    assert_eq!((head.status, head.body.as_str()), (410, ""));
    assert_eq!(head.header("content-length"), Some(length.as_str()));
}

#[tokio::test]
async fn an_api_is_refused_by_the_set_that_it_chose() {
    let id = |n| ResponseSetId::from_bytes([n; 16]);
    let set = ResponseSet {
        response_id: id(1),
        name: "strict".parse().unwrap(),
        responses: [(ResponseType::Default4xx, response(Some(418), BODY))].into(),
    };
    let settings = GroupSettings {
        response_sets: vec![set],
        ..group([(ResponseType::Default4xx, response(Some(410), BODY))])
    };
    let check = async |chosen, headers| {
        let mut api = api();
        api.api.settings.protocol = Protocol::Https;
        api.api.settings.response_id = chosen;
        let world = world(settings.clone(), [api]);
        call(&world, "GET /a", headers).await.status
    };
    assert_eq!(check(Some(id(1)), "").await, 418);
    assert_eq!(check(None, "").await, 410);
    // One that was deleted since the API was published.
    assert_eq!(check(Some(id(2)), "").await, 410);
    // What no API answers is the group's to refuse; its default set leaves it as it is.
    assert_eq!(check(Some(id(1)), "X-Stage: NOWHERE\r\n").await, 404);
}

#[tokio::test]
async fn what_is_refused_before_the_group_is_known_stays() {
    let world = world(all_changed(), [api()]);
    let other = format!("GET /_group/{}/a", "08".repeat(16));
    let request = |line: &str, host: &str| {
        format!("{line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
    };
    let check = async |request: String| {
        let answers = answers(&world.send(request.as_bytes()).await);
        let body: Value = serde_json::from_str(&answers[0].body).unwrap();
        format!("{} {}", answers[0].status, body["error_code"])
    };
    assert_snapshot!(check(request("GET /a", "localhost")).await, @r#"404 "APIG.0101""#);
    assert_snapshot!(check(request(&other, "localhost")).await, @r#"404 "APIG.0101""#);
    assert_snapshot!(check(request("nonsense", HOST)).await, @r#"400 "APIG.0201""#);
    let long = format!("GET /{}", "a".repeat(40_000));
    assert_snapshot!(check(request(&long, HOST)).await, @r#"414 "APIG.0201""#);
}

#[tokio::test]
async fn each_refusal_of_an_api_has_the_groups_response_and_functions_answer_as_ever() {
    let guarded = {
        let mut api = api();
        api.api.settings.authentication = Authentication::App;
        api
    };
    let walled = {
        let mut api = api();
        api.policies.access = Some(Arc::new(AccessControl {
            effect: AccessEffect::Deny,
            addresses: Addresses::parse("127.0.0.0/8").unwrap(),
        }));
        api
    };
    let empty = PublishedApi {
        deployment: None,
        ..api()
    };
    let check = async |api: PublishedApi<()>, headers: &str| {
        let world = world(all_changed(), [api]);
        told(&call(&world, "POST /a", headers).await)
    };
    assert_snapshot!(check(api(), "").await, @"200 ok");
    assert_snapshot!(check(guarded.clone(), "").await, @r#"401 {"at":"/a","host":"released.example","error":"AUTH_HEADER_MISSING APIG.0303","in":"RELEASE"}"#);
    assert_snapshot!(check(guarded, "Authorization: x\r\n").await, @r#"401 {"at":"/a","host":"released.example","error":"AUTH_FAILURE APIG.0303","in":"RELEASE"}"#);
    assert_snapshot!(check(empty, "").await, @r#"500 {"at":"/a","host":"released.example","error":"DEFAULT_5XX APIG.0103","in":"RELEASE"}"#);
    assert_snapshot!(check(api(), "X-Stage: A\r\nX-Stage: B\r\n").await, @r##"400 {"at":"/a","host":"#Host#","error":"DEFAULT_4XX APIG.0201","in":"A"}"##);
    assert_snapshot!(check(walled, "").await, @r#"403 {"at":"/a","host":"released.example","error":"ACCESS_DENIED APIG.0402","in":"RELEASE"}"#);
}

#[tokio::test]
async fn a_response_without_a_body_has_none() {
    let world = world(
        group([(ResponseType::NotFound, response(Some(204), BODY))]),
        [],
    );
    let answer = call(&world, "GET /a", "").await;
    assert_eq!((answer.status, answer.body.as_str()), (204, ""));
    for name in ["content-length", "content-type"] {
        assert_eq!(answer.header(name), None, "{name}");
    }
    assert_eq!(answer.header("x-path"), Some("/a"));
}

#[tokio::test]
async fn a_page_reads_a_response_that_a_group_changed() {
    let fields = CorsFields {
        allow_origin: Origins::parse("https://page.example").unwrap(),
        allow_methods: CorsMethods::all(),
        allow_headers: HeaderNames::default(),
        expose_headers: HeaderNames::default(),
        max_age: 60,
        allow_credentials: false,
    };
    let mut guarded = api();
    guarded.api.settings.authentication = Authentication::Iam;
    guarded.policies.cors = Some(Arc::new(Cors::new(&fields.try_into().unwrap())));
    let world = world(all_changed(), [guarded]);
    let answer = call(&world, "GET /a", "Origin: https://page.example\r\n").await;
    assert_eq!(answer.status, 401);
    assert!(answer.body.contains("AUTH_HEADER_MISSING"), "{answer:?}");
    let opened = ["access-control-allow-origin", "vary"].map(|name| answer.header(name));
    assert_eq!(opened, [Some("https://page.example"), Some("Origin")]);
}

#[tokio::test]
async fn the_access_log_has_the_status_that_was_sent_and_the_code_that_it_stands_for() {
    let lines = Arc::<Mutex<Vec<String>>>::default();
    let kept = Arc::clone(&lines);
    let log = AccessLog(Arc::new(move |line| {
        let code = line.apig_err_code.unwrap_or("none");
        kept.lock().unwrap().push(format!("{} {code}", line.status));
    }));
    let world = World::new(GatewayConfig {
        ids: || [0xab; 16],
        access_log: Some(log),
        ..GatewayConfig::default()
    });
    let not_found = (ResponseType::NotFound, response(Some(200), "{}"));
    publish(&world, group([not_found]), []);
    assert_snapshot!(told(&call(&world, "GET /a", "").await), @"200 {}");
    assert_eq!(*lines.lock().unwrap(), ["200 APIG.0101"]);
}

#[tokio::test]
async fn variables_tell_of_the_call() {
    let names = [
        "apiId",
        "apiName",
        "appId",
        "appName",
        "requestId",
        "sourceIp",
        "reqMethod",
        "error.message",
    ];
    let fields = names.map(|name| (name, format!("$context.{name}")));
    let body = serde_json::to_string(&fields).unwrap();
    let missing = (ResponseType::AuthHeaderMissing, response(None, &body));
    let not_found = (ResponseType::NotFound, response(None, &body));
    let mut guarded = api();
    guarded.api.settings.authentication = Authentication::App;
    guarded.api.settings.path = "/a".parse().unwrap();
    let world = world(group([missing, not_found]), [guarded]);
    let check = async |line: &str| {
        let answer = call(&world, line, "").await;
        let told: Vec<(String, String)> = serde_json::from_str(&answer.body).unwrap();
        let told = told.iter().map(|(name, value)| format!("{name}: {value}"));
        told.collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!(check("PUT /a").await, @r"
    apiId: 02020202020202020202020202020202
    apiName: API_test
    appId: 
    appName: 
    requestId: abababababababababababababababab
    sourceIp: 127.0.0.1
    reqMethod: PUT
    error.message: Incorrect app authentication information: the header Authorization is missing
    ");
    assert_snapshot!(check("GET /b").await, @r"
    apiId: 
    apiName: 
    appId: 
    appName: 
    requestId: abababababababababababababababab
    sourceIp: 127.0.0.1
    reqMethod: GET
    error.message: The API does not exist or has not been published in the environment.
    ");
}

#[tokio::test]
async fn functions_get_the_variables_of_their_environment() {
    let test = PublishedApi {
        environment: "TEST".parse().unwrap(),
        ..api()
    };
    let other = PublishedApi {
        environment: "OTHER".parse().unwrap(),
        ..api()
    };
    let world = world(group([]), [api(), test, other]);
    for stage in ["RELEASE", "TEST", "OTHER"] {
        let answer = call(&world, "GET /a", &format!("X-Stage: {stage}\r\n")).await;
        assert_eq!(answer.status, 200);
    }
    let got: Vec<_> = world
        .events()
        .iter()
        .map(|event| event["requestContext"]["stageVariables"].clone())
        .collect();
    assert_eq!(
        got,
        [
            json!({"Host": "released.example"}),
            json!({"Host": "tested.example"}),
            Value::Null,
        ]
    );
}

#[tokio::test]
async fn a_group_without_its_host_is_not_there() {
    let off = GroupSettings {
        has_debugging_domain: false,
        ..all_changed()
    };
    let world = world(off, [api()]);
    let by_path = format!("GET /_group/{}/a", "07".repeat(16));
    let default = r#"404 {"error_msg":"The API does not exist or has not been published in the environment.","error_code":"APIG.0101","request_id":"abababababababababababababababab"}"#;
    assert_eq!(told(&call(&world, "GET /a", "").await), default);
    let request = format!("{by_path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let refused = answers(&world.send(request.as_bytes()).await).remove(0);
    assert_eq!(told(&refused), default);
    assert!(world.calls().is_empty());
    publish(&world, all_changed(), [api()]);
    assert_eq!(told(&call(&world, "GET /a", "").await), "200 ok");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_is_asked_for_the_answer_is_one_and_its_body_json(
        target in "/([!-~]{0,12}|\"\\}|\\\\|%0[dDaA]|%22|[\u{80}-\u{ff}]){0,8}",
        stage in "[ -~]{0,12}|\"\\}|[\u{80}-\u{ff}]{1,3}",
    ) {
        let target = target.replace(['#', ' '], "");
        let body = r#"{"a":"$context.reqUri $context.reqPath","b":"$context.stage"}"#;
        let changed: GatewayResponses =
            ResponseType::ALL.iter().map(|&kind| (kind, response(None, body))).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let answer = runtime.block_on(async {
            let world = world(group(changed), []);
            call(&world, &format!("GET {target}"), &format!("X-Stage: {stage}\r\n")).await
        });
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        prop_assert!(answer.status == 400 || answer.status == 404);
        let fields = body.as_object().unwrap().len();
        // Or it was refused by the parser, in the gateway's own words.
        let expected = if answer.header("x-path").is_some() { 2 } else { 3 };
        prop_assert_eq!(fields, expected);
    }
}
