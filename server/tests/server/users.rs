//! Users, what their roles let them do, and the log of who changed what.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use sluice::permissions::PERMISSIONS;
use sluice_domain::user::Role;

use crate::world::{Answer, Visitor, World};

async fn get(user: &Visitor, path: &str) -> Answer {
    let path = format!("/api/{path}");
    user.send(Method::GET, &path, Body::empty(), &[]).await
}

async fn users(administrator: &Visitor) -> Value {
    administrator.expect(get(administrator, "users/list").await)
}

/// The id of the user of this name.
async fn id_of(administrator: &Visitor, name: &str) -> Value {
    let list = users(administrator).await;
    let mut users = list["users"].as_array().unwrap().iter();
    users.find(|user| user["name"] == name).unwrap()["user_id"].clone()
}

/// `user action object status`, newest first.
async fn changes(administrator: &Visitor, user: &str, text: &str) -> Vec<String> {
    let query = json!({ "query": { "user": user, "text": text, "before": null } });
    let page = administrator.expect(administrator.ask("audit/list", query).await);
    let entries = page["entries"].as_array().unwrap().iter();
    let told = entries.map(|it| {
        let text = |name: &str| it[name].as_str().unwrap().to_owned();
        let (user, action, object) = (text("user_name"), text("action"), text("object"));
        format!("{user} {action} {object} {}", it["status"])
    });
    told.collect()
}

/// Signs in: the status, and keeps the cookie.
async fn sign_in(visitor: &mut Visitor, name: &str, password: &str) -> u16 {
    let form = format!("name={name}&password={password}");
    let answer = visitor.submit("session/sign-in", &form).await;
    visitor.keep_cookie(&answer);
    answer.status.as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_may_ask_for_what_it_may_and_for_nothing_else() {
    let (world, administrator, anonymous) = World::with_user().await;
    let developer = world.add_user(&anonymous, "dora").await;
    let viewer = world.add_user_as(&anonymous, "vera", Role::Viewer).await;
    let asked = async |who: &Visitor, path: &str| {
        let path = if path.ends_with('/') {
            format!("{path}demo")
        } else {
            path.to_owned()
        };
        let answer = who.ask(&path, json!({})).await;
        (answer.status, answer.body)
    };
    for permission in PERMISSIONS.iter().filter(|it| it.role.is_some()) {
        let path = permission.path;
        let (status, _) = asked(&anonymous, path).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{path}");
        let needed = permission.role.unwrap();
        for (who, role) in [(&viewer, Role::Viewer), (&developer, Role::Developer)] {
            let (status, body) = asked(who, path).await;
            let is_refused = body.contains("you are signed in as");
            assert_eq!(is_refused, !role.includes(needed), "{path} {status} {body}");
            assert_eq!(is_refused, status == StatusCode::FORBIDDEN, "{path} {body}");
        }
    }
    let refused = viewer
        .submit("functions/create", "name=demo&runtime=Python3.12")
        .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(
        refused
            .body
            .contains("This takes a developer or an administrator; you are signed in as viewer."),
        "{}",
        refused.body
    );
    let listed = administrator.expect(get(&administrator, "functions/list").await);
    assert_eq!(listed, json!([]));
    // Pages ask past the addresses.
    for path in ["/users", "/audit"] {
        let page = developer.open(path).await;
        assert!(page.body.contains("This takes an administrator"), "{path}");
        assert!(!page.body.contains("vera"), "{path}");
    }
    assert!(administrator.open("/users").await.body.contains("vera"));
    assert!(
        !developer
            .open("/functions")
            .await
            .body
            .contains("Audit Log")
    );
    let unknown = administrator.ask("nonsense", json!({})).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_manages_users() {
    let (_world, administrator, anonymous) = World::with_user().await;
    let create = json!({ "name": "vera", "role": "VIEWER", "password": "first password" });
    administrator.expect(administrator.ask("users/create", create.clone()).await);
    let again = administrator.ask("users/create", create).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.body);
    let short = json!({ "name": "x", "role": "VIEWER", "password": "short" });
    let short = administrator.ask("users/create", short).await;
    assert_eq!(short.status, StatusCode::BAD_REQUEST, "{}", short.body);

    let mut vera = anonymous.clone();
    assert_eq!(sign_in(&mut vera, "vera", "first+password").await, 200);
    let make = async |vera: &Visitor, name: &str| {
        let form = format!("name={name}&runtime=Python3.12");
        vera.submit("functions/create", &form).await.status.as_u16()
    };
    assert_eq!(make(&vera, "one").await, 403);
    let id = id_of(&administrator, "vera").await;
    let role = json!({ "user_id": id, "role": "DEVELOPER" });
    administrator.expect(administrator.ask("users/set-role", role).await);
    assert_eq!(make(&vera, "one").await, 200);
    let key = vera.ask("access-keys/create", json!({ "description": "" }));
    vera.expect(key.await);

    let disable = |is_disabled: bool| json!({ "user_id": id, "is_disabled": is_disabled });
    administrator.expect(administrator.ask("users/disable", disable(true)).await);
    assert_eq!(
        get(&vera, "functions/list").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(sign_in(&mut vera, "vera", "first+password").await, 403);
    assert_eq!(sign_in(&mut vera, "vera", "wrong+password").await, 401);
    administrator.expect(administrator.ask("users/disable", disable(false)).await);
    assert_eq!(sign_in(&mut vera, "vera", "first+password").await, 200);

    let reset = json!({ "user_id": id, "password": "second password" });
    administrator.expect(administrator.ask("users/reset-password", reset).await);
    assert_eq!(
        get(&vera, "functions/list").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(sign_in(&mut vera, "vera", "first+password").await, 401);
    assert_eq!(sign_in(&mut vera, "vera", "second+password").await, 200);

    let delete = json!({ "user_id": id });
    administrator.expect(administrator.ask("users/delete", delete).await);
    assert_eq!(
        get(&vera, "functions/list").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(sign_in(&mut vera, "vera", "second+password").await, 401);
    assert_eq!(
        users(&administrator).await["users"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_locks_everybody_out() {
    let (_world, administrator, _) = World::with_user().await;
    let me = users(&administrator).await["me"].clone();
    let check = async |function: &str, arguments: Value, said: &str| {
        let refused = administrator.ask(function, arguments).await;
        assert!(refused.status.is_client_error(), "{function}");
        assert!(refused.body.contains(said), "{function}: {}", refused.body);
    };
    let disable = json!({ "user_id": me, "is_disabled": true });
    check("users/disable", disable, "You cannot disable yourself.").await;
    let delete = json!({ "user_id": me });
    check("users/delete", delete, "You cannot delete yourself.").await;
    let role = json!({ "user_id": me, "role": "VIEWER" });
    check("users/set-role", role, "This is the last administrator").await;
    let role = json!({ "user_id": me, "role": "OWNER" });
    check("users/set-role", role, "the role").await;
    assert_eq!(
        users(&administrator).await["users"][0]["role"],
        "ADMINISTRATOR"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_changes_their_password_stays_signed_in_here_alone() {
    let (world, _, anonymous) = World::with_user().await;
    let mut here = world.add_user(&anonymous, "dora").await;
    let mut there = anonymous.clone();
    assert_eq!(sign_in(&mut there, "dora", "correct+horse").await, 200);
    let change = async |current: &str, password: &str, repeated: &str| {
        let form = format!("current={current}&password={password}&repeated={repeated}");
        here.submit("account/change-password", &form).await
    };
    let wrong = change("wrong", "battery+staple", "battery+staple").await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN, "{}", wrong.body);
    assert!(
        wrong.body.contains("The password is wrong"),
        "{}",
        wrong.body
    );
    let differs = change("correct+horse", "battery+staple", "other+staple").await;
    assert!(differs.body.contains("The two passwords differ"));
    let short = change("correct+horse", "short", "short").await;
    assert_eq!(short.status, StatusCode::BAD_REQUEST);
    let changed = change("correct+horse", "battery+staple", "battery+staple").await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
    assert_eq!(
        get(&here, "functions/list").await.status,
        StatusCode::UNAUTHORIZED
    );
    here.keep_cookie(&changed);
    assert_eq!(get(&here, "functions/list").await.status, StatusCode::OK);
    assert_eq!(
        get(&there, "functions/list").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(sign_in(&mut there, "dora", "battery+staple").await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_noted_with_who_and_what_and_nothing_that_was_typed() {
    let (world, administrator, anonymous) = World::with_user().await;
    let developer = world.add_user(&anonymous, "dora").await;
    let viewer = world.add_user_as(&anonymous, "vera", Role::Viewer).await;
    let form = "name=demo&runtime=Python3.12";
    developer.submit("functions/create", form).await;
    developer.submit("functions/create", form).await;
    viewer
        .ask("functions/delete", json!({ "name": "demo" }))
        .await;
    let secret = "s3cret-value";
    let variables = json!([{ "key": "TOKEN", "value": secret, "is_encrypted": true }]);
    let asked = json!({ "name": "demo", "env_vars": variables });
    developer.expect(developer.ask("functions/update-env-vars", asked).await);
    let make =
        json!({ "name": "partner", "chosen": { "app_key": "own-key_1", "app_secret": secret } });
    developer.expect(developer.ask("credentials/create", make).await);
    let list = developer.expect(get(&developer, "credentials/list").await);
    let id = &list["credentials"][0]["credential_id"];
    let delete = json!({ "credential_id": id });
    developer.expect(developer.ask("credentials/delete", delete).await);
    developer
        .ask("code/test", json!({ "name": "demo", "event": "{}" }))
        .await;
    let mut stranger = anonymous.clone();
    assert_eq!(sign_in(&mut stranger, "DORA", secret).await, 401);
    assert_eq!(sign_in(&mut stranger, secret, secret).await, 401);
    developer.submit("session/sign-out", "").await;
    anonymous.submit("session/sign-out", "").await;

    let noted = changes(&administrator, "", "").await;
    assert_eq!(
        noted,
        [
            "dora session/sign-out  200",
            "dora session/sign-in  401",
            "dora credentials/delete partner 200",
            "dora credentials/create partner 200",
            "dora functions/update-env-vars demo 200",
            "vera functions/delete demo 403",
            "dora functions/create demo 409",
            "dora functions/create demo 200",
            "vera session/sign-in  200",
            "dora session/sign-in  200",
            "admin session/create-administrator  200",
        ]
    );
    assert_eq!(changes(&administrator, "VERA", "delete").await.len(), 1);
    let page = administrator.open("/audit?user=dora&q=env").await;
    assert!(page.body.contains("Functions: update env vars"));
    assert!(!page.body.contains("Credentials: create"));
}
