//! A gateway whose functions answer with their events, and the requests to it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use sluice_domain::policy::{AccessControl, AccessEffect, Addresses, PeriodUnit, ThrottlingFields};
use sluice_domain::trace::Stage;
use sluice_domain::trigger::{Authentication, Protocol};
use sluice_executor::{Call, Outcome, Refused};
use sluice_gateway::decode::FunctionResponse;
use sluice_gateway::{
    ApiPolicies, Backend, Debugged, Gateway, GatewayConfig, Listener, PublishedApi, RouteTable,
    Throttle,
};
use tower::ServiceExt as _;

use crate::api::published;

const HOST: &str = "07070707070707070707070707070707.apig.localhost";
pub const HTTPS: Listener = Listener { tls: true };

/// Answers with the event, after a moment where its path says so, and keeps the last one.
#[derive(Default)]
pub struct Echo(Arc<Mutex<String>>);

impl Backend for Echo {
    type Deployment = ();

    async fn invoke(&self, (): &(), call: Call) -> Result<Outcome<FunctionResponse>, Refused> {
        let handling = call.trace.begin(Stage::Handler);
        let event: Value = serde_json::from_str(&call.event).unwrap();
        if event["path"].as_str().unwrap().ends_with("/slow") {
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        call.trace.end(handling, || "Returned".to_owned());
        self.0.lock().unwrap().clone_from(&call.event);
        let result = json!({"statusCode": 200, "body": call.event}).to_string();
        Ok(Outcome::Returned(FunctionResponse::parse(&result).unwrap()))
    }
}

/// An API behind `ANY /f` for everybody, with these policies.
pub fn api(policies: ApiPolicies) -> PublishedApi<()> {
    let mut api = published("/f", ());
    api.api.settings.protocol = Protocol::Https;
    api.policies = policies;
    api
}

/// The same for callers who prove who they are.
pub fn closed(authentication: Authentication, policies: ApiPolicies) -> PublishedApi<()> {
    let mut api = api(policies);
    api.api.settings.authentication = authentication;
    api
}

/// So many calls a day, and so many of an address.
pub fn throttling(requests: u32, address_requests: Option<u32>) -> ApiPolicies {
    let fields = ThrottlingFields {
        period: 1,
        unit: PeriodUnit::Day,
        requests,
        user_requests: None,
        credential_requests: None,
        address_requests,
        excluded: Vec::new(),
        is_shared: false,
    };
    ApiPolicies {
        throttle: Some(Arc::new(Throttle::new(&fields.try_into().unwrap()))),
        ..ApiPolicies::default()
    }
}

/// Lets nobody in whose address is one of this machine.
pub fn refusing_this_machine() -> Arc<AccessControl> {
    Arc::new(AccessControl {
        effect: AccessEffect::Deny,
        addresses: Addresses::parse("127.0.0.0/8").unwrap(),
    })
}

pub struct World {
    gateway: Gateway<Echo>,
    last: Arc<Mutex<String>>,
}

pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl World {
    pub fn publishing(api: PublishedApi<()>) -> Self {
        let backend = Echo::default();
        let last = Arc::clone(&backend.0);
        let gateway = Gateway::new(backend, GatewayConfig::default());
        gateway.publish(RouteTable::new([api]));
        Self { gateway, last }
    }

    /// Sends a request as a caller does, from 192.0.2.1.
    pub async fn call(&self, mut request: Request<Body>) -> Answer {
        let caller = std::net::SocketAddr::from(([192, 0, 2, 1], 1234));
        request.extensions_mut().insert(ConnectInfo(caller));
        let response = self.gateway.router(HTTPS).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes(),
        }
    }

    /// The event of the last call.
    pub fn event(&self) -> Value {
        serde_json::from_str(&self.last.lock().unwrap()).unwrap()
    }

    /// Sends a request as Debug does.
    pub async fn debug(&self, request: Request<Body>) -> Debugged {
        self.gateway
            .debug(HTTPS, request, "ada".parse().unwrap())
            .await
    }
}

impl Answer {
    pub fn event(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The gateway's headers for who asks, but for those that tell of time.
    pub fn limits(&self) -> Vec<String> {
        let headers = self.headers.iter();
        let limits = headers.filter(|(name, _)| name.as_str().starts_with("x-apig-rate"));
        let mut limits: Vec<_> = limits
            .map(|(name, value)| format!("{name} {}", value.to_str().unwrap()))
            .collect();
        limits.sort();
        limits
    }

    /// Milliseconds that a header tells.
    pub fn millis(&self, name: &str) -> Option<u64> {
        Some(self.headers.get(name)?.to_str().unwrap().parse().unwrap())
    }
}

/// A request of a method for a path, with these headers.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    request = request.header("Host", HOST);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}
