//! What the tests of authentication have in common: requests that the vendor's own SDK signed
//! (`signatures.py`), and a gateway that answers with the event.

use std::collections::HashSet;

use axum::body::Body;
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use http_body_util::BodyExt as _;
use serde::Deserialize;
use serde_json::{Value, json};
use sluice_domain::access_key::AccessKeySecrets;
use sluice_domain::credential::{AppKey, CredentialName, CredentialSecrets};
use sluice_domain::env_vars::Secret;
use sluice_domain::id::{AccessKeyId, CredentialId, EnvironmentId, UserId};
use sluice_domain::publication::BoundApi;
use sluice_domain::time::Timestamp;
use sluice_domain::trigger::{ApigTrigger, Authentication};
use sluice_executor::{Call, Outcome, Refused};
use sluice_gateway::decode::FunctionResponse;
use sluice_gateway::{
    Backend, Credentials, Gateway, GatewayConfig, Listener, PublishedApi, RouteTable,
};
use tower::ServiceExt as _;

use crate::api::published;

/// Answers with the event.
pub struct Echo;

impl Backend for Echo {
    type Deployment = ();

    async fn invoke(&self, (): &(), call: Call) -> Result<Outcome<FunctionResponse>, Refused> {
        let result = json!({"statusCode": 200, "body": call.event}).to_string();
        Ok(match FunctionResponse::parse(&result) {
            Ok(response) => Outcome::Returned(response),
            Err(refused) => Outcome::Refused(refused),
        })
    }
}

#[derive(Deserialize)]
pub struct Signatures {
    pub key: String,
    pub secret: String,
    pub date: String,
    pub cases: Vec<Case>,
}

#[derive(Deserialize, Clone)]
pub struct Case {
    pub name: String,
    pub method: String,
    pub uri: String,
    pub headers: std::collections::BTreeMap<String, String>,
    pub body: String,
}

pub fn signatures() -> Signatures {
    serde_json::from_str(include_str!("signatures.json")).unwrap()
}

impl Case {
    pub fn named(name: &str) -> Self {
        let mut cases = signatures().cases.into_iter();
        cases.find(|case| case.name == name).unwrap()
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.remove(name).unwrap();
        self
    }

    /// The part of `Authorization` is another.
    pub fn replacing(self, from: &str, to: &str) -> Self {
        let authorization = self.headers["Authorization"].replacen(from, to, 1);
        assert_ne!(authorization, self.headers["Authorization"]);
        self.with("Authorization", &authorization)
    }

    pub fn is_unsigned(&self) -> bool {
        self.headers
            .get("X-Sdk-Content-Sha256")
            .is_some_and(|it| it == "UNSIGNED-PAYLOAD")
    }

    pub fn request(&self) -> Request<Body> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let mut request = Request::builder()
            .method(self.method.as_str())
            .uri(&self.uri)
            .body(Body::from(self.body.clone()))
            .unwrap();
        *request.headers_mut() = headers;
        request
    }
}

pub fn api() -> ApigTrigger {
    let mut api = published("/f", ()).api;
    api.settings.authentication = Authentication::App;
    api.settings.simple_authentication = true;
    api
}

pub fn credential() -> CredentialSecrets {
    let Signatures { key, secret, .. } = signatures();
    CredentialSecrets {
        credential_id: CredentialId::from_bytes([1; 16]),
        name: CredentialName::parse("partner").unwrap(),
        app_key: AppKey::parse(&key).unwrap(),
        app_secret: Secret::new(secret),
        app_codes: vec![Secret::new("c0de".repeat(16))],
        apis: HashSet::from([BoundApi {
            trigger_id: api().trigger_id,
            environment_id: EnvironmentId::from_bytes([3; 16]),
        }]),
        access: None,
    }
}

/// An access key with the same key and secret.
pub fn access_key() -> AccessKeySecrets {
    let Signatures { key, secret, .. } = signatures();
    AccessKeySecrets {
        access_key_id: AccessKeyId::parse(&key).unwrap(),
        secret: Secret::new(secret),
        user_id: UserId::from_bytes([1; 16]),
        user_name: "anna".parse().unwrap(),
    }
}

/// 2026-11-23T12:00:00Z, the date of the signatures.
pub const NOW: i64 = 1_795_435_200_000;

pub struct World(pub Gateway<Echo>);

impl World {
    pub fn new() -> Self {
        Self::at(|| Timestamp(NOW))
    }

    pub fn at(clock: fn() -> Timestamp) -> Self {
        Self::with(GatewayConfig {
            clock,
            ..GatewayConfig::default()
        })
    }

    pub fn with(config: GatewayConfig) -> Self {
        let world = Self(Gateway::new(Echo, config));
        world.publish(api());
        world.0.admit(Credentials::new([credential()]));
        world
    }

    /// Users are let in instead, who have the access key.
    pub fn for_users(self) -> Self {
        let mut api = api();
        api.settings.authentication = Authentication::Iam;
        api.settings.simple_authentication = false;
        self.publish(api);
        self.0.admit_users([access_key()]);
        self
    }

    pub fn publish(&self, api: ApigTrigger) {
        let published = PublishedApi {
            api,
            ..published("/f", ())
        };
        self.0.publish(RouteTable::new([published]));
    }

    /// `200`, or status, code and message.
    pub async fn answer(&self, request: Request<Body>) -> String {
        self.answer_by(Listener { tls: true }, request).await
    }

    pub async fn answer_by(&self, listener: Listener, request: Request<Body>) -> String {
        let (status, body) = self.sent(listener, request).await;
        if status == 200 {
            return "200".to_owned();
        }
        let body: Value = serde_json::from_slice(&body).unwrap();
        let (code, message) = (&body["error_code"], &body["error_msg"]);
        format!(
            "{status} {} {}",
            code.as_str().unwrap(),
            message.as_str().unwrap()
        )
    }

    pub async fn sent(&self, listener: Listener, request: Request<Body>) -> (u16, bytes::Bytes) {
        let response = self.0.router(listener).oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        (
            status,
            response.into_body().collect().await.unwrap().to_bytes(),
        )
    }
}
