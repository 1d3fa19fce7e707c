//! IAM authentication: requests that users of the console signed.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use axum::body::Body;
use http::{HeaderValue, Request};
use insta::assert_snapshot;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use sluice_domain::access_key::AccessKeySecrets;
use sluice_domain::access_token::AccessTokenDigest;
use sluice_domain::env_vars::Secret;
use sluice_domain::id::AccessKeyId;
use sluice_domain::time::Timestamp;
use sluice_gateway::{AccessLog, Credentials, GatewayConfig, Listener};

use crate::world::{Case, NOW, World, access_key, api, signatures};

fn get() -> Request<Body> {
    Case::named("a GET").request()
}

/// A request of another method than the one that was signed.
fn forged() -> Request<Body> {
    let mut request = get();
    *request.method_mut() = http::Method::POST;
    request
}

#[tokio::test]
async fn requests_that_the_vendors_sdk_signed_are_let_in_and_changed_ones_are_not() {
    for case in signatures().cases {
        let world = World::new().for_users();
        assert_eq!(world.answer(case.request()).await, "200", "{}", case.name);
        let mut changed = vec![
            (case.clone().replacing("Signature=", "Signature=00"), "form"),
            (
                case.clone()
                    .with("Host", "07070707070707070707070707070707.apig.localhost:1"),
                "host",
            ),
        ];
        if !case.is_unsigned() {
            let mut body = case.clone();
            body.body.push(' ');
            changed.push((body, "body"));
        }
        for (changed, what) in changed {
            let answer = world.answer(changed.request()).await;
            assert!(
                answer.starts_with("401 APIG.0301"),
                "{}: {what}: {answer}",
                case.name
            );
        }
    }
}

#[tokio::test]
async fn a_caller_is_told_what_is_wrong() {
    let world = World::new().for_users();
    let check = async |case: Case| world.answer(case.request()).await;
    let get = || Case::named("a GET");
    assert_snapshot!(check(get().without("Authorization")).await, @"401 APIG.0301 Incorrect IAM authentication information: the header Authorization is missing");
    assert_snapshot!(check(get().with("Authorization", "Bearer x")).await, @"401 APIG.0301 Incorrect IAM authentication information: Authorization must be SDK-HMAC-SHA256 Access=…, SignedHeaders=…, Signature=…");
    assert_snapshot!(check(get().replacing("0123456789abcdef0123456789abcdef", "nobody")).await, @"401 APIG.0301 Incorrect IAM authentication information: Get secretKey failed,ak:nobody,err:ak not exist");
    assert_snapshot!(check(get().replacing("host;", "host;x-more;")).await, @"401 APIG.0301 Incorrect IAM authentication information: the signed header x-more is missing");
    assert_snapshot!(world.answer(forged()).await, @"401 APIG.0301 Incorrect IAM authentication information: signature verification failed, canonicalRequest:POST|/f/||host:07070707070707070707070707070707.apig.localhost|x-sdk-date:20261123T120000Z||host;x-sdk-date|e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    let late = World::at(|| Timestamp(NOW + 16 * 60 * 1000)).for_users();
    assert_snapshot!(late.answer(get().request()).await, @"401 APIG.0301 Incorrect IAM authentication information: signature expired, signature time:20261123T120000Z,server time:20261123T121600Z");
    let once = Case::named("a number used once");
    assert_eq!(check(once.clone()).await, "200");
    assert_snapshot!(check(once).await, @"401 APIG.0301 Incorrect IAM authentication information: X-Sdk-Nonce was used before");
}

#[tokio::test]
async fn a_key_counts_from_the_next_request_on_and_as_long_as_it_is_there() {
    let world = World::new().for_users();
    assert_eq!(world.answer(get()).await, "200");
    world.0.admit_users([AccessKeySecrets {
        secret: Secret::new("another".to_owned()),
        ..access_key()
    }]);
    assert!(
        world
            .answer(get())
            .await
            .contains("signature verification failed")
    );
    world.0.admit_users([]);
    assert!(world.answer(get()).await.contains("ak not exist"));
    world.0.admit_users([access_key()]);
    assert_eq!(world.answer(get()).await, "200");
}

#[tokio::test]
async fn credentials_are_no_access_keys_nor_the_other_way_round() {
    let world = World::new().for_users();
    world.0.admit_users([]);
    assert!(world.answer(get()).await.contains("ak not exist"));
    let mut with_code = Case::named("a GET").without("Authorization").request();
    let code = HeaderValue::from_str(&"c0de".repeat(16)).unwrap();
    with_code.headers_mut().insert("X-Apig-AppCode", code);
    assert!(
        world
            .answer(with_code)
            .await
            .contains("Authorization is missing")
    );
    world.0.admit_users([access_key()]);
    world.0.admit(Credentials::default());
    world.publish(api());
    assert!(world.answer(get()).await.contains("app not found"));
}

#[tokio::test]
async fn five_wrong_signatures_lock_a_key_for_five_minutes() {
    static CLOCK: AtomicI64 = AtomicI64::new(NOW);
    const LOCKED: &str = "401 APIG.0301 Incorrect IAM authentication information: AK access failed to reach the limit,forbidden";
    let world = World::at(|| Timestamp(CLOCK.load(Ordering::Relaxed))).for_users();
    for _ in 0..4 {
        assert!(world.answer(forged()).await.contains("verification failed"));
    }
    assert_eq!(world.answer(get()).await, "200");
    // The right one has made good what was wrong before.
    for _ in 0..5 {
        assert!(world.answer(forged()).await.contains("verification failed"));
    }
    assert_eq!(world.answer(forged()).await, LOCKED);
    assert_eq!(world.answer(get()).await, LOCKED);
    // A change of other keys does not unlock it.
    let other = AccessKeySecrets {
        access_key_id: AccessKeyId::from_bytes([9; 16]),
        ..access_key()
    };
    world.0.admit_users([access_key(), other]);
    CLOCK.store(NOW + 5 * 60 * 1000 - 1, Ordering::Relaxed);
    assert_eq!(world.answer(get()).await, LOCKED);
    CLOCK.store(NOW + 5 * 60 * 1000, Ordering::Relaxed);
    assert_eq!(world.answer(get()).await, "200");
}

#[tokio::test]
async fn the_function_gets_no_signature_and_the_access_log_tells_who_called() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let lines = Arc::clone(&told);
    let world = World::with(GatewayConfig {
        clock: || Timestamp(NOW),
        access_log: Some(AccessLog(Arc::new(move |line| {
            lines
                .lock()
                .unwrap()
                .push(serde_json::to_value(line).unwrap());
        }))),
        ..GatewayConfig::default()
    })
    .for_users();
    let (status, event) = world.sent(Listener { tls: true }, get()).await;
    assert_eq!(status, 200);
    let event: Value = serde_json::from_slice(&event).unwrap();
    assert_eq!(event["headers"]["authorization"], Value::Null);
    world.answer(forged()).await;
    let told = told.lock().unwrap();
    let key = access_key();
    assert_eq!(told[0]["access_key_id"], key.access_key_id.as_str());
    assert_eq!(told[0]["user_name"], "anna");
    assert_eq!(told[0]["app_id"], Value::Null);
    // Who did not prove it is nobody.
    assert_eq!(told[1]["apig_err_code"], "APIG.0301");
    assert_eq!(told[1]["access_key_id"], Value::Null);
    let text = serde_json::to_string(&*told).unwrap();
    assert!(!text.contains(key.secret.expose()) && !text.contains("Signature"));
}

/// A token of the user, good for another second.
fn token(text: &str) -> AccessTokenDigest {
    AccessTokenDigest {
        digest: Sha256::digest(text).into(),
        user_id: access_key().user_id,
        user_name: "anna".parse().unwrap(),
        expires_at: Timestamp(NOW + 1000),
    }
}

fn with_token(text: &str) -> Request<Body> {
    let mut request = Case::named("a GET").without("Authorization").request();
    let token = HeaderValue::from_str(text).unwrap();
    request.headers_mut().insert("X-Auth-Token", token);
    request
}

#[tokio::test]
async fn a_token_is_enough_over_https_until_it_is_over() {
    let at = |clock| {
        let world = World::at(clock).for_users();
        world.0.admit_tokens([token("t0ken"), token("another")]);
        world
    };
    let world = at(|| Timestamp(NOW + 999));
    assert_eq!(world.answer(with_token("t0ken")).await, "200");
    for wrong in ["", "t0ke", "T0ken", "t0ken1"] {
        assert_eq!(
            world.answer(with_token(wrong)).await,
            "401 APIG.0301 Incorrect IAM authentication information: decrypt token fail"
        );
    }
    let http = Listener { tls: false };
    assert_snapshot!(world.answer_by(http, with_token("t0ken")).await, @"401 APIG.0301 Incorrect IAM authentication information: X-Auth-Token is accepted over HTTPS only");
    // With a token no signature is looked at, be it right or wrong.
    let mut both = get();
    both.headers_mut()
        .insert("X-Auth-Token", "x".parse().unwrap());
    assert!(world.answer(both).await.ends_with("decrypt token fail"));
    let mut twice = with_token("t0ken");
    twice
        .headers_mut()
        .append("X-Auth-Token", "t0ken".parse().unwrap());
    assert_snapshot!(world.answer(twice).await, @"401 APIG.0301 Incorrect IAM authentication information: the header X-Auth-Token is given more than once");
    let over = at(|| Timestamp(NOW + 1000));
    assert!(
        over.answer(with_token("t0ken"))
            .await
            .ends_with("decrypt token fail")
    );
    // The function does not get it.
    let (_, event) = world
        .sent(Listener { tls: true }, with_token("t0ken"))
        .await;
    assert!(!String::from_utf8_lossy(&event).contains("t0ken"));
    world.0.admit_tokens([token("another")]);
    assert!(
        world
            .answer(with_token("t0ken"))
            .await
            .ends_with("decrypt token fail")
    );
    // For APIs with another authentication it is nothing.
    let mut open = api();
    open.settings.authentication = sluice_domain::trigger::Authentication::None;
    open.settings.simple_authentication = false;
    world.publish(open);
    let (_, event) = world.sent(Listener { tls: true }, with_token("mine")).await;
    assert!(String::from_utf8_lossy(&event).contains("mine"));
}
