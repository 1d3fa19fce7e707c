//! The example of a Flask application behind a trigger.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod common;

use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use common::{World, eventually, libraries, returned, spec};
use serde_json::{Value, json};
use sluice_domain::code::CodePackage;
use sluice_executor::Deployment;

async fn deployed(world: &World) -> Arc<Deployment> {
    let mut files = libraries(&[
        "blinker",
        "click",
        "flask",
        "itsdangerous",
        "jinja2",
        "markupsafe",
        "werkzeug",
    ]);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/python/flask");
    for name in ["app.py", "index.py", "wsgi.py"] {
        files.insert(name.to_owned(), std::fs::read(folder.join(name)).unwrap());
    }
    let mut spec = spec("");
    spec.code = CodePackage::new(files).unwrap();
    spec.settings.timeout = 30.try_into().unwrap();
    world.deploy_spec(spec).await.unwrap()
}

struct Answer {
    status: u64,
    headers: Value,
    body: Vec<u8>,
}

impl Answer {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// Calls it as the gateway does.
async fn call(
    world: &World,
    flask: &Arc<Deployment>,
    method: &str,
    path: &str,
    query: Value,
    more: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    let mut headers = json!({
        "host": "shop.example.com", "x-forwarded-host": "shop.example.com",
        "x-forwarded-port": "443", "x-forwarded-proto": "https", "x-real-ip": "192.0.2.1",
    });
    for (name, value) in more {
        headers[name] = json!(value);
    }
    let event = json!({
        "httpMethod": method, "path": path, "headers": headers, "queryStringParameters": query,
        "pathParameters": {}, "body": BASE64.encode(body), "isBase64Encoded": true,
        "requestContext": {"stage": "RELEASE"},
    });
    let answer: Value =
        serde_json::from_str(&returned(world.call(flask, &event.to_string()).await)).unwrap();
    assert_eq!(answer["isBase64Encoded"], true);
    Answer {
        status: answer["statusCode"].as_u64().unwrap(),
        body: BASE64.decode(answer["body"].as_str().unwrap()).unwrap(),
        headers: answer["headers"].clone(),
    }
}

#[tokio::test]
async fn an_application_of_flask_runs_unmodified() {
    let world = World::start().await;
    let flask = deployed(&world).await;
    let get =
        async |path: &str, query: Value| call(&world, &flask, "GET", path, query, &[], b"").await;

    let page = get("/shop", json!({"name": "grüße <b>"})).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.headers["Content-Type"], "text/html; charset=utf-8");
    assert!(
        page.text().contains("<h1>Hello, grüße &lt;b&gt;!</h1>"),
        "{}",
        page.text()
    );
    assert!(
        page.text().contains("action=\"/shop/upload\""),
        "{}",
        page.text()
    );
    assert_eq!(get("/shop/none", json!({})).await.status, 404);
    assert_eq!(get("/shop/upload", json!({})).await.status, 405);
    assert_eq!(get("/shop/fails", json!({})).await.status, 500);

    let place = get("/shop/where", json!({"name": ["a b", "ü"]}))
        .await
        .json();
    assert_eq!(
        place,
        json!({
            "url": "https://shop.example.com/shop/where?name=a+b&name=ü",
            "picture": "/shop/picture/1.png", "names": ["a b", "ü"],
        })
    );
    let cookies = get("/shop/cookies", json!({})).await;
    assert_eq!(
        cookies.headers["Set-Cookie"],
        json!(["one=1; Path=/", "two=2; Path=/"])
    );

    let picture = get("/shop/picture/200.png", json!({})).await;
    assert_eq!(picture.headers["Content-Type"], "image/png");
    assert!(picture.body.starts_with(b"\x89PNG\r\n\x1a\n"));
    assert_eq!(
        picture.body.len().to_string(),
        picture.headers["Content-Length"].as_str().unwrap()
    );
}

#[tokio::test]
async fn a_form_uploads_a_file() {
    let world = World::start().await;
    let flask = deployed(&world).await;
    eventually("a snapshot", || flask.snapshot().is_some()).await;
    assert!(flask.snapshot().unwrap().is_ok());
    let file: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let mut body =
        b"--b\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nein Titel \xc3\xbc\r\n\
        --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"all.bin\"\r\n\
        Content-Type: application/octet-stream\r\n\r\n"
            .to_vec();
    body.extend_from_slice(&file);
    body.extend_from_slice(b"\r\n--b--\r\n");
    let form = ("content-type", "multipart/form-data; boundary=b");
    let upload = async |more: &[(&str, &str)]| {
        call(
            &world,
            &flask,
            "POST",
            "/shop/upload",
            json!({}),
            more,
            &body,
        )
        .await
    };
    let answer = upload(&[form]).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let uploaded = answer.json();
    assert_eq!(
        uploaded,
        json!({
            "title": "ein Titel ü", "name": "all.bin", "bytes": file.len(), "uploads": 1,
            "sha256": uploaded["sha256"],
        })
    );
    // The session is a signed cookie, which any instance reads.
    let cookie = answer.headers["Set-Cookie"].as_str().unwrap();
    let cookie = cookie.split(';').next().unwrap();
    assert_eq!(
        upload(&[form, ("cookie", cookie)]).await.json()["uploads"],
        2
    );
}
