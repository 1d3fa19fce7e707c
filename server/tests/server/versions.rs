//! Versions and aliases: what is published stays, and APIs call what they are told to.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use sluice_store::RELEASE_ENVIRONMENT_ID;

use crate::world::{Visitor, World};

/// A function that answers with a text, the version that it is, and a variable.
fn code(text: &str) -> String {
    format!(
        "def handler(event, context):\n    \
         told = f'{text} {{context.getVersion()}} {{context.getUserData(\"KEY\")}}'\n    \
         return {{'statusCode': 200, 'headers': {{}}, 'body': told, 'isBase64Encoded': False}}\n"
    )
}

async fn world() -> (World, Visitor, String) {
    let (world, user, _) = World::with_user().await;
    let url = user.publish("stages", &code("first"), "/stages").await;
    (world, user, url)
}

async fn get(user: &Visitor, path: &str) -> Value {
    let path = format!("/api/{path}?name=stages");
    user.expect(user.send(Method::GET, &path, Body::empty(), &[]).await)
}

async fn deploy(user: &Visitor, text: &str) {
    let written = json!({ "index.py": code(text) });
    user.expect(user.deploy("stages", written).await);
}

async fn publish_version(user: &Visitor, version: &str) {
    let arguments = json!({ "name": "stages", "version": version, "description": "" });
    user.expect(user.ask("versions/publish", arguments).await);
}

/// Creates or updates an alias: `target` says what it calls.
async fn alias(user: &Visitor, change: &str, target: Value) {
    let arguments =
        json!({ "name": "stages", "alias": "prod", "target": target, "description": "" });
    user.expect(user.ask(&format!("aliases/{change}"), arguments).await);
}

/// The API's definition calls `target` from now on, and is published in the environment.
async fn publish(user: &Visitor, target: &str, environment: &str) {
    let mut api = get(user, "triggers/list").await[0]["trigger"].take();
    let mut settings = api["settings"].take();
    settings["target"] = json!(target);
    let api_id = &api["api_id"];
    user.expect(
        user.ask(
            "apis/update",
            json!({ "api_id": api_id, "settings": settings }),
        )
        .await,
    );
    let arguments = json!({ "api_id": api_id, "environment_id": environment, "description": "" });
    user.expect(user.ask("apis/publish", arguments).await);
}

async fn call(world: &World, url: &str, headers: &[(&str, &str)]) -> String {
    let answer = world
        .call_with(Method::GET, url, Body::empty(), headers)
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.body
}

async fn refusal(user: &Visitor, function: &str, arguments: Value) -> String {
    let answer = user.ask(function, arguments).await;
    format!("{} {}", answer.status.as_u16(), answer.body)
}

#[tokio::test]
async fn a_stage_has_a_deployment_of_its_own() {
    let (world, user, url) = world().await;
    let variables = json!([{ "key": "KEY", "value": "of v1", "is_encrypted": true }]);
    let arguments = json!({ "name": "stages", "env_vars": variables });
    user.expect(user.ask("functions/update-env-vars", arguments).await);
    publish_version(&user, "v1").await;
    publish(&user, "v1", RELEASE_ENVIRONMENT_ID).await;
    let arguments = json!({ "name": "TEST", "description": "" });
    let environment = user.expect(user.ask("environments/create", arguments).await);
    let variables = json!([{ "key": "KEY", "value": "changed", "is_encrypted": false }]);
    let arguments = json!({ "name": "stages", "env_vars": variables });
    user.expect(user.ask("functions/update-env-vars", arguments).await);
    deploy(&user, "second").await;
    let test = environment["environment_id"].as_str().unwrap();
    publish(&user, "latest", test).await;

    assert_eq!(call(&world, &url, &[]).await, "first v1 of v1");
    let staged = call(&world, &url, &[("x-stage", "TEST")]).await;
    assert_eq!(staged, "second latest changed");
    let rows = user.requests("stages", 2).await;
    let mut versions: Vec<_> = rows.as_array().unwrap().iter().collect();
    versions.sort_by_key(|row| row["version"].to_string());
    let versions: Vec<_> = versions.into_iter().map(|row| &row["version"]).collect();
    assert_eq!(versions, ["latest", "v1"]);
    let arguments = json!({ "name": "stages", "version": "v1" });
    let refused = refusal(&user, "versions/delete", arguments).await;
    assert!(
        refused.starts_with("403")
            && refused.contains("FSS.1154")
            && refused.contains("API_stages"),
        "{refused}"
    );
}

#[tokio::test]
async fn an_alias_shifts_traffic_and_counts_at_once() {
    let (world, user, url) = world().await;
    publish_version(&user, "v1").await;
    deploy(&user, "second").await;
    publish_version(&user, "v2").await;
    let half = json!({ "additional_version": "v2", "by": { "Percentage": 50 } });
    alias(
        &user,
        "create",
        json!({ "version": "v1", "shifting": half }),
    )
    .await;
    publish(&user, "!prod", RELEASE_ENVIRONMENT_ID).await;
    let (first, second) = ("first v1 None", "second v2 None");
    for expected in [first, second, first] {
        assert_eq!(call(&world, &url, &[]).await, expected);
    }
    // What is published meanwhile does not begin the turns anew.
    deploy(&user, "third").await;
    assert_eq!(call(&world, &url, &[]).await, second);

    let rule = json!({ "header": "X-Tester", "operator": "in", "value": "ann, bob" });
    let rules = json!({ "combine": "and", "rules": [rule] });
    let shifting = json!({ "additional_version": "v2", "by": { "Rules": rules } });
    alias(
        &user,
        "update",
        json!({ "version": "v1", "shifting": shifting }),
    )
    .await;
    for (tester, expected) in [("ann", second), ("eve", first), ("bob", second)] {
        let told = call(&world, &url, &[("x-tester", tester)]).await;
        assert_eq!(told, expected, "{tester}");
    }
    alias(
        &user,
        "update",
        json!({ "version": "latest", "shifting": null }),
    )
    .await;
    assert_eq!(call(&world, &url, &[]).await, "third latest None");
    let records = get(&user, "triggers/list").await;
    assert_eq!(records[0]["published"][0]["number"], 2, "no record more");
}

#[tokio::test]
async fn what_versions_and_aliases_may_not_be_is_refused() {
    let (_world, user, _url) = world().await;
    publish_version(&user, "v1").await;
    let publish =
        |version: Value| json!({ "name": "stages", "version": version, "description": "" });
    let unchanged = refusal(&user, "versions/publish", publish(Value::Null)).await;
    assert!(
        unchanged.starts_with("400") && unchanged.contains("FSS.1016"),
        "{unchanged}"
    );
    deploy(&user, "second").await;
    let taken = refusal(&user, "versions/publish", publish(json!("v1"))).await;
    assert!(
        taken.starts_with("409") && taken.contains("FSS.1062"),
        "{taken}"
    );
    user.expect(user.ask("versions/publish", publish(Value::Null)).await);
    let listed = get(&user, "versions/list").await;
    let names: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["version"])
        .collect();
    assert_eq!(names.len(), 3);
    assert_eq!((names[0], names[2]), (&json!("latest"), &json!("v1")));
    assert!(names[1].as_str().unwrap().starts_with("v20"), "{names:?}");
    let shifting = json!({ "additional_version": "v1", "by": { "Percentage": 5 } });
    alias(
        &user,
        "create",
        json!({ "version": names[1], "shifting": shifting }),
    )
    .await;
    let additional = json!({ "name": "stages", "version": "v1" });
    let additional = refusal(&user, "versions/delete", additional).await;
    assert!(additional.contains("FSS.1094"), "{additional}");
    let targets = get(&user, "versions/targets").await;
    assert_eq!(targets, json!(["latest", "!prod", names[1], "v1"]));
}
