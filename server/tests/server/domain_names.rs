//! Domain names with certificates, from the console to a client that speaks TLS.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::SystemTime;

use axum::body::Body;
use axum::http::Method;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, Stream, SupportedProtocolVersion};
use serde_json::{Value, json};
use sluice::tls::{TlsByName, TlsSource};
use sluice_gateway::Listener;
use sluice_listener::{Door, Places, Stop, listen};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::world::{Visitor, World};

const TLS12: &SupportedProtocolVersion = &rustls::version::TLS12;
pub const TLS13: &SupportedProtocolVersion = &rustls::version::TLS13;

pub const SHOWS_HOST: &str = r#"
def handler(event, context):
    return {"statusCode": 200, "body": event["headers"]["host"]}
"#;

/// An authority of a test's own.
struct Authority {
    name: &'static str,
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new(name: &'static str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::from_ca_cert_pem(&pem, key).unwrap();
        Self { name, pem, issuer }
    }

    /// A chain and a key for a name.
    fn sign(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let leaf = params.signed_by(&key, &self.issuer).unwrap();
        (leaf.pem(), key.serialize_pem())
    }
}

/// The gateway's HTTPS door.
pub struct Served {
    address: SocketAddr,
    stop: Stop,
    task: JoinHandle<()>,
    /// The authority that the built-in certificate is of.
    pub ca: String,
}

pub async fn serve(world: &World) -> Served {
    let tls = TlsSource::local_authority(world.data(), "apig.localhost", &[]);
    let built_in = tls.server_config(SystemTime::now()).unwrap();
    let by_name = TlsByName {
        built_in,
        named: world.parts.named_configs.clone(),
    };
    let router = world.parts.gateway.router(Listener { tls: true });
    let door = Door::new(router, Places::new(64, 64, Vec::new())).tls(by_name);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = sluice_listener::stop();
    let ca = std::fs::read_to_string(world.data().join("tls/ca.pem")).unwrap();
    Served {
        address,
        stop,
        task: listen(listener, door, stopped),
        ca,
    }
}

impl Served {
    /// Gets `/` of a host, trusting this authority alone: the status and the body, or why there is none.
    pub async fn get(
        &self,
        ca: &str,
        host: &str,
        version: &'static SupportedProtocolVersion,
    ) -> String {
        let (address, ca, host) = (self.address, ca.to_owned(), host.to_owned());
        let got = tokio::task::spawn_blocking(move || get(address, &ca, &host, version));
        got.await.unwrap().unwrap_or_else(|error| error)
    }

    pub async fn close(self) {
        self.stop.within(std::time::Duration::ZERO);
        self.task.await.unwrap();
    }
}

fn get(
    address: SocketAddr,
    ca: &str,
    host: &str,
    version: &'static SupportedProtocolVersion,
) -> Result<String, String> {
    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_slice(ca.as_bytes()).unwrap();
    roots.add(ca).unwrap();
    let config = ClientConfig::builder_with_provider(ring::default_provider().into())
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).unwrap();
    let mut connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut socket = TcpStream::connect(address).unwrap();
    let mut stream = Stream::new(&mut connection, &mut socket);
    let request = format!("GET /f HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let failed = |error: std::io::Error| error.to_string();
    stream.write_all(request.as_bytes()).map_err(failed)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(failed)?;
    let status = answer.split(' ').nth(1).unwrap_or_default();
    let body = answer.rsplit("\r\n\r\n").next().unwrap_or_default();
    Ok(format!("{status} {body}"))
}

/// A server with a function behind `/f`, and the group that it is in.
async fn world() -> (World, Visitor, String, String) {
    let (world, user, _) = World::with_user().await;
    let url = user.publish("named", SHOWS_HOST, "/f").await;
    let host = url.split('/').nth(2).unwrap();
    let group = host.split('.').next().unwrap().to_owned();
    (world, user, url.clone(), group)
}

pub async fn listed(user: &Visitor, what: &str) -> Value {
    let path = format!("/api/{what}/list");
    user.expect(user.send(Method::GET, &path, Body::empty(), &[]).await)
}

fn settings(certificate: Value, min_tls: &str, redirect: bool) -> Value {
    json!({ "certificate": certificate, "min_tls": min_tls, "redirect": redirect })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_name_is_served_with_its_certificate_until_that_is_replaced() {
    let (world, user, _, group) = world().await;
    let served = serve(&world).await;
    let (first, second) = (Authority::new("First"), Authority::new("Second"));
    assert_ne!(first.name, second.name);
    let (chain, key) = first.sign("api.example.com");
    let upload = json!({ "name": "Shop", "chain": chain, "key": key });
    user.expect(user.ask("certificates/upload", upload).await);
    let list = listed(&user, "certificates").await;
    assert!(!list.to_string().contains("PRIVATE"), "{list}");
    let shop = list["certificates"][0].clone();
    assert_eq!(shop["facts"]["names"], json!(["api.example.com"]));
    assert_eq!(shop["facts"]["issuer"], "First");
    let uploaded = json!({ "Uploaded": shop["certificate_id"] });

    // Before it is bound, the name is nobody's.
    let unknown = served.get(&first.pem, "api.example.com", TLS13).await;
    assert!(unknown.contains("certificate"), "{unknown}");
    let bind = json!({ "name": "API.example.com", "group_id": group, "settings": settings(uploaded.clone(), "TLSv1.2", true) });
    user.expect(user.ask("domain-names/bind", bind).await);
    for version in [TLS12, TLS13] {
        let answer = served.get(&first.pem, "api.example.com", version).await;
        assert_eq!(answer, "200 api.example.com");
    }
    // The group's own host keeps the built-in certificate.
    let own = format!("{group}.apig.localhost");
    assert_eq!(
        served.get(&served.ca, &own, TLS12).await,
        format!("200 {own}")
    );
    let http = world
        .call(Method::GET, "http://api.example.com:8080/f?q=1", "")
        .await;
    assert_eq!(http.status, 308);
    assert_eq!(
        http.header("location"),
        "https://api.example.com:8443/f?q=1"
    );

    // TLS 1.3 alone, from the next connection on.
    let id =
        listed(&user, "domain-names").await["domain_names"][0]["bound"]["domain_name_id"].clone();
    let newer = json!({ "domain_name_id": id, "settings": settings(uploaded, "TLSv1.3", false) });
    user.expect(user.ask("domain-names/update", newer).await);
    let refused = served.get(&first.pem, "api.example.com", TLS12).await;
    assert!(refused.contains("ProtocolVersion"), "{refused}");
    let answer = served.get(&first.pem, "api.example.com", TLS13).await;
    assert_eq!(answer, "200 api.example.com");

    // Another certificate in its place, without a restart.
    let (chain, key) = second.sign("api.example.com");
    let replace = json!({ "certificate_id": shop["certificate_id"], "chain": chain, "key": key });
    user.expect(user.ask("certificates/replace", replace).await);
    let answer = served.get(&second.pem, "api.example.com", TLS13).await;
    assert_eq!(answer, "200 api.example.com");
    let old = served.get(&first.pem, "api.example.com", TLS13).await;
    assert!(old.contains("UnknownIssuer"), "{old}");

    // It is not deleted while it is used, and once it is unbound nobody answers by the name.
    let delete = json!({ "certificate_id": shop["certificate_id"] });
    assert_eq!(
        user.ask("certificates/delete", delete.clone()).await.status,
        409
    );
    let unbind = json!({ "domain_name_id": id });
    user.expect(user.ask("domain-names/unbind", unbind).await);
    let gone = served.get(&second.pem, "api.example.com", TLS13).await;
    assert!(gone.contains("certificate"), "{gone}");
    user.expect(user.ask("certificates/delete", delete).await);
    served.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sluice_issues_certificates_for_names_that_its_authority_may_sign_for() {
    let (world, user, _, group) = world().await;
    let served = serve(&world).await;
    let bind = |name: &str| json!({ "name": name, "group_id": group, "settings": settings(json!("Issued"), "TLSv1.3", false) });
    for name in ["shop.localhost", "*.wild.localhost"] {
        user.expect(user.ask("domain-names/bind", bind(name)).await);
    }
    for host in ["shop.localhost", "a.wild.localhost"] {
        let answer = served.get(&served.ca, host, TLS13).await;
        assert_eq!(answer, format!("200 {host}"));
    }
    let list = listed(&user, "domain-names").await;
    let facts = &list["domain_names"][0]["facts"];
    assert_eq!(facts["names"], json!(["shop.localhost"]));
    let end = facts["valid_to"].as_i64().unwrap();
    // What else is published changes nothing of it.
    user.publish("other", SHOWS_HOST, "/g").await;
    let list = listed(&user, "domain-names").await;
    assert_eq!(
        list["domain_names"][0]["facts"]["valid_to"].as_i64(),
        Some(end)
    );

    let refused = user
        .ask("domain-names/bind", bind("shop.example.com"))
        .await;
    assert_eq!(refused.status, 400);
    assert!(
        refused
            .body
            .contains("The local authority can sign for localhost only"),
        "{}",
        refused.body
    );
    served.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_certificates_that_cannot_be_are_refused() {
    let (_world, user, _, group) = world().await;
    let none = || settings(json!("None"), "TLSv1.2", false);
    let bind = async |name: &str, settings: Value| {
        let body = json!({ "name": name, "group_id": group, "settings": settings });
        let answer = user.ask("domain-names/bind", body).await;
        format!("{} {}", answer.status.as_u16(), answer.body)
    };
    for (name, why) in [
        ("x.apig.localhost", "Must not be the domain of the gateway"),
        ("*.localhost.example", "200"),
        ("192.168.1.5", "not an IP address"),
        ("localhost", "must have a dot in it"),
    ] {
        let told = bind(name, none()).await;
        assert!(told.contains(why), "{name}: {told}");
    }
    let redirect = bind("a.example.com", settings(json!("None"), "TLSv1.2", true)).await;
    assert!(redirect.contains("needs a certificate"), "{redirect}");
    let old = bind("a.example.com", settings(json!("None"), "TLSv1.1", false)).await;
    assert!(
        old.starts_with("400") && old.contains("the TLS version"),
        "{old}"
    );
    for n in 0..4 {
        assert!(
            bind(&format!("n{n}.example.com"), none())
                .await
                .starts_with("200")
        );
    }
    let sixth = bind("n5.example.com", none()).await;
    assert!(
        sixth.starts_with("403") && sixth.contains("APIG.3108"),
        "{sixth}"
    );

    let (chain, key) = Authority::new("An authority").sign("a.example.com");
    let key = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    let upload = json!({ "name": "Shop", "chain": chain, "key": key });
    let refused = user.ask("certificates/upload", upload).await;
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("APIG.2105"), "{}", refused.body);
    let secret = key.lines().nth(1).unwrap();
    assert!(!refused.body.contains(secret));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_is_not_served_by_the_consoles_host() {
    let (_world, user, _, group) = world().await;
    let body = json!({ "name": "console.example.com", "group_id": group, "settings": settings(json!("None"), "TLSv1.2", false) });
    for name in ["console.example.com", "*.example.com"] {
        let mut body = body.clone();
        body["name"] = json!(name);
        let answer = user
            .at("console.example.com:3000")
            .ask("domain-names/bind", body)
            .await;
        assert_eq!(answer.status, 400);
        assert!(
            answer.body.contains("the host of this console"),
            "{}",
            answer.body
        );
    }
    user.expect(user.ask("domain-names/bind", body).await);
}
