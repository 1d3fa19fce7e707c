//! Settings of the gateway, and what callers may send by them.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use sluice_store::RELEASE_ENVIRONMENT_ID;

use crate::world::{Visitor, World};

const HANDLER: &str =
    "def handler(event, context):\n    return {'statusCode': 200, 'body': str(event)}\n";

/// Publishes a function for a credential, and tells the trigger's URL, the AppKey and the AppSecret.
async fn publish_for_a_credential(user: &Visitor) -> (String, String, String) {
    let url = user.publish("keyed", HANDLER, "/open").await;
    let settings = json!({
        "api_name": "API_keyed_2", "group_id": url["https://".len()..][..32],
        "authentication": "APP", "protocol": "HTTPS", "path": "/keyed", "matching": "NORMAL", "method": "GET", "timeout": 5000,
    });
    let asked =
        json!({ "name": "keyed", "settings": settings, "environment_id": RELEASE_ENVIRONMENT_ID });
    user.expect(user.ask("triggers/create", asked).await);
    let made = user.ask("credentials/create", json!({ "name": "partner" }));
    let made = user.expect(made.await);
    let path = "/api/credentials/list";
    let list = user.expect(user.send(Method::GET, path, Body::empty(), &[]).await);
    let api = list["apis"].as_array().unwrap().iter();
    let api = api.filter(|api| api["name"] == "API_keyed_2");
    let apis: Vec<_> = api.map(|api| api["place"].clone()).collect();
    let bound = json!({ "credential_id": list["credentials"][0]["credential_id"], "apis": apis });
    user.expect(user.ask("credentials/bind", bound).await);
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (
        url.replace("/open", "/keyed"),
        text("app_key"),
        text("app_secret"),
    )
}

async fn find(user: &Visitor) -> Value {
    let path = "/api/gateway/find";
    user.expect(user.send(Method::GET, path, Body::empty(), &[]).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mode_of_app_authentication_counts_while_it_is_on() {
    let (world, user, anonymous) = World::with_user().await;
    let (url, key, secret) = publish_for_a_credential(&user).await;
    let headers = [("x-hw-id", key.as_str()), ("x-hw-appkey", &secret)];
    let call = async || world.call_with(Method::GET, &url, "", &headers).await;
    assert_eq!(call().await.status, StatusCode::UNAUTHORIZED);
    let found = find(&user).await;
    assert_eq!(found["name"], "apig-sluice");
    assert_eq!(found["https_port"], 8443);
    let mut settings = found["settings"].clone();
    let off =
        json!({ "app_secret": false, "app_basic": false, "app_api_key": false, "app_jwt": false });
    assert_eq!(settings, off);
    settings["app_secret"] = true.into();
    let update = |settings: &Value| json!({ "settings": settings });
    user.expect(user.ask("gateway/update", update(&settings)).await);
    assert_eq!(find(&user).await["settings"], settings);
    let answer = call().await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert!(!answer.body.contains(&secret), "{}", answer.body);
    // Others of the credential change nothing about it.
    user.expect(
        user.ask("credentials/create", json!({ "name": "other" }))
            .await,
    );
    assert_eq!(call().await.status, StatusCode::OK);
    user.expect(user.ask("gateway/update", update(&off)).await);
    assert_eq!(call().await.status, StatusCode::UNAUTHORIZED);
    let stranger = anonymous.ask("gateway/update", update(&settings)).await;
    assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
    assert_eq!(find(&user).await["settings"], off);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_has_a_key_that_was_chosen_and_counts_from_its_addresses() {
    let (world, user, _) = World::with_user().await;
    let (url, key, secret) = publish_for_a_credential(&user).await;
    let path = "/api/credentials/list";
    let list = async || user.expect(user.send(Method::GET, path, Body::empty(), &[]).await);
    let all =
        json!({ "app_secret": true, "app_basic": true, "app_api_key": true, "app_jwt": true });
    let settings = json!({ "settings": all });
    user.expect(user.ask("gateway/update", settings).await);

    let chosen = |key: &str, secret: &str| json!({ "app_key": key, "app_secret": secret });
    let create = |chosen| {
        user.ask(
            "credentials/create",
            json!({ "name": "own", "chosen": chosen }),
        )
    };
    for (key, secret, said) in [
        (key.as_str(), "another-secret", "The AppKey already exists."),
        (
            "own-key_1",
            &secret,
            "Another credential has this AppSecret",
        ),
        ("own key 1", "another-secret", "may contain only"),
        ("own-key_1", "hunter2", "must have 8 to 128 characters"),
    ] {
        let refused = create(chosen(key, secret)).await;
        assert!(refused.status.is_client_error(), "{said}");
        assert!(refused.body.contains(said), "{}", refused.body);
        assert!(!refused.body.contains(secret), "{}", refused.body);
    }
    let made = user.expect(create(chosen("own-key_1", "s3cret!@#$%")).await);
    assert_eq!(made, chosen("own-key_1", "s3cret!@#$%"));
    let own = list().await["credentials"][1].clone();
    assert_eq!(own["app_key"], "own-key_1");
    let id = |one: &Value| json!({ "credential_id": one["credential_id"] });
    let reset = |value: &str| {
        let mut reset = id(&own);
        reset["chosen"] = value.into();
        reset
    };
    let refused = user.ask("credentials/reset-secret", reset(&secret)).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    let told = user.ask("credentials/reset-secret", reset("0ther-s3cret"));
    assert_eq!(user.expect(told.await)["app_secret"], "0ther-s3cret");

    let headers = [("x-hw-id", key.as_str()), ("x-hw-appkey", &secret)];
    let call = async || world.call_with(Method::GET, &url, "", &headers).await;
    assert_eq!(call().await.status, StatusCode::OK);
    let first = list().await["credentials"][0].clone();
    let limit = |access: Value| {
        let mut limit = id(&first);
        limit["access"] = access;
        user.ask("credentials/set-access", limit)
    };
    let everywhere = json!({ "effect": "DENY", "addresses": ["0.0.0.0/0", "::/0"] });
    user.expect(limit(everywhere.clone()).await);
    assert_eq!(list().await["credentials"][0]["access"], everywhere);
    let refused = call().await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.body.contains("APIG.0402"), "{}", refused.body);
    let wrong = json!({ "effect": "DENY", "addresses": ["10.0.0.0/99"] });
    assert_eq!(limit(wrong).await.status, StatusCode::BAD_REQUEST);
    user.expect(limit(Value::Null).await);
    assert_eq!(call().await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_told_what_is_in_use_of_the_limits() {
    let (world, user, anonymous) = World::with_user().await;
    let path = "/api/gateway/load";
    let load = async || user.expect(user.send(Method::GET, path, Body::empty(), &[]).await);
    let places = &world.places;
    let taken = places.take("192.0.2.7".parse().unwrap()).unwrap();
    let now = load().await;
    assert_eq!(now["connections"], json!({ "used": 1, "most": 8192 }));
    let busiest = json!([{ "address": "192.0.2.7", "connections": 1 }]);
    assert_eq!(now["busiest"], busiest);
    assert_eq!(now["answers"], json!({ "used": 0, "most": 256 << 20 }));
    drop(taken);
    assert_eq!(load().await["connections"]["used"], 0);
    let found = find(&user).await;
    assert_eq!(found["limits"]["answer_rate"], 1024);
    assert_eq!(found["load"]["bodies"], now["bodies"]);
    let stranger = anonymous.send(Method::GET, path, Body::empty(), &[]).await;
    assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
}
