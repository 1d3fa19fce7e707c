//! What an API declares of its requests: who is refused for it, and when in the course of a call.

use std::sync::Arc;

use insta::assert_snapshot;
use serde_json::json;
use sluice_domain::alias::ShiftBy;
use sluice_domain::api_group::GroupSettings;
use sluice_domain::gateway_response::{GatewayResponse, ResponseBody, ResponseType};
use sluice_domain::id::ApiGroupId;
use sluice_domain::policy::{
    AccessControl, AccessEffect, Addresses, CorsFields, CorsMethods, HeaderNames, Origins,
    PeriodUnit, ThrottlingFields,
};
use sluice_domain::request_parameter::RequestParameters;
use sluice_domain::trigger::Authentication;
use sluice_gateway::{
    Cors, GatewayConfig, ParameterRules, PublishedApi, RouteTable, Shift, Split, Throttle,
};

use crate::world::{Answer, HOST, World, answers, api};

/// An API that declares a number of the query, which is required, and a header with a default.
fn declaring() -> PublishedApi<()> {
    let declared: RequestParameters = serde_json::from_value(json!([
        {"name": "page", "location": "QUERY", "type": "NUMBER", "required": true, "min": "1"},
        {"name": "X-Kind", "location": "HEADER", "type": "STRING", "default_value": "plain"},
    ]))
    .unwrap();
    let mut api = api();
    api.parameters = ParameterRules::new(&declared).map(Arc::new);
    api.api.settings.request_parameters = declared;
    api
}

fn world(api: PublishedApi<()>) -> World {
    let world = World::new(GatewayConfig::default());
    world.gateway.publish(RouteTable::new([api]));
    world
}

/// The answer to a request, on a connection of its own.
async fn call(world: &World, line: &str, headers: &str) -> Answer {
    let request = format!("{line} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n{headers}\r\n");
    answers(&world.send(request.as_bytes()).await).remove(0)
}

/// The status, and the message of a refusal.
async fn told(world: &World, line: &str, headers: &str) -> String {
    let answer = call(world, line, headers).await;
    let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let told = format!(
        "{} {} {}",
        answer.status,
        text("error_code"),
        text("error_msg")
    );
    told.trim_end().to_owned()
}

#[tokio::test]
async fn a_request_is_refused_before_the_function_is_called() {
    let world = world(declaring());
    assert_snapshot!(told(&world, "GET /a", "").await, @"400 APIG.0201 Parameter page in the query: is required");
    assert_snapshot!(told(&world, "GET /a?page=x", "").await, @"400 APIG.0201 Parameter page in the query: must be a decimal number");
    assert_snapshot!(told(&world, "GET /a?page=1&page=0", "").await, @"400 APIG.0201 Parameter page in the query: must be at least 1");
    assert_eq!(world.calls(), [""; 0]);
    assert_snapshot!(told(&world, "GET /a?page=2&q=1", "").await, @"200");
    assert_snapshot!(told(&world, "GET /a?page=2", "x-KIND: own\r\n").await, @"200");
    let events = world.events();
    let seen = events
        .iter()
        .map(|it| (&it["queryStringParameters"], &it["headers"]["x-kind"]));
    let seen: Vec<_> = seen.collect();
    assert_eq!(
        seen,
        [
            (&json!({"page": "2", "q": "1"}), &json!("plain")),
            (&json!({"page": "2"}), &json!("own")),
        ]
    );
}

#[tokio::test]
async fn a_connection_goes_on_after_a_refusal() {
    let world = world(declaring());
    let head = |line: &str| format!("{line} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 2\r\n");
    let requests = format!(
        "{}\r\nhi{}Connection: close\r\n\r\nhi",
        head("POST /a"),
        head("POST /a?page=1")
    );
    let answers = answers(&world.send(requests.as_bytes()).await);
    let statuses: Vec<_> = answers.iter().map(|it| it.status).collect();
    assert_eq!(statuses, [400, 200]);
    assert_eq!(world.calls(), ["POST /a hi"]);
}

#[tokio::test]
async fn who_calls_is_asked_first_and_each_refusal_counts() {
    let mut guarded = declaring();
    guarded.api.settings.authentication = Authentication::Iam;
    let answer = call(&world(guarded), "GET /a", "").await;
    assert_eq!(answer.status, 401);

    let mut closed = declaring();
    closed.policies.access = Some(Arc::new(AccessControl {
        effect: AccessEffect::Deny,
        addresses: Addresses::parse("127.0.0.1").unwrap(),
    }));
    assert_eq!(call(&world(closed), "GET /a", "").await.status, 403);

    let mut limited = declaring();
    let fields = ThrottlingFields {
        period: 1,
        unit: PeriodUnit::Day,
        requests: 1,
        user_requests: None,
        credential_requests: None,
        address_requests: None,
        is_shared: false,
        excluded: Vec::new(),
    };
    limited.policies.throttle = Some(Arc::new(Throttle::new(&fields.try_into().unwrap())));
    let world = world(limited);
    assert_eq!(call(&world, "GET /a", "").await.status, 400);
    assert_eq!(call(&world, "GET /a", "").await.status, 429);
}

#[tokio::test]
async fn a_preflight_needs_no_parameters_and_a_page_reads_the_refusal() {
    let fields = CorsFields {
        allow_origin: Origins::parse("https://page.example").unwrap(),
        allow_methods: CorsMethods::all(),
        allow_headers: HeaderNames::default(),
        expose_headers: HeaderNames::default(),
        max_age: 60,
        allow_credentials: false,
    };
    let mut shared = declaring();
    shared.policies.cors = Some(Arc::new(Cors::new(&fields.try_into().unwrap())));
    let world = world(shared);
    let origin = "Origin: https://page.example\r\n";
    let asks = format!("{origin}Access-Control-Request-Method: GET\r\n");
    assert_eq!(call(&world, "OPTIONS /a", &asks).await.status, 200);
    let answer = call(&world, "GET /a", origin).await;
    let allowed = answer.header("access-control-allow-origin");
    assert_eq!(
        (answer.status, allowed),
        (400, Some("https://page.example"))
    );
}

#[tokio::test]
async fn a_group_has_its_own_words_for_it() {
    let world = world(api());
    let body = r#"{"why": "$context.error.message", "type": "$context.error.type"}"#;
    let changed = GatewayResponse {
        status: Some(422.try_into().unwrap()),
        body: ResponseBody::parse(body).unwrap(),
        ..GatewayResponse::default()
    };
    let settings = GroupSettings {
        responses: [(ResponseType::RequestParametersFailure, changed)].into(),
        ..GroupSettings::default()
    };
    let groups = [(ApiGroupId::from_bytes([7; 16]), settings)];
    world
        .gateway
        .publish(RouteTable::new([declaring()]).with_groups(groups));
    let answer = call(&world, "GET /a?page=0", "").await;
    assert_snapshot!(format!("{} {}", answer.status, answer.body), @r#"422 {"why": "Parameter page in the query: must be at least 1", "type": "REQUEST_PARAMETERS_FAILURE"}"#);
}

#[tokio::test]
async fn a_refused_request_takes_no_turn_of_an_alias() {
    let mut shifted = declaring();
    let half = ShiftBy::Percentage(50.try_into().unwrap());
    shifted.shift = Some(Shift {
        split: Arc::new(Split::new(half)),
        additional: None, // told as an API without a deployment
    });
    let world = world(shifted);
    for (line, status) in [
        ("GET /a?page=1", 200),
        ("GET /a", 400),
        ("GET /a?page=1", 500),
        ("GET /a", 400),
        ("GET /a?page=1", 200),
    ] {
        assert_eq!(call(&world, line, "").await.status, status, "{line}");
    }
}
