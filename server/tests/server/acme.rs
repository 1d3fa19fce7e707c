//! Certificates by ACME, from the console over a real ACME server to a client that speaks TLS.

mod authority;

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::http::{Method, StatusCode};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};
use sluice::acme::AcmeConfig;
use sluice::drawn;
use sluice_domain::time::Timestamp;
use sluice_gateway::Listener;
use sluice_listener::{Door, Places, Stop, listen};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::domain_names::{SHOWS_HOST, TLS13, listed, serve};
use crate::world::{Visitor, World};
use authority::{Authority, Mood};

const NAME: &str = "api.example.com";
const MINUTE: i64 = 60 * 1000;
const DAY: i64 = 24 * 60 * MINUTE;

/// A server whose HTTP door an ACME server asks, and what they share.
struct Issuing {
    world: World,
    user: Visitor,
    group: String,
    authority: Authority,
    config: AcmeConfig,
    door: HttpDoor,
    _stop: Stop,
}

/// A door that can be closed.
struct HttpDoor {
    stop: Stop,
    task: JoinHandle<()>,
}

impl HttpDoor {
    async fn close(self) {
        self.stop.within(Duration::ZERO);
        self.task.await.unwrap();
    }
}

/// The gateway's HTTP door, at an address that stays when the server is another one.
async fn open_door(world: &World, listener: TcpListener) -> HttpDoor {
    let router = world.parts.gateway.router(Listener { tls: false });
    let door = Door::new(router, Places::new(64, 64, Vec::new()));
    let (stop, stopped) = sluice_listener::stop();
    HttpDoor {
        stop,
        task: listen(listener, door, stopped),
    }
}

async fn issuing() -> Issuing {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let (authority, stop) = Authority::start(address).await;
    let config = AcmeConfig {
        directory: Some(authority.directory().parse().unwrap()),
        authorities: vec![CertificateDer::from_pem_slice(authority.root_pem().as_bytes()).unwrap()],
    };
    let (world, mut user) = World::start_with(config.clone()).await;
    user.create_administrator().await;
    let door = open_door(&world, listener).await;
    let url = user.publish("named", SHOWS_HOST, "/f").await;
    let group = url["https://".len()..][..32].to_owned();
    Issuing {
        world,
        user,
        group,
        authority,
        config,
        door,
        _stop: stop,
    }
}

impl Issuing {
    async fn set(&self, contact: &str) {
        let settings = json!({ "directory": self.authority.directory(), "contact": contact });
        let body = json!({ "settings": settings, "agrees_to_terms": true });
        self.user.expect(self.user.ask("acme/update", body).await);
    }

    async fn bind(&self, redirect: bool) {
        let settings = json!({ "certificate": "Acme", "min_tls": "TLSv1.2", "redirect": redirect });
        let body = json!({ "name": NAME, "group_id": self.group, "settings": settings });
        self.user
            .expect(self.user.ask("domain-names/bind", body).await);
    }

    /// Does what is due at a time, after what the background does now.
    async fn look(&self, at: Timestamp) {
        self.world.parts.issuing.issue_due(at).await.unwrap();
    }

    /// The domain name as the page has it.
    async fn shown(&self) -> Value {
        listed(&self.user, "domain-names").await["domain_names"][0].clone()
    }

    /// Why the last attempt failed.
    async fn failure(&self) -> String {
        let reason = self.shown().await["acme"]["failure"]["reason"].clone();
        reason.as_str().unwrap_or("none").to_owned()
    }
}

fn later(millis: i64) -> Timestamp {
    Timestamp(drawn::now().millis() + millis)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_issued_served_and_renewed() {
    let it = issuing().await;
    it.set("admin@example.com").await;
    it.bind(true).await;
    it.look(later(0)).await;
    assert_eq!(it.failure().await, "none");
    let served = serve(&it.world).await;
    let root = it.authority.root_pem();
    let answer = served.get(root, NAME, TLS13).await;
    assert_eq!(answer, format!("200 {NAME}"));
    assert!(it.authority.has_refused_a_nonce());
    assert_eq!(
        it.authority.contacts(),
        [json!(["mailto:admin@example.com"])]
    );
    let shown = it.shown().await;
    assert_eq!(shown["facts"]["issuer"], "Test root");
    assert!(!shown.to_string().contains("PRIVATE"), "{shown}");
    // The challenge is over, and what comes over HTTP is sent to HTTPS.
    let url = format!("http://{NAME}:8080/.well-known/acme-challenge/token-1_");
    assert_eq!(it.world.call(Method::GET, &url, "").await.status, 308);

    // Nothing before two thirds of its 90 days.
    it.look(later(59 * DAY)).await;
    assert_eq!(it.authority.counts().0, 1);
    it.set("other@example.com").await;
    it.look(later(61 * DAY)).await;
    let (orders, accounts, _) = it.authority.counts();
    assert_eq!((orders, accounts), (2, 1));
    assert_eq!(
        it.authority.contacts()[1],
        json!(["mailto:other@example.com"])
    );
    assert_eq!(served.get(root, NAME, TLS13).await, format!("200 {NAME}"));

    // One that cannot be renewed is served on.
    it.authority.be(Mood::Garbage);
    it.look(later(70 * DAY)).await;
    assert_eq!(
        it.failure().await,
        "The server's answer is not one of ACME."
    );
    assert_eq!(served.get(root, NAME, TLS13).await, format!("200 {NAME}"));
    served.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refuses_is_asked_again_after_the_pause_that_it_wants() {
    let it = issuing().await;
    it.authority.be(Mood::RateLimited);
    it.set("admin@example.com").await;
    it.bind(true).await;
    it.look(later(0)).await;
    assert_eq!(
        it.failure().await,
        "too many orders of this account (rateLimited)"
    );
    // Without a certificate nobody is sent to HTTPS.
    let url = format!("http://{NAME}:8080/f");
    assert_eq!(it.world.call(Method::GET, &url, "").await.status, 200);
    let asked = it.authority.counts().2;
    let id = it.shown().await["bound"]["domain_name_id"].clone();
    let retry = json!({ "domain_name_id": id });
    it.user.expect(it.user.ask("acme/retry", retry).await);
    it.look(later(59 * MINUTE)).await;
    assert_eq!(it.authority.counts().2, asked);
    it.authority.be(Mood::Good);
    it.look(later(61 * MINUTE)).await;
    assert_eq!(it.failure().await, "none");
    assert_eq!(it.world.call(Method::GET, &url, "").await.status, 308);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_bad_server_does_is_told_and_bounded() {
    let it = issuing().await;
    it.set("admin@example.com").await;
    let unbound = it.authority.counts().2;
    assert_eq!(unbound, 0); // nobody is asked for nothing
    it.authority.be(Mood::Huge);
    it.bind(false).await;
    it.look(later(0)).await;
    assert_eq!(
        it.failure().await,
        "The server cannot be used: its answer is longer than 256 KB"
    );
    let mut at = 0;
    for (mood, told) in [
        (Mood::Garbage, "The server's answer is not one of ACME."),
        (
            Mood::Redirects,
            "The server cannot be used: it leads elsewhere (302 Found), which is not followed",
        ),
        (
            Mood::OtherHosts,
            "The server cannot be used: it names https://127.0.0.1:1/nonce, which is not at the host of its directory over HTTPS",
        ),
        (
            Mood::OddToken,
            "The server has no challenge of the type http-01 for the name",
        ),
        (
            Mood::LooksElsewhere,
            "The server could not see that the name leads here: api.example.com: the answer is not what was expected (unauthorized)",
        ),
        (
            Mood::OtherName,
            "What the server issued is for another name",
        ),
    ] {
        it.authority.be(mood);
        at += DAY; // the pauses grow to half of one
        let asked = it.authority.counts().2;
        it.look(later(at)).await;
        assert_eq!(it.failure().await, told, "{mood:?}");
        let requests = it.authority.counts().2 - asked;
        assert!((1..30).contains(&requests), "{mood:?}: {requests}");
        // And not at once again.
        it.look(later(at)).await;
        assert_eq!(it.authority.counts().2 - asked, requests, "{mood:?}");
    }
    assert_eq!(it.shown().await["facts"], Value::Null);
    it.authority.be(Mood::Good);
    let id = it.shown().await["bound"]["domain_name_id"].clone();
    let retry = json!({ "domain_name_id": id });
    it.user.expect(it.user.ask("acme/retry", retry).await);
    it.look(later(0)).await;
    assert_eq!(it.shown().await["facts"]["issuer"], "Test root");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_in_the_middle_of_an_order_asks_again_after_the_pause() {
    let it = issuing().await;
    it.authority.be(Mood::Silent);
    it.set("admin@example.com").await;
    it.bind(false).await;
    it.authority.ordered().await;
    assert_eq!(it.shown().await["acme"]["is_asking"], true);
    let Issuing {
        world,
        user,
        authority,
        config,
        door,
        _stop,
        ..
    } = it;
    authority.be(Mood::Good);
    drop(user);
    door.close().await;
    let again = world.restart(config).await;
    let listener = TcpListener::bind(authority.asks()).await.unwrap();
    let door = open_door(&again, listener).await;
    // A crash in a loop would not ask more often.
    again.parts.issuing.issue_due(drawn::now()).await.unwrap();
    assert_eq!(authority.counts().0, 1);
    again
        .parts
        .issuing
        .issue_due(later(61 * 1000))
        .await
        .unwrap();
    let (orders, accounts, _) = authority.counts();
    assert_eq!((orders, accounts), (2, 1)); // the account was kept
    let served = serve(&again).await;
    let answer = served.get(authority.root_pem(), NAME, TLS13).await;
    assert_eq!(answer, format!("200 {NAME}"));
    served.close().await;
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_acme_cannot_do_is_refused_beside_its_field() {
    let (world, user, anonymous) = World::with_user().await;
    let url = user.publish("named", SHOWS_HOST, "/f").await;
    let group = &url["https://".len()..][..32];
    let bind = async |name: &str| {
        let settings = json!({ "certificate": "Acme", "min_tls": "TLSv1.2", "redirect": false });
        let body = json!({ "name": name, "group_id": group, "settings": settings });
        let answer = user.ask("domain-names/bind", body).await;
        format!("{} {}", answer.status.as_u16(), answer.body)
    };
    assert!(
        bind(NAME)
            .await
            .contains("Needs a server: set it in Gateway Settings")
    );
    let update = |directory: &str, agrees: bool| json!({ "settings": { "directory": directory, "contact": "a@example.com" }, "agrees_to_terms": agrees });
    let loopback = "https://127.0.0.1:1/directory";
    for (body, why) in [
        (
            update(loopback, false),
            "before its terms of service are agreed to",
        ),
        (
            update("http://127.0.0.1:1/", true),
            "must begin with https://",
        ),
    ] {
        let answer = user.ask("acme/update", body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
        assert!(answer.body.contains(why), "{}", answer.body);
    }
    let stranger = anonymous.ask("acme/update", update(loopback, true)).await;
    assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
    user.expect(user.ask("acme/update", update(loopback, true)).await);
    assert!(
        bind("*.example.com")
            .await
            .contains("Is issued for one name")
    );
    assert!(bind(NAME).await.starts_with("200"));
    // A user cannot have it ask the operator's own network.
    world.parts.issuing.issue_due(later(0)).await.unwrap();
    let list = listed(&user, "domain-names").await;
    let reason = list["domain_names"][0]["acme"]["failure"]["reason"]
        .as_str()
        .unwrap();
    assert!(
        reason.contains("has the address 127.0.0.1, of this machine itself"),
        "{reason}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_local_authority_has_issued_is_renewed_before_its_end() {
    let (world, user, _) = World::with_user().await;
    let url = user.publish("named", SHOWS_HOST, "/f").await;
    let group = &url["https://".len()..][..32];
    let served = serve(&world).await;
    let settings = json!({ "certificate": "Issued", "min_tls": "TLSv1.2", "redirect": false });
    let body = json!({ "name": "shop.localhost", "group_id": group, "settings": settings });
    user.expect(user.ask("domain-names/bind", body).await);
    let valid_to = async || {
        let list = user
            .send(Method::GET, "/api/domain-names/list", Body::empty(), &[])
            .await;
        user.expect(list)["domain_names"][0]["facts"]["valid_to"]
            .as_i64()
            .unwrap()
    };
    let first = valid_to().await;
    let day = Duration::from_secs(24 * 60 * 60);
    world
        .parts
        .renewal
        .look(SystemTime::now() + 270 * day)
        .await;
    assert_eq!(valid_to().await, first);
    assert_eq!(
        served.get(&served.ca, "shop.localhost", TLS13).await,
        "200 shop.localhost"
    );
    // 120 days before its end.
    world
        .parts
        .renewal
        .look(SystemTime::now() + 280 * day)
        .await;
    assert!(valid_to().await - first >= 279 * DAY);
    // Its door has the new one, which begins to be valid then.
    let early = served.get(&served.ca, "shop.localhost", TLS13).await;
    assert!(early.contains("not valid yet"), "{early}");
    served.close().await;
}
