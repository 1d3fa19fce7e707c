//! Custom authentication: a function decides who is let in.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use http::Request;
use http_body_util::BodyExt as _;
use insta::assert_snapshot;
use serde_json::{Value, json};
use sluice_domain::authorizer::{AuthorizerRule, IdentitySource, IdentitySourceFields};
use sluice_domain::environment::EnvironmentName;
use sluice_domain::id::{ApiId, EnvironmentId, TriggerId};
use sluice_domain::invocation::{Failure, Origin};
use sluice_domain::policy::{CorsFields, CorsMethods, HeaderNames, Origins};
use sluice_domain::time::Timestamp;
use sluice_domain::trigger::{Authentication, Protocol};
use sluice_executor::{Call, Outcome, Refused};
use sluice_gateway::decode::FunctionResponse;
use sluice_gateway::{
    ApiPolicies, Authorizer, Backend, Cors, Gateway, GatewayConfig, Listener, PublishedApi,
    RouteTable,
};
use tokio::sync::Semaphore;
use tower::ServiceExt as _;

use crate::world::api;

const HOST: &str = "07070707070707070707070707070707.apig.localhost";

/// What a function is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// It answers with its event.
    Called,
    /// It answers what it was told to.
    Decides,
}

/// What the function that decides does.
#[derive(Debug, Clone)]
enum Says {
    /// Answers with this status and body.
    Body(u16, String),
    Raises,
    IsRefused(Refused),
    NoResponse,
    /// Runs longer than anybody waits.
    Sleeps,
    Panics,
}

impl Says {
    fn allow() -> Self {
        Self::Body(
            200,
            r#"{"status": "allow", "context": {"user": "anna"}}"#.to_owned(),
        )
    }

    fn deny() -> Self {
        Self::Body(200, r#"{"status": "deny"}"#.to_owned())
    }
}

/// Runs both functions, and keeps what they are called with.
#[derive(Clone)]
struct Functions {
    calls: Arc<Mutex<Vec<(Role, Call)>>>,
    says: Arc<Mutex<Says>>,
    /// Who decides waits for a permit.
    gate: Arc<Semaphore>,
}

impl Backend for Functions {
    type Deployment = Role;

    async fn invoke(&self, role: &Role, call: Call) -> Result<Outcome<FunctionResponse>, Refused> {
        let event = call.event.clone();
        self.calls.lock().unwrap().push((*role, call));
        let result = match role {
            Role::Called => json!({ "statusCode": 200, "body": event }),
            Role::Decides => {
                self.gate.acquire().await.unwrap().forget();
                self.gate.add_permits(1);
                let says = self.says.lock().unwrap().clone();
                match says {
                    Says::Body(status, body) => json!({ "statusCode": status, "body": body }),
                    Says::Raises => {
                        return Ok(Outcome::Failed(Failure {
                            error_message: "function invocation exception, error: x".to_owned(),
                            error_type: "ValueError".to_owned(),
                            stack_trace: Vec::new(),
                        }));
                    }
                    Says::IsRefused(refused) => return Err(refused),
                    Says::NoResponse => json!("allow"),
                    Says::Sleeps => std::future::pending().await,
                    Says::Panics => panic!("a fault"),
                }
            }
        };
        Ok(match FunctionResponse::parse(&result.to_string()) {
            Ok(response) => Outcome::Returned(response),
            Err(refused) => Outcome::Refused(refused),
        })
    }
}

struct World {
    gateway: Gateway<Functions>,
    functions: Functions,
}

/// Asks about requests with the header `Token`, and keeps decisions for a minute.
fn by_token() -> AuthorizerRule {
    let token = IdentitySourceFields {
        name: "Token".to_owned(),
        location: "HEADER".parse().unwrap(),
        validation: "^[a-z]+$".to_owned(),
    };
    AuthorizerRule {
        identity_sources: vec![IdentitySource::try_from(token).unwrap()]
            .try_into()
            .unwrap(),
        max_cache_age: 60.try_into().unwrap(),
        sends_body: false,
        user_data: "for me".parse().unwrap(),
    }
}

fn published(path: &str, authorizer: Option<Arc<Authorizer<Role>>>) -> PublishedApi<Role> {
    let mut api = api();
    api.settings.authentication = Authentication::Custom;
    api.settings.simple_authentication = false;
    api.settings.protocol = Protocol::Both;
    api.settings.path = path.parse().unwrap();
    api.api_id = ApiId::from_bytes([path.as_bytes()[1]; 16]);
    PublishedApi {
        environment: EnvironmentName::parse(EnvironmentName::RELEASE).unwrap(),
        environment_id: EnvironmentId::from_bytes([3; 16]),
        api,
        deployment: Some(Role::Called),
        shift: None,
        policies: ApiPolicies::default(),
        authorizer,
        parameters: None,
    }
}

/// An authorizer before the APIs `/f` and `/g`.
fn two(rule: AuthorizerRule) -> [PublishedApi<Role>; 2] {
    let authorizer = Authorizer::new(rule, Some(Role::Decides)).unwrap();
    let authorizer = Some(Arc::new(authorizer));
    ["/f", "/g"].map(|path| published(path, authorizer.clone()))
}

impl World {
    /// An authorizer before the APIs `/f` and `/g`.
    fn new(rule: AuthorizerRule) -> Self {
        Self::publishing(two(rule))
    }

    fn publishing(apis: impl IntoIterator<Item = PublishedApi<Role>>) -> Self {
        Self::at(|| Timestamp(0), apis)
    }

    fn at(clock: fn() -> Timestamp, apis: impl IntoIterator<Item = PublishedApi<Role>>) -> Self {
        let functions = Functions {
            calls: Arc::default(),
            says: Arc::new(Mutex::new(Says::allow())),
            gate: Arc::new(Semaphore::new(1000)),
        };
        let config = GatewayConfig {
            clock,
            ..GatewayConfig::default()
        };
        let gateway = Gateway::new(functions.clone(), config);
        gateway.publish(RouteTable::new(apis));
        Self { gateway, functions }
    }

    fn say(&self, says: Says) {
        *self.functions.says.lock().unwrap() = says;
    }

    /// The calls since the last time, of a role.
    fn take_calls(&self, of: Role) -> Vec<Call> {
        let mut calls = self.functions.calls.lock().unwrap();
        let (taken, left) = calls.drain(..).partition(|(role, _)| *role == of);
        *calls = left;
        let taken: Vec<(Role, Call)> = taken;
        taken.into_iter().map(|(_, call)| call).collect()
    }

    /// How often it was asked since the last time.
    fn asked(&self) -> usize {
        self.take_calls(Role::Decides).len()
    }

    /// `200`, or status, code and message.
    async fn answer(&self, request: Request<Body>) -> String {
        let router = self.gateway.router(Listener { tls: true });
        let response = router.oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        if status == 200 {
            return "200".to_owned();
        }
        let body: Value = serde_json::from_slice(&body).unwrap();
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        format!("{status} {} {}", text("error_code"), text("error_msg"))
    }

    async fn get(&self, uri: &str, token: &str) -> String {
        self.answer(request("GET", uri, token)).await
    }
}

fn request(method: &str, uri: &str, token: &str) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(uri)
        .header("Host", HOST)
        .header("Token", token)
        .body(Body::from("hi"))
        .unwrap()
}

fn event(call: &Call) -> Value {
    serde_json::from_str(&call.event).unwrap()
}

#[tokio::test]
async fn who_is_allowed_calls_the_function_with_what_is_said_of_them() {
    let world = World::new(by_token());
    assert_eq!(world.get("/f/a%20b?q=1", "abc").await, "200");
    let asked = world.take_calls(Role::Decides);
    let called = world.take_calls(Role::Called);
    let (asked, called) = (&asked[0], &called[0]);
    let mut expected = event(called);
    let context = expected["requestContext"]["authorizer"].take();
    assert_eq!(context, json!({ "user": "anna" }));
    let fields = expected.as_object_mut().unwrap();
    fields["requestContext"]
        .as_object_mut()
        .unwrap()
        .remove("authorizer");
    fields.remove("body");
    fields.remove("isBase64Encoded");
    fields.insert("user_data".to_owned(), "for me".into());
    assert_eq!(event(asked), expected);
    assert_eq!(expected["headers"]["token"], "abc");
    assert_eq!(expected["path"], "/f/a b");
    assert_eq!(expected["queryStringParameters"], json!({ "q": "1" }));
    // Two invocations of one call.
    assert_ne!(asked.request_id, called.request_id);
    assert_eq!(asked.origin, called.origin);
    let Origin::Trigger { trigger_id, .. } = &asked.origin else {
        panic!("{:?}", asked.origin)
    };
    assert_eq!(*trigger_id, TriggerId::from_bytes([1; 16]));
}

#[tokio::test]
async fn who_lacks_an_identity_source_is_refused_unasked() {
    let world = World::new(by_token());
    let mut without = request("GET", "/f", "abc");
    without.headers_mut().remove("token");
    assert_snapshot!(world.answer(without).await, @"401 APIG.0305 Incorrect authentication information: the header Token is missing");
    assert_snapshot!(world.get("/f", "A1").await, @"401 APIG.0305 Incorrect authentication information: the header Token is not valid");
    assert!(world.functions.calls.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn nobody_is_let_in_but_by_a_decision() {
    let failed = "500 APIG.0601 Internal server error: custom authorizer";
    let body = |status, body: &str| Says::Body(status, body.to_owned());
    for (says, expected) in [
        (Says::deny(), "403 APIG.0306 API access denied."),
        (Says::Raises, failed),
        (
            Says::IsRefused(Refused::Throttled { max_instances: 1 }),
            failed,
        ),
        (Says::IsRefused(Refused::Stopping), failed),
        (Says::NoResponse, failed),
        (Says::Sleeps, failed),
        (Says::Panics, "500 APIG.0601 Internal server error."),
        (body(200, "allow"), failed),
        (body(200, ""), failed),
        (body(401, r#"{"status": "allow"}"#), failed),
        (
            body(200, r#"{"status": "allow", "context": {"a": 1}}"#),
            failed,
        ),
    ] {
        // Whether decisions are kept or not.
        for age in [0, 60] {
            let world = World::new(AuthorizerRule {
                max_cache_age: age.try_into().unwrap(),
                ..by_token()
            });
            world.say(says.clone());
            assert_eq!(world.get("/f", "abc").await, expected, "{says:?}");
            assert!(world.take_calls(Role::Called).is_empty(), "{says:?}");
        }
    }
    let without = Authorizer::new(by_token(), None).unwrap();
    for authorizer in [None, Some(Arc::new(without))] {
        let world = World::publishing([published("/f", authorizer)]);
        assert_eq!(world.get("/f", "abc").await, failed);
        assert!(world.functions.calls.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_decision_is_kept_for_requests_that_it_may_hold_for() {
    let world = World::new(by_token());
    for says in [Says::allow(), Says::deny()] {
        world.say(says);
        let first = world.get("/f", "abc").await;
        assert_eq!(world.asked(), 1);
        // It is the same for what no decision may depend on.
        let mut other = request("GET", "/f?q=2", "abc");
        other.headers_mut().insert("x-other", "1".parse().unwrap());
        assert_eq!(world.answer(other).await, first);
        assert_eq!(world.get("/f", "abc").await, first);
        assert_eq!(world.asked(), 0);
        for another in [
            request("GET", "/f", "abd"),
            request("POST", "/f", "abc"),
            request("GET", "/f/x", "abc"),
            request("GET", "/g", "abc"),
        ] {
            assert_eq!(world.answer(another).await, first);
            assert_eq!(world.asked(), 1);
        }
        let mut elsewhere = request("GET", "/f", "abc");
        let address: std::net::SocketAddr = "192.0.2.1:1234".parse().unwrap();
        let address = axum::extract::ConnectInfo(address);
        elsewhere.extensions_mut().insert(address);
        assert_eq!(world.answer(elsewhere).await, first);
        assert_eq!(world.asked(), 1);
        // Another authorizer has decided nothing yet.
        world.gateway.publish(RouteTable::new(two(by_token())));
    }
}

#[tokio::test]
async fn a_decision_is_kept_for_its_time() {
    static NOW: AtomicI64 = AtomicI64::new(0);
    let clock = || Timestamp(NOW.load(Ordering::Relaxed));
    let world = World::at(clock, two(by_token()));
    assert_eq!(world.get("/f", "abc").await, "200");
    world.say(Says::deny());
    NOW.store(59_999, Ordering::Relaxed);
    assert_eq!(world.get("/f", "abc").await, "200");
    assert_eq!(world.asked(), 1);
    NOW.store(60_000, Ordering::Relaxed);
    assert_snapshot!(world.get("/f", "abc").await, @"403 APIG.0306 API access denied.");
    assert_snapshot!(world.get("/f", "abc").await, @"403 APIG.0306 API access denied.");
    assert_eq!(world.asked(), 1);
    // A clock that was set back does not make it last.
    NOW.store(-1, Ordering::Relaxed);
    world.say(Says::allow());
    assert_eq!(world.get("/f", "abc").await, "200");
}

#[tokio::test]
async fn each_request_is_decided_on_where_decisions_are_not_kept() {
    let mut everybody = by_token();
    everybody.identity_sources = Vec::new().try_into().unwrap();
    let mut never = by_token();
    never.max_cache_age = 0.try_into().unwrap();
    for rule in [everybody, never] {
        let world = World::new(rule);
        assert_eq!(world.get("/f", "abc").await, "200");
        world.say(Says::deny());
        assert_eq!(
            world.get("/f", "abc").await,
            "403 APIG.0306 API access denied."
        );
        assert_eq!(world.asked(), 2);
    }
    // What is no decision is not kept.
    let world = World::new(by_token());
    world.say(Says::Raises);
    assert!(world.get("/f", "abc").await.starts_with("500"));
    world.say(Says::allow());
    assert_eq!(world.get("/f", "abc").await, "200");
}

#[tokio::test]
async fn a_body_is_part_of_what_is_decided_on_where_it_is_sent() {
    let world = World::new(AuthorizerRule {
        sends_body: true,
        ..by_token()
    });
    assert_eq!(world.get("/f", "abc").await, "200");
    let asked = event(&world.take_calls(Role::Decides)[0]);
    assert_eq!(asked["body"], "aGk=");
    assert_eq!(asked["isBase64Encoded"], true);
    assert_eq!(world.get("/f", "abc").await, "200");
    assert_eq!(world.asked(), 0);
    let mut other = request("GET", "/f", "abc");
    *other.body_mut() = Body::from("ho");
    assert_eq!(world.answer(other).await, "200");
    assert_eq!(world.asked(), 1);
    world.say(Says::deny());
    assert!(world.get("/f", "xyz").await.starts_with("403"));
}

#[tokio::test]
async fn many_at_once_ask_once() {
    for (says, expected) in [
        (Says::allow(), "200"),
        (Says::deny(), "403 APIG.0306 API access denied."),
        (
            Says::Raises,
            "500 APIG.0601 Internal server error: custom authorizer",
        ),
    ] {
        let world = World::new(by_token());
        world.say(says);
        world.functions.gate.forget_permits(1000);
        let all = (0..50).map(|_| world.get("/f", "abc"));
        let all = futures::future::join_all(all);
        let open = async {
            // All others are waiting by now: this task runs after each of them has once.
            tokio::task::yield_now().await;
            world.functions.gate.add_permits(1000);
        };
        let (answers, ()) = futures::future::join(all, open).await;
        assert!(answers.iter().all(|it| it == expected), "{answers:?}");
        assert_eq!(world.asked(), 1, "{expected}");
    }
}

#[tokio::test]
async fn who_stops_waiting_does_not_keep_others_from_a_decision() {
    let world = World::new(by_token());
    world.functions.gate.forget_permits(1000);
    let mut first = Box::pin(world.get("/f", "abc"));
    let mut second = Box::pin(world.get("/f", "abc"));
    assert!(futures::poll!(&mut first).is_pending());
    assert!(futures::poll!(&mut second).is_pending());
    drop(first);
    world.functions.gate.add_permits(1000);
    let second = tokio::time::timeout(Duration::from_secs(5), second);
    assert_eq!(second.await.unwrap(), "200");
    assert_eq!(world.asked(), 2);
}

#[tokio::test]
async fn a_preflight_is_nobodys_decision() {
    let fields = CorsFields {
        allow_origin: Origins::parse("https://page.example").unwrap(),
        allow_methods: CorsMethods::all(),
        allow_headers: HeaderNames::parse("Token").unwrap(),
        expose_headers: HeaderNames::default(),
        max_age: 60,
        allow_credentials: false,
    };
    let authorizer = Authorizer::new(by_token(), Some(Role::Decides)).unwrap();
    let mut api = published("/f", Some(Arc::new(authorizer)));
    api.policies.cors = Some(Arc::new(Cors::new(&fields.try_into().unwrap())));
    let world = World::publishing([api]);
    let preflight = Request::builder()
        .method("OPTIONS")
        .uri("/f")
        .header("Host", HOST)
        .header("Origin", "https://page.example")
        .header("Access-Control-Request-Method", "GET")
        .body(Body::empty());
    assert_eq!(world.answer(preflight.unwrap()).await, "200");
    assert!(world.functions.calls.lock().unwrap().is_empty());
}
