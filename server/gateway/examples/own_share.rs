//! Measures what of a request is the gateway's own:
//! `cargo run --release -p sluice-gateway --example own_share`.
//!
//! Requests go through the gateway's router in process, to a function that answers at once. With
//! ten APIs, with ten thousand, and signed; in turn, so that what else the machine does meets all.

use std::collections::HashSet;
use std::error::Error;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use http::Request;
use serde_json::Value;
use sluice_domain::credential::CredentialSecrets;
use sluice_domain::env_vars::Secret;
use sluice_domain::environment::EnvironmentName;
use sluice_domain::id::{ApiGroupId, ApiId, CredentialId, EnvironmentId, TriggerId};
use sluice_domain::publication::BoundApi;
use sluice_domain::request_parameter::RequestParameters;
use sluice_domain::target::Target;
use sluice_domain::time::Timestamp;
use sluice_domain::trigger::{
    ApigTrigger, ApigTriggerSettings, Authentication, BackendTimeout, Matching, Method, Protocol,
};
use sluice_executor::{Call, Outcome, Refused};
use sluice_gateway::decode::FunctionResponse;
use sluice_gateway::{
    ApiPolicies, Backend, Credentials, Gateway, GatewayConfig, Listener, PublishedApi, RouteTable,
};
use tower::ServiceExt as _;

/// Requests of a measurement, and rounds of measurements.
const REQUESTS: u32 = 20_000;
const ROUNDS: usize = 11;

/// When the request was signed: 2026-11-23T12:00:00Z.
const NOW: Timestamp = Timestamp(1_795_435_200_000);

/// Answers at once.
struct AtOnce;

impl Backend for AtOnce {
    type Deployment = ();

    async fn invoke(&self, (): &(), _: Call) -> Result<Outcome<FunctionResponse>, Refused> {
        let result = r#"{"statusCode": 200, "headers": {"Content-Type": "text/html"}, "body": "<h1>Hello</h1>", "isBase64Encoded": false}"#;
        Ok(match FunctionResponse::parse(result) {
            Ok(response) => Outcome::Returned(response),
            Err(refused) => Outcome::Refused(refused),
        })
    }
}

/// One of the requests that the vendor's SDK signed for the tests.
struct Signed {
    request: Value,
    credential: CredentialSecrets,
}

impl Signed {
    fn read() -> Result<Self, Box<dyn Error>> {
        let all: Value =
            serde_json::from_str(include_str!("../tests/authentication/signatures.json"))?;
        let credential = CredentialSecrets {
            credential_id: CredentialId::from_bytes([1; 16]),
            name: "partner".parse()?,
            app_key: text(&all["key"]).parse()?,
            app_secret: Secret::new(text(&all["secret"]).to_owned()),
            app_codes: Vec::new(),
            apis: HashSet::from([BoundApi {
                trigger_id: trigger_id(0),
                environment_id: EnvironmentId::from_bytes([3; 16]),
            }]),
            access: None,
        };
        let request = all["cases"][0].clone();
        Ok(Self {
            request,
            credential,
        })
    }

    fn request(&self) -> Result<Request<Body>, http::Error> {
        let mut request = Request::builder()
            .method(text(&self.request["method"]))
            .uri(text(&self.request["uri"]));
        for (name, value) in self.request["headers"].as_object().into_iter().flatten() {
            request = request.header(name, text(value));
        }
        request.body(Body::from(text(&self.request["body"]).to_owned()))
    }
}

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "it prints its figures")]
async fn main() -> Result<(), Box<dyn Error>> {
    let signed = Signed::read()?;
    let mut sides = [
        (
            "10 APIs",
            gateway(10, Authentication::None, &signed)?,
            vec![],
        ),
        (
            "10,000 APIs",
            gateway(10_000, Authentication::None, &signed)?,
            vec![],
        ),
        (
            "10 APIs, signed",
            gateway(10, Authentication::App, &signed)?,
            vec![],
        ),
    ];
    for _ in 0..ROUNDS {
        for (name, router, figures) in &mut sides {
            let begun = Instant::now();
            for _ in 0..REQUESTS {
                let answer = router.clone().oneshot(signed.request()?).await?;
                if answer.status() != 200 {
                    return Err(format!("{name}: {}", answer.status()).into());
                }
            }
            figures.push(begun.elapsed().as_secs_f64() * 1e6 / f64::from(REQUESTS));
        }
    }
    println!(
        "{:18} {:>9} {:>9} {:>9}",
        "µs a request", "median", "lowest", "highest"
    );
    for (name, _, mut figures) in sides {
        figures.sort_by(f64::total_cmp);
        let (median, last) = (figures[ROUNDS / 2], figures[ROUNDS - 1]);
        println!("{name:18} {median:9.2} {:9.2} {last:9.2}", figures[0]);
    }
    Ok(())
}

/// A gateway with so many APIs, of which the first is called.
fn gateway(
    count: u32,
    authentication: Authentication,
    signed: &Signed,
) -> Result<Router, Box<dyn Error>> {
    let gateway = Gateway::new(
        AtOnce,
        GatewayConfig {
            clock: || NOW,
            ..GatewayConfig::default()
        },
    );
    let apis = (0..count).map(|n| api(n, authentication));
    gateway.publish(RouteTable::new(apis.collect::<Result<Vec<_>, _>>()?));
    gateway.admit(Credentials::new([signed.credential.clone()]));
    Ok(gateway.router(Listener { tls: true }))
}

fn api(n: u32, authentication: Authentication) -> Result<PublishedApi<()>, Box<dyn Error>> {
    // The first one is what was signed; the others differ from it in their first segment, their last
    // one and their parameters.
    let path = match n {
        0 => "/f".to_owned(),
        n if n % 3 == 0 => format!("/f/{n}"),
        n if n % 3 == 1 => format!("/f{n}"),
        n => format!("/f/{{p}}/{n}"),
    };
    Ok(PublishedApi {
        environment: EnvironmentName::parse(EnvironmentName::RELEASE)?,
        environment_id: EnvironmentId::from_bytes([3; 16]),
        api: ApigTrigger {
            trigger_id: trigger_id(n),
            api_id: ApiId::from_bytes([2; 16]),
            settings: ApigTriggerSettings {
                api_name: format!("API_{n}").parse()?,
                group_id: ApiGroupId::from_bytes([7; 16]),
                target: Target::Latest,
                authentication,
                simple_authentication: false,
                authorizer_id: None,
                response_id: None,
                protocol: Protocol::Both,
                path: path.parse()?,
                matching: Matching::Prefix,
                method: Method::Any,
                timeout: BackendTimeout::default(),
                request_parameters: RequestParameters::default(),
            },
            created_at: Timestamp(0),
        },
        deployment: Some(()),
        shift: None,
        policies: ApiPolicies::default(),
        authorizer: None,
        parameters: None,
    })
}

fn trigger_id(n: u32) -> TriggerId {
    let mut bytes = [1; 16];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    TriggerId::from_bytes(bytes)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
