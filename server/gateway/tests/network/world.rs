//! A gateway with one API, and a door to it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use sluice_executor::{Call, Outcome, Refused};
use sluice_gateway::decode::FunctionResponse;
use sluice_gateway::{
    Backend, BodyPatience, Gateway, GatewayConfig, Listener, PublishedApi, RouteTable,
    TrustedProxies,
};
use sluice_listener::{Door, Limits, Places, Refuse};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::api::published;

/// The host of the API's group.
pub const HOST: &str = "07070707070707070707070707070707.apig.localhost";

/// Answers the same to all, and keeps the events.
#[derive(Clone)]
pub struct Keeps {
    answer: String,
    events: Arc<Mutex<Vec<String>>>,
}

impl Backend for Keeps {
    type Deployment = ();

    async fn invoke(&self, (): &(), call: Call) -> Result<Outcome<FunctionResponse>, Refused> {
        self.events.lock().unwrap().push(call.event);
        let result = json!({ "statusCode": 200, "body": self.answer });
        let response = FunctionResponse::parse(&result.to_string());
        Ok(Outcome::Returned(response.unwrap()))
    }
}

/// A gateway with `ANY /`, for all that stands below it.
pub struct World {
    pub gateway: Gateway<Keeps>,
    calls: Keeps,
}

impl World {
    /// Whose function answers `ok`.
    pub fn new(config: GatewayConfig) -> Self {
        Self::with("ok", config)
    }

    /// Whose function answers this.
    pub fn answering(answer: &str) -> Self {
        Self::with(answer, GatewayConfig::default())
    }

    /// Whose function answers this, with so much room for all answers.
    pub fn answering_within(answer: &str, answers_bytes: usize) -> Self {
        let config = GatewayConfig {
            answers_bytes,
            ..GatewayConfig::default()
        };
        Self::with(answer, config)
    }

    fn with(answer: &str, config: GatewayConfig) -> Self {
        let calls = Keeps {
            answer: answer.to_owned(),
            events: Arc::default(),
        };
        let gateway = Gateway::new(calls.clone(), config);
        gateway.publish(RouteTable::new([api()]));
        Self { gateway, calls }
    }

    /// Patient for a moment only, with what does not come.
    pub fn hasty() -> Self {
        Self::new(GatewayConfig {
            body_patience: BodyPatience {
                piece: Duration::from_millis(200),
                whole: Duration::from_millis(400),
            },
            ..GatewayConfig::default()
        })
    }

    /// A door to it.
    pub fn door(&self, places: Places) -> Door {
        let gateway = self.gateway.clone();
        let limits = Limits {
            head: Duration::from_millis(200),
            ..Limits::default()
        };
        Door::new(self.gateway.router(Listener { tls: false }), places)
            .limits(limits)
            .refuse(Refuse(Arc::new(move |status| gateway.refuse(status))))
    }

    /// Opens a door on this machine.
    pub async fn listen(&self, places: Places) -> SocketAddr {
        self.open(self.door(places)).await
    }

    /// The same, with these limits of time.
    pub async fn listen_with(&self, places: Places, limits: Limits) -> SocketAddr {
        self.open(self.door(places).limits(limits)).await
    }

    async fn open(&self, door: Door) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = sluice_listener::stop();
        drop((stop, sluice_listener::listen(listener, door, stopped)));
        address
    }

    /// Sends bytes on a connection of their own; what came until it was closed.
    pub async fn send(&self, bytes: &[u8]) -> Vec<u8> {
        let address = self.listen(Places::new(8, 8, Vec::new())).await;
        talk(address, bytes).await
    }

    /// What reached the function: the events, oldest first.
    pub fn events(&self) -> Vec<Value> {
        let calls = std::mem::take(&mut *self.calls.events.lock().unwrap());
        calls
            .iter()
            .map(|event| serde_json::from_str(event).unwrap())
            .collect()
    }

    /// The same in short: `POST /path body`.
    pub fn calls(&self) -> Vec<String> {
        let shown = |event: &Value| {
            let text = |name: &str| event[name].as_str().unwrap().to_owned();
            let body = BASE64.decode(text("body")).unwrap();
            let body = String::from_utf8_lossy(&body).into_owned();
            let call = format!("{} {} {body}", text("httpMethod"), text("path"));
            call.trim_end().to_owned()
        };
        self.events().iter().map(shown).collect()
    }
}

/// `ANY /`, for everybody and all that stands below it.
pub fn api() -> PublishedApi<()> {
    published("/", ())
}

/// Sends bytes and reads until the other end closes.
pub async fn talk(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The other end may have answered and closed before it has all.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    answer
}

/// A gateway that trusts these proxies.
pub fn trusting(networks: &[&str]) -> World {
    let networks = networks.iter().map(|it| it.parse().unwrap()).collect();
    World::new(GatewayConfig {
        trusted_proxies: TrustedProxies::new(networks),
        ..GatewayConfig::default()
    })
}

/// An answer of HTTP/1.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// The answers on a connection; all of the bytes have to belong to one.
pub fn answers(mut bytes: &[u8]) -> Vec<Answer> {
    let mut answers = Vec::new();
    while !bytes.is_empty() {
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut response = httparse::Response::new(&mut headers);
        let parsed = response.parse(bytes);
        let Ok(httparse::Status::Complete(head)) = parsed else {
            panic!("{parsed:?} in {:?}", String::from_utf8_lossy(bytes));
        };
        let mut answer = Answer {
            status: response.code.unwrap(),
            headers: response
                .headers
                .iter()
                .map(|it| {
                    (
                        it.name.to_owned(),
                        String::from_utf8(it.value.to_vec()).unwrap(),
                    )
                })
                .collect(),
            body: String::new(),
        };
        bytes = &bytes[head..];
        // The answer to HEAD tells a length that does not follow. No body here begins like an answer.
        let length = answer
            .header("content-length")
            .map_or(0, |it| it.parse().unwrap());
        if !bytes.is_empty() && !bytes.starts_with(b"HTTP/1.") {
            let (body, rest) = bytes.split_at_checked(length).expect("all of the body");
            answer.body = String::from_utf8(body.to_vec()).unwrap();
            bytes = rest;
        }
        answers.push(answer);
    }
    answers
}
