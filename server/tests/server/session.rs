//! Who gets in, and what a stranger sees.

use crate::world::World;
use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn the_first_visit_creates_the_administrator_and_only_the_first() {
    let (_world, mut user) = World::start().await;
    assert_eq!(user.open("/functions").await.header("location"), "/welcome");
    let stranger = user.clone();
    user.create_administrator().await;
    assert_eq!(user.open("/functions").await.status, StatusCode::OK);
    let again = stranger
        .submit(
            "session/create-administrator",
            "name=evil&password=correct+horse&repeated=correct+horse",
        )
        .await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.body);
    assert_eq!(
        stranger.open("/welcome").await.header("location"),
        "/sign-in"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_the_console_answers_without_a_session() {
    let (_world, _user, anonymous) = World::with_user().await;
    let page = anonymous
        .open("/functions/a/monitoring/logs?range=1d")
        .await;
    assert_eq!(
        page.header("location"),
        "/sign-in?next=/functions/a/monitoring/logs%3Frange%3D1d"
    );
    for function in [
        "functions/delete",
        "code/deploy",
        "code/upload/a",
        "code/download/a",
        "triggers/create",
        "logs/requests",
        "functions/create",
        "nonsense",
    ] {
        assert_eq!(
            anonymous.ask(function, json!({})).await.status,
            StatusCode::UNAUTHORIZED,
            "{function}"
        );
    }
    assert_eq!(
        anonymous
            .send(Method::GET, "/api/functions/list", Body::empty(), &[])
            .await
            .status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_begins_with_a_new_id_and_ends_with_sign_out() {
    let (_world, user, mut visitor) = World::with_user().await;
    let signed_in = visitor
        .submit("session/sign-in", "name=admin&password=correct+horse")
        .await;
    assert_eq!(signed_in.status, StatusCode::OK, "{}", signed_in.body);
    let cookie = signed_in.header("set-cookie");
    for part in ["sluice_session=", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "host-only: {cookie}");
    visitor.keep_cookie(&signed_in);
    assert_ne!(visitor.cookie, user.cookie);

    let mut rotated = visitor.clone();
    let again = visitor
        .submit("session/sign-in", "name=admin&password=correct+horse")
        .await;
    rotated.keep_cookie(&again);
    assert_ne!(
        visitor.cookie, rotated.cookie,
        "a session planted before sign-in is worth nothing after it"
    );
    assert_eq!(
        visitor.open("/functions").await.status,
        StatusCode::SEE_OTHER
    );

    assert_eq!(
        rotated.submit("session/sign-out", "").await.status,
        StatusCode::OK
    );
    assert_eq!(
        rotated.open("/functions").await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn five_wrong_passwords_slow_the_account_down() {
    let (_world, _user, visitor) = World::with_user().await;
    for _ in 0..5 {
        let wrong = visitor
            .submit("session/sign-in", "name=admin&password=wrong")
            .await;
        assert_eq!(wrong.status, StatusCode::UNAUTHORIZED, "{}", wrong.body);
    }
    let slowed = visitor
        .submit("session/sign-in", "name=admin&password=correct+horse")
        .await;
    assert_eq!(
        slowed.status,
        StatusCode::TOO_MANY_REQUESTS,
        "{}",
        slowed.body
    );
    let nobody = visitor
        .submit("session/sign-in", "name=nobody&password=wrong")
        .await;
    assert_eq!(
        nobody.status,
        StatusCode::UNAUTHORIZED,
        "other accounts are not held up"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_without_javascript_signs_in_and_leads_on() {
    let (_world, _user, visitor) = World::with_user().await;
    let form = |password: &'static str| {
        let visitor = visitor.clone();
        async move {
            let headers = [
                ("content-type", "application/x-www-form-urlencoded"),
                ("accept", "text/html,application/xhtml+xml"),
                (
                    "referer",
                    "http://localhost:3000/sign-in?next=/functions/a/code",
                ),
            ];
            let body = Body::from(format!("name=admin&password={password}"));
            visitor
                .send(Method::POST, "/api/session/sign-in", body, &headers)
                .await
        }
    };
    let right = form("correct+horse").await;
    assert_eq!(
        (right.status, right.header("location")),
        (StatusCode::SEE_OTHER, "/functions/a/code")
    );
    let wrong = form("wrong").await;
    assert!(
        wrong.status.is_redirection()
            && wrong
                .header("location")
                .starts_with("http://localhost:3000/sign-in?"),
        "{} {}",
        wrong.status,
        wrong.header("location")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_sites_page_changes_nothing() {
    let (_world, user, _) = World::with_user().await;
    let body = || Body::from(json!({ "name": "a" }).to_string());
    for header in [
        ("sec-fetch-site", "same-site"),
        ("origin", "https://localhost:8443"),
    ] {
        let headers = [("content-type", "application/json"), header];
        let answer = user
            .send(Method::POST, "/api/functions/delete", body(), &headers)
            .await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{header:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_forbids_foreign_scripts_and_frames() {
    let (_world, user, anonymous) = World::with_user().await;
    for page in [
        user.open("/functions").await,
        anonymous.open("/sign-in").await,
    ] {
        let policy = page.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe-inline"), "{policy}");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(page.header("cache-control"), "no-store");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_arguments_are_refused_with_their_rule() {
    let (_world, user, _) = World::with_user().await;
    let name = user
        .submit("functions/create", "name=1st&runtime=Python3.12")
        .await;
    assert_eq!(name.status, StatusCode::BAD_REQUEST, "{}", name.body);
    assert!(
        name.body.contains("FSS.1002") && name.body.contains("Must start with a letter"),
        "{}",
        name.body
    );
    for nonsense in [
        json!({}),
        json!({ "name": "a", "settings": 1 }),
        json!({ "name": "a", "settings": { "path": "no slash" } }),
    ] {
        let answer = user.ask("triggers/create", nonsense).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
    }
    assert_eq!(
        user.open("/functions/1st/code").await.status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        user.open("/functions/nowhere/code").await.status,
        StatusCode::NOT_FOUND
    );
}
