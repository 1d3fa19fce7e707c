//! Custom authorizers, and the triggers whose callers they decide on.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use sluice_store::RELEASE_ENVIRONMENT_ID;

use crate::world::{Visitor, World};

/// Lets in who has the token `open`, and says who that is.
const GUARD: &str = "
import json
def handler(event, context):
    print('asked by', event['headers']['token'], event['user_data'])
    allow = event['headers']['token'] == 'open'
    decision = {'status': 'allow' if allow else 'deny', 'context': {'user': 'anna'}}
    return {'statusCode': 200, 'body': json.dumps(decision)}
";

const SHOWS: &str = "
def handler(event, context):
    return {'statusCode': 200, 'body': str(event['requestContext']['authorizer'])}
";

fn rule(age: u32) -> Value {
    let token = json!({ "name": "Token", "location": "HEADER", "validation": "^[a-z]+$" });
    json!({ "identity_sources": [token], "max_cache_age": age, "sends_body": false, "user_data": "mine" })
}

async fn list(user: &Visitor) -> Value {
    let path = "/api/authorizers/list";
    user.expect(user.send(Method::GET, path, Body::empty(), &[]).await)
}

/// Publishes a function behind an authorizer; tells the trigger's URL and the authorizer's id.
async fn publish_guarded(user: &Visitor) -> (String, String) {
    user.publish("guard", GUARD, "/guard").await;
    let url = user.publish("guarded", SHOWS, "/open").await;
    let asked = json!({ "name": "by_token", "function": "guard", "rule": rule(3600) });
    user.expect(user.ask("authorizers/create", asked).await);
    let id = list(user).await["authorizers"][0]["authorizer_id"].clone();
    let group = &url["https://".len()..][..32];
    let settings = json!({
        "api_name": "API_custom", "group_id": group,
        "authentication": "AUTHORIZER", "authorizer_id": id, "protocol": "HTTPS", "path": "/closed",
        "matching": "NORMAL", "method": "GET", "timeout": 5000,
    });
    let asked = json!({ "name": "guarded", "settings": settings, "environment_id": RELEASE_ENVIRONMENT_ID });
    user.expect(user.ask("triggers/create", asked).await);
    (
        url.replace("/open", "/closed"),
        id.as_str().unwrap().to_owned(),
    )
}

/// GETs an address with a token: `200` and the body, or the status and the code.
async fn call(world: &World, url: &str, token: &str) -> String {
    let headers = [("token", token)];
    let answer = world.call_with(Method::GET, url, "", &headers).await;
    match answer.status.as_u16() {
        200 => format!("200 {}", answer.body),
        status => format!("{status} {}", answer.json()["error_code"].as_str().unwrap()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_decides_who_may_call() {
    let (world, user, _) = World::with_user().await;
    let (url, id) = publish_guarded(&user).await;
    assert_eq!(call(&world, &url, "open").await, "200 {'user': 'anna'}");
    assert_eq!(call(&world, &url, "open").await, "200 {'user': 'anna'}");
    assert_eq!(call(&world, &url, "shut").await, "403 APIG.0306");
    assert_eq!(call(&world, &url, "A1").await, "401 APIG.0305");
    // One invocation for each decision, with a log of its own.
    let asked = user.requests("guard", 2).await;
    assert_eq!(asked.as_array().unwrap().len(), 2, "{asked}");
    let path = "/functions/guard/monitoring/logs?view=lines";
    let page = user.open(path).await;
    assert!(page.body.contains("asked by shut mine"), "{}", page.body);

    // It is asked anew once its code is another.
    let nobody = GUARD.replace("'open'", "'nobody'");
    user.expect(user.deploy("guard", json!({ "index.py": nobody })).await);
    assert_eq!(call(&world, &url, "open").await, "403 APIG.0306");
    user.expect(user.deploy("guard", json!({ "index.py": GUARD })).await);
    assert_eq!(call(&world, &url, "open").await, "200 {'user': 'anna'}");
    // And when it is changed itself, not when something else is.
    user.publish("unrelated", SHOWS, "/unrelated").await;
    assert_eq!(call(&world, &url, "open").await, "200 {'user': 'anna'}");
    let asked = user.requests("guard", 4).await;
    assert_eq!(asked.as_array().unwrap().len(), 4, "{asked}");
    let changed =
        json!({ "authorizer_id": id, "name": "by_token", "function": "guard", "rule": rule(0) });
    user.expect(user.ask("authorizers/update", changed).await);
    assert_eq!(call(&world, &url, "open").await, "200 {'user': 'anna'}");
    user.requests("guard", 5).await;

    // Without its function nobody is let in.
    user.expect(
        user.ask("functions/delete", json!({ "name": "guard" }))
            .await,
    );
    assert_eq!(call(&world, &url, "open").await, "500 APIG.0601");
    assert_eq!(list(&user).await["authorizers"][0]["function"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_allowed_is_refused_with_its_reason() {
    let (world, user, anonymous) = World::with_user().await;
    let (url, id) = publish_guarded(&user).await;
    let delete = json!({ "authorizer_id": id });
    let refused = user.ask("authorizers/delete", delete.clone()).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.body);
    assert!(refused.body.contains("An API uses the authorizer"));
    assert_eq!(call(&world, &url, "open").await, "200 {'user': 'anna'}");

    let mut wrong = rule(0);
    wrong["identity_sources"][0]["validation"] = "(".into();
    let create = |rule: Value| json!({ "name": "other", "function": "guard", "rule": rule });
    let refused = user.ask("authorizers/create", create(wrong.clone())).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.body.contains("unclosed group"), "{}", refused.body);
    wrong["identity_sources"][0]["validation"] = "x".repeat(257).into();
    let refused = user.ask("authorizers/create", create(wrong)).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let same = json!({ "name": "by_token", "function": "guard", "rule": rule(0) });
    let refused = user.ask("authorizers/create", same.clone()).await;
    assert!(refused.body.contains("APIG.3211"), "{}", refused.body);

    // Custom and an authorizer belong together.
    let cards = "/api/triggers/list?name=guarded";
    let cards = user.expect(user.send(Method::GET, cards, Body::empty(), &[]).await);
    let settings = &cards[0]["trigger"]["settings"];
    assert_eq!(cards[0]["published"][0]["authorizer_name"], "by_token");
    assert_eq!(settings["authentication"], "AUTHORIZER");
    for (authentication, authorizer) in [("AUTHORIZER", Value::Null), ("NONE", json!(id))] {
        let mut settings = settings.clone();
        settings["api_name"] = "API_other".into();
        settings["path"] = "/other".into();
        settings["authentication"] = authentication.into();
        settings["authorizer_id"] = authorizer;
        let asked = json!({ "name": "guarded", "settings": settings, "environment_id": RELEASE_ENVIRONMENT_ID });
        let refused = user.ask("triggers/create", asked).await;
        assert!(refused.body.contains("APIG.2036"), "{}", refused.body);
    }

    for (function, asked) in [("authorizers/create", same), ("authorizers/delete", delete)] {
        let stranger = anonymous.ask(function, asked).await;
        assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
    }
}
