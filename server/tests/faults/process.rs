//! A server process on a data folder, and what is asked of it over sockets.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;

/// The environment that is there from the beginning.
const RELEASE: &str = "52454c45415345000000000000000000";

/// No call takes so long, on the busiest machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The binary: the one that SLUICE_BIN names, or this build's.
fn binary() -> PathBuf {
    std::env::var_os("SLUICE_BIN")
        .map_or_else(|| env!("CARGO_BIN_EXE_sluice").into(), PathBuf::from)
}

fn command(data: &Path) -> Command {
    let mut command = Command::new(binary());
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("SLUICE_DATA", data);
    command
}

/// A data folder with a user, and with the compiled runtimes of an earlier test.
pub async fn data_folder() -> TempDir {
    let seed = Path::new(env!("CARGO_TARGET_TMPDIR")).join("faults");
    std::fs::create_dir_all(&seed).unwrap();
    let lock = std::fs::File::create(seed.join("seed-lock")).unwrap();
    lock.lock().unwrap();
    // Its first start compiles them.
    Process::start(&seed).await.kill();
    drop(lock);
    let data = TempDir::new().unwrap();
    let mut copy = Command::new("cp");
    copy.arg("-r").arg(seed.join("artifacts")).arg(data.path());
    assert!(copy.status().unwrap().success());
    let mut add = command(data.path());
    add.args(["user", "add", "admin", "--role", "administrator"]);
    add.env("SLUICE_PASSWORD", "correct horse")
        .stderr(Stdio::null());
    assert!(add.status().unwrap().success());
    data
}

/// A server at work.
pub struct Process {
    child: Child,
    pub console: String,
    pub gateway: String,
    pub admin: String,
}

impl Process {
    /// Starts a server on the folder, and waits until it is ready.
    pub async fn start(data: &Path) -> Self {
        let mut serve = command(data);
        serve.arg("serve");
        Self::start_by(serve, data).await
    }

    /// The same, where no file may be larger than `bytes`: more is an error to whoever writes it.
    pub async fn start_with_files_of(data: &Path, bytes: u64) -> Self {
        let mut shell = Command::new("sh");
        let script = format!(
            "trap '' XFSZ; ulimit -f {}; exec \"$0\" serve \"$@\"",
            bytes / 512
        );
        shell.env_clear().env("SLUICE_DATA", data);
        shell.arg("-c").arg(script).arg(binary());
        Self::start_by(shell, data).await
    }

    async fn start_by(mut serve: Command, data: &Path) -> Self {
        for flag in [
            "--console",
            "--gateway-http",
            "--gateway-https",
            "--admin-address",
        ] {
            serve.args([flag, "127.0.0.1:0"]);
        }
        let log = std::fs::File::options()
            .append(true)
            .create(true)
            .open(data.join("server.log"))
            .unwrap();
        let mut child = serve.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        // A guard from here on.
        let mut process = Self {
            child,
            console: String::new(),
            gateway: String::new(),
            admin: String::new(),
        };
        let first = tokio::task::spawn_blocking(move || output.lines().next());
        let line = tokio::time::timeout(PATIENCE * 5, first).await;
        let line = line.unwrap().unwrap().unwrap_or_else(|| {
            panic!(
                "it did not start: {}",
                std::fs::read_to_string(data.join("server.log")).unwrap()
            )
        });
        let line = line.unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        let address = |door: &str| {
            ready[door]
                .as_str()
                .unwrap()
                .split_once("://")
                .unwrap()
                .1
                .to_owned()
        };
        process.console = address("console");
        process.gateway = address("gateway_http");
        process.admin = address("admin");
        process
    }

    /// Ends it at once: nothing of it runs any more.
    pub fn kill(self) {}
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: hyper::HeaderMap,
    pub body: Bytes,
}

impl Answer {
    /// The JSON of an answer that was no refusal.
    pub fn json(&self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text());
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// The connection ended, or nobody listened: the server was killed.
#[derive(Debug)]
pub struct Gone;

/// Somebody with one connection to one address.
pub struct Client {
    address: String,
    host: String,
    cookie: Option<String>,
    connection: Option<SendRequest<Full<Bytes>>>,
}

impl Client {
    pub fn new(address: &str, host: &str) -> Self {
        Self {
            address: address.to_owned(),
            host: host.to_owned(),
            cookie: None,
            connection: None,
        }
    }

    /// A user of the console, who is signed in.
    pub async fn signed_in(process: &Process) -> Self {
        let mut client = Self::new(&process.console, "localhost");
        let form = "name=admin&password=correct+horse";
        let answer = client
            .send(
                "POST",
                "/api/session/sign-in",
                "application/x-www-form-urlencoded",
                form.into(),
            )
            .await
            .unwrap();
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
        client.cookie = Some(cookie.split(';').next().unwrap().to_owned());
        client
    }

    /// The same user, with the same session, at a server that was started again.
    pub fn at(&self, process: &Process) -> Self {
        Self {
            address: process.console.clone(),
            host: self.host.clone(),
            cookie: self.cookie.clone(),
            connection: None,
        }
    }

    pub async fn get(&mut self, path: &str) -> Result<Answer, Gone> {
        self.send("GET", path, "text/plain", String::new()).await
    }

    /// Calls a server function that takes JSON.
    pub async fn ask(&mut self, function: &str, arguments: Value) -> Result<Answer, Gone> {
        self.send(
            "POST",
            &format!("/api/{function}"),
            "application/json",
            arguments.to_string(),
        )
        .await
    }

    /// Calls a server function that takes a form.
    pub async fn submit(&mut self, function: &str, form: &str) -> Result<Answer, Gone> {
        self.send(
            "POST",
            &format!("/api/{function}"),
            "application/x-www-form-urlencoded",
            form.to_owned(),
        )
        .await
    }

    async fn send(
        &mut self,
        method: &str,
        path: &str,
        kind: &str,
        body: String,
    ) -> Result<Answer, Gone> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, &self.host);
        request = request.header(header::CONTENT_TYPE, kind);
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let request = request.body(Full::new(Bytes::from(body))).unwrap();
        let sent = tokio::time::timeout(PATIENCE, self.exchange(request)).await;
        let sent = sent.unwrap_or_else(|_| panic!("{method} {path} was never answered"));
        if sent.is_err() {
            self.connection = None;
        }
        sent
    }

    async fn exchange(&mut self, request: Request<Full<Bytes>>) -> Result<Answer, Gone> {
        let usable = self
            .connection
            .as_ref()
            .is_some_and(|connection| !connection.is_closed());
        if !usable {
            let stream = TcpStream::connect(&self.address).await.map_err(|_| Gone)?;
            let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|_| Gone)?;
            tokio::spawn(connection);
            self.connection = Some(sender);
        }
        let connection = self.connection.as_mut().unwrap();
        connection.ready().await.map_err(|_| Gone)?;
        let answer = connection.send_request(request).await.map_err(|_| Gone)?;
        let (head, body) = answer.into_parts();
        let body = body.collect().await.map_err(|_| Gone)?.to_bytes();
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body,
        })
    }

    /// Creates an API group; tells its id and its host.
    pub async fn create_group(&mut self, name: &str) -> (String, String) {
        let group = self
            .ask("api-groups/create", json!({ "name": name }))
            .await
            .unwrap()
            .json();
        let id = group["group_id"].as_str().unwrap().to_owned();
        let host = format!("{id}.apig.localhost");
        (id, host)
    }

    pub async fn create_function(&mut self, name: &str) -> Result<Answer, Gone> {
        self.submit(
            "functions/create",
            &format!("name={name}&runtime=Python3.12"),
        )
        .await
    }

    pub async fn delete_function(&mut self, name: &str) -> Result<Answer, Gone> {
        self.ask("functions/delete", json!({ "name": name })).await
    }

    /// Deploys these lines as the code of a function.
    pub async fn deploy(&mut self, name: &str, code: &str) -> Result<Answer, Gone> {
        let found = self
            .get(&format!("/api/code/find?name={name}"))
            .await?
            .json();
        let changes = json!({ "base": found["attributes"]["signature"], "written": { "index.py": code }, "removed": [] });
        self.ask("code/deploy", json!({ "name": name, "changes": changes }))
            .await
    }

    /// Gives a function a trigger at a path of the group.
    pub async fn create_trigger(
        &mut self,
        name: &str,
        group: &str,
        path: &str,
    ) -> Result<Answer, Gone> {
        let settings = json!({
            "api_name": format!("API_{}", path.trim_start_matches('/')), "group_id": group,
            "authentication": "NONE", "protocol": "BOTH", "path": path, "matching": "NORMAL", "method": "ANY", "timeout": 5000,
        });
        self.ask(
            "triggers/create",
            json!({ "name": name, "settings": settings, "environment_id": RELEASE }),
        )
        .await
    }
}
