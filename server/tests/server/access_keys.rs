//! Access keys of users, and the triggers with IAM authentication that they call.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sluice::drawn;
use sluice_store::RELEASE_ENVIRONMENT_ID;

use crate::world::{Answer, Visitor, World};

const HANDLER: &str = "def handler(event, context):\n    return {'statusCode': 200, 'body': str(event['headers'].get('authorization'))}\n";

/// Publishes a function for users alone; tells the trigger's URL.
async fn publish_for_users(user: &Visitor) -> String {
    let url = user.publish("signed", HANDLER, "/open").await;
    let group = &url["https://".len()..][..32];
    let settings = json!({
        "api_name": "API_for_users", "group_id": group,
        "authentication": "IAM", "protocol": "HTTPS", "path": "/signed", "matching": "NORMAL", "method": "GET", "timeout": 5000,
    });
    let asked =
        json!({ "name": "signed", "settings": settings, "environment_id": RELEASE_ENVIRONMENT_ID });
    user.expect(user.ask("triggers/create", asked).await);
    url.replace("/open", "/signed")
}

async fn create(user: &Visitor, description: &str) -> Answer {
    user.ask("access-keys/create", json!({ "description": description }))
        .await
}

async fn list(user: &Visitor) -> Answer {
    let path = "/api/access-keys/list";
    user.send(Method::GET, path, Body::empty(), &[]).await
}

/// GETs an address, signed by a key as it was told.
async fn call(world: &World, url: &str, key: &Value) -> String {
    let (host, path) = url["https://".len()..].split_once('/').unwrap();
    let date = drawn::now().basic_format();
    let nothing = hex::encode(Sha256::digest(""));
    let request =
        format!("GET\n/{path}/\n\nhost:{host}\nx-sdk-date:{date}\n\nhost;x-sdk-date\n{nothing}");
    let request = hex::encode(Sha256::digest(request));
    let secret = key["secret"].as_str().unwrap();
    let mut signature = <Hmac<Sha256>>::new_from_slice(secret.as_bytes()).unwrap();
    signature.update(format!("SDK-HMAC-SHA256\n{date}\n{request}").as_bytes());
    let signature = hex::encode(signature.finalize().into_bytes());
    let access = key["access_key_id"].as_str().unwrap();
    let authorization = format!(
        "SDK-HMAC-SHA256 Access={access}, SignedHeaders=host;x-sdk-date, Signature={signature}"
    );
    let headers = [
        ("x-sdk-date", date.as_str()),
        ("authorization", authorization.as_str()),
    ];
    told(world.call_with(Method::GET, url, "", &headers).await)
}

/// `200` and the body, or the status and the code.
fn told(answer: Answer) -> String {
    let status = answer.status.as_u16();
    match status {
        200 => format!("200 {}", answer.body),
        _ => format!("{status} {}", answer.json()["error_code"].as_str().unwrap()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_users_key_calls_a_trigger_for_users_while_it_is_enabled() {
    let (world, user, _) = World::with_user().await;
    let url = publish_for_users(&user).await;
    let unsigned = world.call(Method::GET, &url, "").await;
    assert_eq!(told(unsigned), "401 APIG.0301");
    let key = user.expect(create(&user, "nightly job").await);
    // The function does not get the signature.
    assert_eq!(call(&world, &url, &key).await, "200 None");
    let mut forged = key.clone();
    forged["secret"] = "another".into();
    assert_eq!(call(&world, &url, &forged).await, "401 APIG.0301");

    let secret = key["secret"].as_str().unwrap();
    let listed = list(&user).await;
    assert!(!listed.body.contains(secret));
    assert_eq!(listed.json()[0]["access_key_id"], key["access_key_id"]);
    assert_eq!(listed.json()[0]["description"], "nightly job");
    let page = user.open("/access-keys").await;
    assert!(page.body.contains("nightly job") && !page.body.contains(secret));

    let enable = async |is_enabled: bool| {
        let asked = json!({ "access_key_id": key["access_key_id"], "is_enabled": is_enabled });
        user.expect(user.ask("access-keys/enable", asked).await);
    };
    enable(false).await;
    assert_eq!(call(&world, &url, &key).await, "401 APIG.0301");
    assert_eq!(list(&user).await.json()[0]["is_enabled"], false);
    enable(true).await;
    assert_eq!(call(&world, &url, &key).await, "200 None");
    let asked = json!({ "access_key_id": key["access_key_id"] });
    user.expect(user.ask("access-keys/delete", asked).await);
    assert_eq!(call(&world, &url, &key).await, "401 APIG.0301");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_user_has_two_keys_of_their_own_that_call_the_same_triggers() {
    let (world, anna, anonymous) = World::with_user().await;
    let bert = world.add_user(&anonymous, "bert").await;
    let url = publish_for_users(&anna).await;
    let annas = anna.expect(create(&anna, "").await);
    anna.expect(create(&anna, "").await);
    let third = create(&anna, "").await;
    assert_eq!(third.status, StatusCode::FORBIDDEN, "{}", third.body);
    assert!(third.body.contains("You have 2 access keys already"));
    let berts = bert.expect(create(&bert, "").await);
    for key in [&annas, &berts] {
        assert_eq!(call(&world, &url, key).await, "200 None");
    }
    // Nobody sees or changes those of another.
    assert_eq!(list(&bert).await.json().as_array().unwrap().len(), 1);
    for (function, asked) in [
        (
            "access-keys/enable",
            json!({ "access_key_id": annas["access_key_id"], "is_enabled": false }),
        ),
        (
            "access-keys/delete",
            json!({ "access_key_id": annas["access_key_id"] }),
        ),
    ] {
        let refused = bert.ask(function, asked.clone()).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND, "{}", refused.body);
        let stranger = anonymous.ask(function, asked).await;
        assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(list(&anonymous).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(call(&world, &url, &annas).await, "200 None");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_calls_triggers_until_it_is_deleted() {
    let (world, anna, anonymous) = World::with_user().await;
    let bert = world.add_user(&anonymous, "bert").await;
    let url = publish_for_users(&anna).await;
    let token = anna.expect(anna.ask("access-tokens/create", json!({})).await);
    let token = token.as_str().unwrap();
    let call = async || {
        let headers = [("x-auth-token", token)];
        told(world.call_with(Method::GET, &url, "", &headers).await)
    };
    assert_eq!(call().await, "200 None");
    let list = async |user: &Visitor| {
        let path = "/api/access-tokens/list";
        user.send(Method::GET, path, Body::empty(), &[]).await
    };
    let listed = list(&anna).await;
    assert!(!listed.body.contains(token));
    let listed = listed.json();
    assert_eq!(listed[0]["ending"], token[token.len() - 4..]);
    let at = |name: &str| listed[0][name].as_i64().unwrap();
    assert_eq!(at("expires_at") - at("created_at"), 24 * 60 * 60 * 1000);
    // Nobody sees or deletes that of another.
    assert_eq!(list(&bert).await.json(), json!([]));
    let asked = json!({ "access_token_id": listed[0]["access_token_id"] });
    let refused = bert.ask("access-tokens/delete", asked.clone()).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND, "{}", refused.body);
    assert_eq!(list(&anonymous).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(call().await, "200 None");
    anna.expect(anna.ask("access-tokens/delete", asked).await);
    assert_eq!(call().await, "401 APIG.0301");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_of_who_is_disabled_or_deleted_counts_no_more() {
    let (world, administrator, anonymous) = World::with_user().await;
    let bert = world.add_user(&anonymous, "bert").await;
    let url = publish_for_users(&administrator).await;
    let key = bert.expect(create(&bert, "").await);
    let token = bert.expect(bert.ask("access-tokens/create", json!({})).await);
    let token = token.as_str().unwrap().to_owned();
    let check = async || {
        let headers = [("x-auth-token", token.as_str())];
        let by_token = told(world.call_with(Method::GET, &url, "", &headers).await);
        let by_key = call(&world, &url, &key).await;
        assert_eq!(by_token, by_key);
        by_key
    };
    assert_eq!(check().await, "200 None");
    let path = "/api/users/list";
    let listed = administrator.send(Method::GET, path, Body::empty(), &[]);
    let listed = administrator.expect(listed.await);
    let mut users = listed["users"].as_array().unwrap().iter();
    let id = &users.find(|it| it["name"] == "bert").unwrap()["user_id"];
    for (is_disabled, expected) in [(true, "401 APIG.0301"), (false, "200 None")] {
        let asked = json!({ "user_id": id, "is_disabled": is_disabled });
        administrator.expect(administrator.ask("users/disable", asked).await);
        assert_eq!(check().await, expected);
    }
    let asked = json!({ "user_id": id });
    administrator.expect(administrator.ask("users/delete", asked).await);
    assert_eq!(check().await, "401 APIG.0301");
}
