//! What callers with App authentication may send instead of a signature.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::Request;
use insta::assert_snapshot;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sluice_domain::credential::CredentialSecrets;
use sluice_domain::gateway_settings::GatewaySettings;
use sluice_domain::policy::{AccessControl, AccessEffect, Addresses};
use sluice_domain::trigger::Authentication;
use sluice_gateway::{Credentials, Listener};

use crate::world::{Case, NOW, World, api, credential, signatures};

/// All that there is is on.
const ALL: GatewaySettings = GatewaySettings {
    app_secret: true,
    app_basic: true,
    app_api_key: true,
    app_jwt: true,
};

fn world(settings: GatewaySettings) -> World {
    let world = World::new();
    let credentials = Credentials::new([credential()]);
    world.0.admit(credentials.with_settings(settings));
    world
}

fn get(query: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::get(format!("/f{query}"))
        .header("Host", "07070707070707070707070707070707.apig.localhost");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

fn basic(key: &str, secret: &str) -> String {
    format!("Basic {}", BASE64.encode(format!("{key}:{secret}")))
}

fn digest(key: &str, secret: &str, timestamp: &str) -> String {
    hex::encode(Sha256::digest(format!("{key}{secret}{timestamp}")))
}

/// Makes a request.
type Draft = fn() -> Request<Body>;

/// A request by each mode that is right, and the setting that has it on.
fn right() -> Vec<(GatewaySettings, Draft)> {
    let off = GatewaySettings::default();
    let at = |on: fn(&mut GatewaySettings)| {
        let mut settings = off;
        on(&mut settings);
        settings
    };
    vec![
        (at(|it| it.app_secret = true), || {
            let s = signatures();
            get("", &[("X-HW-ID", &s.key), ("X-HW-AppKey", &s.secret)])
        }),
        (at(|it| it.app_basic = true), || {
            let s = signatures();
            get("", &[("Authorization", &basic(&s.key, &s.secret))])
        }),
        (at(|it| it.app_api_key = true), || {
            get("", &[("apikey", &signatures().secret)])
        }),
        (at(|it| it.app_api_key = true), || {
            get(&format!("?a=1&apikey={}", signatures().secret), &[])
        }),
        (at(|it| it.app_jwt = true), || {
            let (s, time) = (signatures(), NOW.to_string());
            let digest = digest(&s.key, &s.secret, &time);
            get("", &[("Timestamp", &time), ("Authorization", &digest)])
        }),
    ]
}

#[tokio::test]
async fn each_mode_lets_in_where_it_is_on_and_not_where_it_is_off() {
    let off = GatewaySettings::default();
    for (on, request) in right() {
        assert_eq!(world(on).answer(request()).await, "200", "{on:?}");
        assert_eq!(world(ALL).answer(request()).await, "200", "{on:?}");
        let refused = world(off).answer(request()).await;
        assert!(refused.starts_with("401 APIG.0303"), "{on:?}: {refused}");
        let others = GatewaySettings {
            app_secret: !on.app_secret,
            app_basic: !on.app_basic,
            app_api_key: !on.app_api_key,
            app_jwt: !on.app_jwt,
        };
        let refused = world(others).answer(request()).await;
        assert!(refused.starts_with("401 APIG.0303"), "{on:?}: {refused}");
        // Who has a credential need not be bound to the API.
        let world = World::new();
        let mut unbound = credential();
        unbound.apis.clear();
        world.0.admit(Credentials::new([unbound]).with_settings(on));
        let refused = world.answer(request()).await;
        assert!(refused.starts_with("403 APIG.0304"), "{on:?}: {refused}");
    }
}

#[tokio::test]
async fn whatever_is_sent_a_credential_counts_from_its_addresses_only() {
    let mut all = right();
    all.push((ALL, || Case::named("a GET").request()));
    all.push((ALL, || get("", &[("X-Apig-AppCode", &"c0de".repeat(16))])));
    let permit = |addresses| Some((AccessEffect::Permit, addresses));
    let deny = |addresses| Some((AccessEffect::Deny, addresses));
    let check = async |access: Option<(AccessEffect, &str)>, from: &str| {
        let mut answers = Vec::new();
        for (on, request) in &all {
            let access = access.map(|(effect, addresses)| AccessControl {
                effect,
                addresses: Addresses::parse(addresses).unwrap(),
            });
            let limited = CredentialSecrets {
                access,
                ..credential()
            };
            let world = World::new();
            let credentials = Credentials::new([limited]).with_settings(*on);
            world.0.admit(credentials);
            let mut request = request();
            if let Ok(address) = from.parse::<SocketAddr>() {
                request.extensions_mut().insert(ConnectInfo(address));
            }
            answers.push(world.answer(request).await);
        }
        answers.dedup();
        answers.join("; ")
    };
    let refused = "403 APIG.0402 The IP address is not authorized to access the API.";
    assert_eq!(check(None, "192.0.2.1:1").await, "200");
    assert_eq!(check(permit("192.0.2.0/24"), "192.0.2.1:1").await, "200");
    let elsewhere = permit("192.0.2.0/24, 2001:db8::/32");
    assert_eq!(check(elsewhere, "203.0.113.1:1").await, refused);
    assert_eq!(check(elsewhere, "[2001:db8::7]:1").await, "200");
    assert_eq!(check(elsewhere, "[2001:db9::7]:1").await, refused);
    assert_eq!(check(elsewhere, "nowhere").await, refused);
    let denied = deny("192.0.2.1-192.0.2.9");
    assert_eq!(check(denied, "192.0.2.9:1").await, refused);
    assert_eq!(check(denied, "[::ffff:192.0.2.9]:1").await, refused);
    assert_eq!(check(denied, "192.0.2.10:1").await, "200");
    assert_eq!(check(denied, "nowhere").await, refused);
    assert_eq!(
        check(deny("2001:db8::/32"), "[2001:db8::7]:1").await,
        refused
    );
}

#[tokio::test]
async fn what_has_the_secret_is_accepted_over_https_only() {
    for (on, request) in right() {
        let http = Listener { tls: false };
        let answer = world(on).answer_by(http, request()).await;
        let refused = answer.starts_with("401") && answer.ends_with("over HTTPS only");
        assert_eq!(refused, !on.app_jwt, "{on:?}: {answer}");
    }
}

#[tokio::test]
async fn a_caller_is_told_what_is_wrong() {
    let world = world(ALL);
    let signatures = signatures();
    let (key, secret) = (signatures.key.as_str(), signatures.secret.as_str());
    let check = async |query: &str, headers: &[(&str, &str)]| {
        let answer = world.answer(get(query, headers)).await;
        let start = "401 APIG.0303 Incorrect app authentication information: ";
        answer.strip_prefix(start).map(str::to_owned).ok_or(answer)
    };
    let check = async |query: &str, headers: &[(&str, &str)]| check(query, headers).await.unwrap();
    assert_snapshot!(check("", &[]).await, @"the header Authorization is missing");
    assert_snapshot!(check("", &[("X-HW-ID", key)]).await, @"the header X-HW-AppKey is missing");
    assert_snapshot!(check("", &[("X-HW-AppKey", secret)]).await, @"the header X-HW-ID is missing");
    assert_snapshot!(check("", &[("X-HW-ID", "nobody"), ("X-HW-AppKey", secret)]).await, @"app not found, appkey nobody");
    assert_snapshot!(check("", &[("X-HW-ID", key), ("X-HW-AppKey", "another")]).await, @"the AppSecret is wrong");
    assert_snapshot!(check("", &[("X-HW-ID", key), ("X-HW-ID", key), ("X-HW-AppKey", secret)]).await, @"the header X-HW-ID is given more than once");
    assert_snapshot!(check("", &[("Authorization", &basic(key, ""))]).await, @"the AppSecret is wrong");
    assert_snapshot!(check("", &[("Authorization", &basic(key, &secret[1..]))]).await, @"the AppSecret is wrong");
    for wrong in ["Basic !", "Basic ", "basic eA=="] {
        assert_eq!(
            check("", &[("Authorization", wrong)]).await,
            "Authorization must be Basic and the Base64 of AppKey:AppSecret"
        );
    }
    assert_snapshot!(check("", &[("apikey", key)]).await, @"app not found, apikey");
    assert_snapshot!(check("?apikey=", &[]).await, @"app not found, apikey");
    assert_snapshot!(check(&format!("?apikey={secret}&apikey={secret}"), &[]).await, @"the header apikey is given more than once");
    let jwt = async |timestamp: &str, digest: &str| {
        check("", &[("Timestamp", timestamp), ("Authorization", digest)]).await
    };
    let now = NOW.to_string();
    assert_snapshot!(check("", &[("Timestamp", &now)]).await, @"the header Authorization is missing");
    assert_snapshot!(jwt(&now, "x").await, @"Authorization must be the SHA-256 of AppKey, AppSecret and Timestamp in hexadecimal digits");
    assert_snapshot!(jwt(&now, &digest(key, secret, "1")).await, @"app not found, digest");
    for wrong in ["", "now", "-1", "1.5", "99999999999999999999"] {
        assert_eq!(
            jwt(wrong, &digest(key, secret, wrong)).await,
            "Timestamp must be the milliseconds or seconds since 1970"
        );
    }
    for late in [NOW + 15 * 60 * 1000 + 1, NOW - 15 * 60 * 1000 - 1] {
        let late = late.to_string();
        assert_eq!(
            jwt(&late, &digest(key, secret, &late)).await,
            "Timestamp is more than 15 minutes from the server's time"
        );
    }
    let seconds = (NOW / 1000).to_string();
    let digest = digest(key, secret, &seconds).to_uppercase();
    let headers = [("Timestamp", seconds.as_str()), ("Authorization", &digest)];
    assert_eq!(world.answer(get("", &headers)).await, "200");
}

#[tokio::test]
async fn the_function_does_not_get_what_proves_who_calls() {
    let sent = async |world: &World, request| {
        let (status, event) = world.sent(Listener { tls: true }, request).await;
        assert_eq!(status, 200);
        serde_json::from_slice::<Value>(&event).unwrap()
    };
    for (on, request) in right() {
        let event = sent(&world(on), request()).await;
        let text = event.to_string();
        assert!(!text.contains(&signatures().secret), "{on:?}: {text}");
        assert_eq!(event["headers"]["authorization"], Value::Null, "{on:?}");
        if text.contains(r#""a":"1""#) {
            assert_eq!(event["queryStringParameters"], json!({ "a": "1" }));
        }
    }
    // Where they prove nothing they are the function's own.
    let world = world(ALL);
    let mut open = api();
    open.settings.authentication = Authentication::None;
    open.settings.simple_authentication = false;
    world.publish(open);
    let own = get(
        "?apikey=mine",
        &[("apikey", "mine"), ("Authorization", "Basic eA==")],
    );
    let event = sent(&world, own).await;
    assert_eq!(event["queryStringParameters"], json!({ "apikey": "mine" }));
    assert_eq!(event["headers"]["apikey"], "mine");
    assert_eq!(event["headers"]["authorization"], "Basic eA==");
    let event = sent(&world, get("", &[("X-HW-AppKey", "secret")])).await;
    assert_eq!(event["headers"]["x-hw-appkey"], Value::Null);
}
