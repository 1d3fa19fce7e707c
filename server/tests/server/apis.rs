//! APIs from the definition to what callers reach: an edit counts once it is published.

use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};
use sluice_store::RELEASE_ENVIRONMENT_ID;

use crate::world::{Visitor, World};

/// Answers with the environment in which it was called.
const TELLS_STAGE: &str = "def handler(event, context):\n    return {'statusCode': 200, 'body': event['requestContext']['stage']}\n";

async fn get(user: &Visitor, path: &str) -> Value {
    let path = format!("/api/{path}");
    user.expect(user.send(Method::GET, &path, Body::empty(), &[]).await)
}

/// The id of the one API, and its definition.
async fn the_api(user: &Visitor) -> (Value, Value) {
    let api = get(user, "apis/list").await[0]["api"].clone();
    (api["api_id"].clone(), api["settings"].clone())
}

/// Calls an address in an environment: `200` and the body, or the status and the code.
async fn call(world: &World, url: &str, stage: &str) -> String {
    let headers = [("x-stage", stage)];
    let answer = world.call_with(Method::GET, url, "", &headers).await;
    match answer.status.as_u16() {
        200 => format!("200 {}", answer.body),
        status => format!("{status} {}", answer.json()["error_code"].as_str().unwrap()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_callers_reach_is_what_was_published_in_their_environment() {
    let (world, user, _) = World::with_user().await;
    let old = user.publish("staged", TELLS_STAGE, "/old").await;
    let new = old.replace("/old", "/new");
    let (api_id, mut settings) = the_api(&user).await;
    let test = json!({ "name": "TEST", "description": "" });
    let test = user.expect(user.ask("environments/create", test).await)["environment_id"].clone();
    let publish = async |environment: &Value| {
        let asked = json!({ "api_id": api_id, "environment_id": environment, "description": "" });
        user.ask("apis/publish", asked).await
    };
    assert_eq!(call(&world, &old, "RELEASE").await, "200 RELEASE");
    assert_eq!(call(&world, &old, "TEST").await, "404 APIG.0101");

    settings["path"] = json!("/new");
    let edit = json!({ "api_id": api_id, "settings": settings });
    user.expect(user.ask("apis/update", edit).await);
    assert_eq!(call(&world, &new, "RELEASE").await, "404 APIG.0101");
    user.expect(publish(&test).await);
    assert_eq!(call(&world, &new, "TEST").await, "200 TEST");
    assert_eq!(call(&world, &old, "RELEASE").await, "200 RELEASE");
    let listed = get(&user, "apis/list").await[0]["published"].clone();
    assert_eq!(
        listed,
        json!([
            { "environment_name": "RELEASE", "is_latest": false },
            { "environment_name": "TEST", "is_latest": true },
        ])
    );

    let release = json!(RELEASE_ENVIRONMENT_ID);
    user.expect(publish(&release).await);
    assert_eq!(call(&world, &new, "RELEASE").await, "200 RELEASE");
    assert_eq!(call(&world, &old, "RELEASE").await, "404 APIG.0101");
    let place = json!({ "api_id": api_id, "environment_id": release });
    let mut first = place.clone();
    first["number"] = json!(1);
    user.expect(user.ask("apis/switch-version", first).await);
    assert_eq!(call(&world, &old, "RELEASE").await, "200 RELEASE");
    user.expect(user.ask("apis/take-offline", place.clone()).await);
    assert_eq!(call(&world, &old, "RELEASE").await, "404 APIG.0101");
    assert_eq!(call(&world, &new, "TEST").await, "200 TEST");
    let again = user.ask("apis/take-offline", place).await;
    assert_eq!(
        (again.status.as_u16(), again.body.contains("APIG.3015")),
        (404, true)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_apis_with_one_path_are_not_published_together() {
    let (world, user, anonymous) = World::with_user().await;
    let url = user.publish("first", TELLS_STAGE, "/taken").await;
    let (first_id, mut settings) = the_api(&user).await;
    settings["api_name"] = json!("API_second");
    let mut asked =
        json!({ "name": "first", "settings": settings, "environment_id": RELEASE_ENVIRONMENT_ID });
    let refused = user.ask("triggers/create", asked.clone()).await;
    assert_eq!(refused.status.as_u16(), 409);
    assert!(refused.body.contains("FSS.1147"), "{}", refused.body);
    assert!(
        refused.body.contains("already: API_first"),
        "{}",
        refused.body
    );

    // Another path to begin with; it may be defined, but not published.
    asked["settings"]["path"] = json!("/free");
    user.expect(user.ask("triggers/create", asked.clone()).await);
    let apis = get(&user, "apis/list").await;
    let second_id = apis[1]["api"]["api_id"].clone();
    asked["settings"]["path"] = json!("/taken");
    let edit = json!({ "api_id": second_id, "settings": asked["settings"] });
    user.expect(user.ask("apis/update", edit.clone()).await);
    let publish =
        json!({ "api_id": second_id, "environment_id": RELEASE_ENVIRONMENT_ID, "description": "" });
    let refused = user.ask("apis/publish", publish.clone()).await;
    assert_eq!(refused.status.as_u16(), 409);
    assert!(refused.body.contains("APIG.3301"), "{}", refused.body);
    assert!(
        refused.body.contains("already: API_first."),
        "{}",
        refused.body
    );
    assert_eq!(call(&world, &url, "RELEASE").await, "200 RELEASE");
    assert_eq!(
        call(&world, &url.replace("taken", "free"), "RELEASE").await,
        "200 RELEASE"
    );

    let place = json!({ "api_id": first_id, "environment_id": RELEASE_ENVIRONMENT_ID });
    user.expect(user.ask("apis/take-offline", place).await);
    user.expect(user.ask("apis/publish", publish).await);
    assert_eq!(
        call(&world, &url.replace("taken", "free"), "RELEASE").await,
        "404 APIG.0101"
    );

    // What is no definition, and who is not signed in.
    let mut other_group = edit.clone();
    other_group["settings"]["group_id"] = json!("0".repeat(32));
    let refused = user.ask("apis/update", other_group).await;
    assert!(
        refused.body.contains("The API group of an API stays"),
        "{}",
        refused.body
    );
    let mut coded = edit.clone();
    coded["settings"]["simple_authentication"] = json!(true);
    let refused = user.ask("apis/update", coded).await;
    assert_eq!(refused.status.as_u16(), 400);
    assert_eq!(
        anonymous.ask("apis/update", edit).await.status.as_u16(),
        401
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_counts_in_the_environment_that_it_is_bound_in() {
    let (world, user, _) = World::with_user().await;
    let url = user.publish("walled", TELLS_STAGE, "/walled").await;
    let (api_id, _) = the_api(&user).await;
    let test = json!({ "name": "TEST", "description": "" });
    let test = user.expect(user.ask("environments/create", test).await)["environment_id"].clone();
    let publish = json!({ "api_id": api_id, "environment_id": test, "description": "" });
    user.expect(user.ask("apis/publish", publish).await);
    let rule =
        json!({ "ResponseHeaders": [{ "name": "x-told", "action": "OVERRIDE", "value": "1" }] });
    let created = user
        .ask("policies/create", json!({ "name": "Told", "rule": rule }))
        .await;
    user.expect(created);
    let list = get(&user, "policies/list").await;
    let places: Vec<_> = list["apis"]
        .as_array()
        .unwrap()
        .iter()
        .map(|api| &api["place"])
        .collect();
    assert_eq!(places.len(), 2);
    let bind = json!({ "policy_id": list["policies"][0]["policy_id"], "apis": [places[1]] });
    user.expect(user.ask("policies/bind", bind).await);
    for (stage, told) in [("RELEASE", ""), ("TEST", "1")] {
        let answer = world
            .call_with(Method::GET, &url, "", &[("x-stage", stage)])
            .await;
        assert_eq!(
            (answer.body.as_str(), answer.header("x-told")),
            (stage, told)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_goes_once_nothing_is_published_there() {
    let (_world, user, _) = World::with_user().await;
    user.publish("staged", TELLS_STAGE, "/staged").await;
    let (api_id, _) = the_api(&user).await;
    let test = json!({ "name": "TEST", "description": "tried" });
    let test = user.expect(user.ask("environments/create", test).await)["environment_id"].clone();
    let place = json!({ "api_id": api_id, "environment_id": test });
    let mut publish = place.clone();
    publish["description"] = json!("");
    user.expect(user.ask("apis/publish", publish).await);
    let refused = async |environment: &Value| {
        let answer = user.ask(
            "environments/delete",
            json!({ "environment_id": environment }),
        );
        let answer = answer.await;
        (answer.status.as_u16(), answer.body)
    };
    let (status, body) = refused(&test).await;
    assert_eq!((status, body.contains("APIG.3418")), (403, true), "{body}");
    let (status, body) = refused(&json!(RELEASE_ENVIRONMENT_ID)).await;
    assert_eq!(
        (status, body.contains("RELEASE cannot be deleted")),
        (403, true),
        "{body}"
    );
    let (status, body) = refused(&json!("0".repeat(32))).await;
    assert_eq!((status, body.contains("APIG.3003")), (404, true), "{body}");
    user.expect(user.ask("apis/take-offline", place).await);
    user.expect(
        user.ask("environments/delete", json!({ "environment_id": test }))
            .await,
    );
    assert_eq!(
        get(&user, "environments/list")
            .await
            .as_array()
            .unwrap()
            .len(),
        1
    );
    for n in 1..10 {
        let one = json!({ "name": format!("TEST_{n}"), "description": "" });
        user.expect(user.ask("environments/create", one).await);
    }
    let one_more = json!({ "name": "TEST_10", "description": "" });
    let refused = user.ask("environments/create", one_more).await;
    assert_eq!(
        (refused.status.as_u16(), refused.body.contains("APIG.3104")),
        (403, true)
    );
}
