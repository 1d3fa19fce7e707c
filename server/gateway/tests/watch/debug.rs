//! Debug: a request of a user of the console.

use std::sync::Arc;

use http_body_util::BodyExt as _;
use proptest::prelude::*;
use sluice_domain::trace::Stage;
use sluice_domain::trigger::Authentication;
use sluice_gateway::{ApiPolicies, ParameterRules};

use crate::world::{World, api, closed, refusing_this_machine, request, throttling};

fn all_policies() -> ApiPolicies {
    ApiPolicies {
        access: Some(refusing_this_machine()),
        ..throttling(2, Some(1))
    }
}

#[tokio::test]
async fn a_user_needs_no_authentication_and_is_not_counted() {
    for authentication in [Authentication::App, Authentication::Iam] {
        let world = World::publishing(closed(authentication, all_policies()));
        assert_eq!(world.call(request("GET", "/f", &[])).await.status, 401);
        for _ in 0..4 {
            let debugged = world.debug(request("GET", "/f", &[])).await;
            assert_eq!(debugged.response.status(), 200);
            let of = |stage| debugged.steps.iter().find(|step| step.stage == stage);
            let told = |stage| of(stage).unwrap().detail.clone();
            let name = authentication.name();
            assert_eq!(
                told(Stage::Authentication),
                format!("{name}: not asked of ada, who is signed in")
            );
            assert_eq!(
                told(Stage::AccessControl),
                "Not applied. It would refuse 127.0.0.1."
            );
            assert_eq!(
                told(Stage::Throttling),
                "Not applied, not counted. Of all callers: remain:2,limit:2,time:1 day"
            );
        }
    }
}

#[tokio::test]
async fn a_trace_has_what_a_call_goes_through() {
    let world = World::publishing(api(ApiPolicies::default()));
    let headers = [("Accept-Encoding", "gzip"), ("X-Long", &*"a".repeat(3000))];
    let debugged = world.debug(request("GET", "/f/a%20b", &headers)).await;
    let steps = debugged.steps.iter();
    let told: Vec<_> = steps.map(|it| (it.stage.label(), it.has_ended)).collect();
    let stages = [
        "Route",
        "Authentication",
        "Request body",
        "Event",
        "Handler",
        "Compression",
    ];
    assert_eq!(told, stages.map(|stage| (stage, true)));
    assert_eq!(
        debugged.steps[0].detail,
        "API_test: ANY /f, Prefix match, in RELEASE; below it: a b"
    );
    let mut end = 0;
    for step in &debugged.steps {
        assert!(step.offset_us >= end, "{:?}", debugged.steps);
        end = step.offset_us + step.duration_us;
    }
    assert!(debugged.took_us >= end);
    assert_eq!(debugged.response.headers()["content-encoding"], "gzip");
    assert!(debugged.api_id.is_some() && debugged.invocation_id.is_some());
    assert!(!debugged.response.headers().contains_key("x-apig-latency"));
}

#[tokio::test]
async fn a_trace_tells_what_the_api_declares() {
    let declared = r#"[{"name": "page", "location": "QUERY", "type": "NUMBER", "default_value": "1"},
        {"name": "X-Kind", "location": "HEADER", "type": "STRING", "required": true}]"#;
    let mut api = api(ApiPolicies::default());
    api.parameters = ParameterRules::new(&serde_json::from_str(declared).unwrap()).map(Arc::new);
    let world = World::publishing(api);
    let told = async |headers: &[(&str, &str)]| {
        let debugged = world.debug(request("GET", "/f", headers)).await;
        let mut steps = debugged.steps.into_iter();
        let step = steps.find(|step| step.stage == Stage::Parameters);
        step.map(|step| (step.has_ended, step.detail)).unwrap()
    };
    let all = "2 declared; page = 1 by default".to_owned();
    assert_eq!(told(&[("X-Kind", "a")]).await, (true, all));
    assert_eq!(told(&[]).await, (false, String::new()));
}

#[tokio::test]
async fn a_call_that_ends_early_has_a_step_that_did_not_end() {
    let world = World::publishing(api(ApiPolicies::default()));
    let debugged = world.debug(request("GET", "/other", &[])).await;
    assert_eq!(debugged.response.status(), 404);
    assert_eq!((debugged.api_id, debugged.invocation_id), (None, None));
    let steps: Vec<_> = debugged
        .steps
        .iter()
        .map(|it| (it.stage, it.has_ended))
        .collect();
    assert_eq!(steps, [(Stage::Route, false)]);
    // The function of an API that waits for less than it takes.
    let mut slow = api(ApiPolicies::default());
    slow.api.settings.timeout = 50.try_into().unwrap();
    let debugged = World::publishing(slow)
        .debug(request("GET", "/f/slow", &[]))
        .await;
    assert_eq!(debugged.response.status(), 504);
    let last = debugged.steps.last().unwrap();
    assert_eq!((last.stage, last.has_ended), (Stage::Handler, false));
    assert!(last.duration_us >= 45_000, "{last:?}");
}

#[tokio::test]
async fn a_function_gets_the_event_of_a_caller_from_this_machine() {
    let world = World::publishing(api(ApiPolicies::default()));
    let debugged = world.debug(request("PUT", "/f?a=1", &[("X-A", "1")])).await;
    let body = debugged.response.into_body().collect().await.unwrap();
    let event: serde_json::Value = serde_json::from_slice(&body.to_bytes()).unwrap();
    assert_eq!(event["requestContext"]["sourceIp"], "127.0.0.1");
    assert_eq!(event["httpMethod"], "PUT");
    assert_eq!(event["headers"]["x-a"], "1");
    assert_eq!(event["queryStringParameters"]["a"], "1");
}

/// What a caller may think that Debug is recognized by.
const GUESSES: [(&str, &str); 10] = [
    ("X-Apig-Mode", "debug"),
    ("X-Apig-Debug", "true"),
    ("X-Sluice-Debug", "admin"),
    ("X-Debug", "1"),
    ("X-Stage", "DEBUG"),
    ("X-Real-IP", "127.0.0.1"),
    ("X-Forwarded-For", "127.0.0.1"),
    ("Cookie", "sluice_session=admin"),
    ("Authorization", "Debug admin"),
    ("X-Auth-Token", "admin"),
];

/// Whether a caller with these headers gets past the authentication of either kind.
async fn is_let_in(headers: &[(&str, &str)]) -> bool {
    for authentication in [Authentication::App, Authentication::Iam] {
        let world = World::publishing(closed(authentication, ApiPolicies::default()));
        let answer = world.call(request("GET", "/f", headers)).await;
        if !matches!(answer.status, 401 | 404) {
            return true;
        }
    }
    false
}

#[tokio::test]
async fn no_header_of_a_caller_makes_a_call_one_of_debug() {
    for guess in GUESSES {
        assert!(!is_let_in(&[guess]).await, "{guess:?}");
    }
    assert!(!is_let_in(&GUESSES).await);
    // Nor does it spare a caller the policies.
    let world = World::publishing(api(throttling(2, None)));
    let mut guesses = GUESSES.to_vec();
    guesses.retain(|(name, _)| *name != "X-Stage");
    for status in [200, 200, 429, 429] {
        assert_eq!(
            world.call(request("GET", "/f", &guesses)).await.status,
            status
        );
    }
}

proptest! {
    #[test]
    fn no_headers_at_all_make_a_call_one_of_debug(
        names in prop::collection::vec("(x-apig-|x-sluice-|x-)?[a-z]{1,12}(-[a-z]{1,8})?", 1..8),
        value in "(debug|true|1|admin|ada|[ -~]{0,20})",
    ) {
        let headers: Vec<_> = names.iter().map(|name| (name.as_str(), value.as_str())).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        // A second Host is refused before anything else.
        prop_assume!(names.iter().all(|name| name != "host" && name != "te"));
        prop_assert!(!runtime.block_on(is_let_in(&headers)));
    }
}
