//! The whole server without sockets, and the actors of the tests: a user who
//! is signed in, a stranger who is not, and callers of trigger URLs.

use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use serde_json::{Value, json};
use sluice::acme::AcmeConfig;
use sluice::cli::LimitArgs;
use sluice::console::Addresses;
use sluice::parts::{Parts, PartsConfig, RUNTIMES};
use sluice::tls::TlsSource;
use sluice::{drawn, passwords};
use sluice_domain::id::UserId;
use sluice_domain::user::Role;
use sluice_executor::{Executor, ExecutorConfig};
use sluice_gateway::{Listener, TrustedProxies};
use sluice_listener::Places;
use sluice_store::{NewUser, RELEASE_ENVIRONMENT_ID, Retention, Store};
use tempfile::TempDir;
use tower::ServiceExt;

/// A server with its own data folder.
pub struct World {
    pub parts: Parts,
    /// The places for connections to the gateway.
    pub places: Places,
    data: TempDir,
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// The body, as text and as it came.
    pub body: String,
    pub bytes: Bytes,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

/// Somebody with a browser, signed in or not.
#[derive(Clone)]
pub struct Visitor {
    console: Router,
    pub cookie: Option<String>,
    /// By which host the console is reached.
    host: &'static str,
}

impl World {
    /// A new server without a user.
    pub async fn start() -> (Self, Visitor) {
        Self::start_with(AcmeConfig::default()).await
    }

    /// The same, with what the operator says of ACME servers.
    pub async fn start_with(acme: AcmeConfig) -> (Self, Visitor) {
        let data = tempfile::tempdir().unwrap();
        seed(&data.path().join("artifacts")).await;
        let world = Self::on(data, acme).await;
        let anonymous = world.visitor();
        (world, anonymous)
    }

    /// A server on the state of a backup.
    pub async fn restored(backup: &[u8]) -> Self {
        let data = tempfile::tempdir().unwrap();
        seed(&data.path().join("artifacts")).await;
        sluice::backup::restore(backup, data.path()).await.unwrap();
        Self::on(data, AcmeConfig::default()).await
    }

    /// Somebody who is not signed in.
    pub fn visitor(&self) -> Visitor {
        Visitor {
            console: self.parts.console.clone(),
            cookie: None,
            host: "localhost:3000",
        }
    }

    /// Stops, and leaves the data folder.
    pub async fn stop(self) -> TempDir {
        self.parts.finish().await.unwrap();
        self.data
    }

    /// Stops, and starts again on the same data.
    pub async fn restart(self, acme: AcmeConfig) -> Self {
        Self::on(self.stop().await, acme).await
    }

    async fn on(data: TempDir, acme: AcmeConfig) -> Self {
        let tls = TlsSource::local_authority(data.path(), "apig.localhost", &[]);
        let places = Places::new(8192, 1024, Vec::new());
        let parts = Parts::build(PartsConfig {
            data: data.path().to_owned(),
            retention: Retention {
                max_age: Duration::from_secs(86_400),
                max_bytes: 1 << 30,
            },
            max_instances_per_function: 4,
            queue_wait: Duration::from_millis(100),
            memory_bytes: 8 << 30,
            addresses: Addresses {
                domain: "apig.localhost".to_owned(),
                http_port: 8080,
                https_port: 8443,
            },
            tls,
            acme,
            secure_cookie: false,
            access_log: None,
            record_observer: None,
            trusted_proxies: TrustedProxies::default(),
            limits: LimitArgs::default(),
            places: places.clone(),
        })
        .await
        .unwrap();
        Self {
            parts,
            places,
            data,
        }
    }

    /// A new server with its administrator, who is signed in.
    pub async fn with_user() -> (Self, Visitor, Visitor) {
        let (world, anonymous) = Self::start().await;
        let mut user = anonymous.clone();
        user.create_administrator().await;
        (world, user, anonymous)
    }

    /// Adds a user as `sluice user add` does, who signs in.
    pub async fn add_user(&self, anonymous: &Visitor, name: &str) -> Visitor {
        self.add_user_as(anonymous, name, Role::Developer).await
    }

    /// The same with a role.
    pub async fn add_user_as(&self, anonymous: &Visitor, name: &str, role: Role) -> Visitor {
        let store = Store::open(&self.data.path().join("sluice.db"))
            .await
            .unwrap();
        let user = NewUser {
            user_id: UserId::from_bytes(drawn::id_bytes()),
            name: name.parse().unwrap(),
            password_hash: passwords::hash("correct horse").await.unwrap(),
            role,
            now: drawn::now(),
        };
        store.create_user(&user).await.unwrap();
        let mut visitor = anonymous.clone();
        let form = format!("name={name}&password=correct+horse");
        let answer = visitor.submit("session/sign-in", &form).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        visitor.keep_cookie(&answer);
        visitor
    }

    /// Its data folder.
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// Calls a trigger URL over HTTPS, or over HTTP as the address says.
    pub async fn call(&self, method: Method, url: &str, body: impl Into<Body>) -> Answer {
        self.call_with(method, url, body, &[]).await
    }

    /// The same with headers.
    pub async fn call_with(
        &self,
        method: Method,
        url: &str,
        body: impl Into<Body>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let tls = url.starts_with("https://");
        let (host, path) = url.split_once("://").unwrap().1.split_once('/').unwrap();
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/{path}"))
            .header(header::HOST, host);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.into()).unwrap();
        answer(self.parts.gateway.router(Listener { tls }), request).await
    }
}

impl Visitor {
    /// The same visitor by another host.
    pub fn at(&self, host: &'static str) -> Self {
        Self {
            host,
            ..self.clone()
        }
    }

    /// Opens a page.
    pub async fn open(&self, path: &str) -> Answer {
        self.send(Method::GET, path, Body::empty(), &[("accept", "text/html")])
            .await
    }

    /// Calls a server function that takes JSON.
    pub async fn ask(&self, function: &str, arguments: Value) -> Answer {
        self.send(
            Method::POST,
            &format!("/api/{function}"),
            arguments.to_string().into(),
            &[("content-type", "application/json")],
        )
        .await
    }

    /// Calls a server function that takes a form.
    pub async fn submit(&self, function: &str, form: &str) -> Answer {
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.send(
            Method::POST,
            &format!("/api/{function}"),
            form.to_owned().into(),
            &headers,
        )
        .await
    }

    /// Sends a request with the visitor's cookie.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Body,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.host);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        answer(self.console.clone(), request.body(body).unwrap()).await
    }

    /// Keeps the cookie that an answer sets.
    pub fn keep_cookie(&mut self, answer: &Answer) {
        if let Some(cookie) = answer.headers.get(header::SET_COOKIE) {
            self.cookie = Some(
                cookie
                    .to_str()
                    .unwrap()
                    .split(';')
                    .next()
                    .unwrap()
                    .to_owned(),
            );
        }
    }

    pub async fn create_administrator(&mut self) {
        let answer = self
            .submit(
                "session/create-administrator",
                "name=admin&password=correct+horse&repeated=correct+horse",
            )
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        self.keep_cookie(&answer);
    }

    /// Creates a function, deploys `code`, and gives it a trigger with prefix
    /// matching at `path`; tells the trigger's URL.
    pub async fn publish(&self, name: &str, code: &str, path: &str) -> String {
        self.expect(
            self.submit(
                "functions/create",
                &format!("name={name}&runtime=Python3.12"),
            )
            .await,
        );
        self.expect(self.deploy(name, json!({ "index.py": code })).await);
        let group = self.expect(
            self.ask(
                "api-groups/create",
                json!({ "name": format!("group_{name}") }),
            )
            .await,
        );
        let settings = json!({
            "api_name": format!("API_{name}"), "group_id": group["group_id"],
            "authentication": "NONE", "protocol": "BOTH", "path": path, "matching": "SWA", "method": "ANY", "timeout": 5000,
        });
        self.expect(
            self.ask(
                "triggers/create",
                json!({ "name": name, "settings": settings, "environment_id": RELEASE_ENVIRONMENT_ID }),
            )
            .await,
        );
        let cards = self
            .send(
                Method::GET,
                &format!("/api/triggers/list?name={name}"),
                Body::empty(),
                &[],
            )
            .await;
        self.expect(cards)[0]["published"][0]["url"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// The code of a function as the Code tab shows it.
    pub async fn code(&self, name: &str) -> Value {
        let path = format!("/api/code/find?name={name}");
        self.expect(self.send(Method::GET, &path, Body::empty(), &[]).await)
    }

    /// Deploys the code of a function with these texts.
    pub async fn deploy(&self, name: &str, written: Value) -> Answer {
        let code = self.code(name).await;
        let base = &code["attributes"]["signature"];
        let changes = json!({ "base": base, "written": written, "removed": [] });
        self.ask("code/deploy", json!({ "name": name, "changes": changes }))
            .await
    }

    /// Uploads an archive as the code of a function.
    pub async fn upload(&self, name: &str, zip: impl Into<Body>) -> Answer {
        let path = format!("/api/code/upload/{name}");
        self.send(Method::POST, &path, zip.into(), &[]).await
    }

    /// The requests of a function, as soon as there are `count` of them.
    pub async fn requests(&self, name: &str, count: usize) -> Value {
        let query = json!({ "range": "Hour", "from": null, "to": null, "keyword": "", "result": "All", "cause": null, "request_id": "", "levels": [] });
        // The recorder writes in batches, a moment after the answer.
        let mut look = tokio::time::interval(Duration::from_millis(20));
        for _ in 0..100 {
            look.tick().await;
            let list = self.expect(
                self.ask("logs/requests", json!({ "name": name, "query": query }))
                    .await,
            );
            if list["rows"].as_array().unwrap().len() >= count {
                return list["rows"].clone();
            }
        }
        panic!("the requests of {name} never came to be {count}");
    }

    /// What was answered, which was no refusal.
    pub fn expect(&self, answer: Answer) -> Value {
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.json()
    }
}

/// Copies the compiled runtime of an earlier test, because compiling takes
/// seconds. The first test of all compiles it, while the others wait.
async fn seed(artifacts: &Path) {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("artifacts");
    std::fs::create_dir_all(&cache).unwrap();
    let lock = std::fs::File::create(cache.join("tests-lock")).unwrap();
    lock.lock().unwrap();
    let config = ExecutorConfig {
        artifacts: cache.clone(),
        max_instances_per_function: 1,
        queue_wait: Duration::ZERO,
        idle: sluice_executor::IDLE,
        memory_bytes: 8 << 30,
        tmp_bytes: sluice_executor::TMP_BYTES,
        records: tokio::sync::mpsc::channel(1).0,
        more_authorities: Vec::new(),
    };
    // Starting is quick when all is there.
    drop(Executor::start(config, RUNTIMES).await.unwrap());
    for entry in std::fs::read_dir(&cache).unwrap().flatten() {
        if entry.path().join("component.cwasm").is_file() {
            let target = artifacts.join(entry.file_name());
            std::fs::create_dir_all(&target).unwrap();
            for file in std::fs::read_dir(entry.path()).unwrap().flatten() {
                if file.file_type().unwrap().is_file() {
                    std::fs::hard_link(file.path(), target.join(file.file_name())).unwrap();
                }
            }
            let library = entry.path().join("lib");
            if library.is_dir() {
                std::os::unix::fs::symlink(library, target.join("lib")).unwrap();
            }
        }
    }
}

async fn answer(router: Router, request: Request<Body>) -> Answer {
    let response = router.oneshot(request).await.unwrap();
    let (head, body) = response.into_parts();
    let body = to_bytes(body, 64 << 20).await.unwrap();
    Answer {
        status: head.status,
        headers: head.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
        bytes: body,
    }
}
