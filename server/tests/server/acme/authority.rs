//! An ACME server of a test's own (RFC 8555): small, but it checks what a real one checks. It has a root of its own, serves
//! over TLS, verifies each signature and nonce, and fetches HTTP-01 challenges from the gateway over loopback.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD as BASE64, Engine as _};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DnType, IsCa, Issuer,
    KeyPair,
};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use rustls::ServerConfig;
use rustls::crypto::ring as provider;
use rustls::pki_types::{
    CertificateDer, CertificateSigningRequestDer, PrivateKeyDer, PrivatePkcs8KeyDer,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sluice_listener::{Door, Places, Stop, listen};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// How the server behaves badly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Good,
    /// 429 for each order, with `Retry-After` of an hour.
    RateLimited,
    /// It fetches the challenge from elsewhere, where there is none.
    LooksElsewhere,
    /// More bytes than anybody needs.
    Huge,
    Garbage,
    Redirects,
    /// Its directory names another host.
    OtherHosts,
    /// It asks for a token that would be another path.
    OddToken,
    /// It issues for another name.
    OtherName,
    /// It never answers an order.
    Silent,
}

/// The server, and what a test asks it.
#[derive(Clone)]
pub struct Authority(Arc<Inner>);

struct Inner {
    address: SocketAddr,
    /// Where the gateway's HTTP door is: "port 80" of every name.
    gateway: SocketAddr,
    root_pem: String,
    root: Issuer<'static, KeyPair>,
    state: Mutex<Seen>,
    /// Told of each order that comes in.
    ordered: tokio::sync::Notify,
}

struct Seen {
    mood: Mood,
    nonces: HashSet<String>,
    made: u64,
    has_refused_a_nonce: bool,
    accounts: HashMap<String, Vec<u8>>,
    contacts: Vec<Value>,
    orders: HashMap<u64, Order>,
    requests: u64,
}

struct Order {
    name: String,
    token: String,
    /// `pending`, `ready`, `valid`, `invalid`.
    status: &'static str,
    chain: Option<String>,
}

impl Authority {
    /// Serves on loopback, for names that lead to `gateway`.
    pub async fn start(gateway: SocketAddr) -> (Self, Stop) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "Test root");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root_pem = params.self_signed(&key).unwrap().pem();
        let root = Issuer::from_ca_cert_pem(&root_pem, key).unwrap();
        let key = KeyPair::generate().unwrap();
        let own = CertificateParams::new(["localhost".to_owned()]).unwrap();
        let own = own.signed_by(&key, &root).unwrap();
        let tls = ServerConfig::builder_with_provider(Arc::new(provider::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![CertificateDer::from(own.der().to_vec())],
                PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der())),
            )
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let authority = Self(Arc::new(Inner {
            address: listener.local_addr().unwrap(),
            gateway,
            root_pem,
            root,
            state: Mutex::new(Seen {
                mood: Mood::Good,
                nonces: HashSet::new(),
                made: 0,
                has_refused_a_nonce: false,
                accounts: HashMap::new(),
                contacts: Vec::new(),
                orders: HashMap::new(),
                requests: 0,
            }),
            ordered: tokio::sync::Notify::new(),
        }));
        let router = Router::new().fallback(answer).with_state(authority.clone());
        let named = sluice::tls::TlsByName {
            built_in: Arc::new(tls),
            named: sluice::tls::NamedConfigs::default(),
        };
        let door = Door::new(router, Places::new(64, 64, Vec::new())).tls(named);
        let (stop, stopped) = sluice_listener::stop();
        tokio::spawn(listen(listener, door, stopped));
        (authority, stop)
    }

    pub fn directory(&self) -> String {
        self.url("directory")
    }

    /// The certificate to be trusted by who calls it, and by who calls names that it has issued for.
    pub fn root_pem(&self) -> &str {
        &self.0.root_pem
    }

    /// Where it asks for challenges.
    pub fn asks(&self) -> SocketAddr {
        self.0.gateway
    }

    pub fn be(&self, mood: Mood) {
        self.0.state.lock().unwrap().mood = mood;
    }

    /// How many orders there were, accounts, and requests of any kind.
    pub fn counts(&self) -> (usize, usize, u64) {
        let seen = self.0.state.lock().unwrap();
        (seen.orders.len(), seen.accounts.len(), seen.requests)
    }

    /// The contacts of accounts, as they were told.
    pub fn contacts(&self) -> Vec<Value> {
        self.0.state.lock().unwrap().contacts.clone()
    }

    pub fn has_refused_a_nonce(&self) -> bool {
        self.0.state.lock().unwrap().has_refused_a_nonce
    }

    /// Waits for the next order to come in.
    pub async fn ordered(&self) {
        self.0.ordered.notified().await;
    }

    fn url(&self, path: &str) -> String {
        format!("https://localhost:{}/{path}", self.0.address.port())
    }

    fn nonce(&self) -> String {
        let mut seen = self.0.state.lock().unwrap();
        seen.made += 1;
        let nonce = format!("nonce-{}", seen.made);
        seen.nonces.insert(nonce.clone());
        nonce
    }

    fn mood(&self) -> Mood {
        self.0.state.lock().unwrap().mood
    }

    /// The beginning of an answer, with a nonce.
    fn response(&self, status: u16) -> http::response::Builder {
        Response::builder()
            .status(status)
            .header("replay-nonce", self.nonce())
    }

    fn json(&self, status: u16, body: &Value) -> Response {
        let text = body.to_string();
        self.response(status).body(Body::from(text)).unwrap()
    }

    fn problem(&self, status: u16, kind: &str, detail: &str) -> Response {
        let kind = format!("urn:ietf:params:acme:error:{kind}");
        self.json(
            status,
            &json!({ "type": kind, "detail": detail, "status": status }),
        )
    }

    fn order_json(&self, id: u64) -> Value {
        let seen = self.0.state.lock().unwrap();
        let order = &seen.orders[&id];
        json!({
            "status": order.status,
            "identifiers": [{ "type": "dns", "value": order.name }],
            "authorizations": [self.url(&format!("authz/{id}"))],
            "finalize": self.url(&format!("finalize/{id}")),
            "certificate": order.chain.as_ref().map(|_| self.url(&format!("cert/{id}"))),
        })
    }

    fn challenge_json(&self, id: u64) -> Value {
        let seen = self.0.state.lock().unwrap();
        let order = &seen.orders[&id];
        let mut challenge = json!({
            "type": "http-01", "url": self.url(&format!("challenge/{id}")), "token": order.token,
            "status": match order.status { "invalid" => "invalid", "pending" => "pending", _ => "valid" },
        });
        if order.status == "invalid" {
            challenge["error"] = json!({
                "type": "urn:ietf:params:acme:error:unauthorized",
                "detail": format!("{}: the answer is not what was expected", order.name), "status": 403,
            });
        }
        challenge
    }

    /// Fetches the challenge as a real server does: from port 80 of the name, which is the gateway.
    async fn validate(&self, id: u64, thumbprint: &str) {
        let (name, token) = {
            let seen = self.0.state.lock().unwrap();
            let order = &seen.orders[&id];
            (order.name.clone(), order.token.clone())
        };
        let path = match self.mood() {
            Mood::LooksElsewhere => "elsewhere",
            _ => &token,
        };
        let mut stream = TcpStream::connect(self.0.gateway).await.unwrap();
        let request = format!(
            "GET /.well-known/acme-challenge/{path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let body = answer.rsplit("\r\n\r\n").next().unwrap();
        let is_right =
            answer.starts_with("HTTP/1.1 200") && body == format!("{token}.{thumbprint}");
        let mut seen = self.0.state.lock().unwrap();
        let order = seen.orders.get_mut(&id).unwrap();
        order.status = if is_right { "ready" } else { "invalid" };
    }

    fn sign(&self, id: u64, csr: &[u8]) -> Result<(), String> {
        let request = CertificateSigningRequestDer::from(csr.to_vec());
        let request = CertificateSigningRequestParams::from_der(&request);
        let mut request = request.map_err(|error| error.to_string())?;
        let mut seen = self.0.state.lock().unwrap();
        let mood = seen.mood;
        let order = seen.orders.get_mut(&id).unwrap();
        let names = [rcgen::SanType::DnsName(
            order.name.clone().try_into().unwrap(),
        )];
        if request.params.subject_alt_names != names {
            return Err("the request is for other names".to_owned());
        }
        if mood == Mood::OtherName {
            let other = "evil.example.com".to_owned().try_into().unwrap();
            request.params.subject_alt_names = vec![rcgen::SanType::DnsName(other)];
        }
        let now = time::OffsetDateTime::now_utc();
        request.params.not_before = now - time::Duration::hours(1);
        request.params.not_after = now + time::Duration::days(90);
        let leaf = request
            .signed_by(&self.0.root)
            .map_err(|error| error.to_string())?;
        order.chain = Some(leaf.pem());
        order.status = "valid";
        Ok(())
    }
}

/// What a signed request has to say.
struct Signed {
    /// The account, or the key of one that is to be made.
    account: String,
    thumbprint: String,
    key: Vec<u8>,
    payload: Value,
}

/// The public key of a JWK, and its thumbprint (RFC 7638).
fn key_of(jwk: &Value) -> Option<(Vec<u8>, String)> {
    let (x, y) = (jwk["x"].as_str()?, jwk["y"].as_str()?);
    let mut key = vec![4];
    key.extend(BASE64.decode(x).ok()?);
    key.extend(BASE64.decode(y).ok()?);
    let text = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    Some((key, BASE64.encode(Sha256::digest(text))))
}

fn thumbprint_of(key: &[u8]) -> String {
    let (x, y) = (BASE64.encode(&key[1..33]), BASE64.encode(&key[33..]));
    let text = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    BASE64.encode(Sha256::digest(text))
}

impl Authority {
    /// Verifies a request: its signature, the address that it is for, and its nonce, which counts once.
    fn verify(&self, url: &str, body: &[u8]) -> Result<Signed, Box<Response>> {
        let refused = |kind, what: &str| Box::new(self.problem(400, kind, what));
        let malformed = |what: &str| refused("malformed", what);
        let body: Value = serde_json::from_slice(body).map_err(|_| malformed("no JSON"))?;
        let text = |part: &str| body[part].as_str().unwrap_or_default().to_owned();
        let decoded = |part: &str| {
            BASE64
                .decode(text(part))
                .map_err(|_| malformed("no base64url"))
        };
        let head: Value =
            serde_json::from_slice(&decoded("protected")?).map_err(|_| malformed("no header"))?;
        if head["alg"] != "ES256" || head["url"] != url {
            return Err(malformed("another algorithm or address"));
        }
        let (account, key, thumbprint) = match head["kid"].as_str() {
            Some(account) => {
                let seen = self.0.state.lock().unwrap();
                let key = seen.accounts.get(account).cloned();
                drop(seen);
                let key = key.ok_or_else(|| refused("accountDoesNotExist", "unknown"))?;
                let thumbprint = thumbprint_of(&key);
                (account.to_owned(), key, thumbprint)
            }
            None => {
                let (key, thumbprint) = key_of(&head["jwk"]).ok_or_else(|| malformed("no key"))?;
                (String::new(), key, thumbprint)
            }
        };
        let signed = format!("{}.{}", text("protected"), text("payload"));
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &key)
            .verify(signed.as_bytes(), &decoded("signature")?)
            .map_err(|_| malformed("a wrong signature"))?;
        let mut seen = self.0.state.lock().unwrap();
        let nonce = head["nonce"].as_str().unwrap_or_default();
        let is_known = seen.nonces.remove(nonce);
        let refuses = !std::mem::replace(&mut seen.has_refused_a_nonce, true); // once, on purpose
        drop(seen);
        if !is_known || refuses {
            return Err(refused("badNonce", "take another one"));
        }
        let payload = decoded("payload")?;
        Ok(Signed {
            account,
            thumbprint,
            key,
            payload: serde_json::from_slice(&payload).unwrap_or(Value::Null),
        })
    }
}

async fn answer(State(authority): State<Authority>, request: Request) -> Response {
    let it = &authority;
    it.0.state.lock().unwrap().requests += 1;
    let path = request.uri().path().trim_start_matches('/').to_owned();
    let method = request.method().clone();
    let body = to_bytes(request.into_body(), 1 << 20).await.unwrap();
    match (it.mood(), &*path) {
        (Mood::Huge, _) => {
            return it
                .response(200)
                .body(Body::from(vec![b' '; 4 << 20]))
                .unwrap();
        }
        (Mood::Garbage, _) => {
            return it
                .response(200)
                .body(Body::from("{\"newNonce\": ["))
                .unwrap();
        }
        (Mood::Redirects, _) => {
            let to = it.url("directory");
            return it
                .response(302)
                .header("location", to)
                .body(Body::empty())
                .unwrap();
        }
        (mood, "directory") => {
            let host = match mood {
                Mood::OtherHosts => "https://127.0.0.1:1/".to_owned(),
                _ => it.url(""),
            };
            let url = |path: &str| format!("{host}{path}");
            return it.json(200, &json!({
                "newNonce": url("nonce"), "newAccount": url("account"), "newOrder": url("order"),
            }));
        }
        (_, "nonce") => return it.response(200).body(Body::empty()).unwrap(),
        _ if method != Method::POST => return it.problem(405, "malformed", "not POST"),
        _ => {}
    }
    let signed = match it.verify(&it.url(&path), &body) {
        Ok(signed) => signed,
        Err(refused) => return *refused,
    };
    if path == "account" {
        if signed.payload["termsOfServiceAgreed"] != true {
            return it.problem(403, "userActionRequired", "the terms are not agreed to");
        }
        let account = it.url(&format!("account/{}", &signed.thumbprint[..8]));
        let mut seen = it.0.state.lock().unwrap();
        seen.accounts.insert(account.clone(), signed.key);
        seen.contacts.push(signed.payload["contact"].clone());
        drop(seen);
        let body = json!({ "status": "valid" }).to_string();
        return it
            .response(201)
            .header("location", account)
            .body(Body::from(body))
            .unwrap();
    }
    if signed.account.is_empty() {
        return it.problem(401, "unauthorized", "an account is needed");
    }
    if path.starts_with("account/") {
        it.0.state
            .lock()
            .unwrap()
            .contacts
            .push(signed.payload["contact"].clone());
        return it.json(200, &json!({ "status": "valid" }));
    }
    if path == "order" {
        return new_order(it, &signed).await;
    }
    let (what, id) = path.split_once('/').unwrap_or_default();
    let id: u64 = id.parse().unwrap_or_default();
    if !it.0.state.lock().unwrap().orders.contains_key(&id) {
        return it.problem(404, "malformed", "there is no such thing");
    }
    match what {
        "order" => it.json(200, &it.order_json(id)),
        "authz" => {
            let challenge = it.challenge_json(id);
            let name = it.0.state.lock().unwrap().orders[&id].name.clone();
            let status = challenge["status"].clone();
            let identifier = json!({ "type": "dns", "value": name });
            it.json(
                200,
                &json!({ "status": status, "identifier": identifier, "challenges": [challenge] }),
            )
        }
        "challenge" => {
            let before = it.challenge_json(id);
            it.validate(id, &signed.thumbprint).await;
            it.json(200, &before)
        }
        "finalize" => {
            let csr = BASE64.decode(signed.payload["csr"].as_str().unwrap_or_default());
            let is_ready = it.0.state.lock().unwrap().orders[&id].status == "ready";
            match csr
                .map_err(|error| error.to_string())
                .and_then(|csr| it.sign(id, &csr))
            {
                _ if !is_ready => it.problem(403, "orderNotReady", "nothing was proved"),
                Ok(()) => it.json(200, &it.order_json(id)),
                Err(error) => it.problem(400, "badCSR", &error),
            }
        }
        "cert" => {
            let chain = it.0.state.lock().unwrap().orders[&id]
                .chain
                .clone()
                .unwrap_or_default();
            it.response(200).body(Body::from(chain)).unwrap()
        }
        _ => it.problem(404, "malformed", "there is no such thing"),
    }
}

async fn new_order(it: &Authority, signed: &Signed) -> Response {
    let mood = it.mood();
    if mood == Mood::RateLimited {
        let problem = json!({
            "type": "urn:ietf:params:acme:error:rateLimited", "detail": "too many orders\nof this account", "status": 429,
        });
        let answer = it.response(429).header("retry-after", "3600");
        return answer.body(Body::from(problem.to_string())).unwrap();
    }
    let name = signed.payload["identifiers"][0]["value"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let id = {
        let mut seen = it.0.state.lock().unwrap();
        let id = seen.orders.len() as u64 + 1;
        let token = match mood {
            Mood::OddToken => "../../f".to_owned(),
            _ => format!("token-{id}_"),
        };
        let order = Order {
            name,
            token,
            status: "pending",
            chain: None,
        };
        seen.orders.insert(id, order);
        id
    };
    it.0.ordered.notify_one();
    if mood == Mood::Silent {
        std::future::pending::<()>().await;
    }
    let url = it.url(&format!("order/{id}"));
    let body = it.order_json(id).to_string();
    let answer = it
        .response(StatusCode::CREATED.as_u16())
        .header("location", url);
    answer.body(Body::from(body)).unwrap()
}
