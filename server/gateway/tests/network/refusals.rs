//! What is refused before it is a request has the words of the gateway too.

use std::time::Duration;

use insta::assert_snapshot;
use sluice_gateway::{BodyPatience, GatewayConfig};
use sluice_listener::{LeastRate, Limits, Places};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::world::{Answer, HOST, World, answers, talk};

fn config() -> GatewayConfig {
    GatewayConfig {
        ids: || [0xab; 16],
        bodies_bytes: 100_000,
        body_patience: BodyPatience {
            piece: Duration::from_millis(200),
            whole: Duration::from_millis(400),
        },
        ..GatewayConfig::default()
    }
}

fn shown(answer: &Answer) -> String {
    let header = |name| answer.header(name).unwrap_or("none").to_owned();
    assert_eq!(header("x-request-id"), "ab".repeat(16));
    assert_eq!(header("server"), "api-gateway");
    assert_eq!(header("content-type"), "application/json");
    assert!(header("date").ends_with(" GMT"), "{answer:?}");
    let (connection, retry) = (header("connection"), header("retry-after"));
    let body = answer.body.replace(&"ab".repeat(16), "ID");
    format!("{} {connection} {retry} {body}", answer.status)
}

async fn check(request: &str) -> String {
    let world = World::new(config());
    let answers = answers(&world.send(request.as_bytes()).await);
    let [answer] = &answers[..] else {
        panic!("{answers:?}")
    };
    shown(answer)
}

#[tokio::test]
async fn what_is_no_http_is_refused_in_the_gateways_words() {
    assert_snapshot!(check("nonsense\r\n\r\n").await, @r#"400 close none {"error_msg":"API request error.","error_code":"APIG.0201","request_id":"ID"}"#);
    let head = |more: &str| format!("GET /a HTTP/1.1\r\nHost: {HOST}\r\n{more}\r\n");
    assert_snapshot!(check(&head("a b: c\r\n")).await, @r#"400 close none {"error_msg":"API request error.","error_code":"APIG.0201","request_id":"ID"}"#);
    let many: String = (0..100).map(|n| format!("x-{n}: 1\r\n")).collect();
    assert_snapshot!(check(&head(&many)).await, @r#"494 close none {"error_msg":"Request headers too large.","error_code":"APIG.0201","request_id":"ID"}"#);
    let large = format!("x: {}\r\n", "a".repeat(40_000));
    assert_snapshot!(check(&head(&large)).await, @r#"494 close none {"error_msg":"Request headers too large.","error_code":"APIG.0201","request_id":"ID"}"#);
    let huge = format!("x: {}\r\n", "a".repeat(1_000_000));
    assert_snapshot!(check(&head(&huge)).await, @r#"494 close none {"error_msg":"Request headers too large.","error_code":"APIG.0201","request_id":"ID"}"#);
    let target = |bytes: usize| {
        let target = "a".repeat(bytes);
        format!("GET /{target} HTTP/1.1\r\nHost: {HOST}\r\n\r\n")
    };
    assert_snapshot!(check(&target(40_000)).await, @r#"414 close none {"error_msg":"Request URI too large.","error_code":"APIG.0201","request_id":"ID"}"#);
    assert_snapshot!(check(&target(70_000)).await, @r#"414 close none {"error_msg":"Request URI too large.","error_code":"APIG.0201","request_id":"ID"}"#);
}

#[tokio::test]
async fn a_refusal_behind_an_answer_has_the_gateways_words_too() {
    let world = World::new(config());
    let both = format!("GET /a HTTP/1.1\r\nHost: {HOST}\r\n\r\nnonsense\r\n\r\n");
    let answers = answers(&world.send(both.as_bytes()).await);
    assert_eq!(answers[0].status, 200);
    assert_snapshot!(shown(&answers[1]), @r#"400 close none {"error_msg":"API request error.","error_code":"APIG.0201","request_id":"ID"}"#);
    assert_eq!(answers.len(), 2);
}

#[tokio::test]
async fn there_are_so_many_places_for_connections() {
    let world = World::new(config());
    let request = format!("GET /a HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n");
    let check = async |places| {
        let address = world.listen(places).await;
        // Answered, so its place is taken.
        let mut kept = TcpStream::connect(address).await.unwrap();
        let head = request.replace("Connection: close\r\n", "");
        kept.write_all(head.as_bytes()).await.unwrap();
        kept.read_u8().await.unwrap();
        let refused = talk(address, request.as_bytes()).await;
        drop(kept);
        // The place is free as soon as the door has seen that its connection has ended.
        let mut let_in = talk(address, request.as_bytes()).await;
        while !let_in.starts_with(b"HTTP/1.1 200") {
            let_in = talk(address, request.as_bytes()).await;
        }
        shown(&answers(&refused)[0])
    };
    assert_snapshot!(check(Places::new(1, 1, Vec::new())).await, @r#"503 close 1 {"error_msg":"Backend unavailable.","error_code":"APIG.0201","request_id":"ID"}"#);
    assert_snapshot!(check(Places::new(2, 1, Vec::new())).await, @r#"429 close 1 {"error_msg":"The throttling threshold has been reached: too many connections","error_code":"APIG.0308","request_id":"ID"}"#);
}

#[tokio::test]
async fn there_is_so_much_room_for_bodies() {
    let world = World::new(config());
    let address = world.listen(Places::new(8, 8, Vec::new())).await;
    let post = |bytes: usize| {
        let head = format!("POST /a HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n");
        format!("{head}Content-Length: {bytes}\r\n\r\n{}", "a".repeat(bytes))
    };
    for _ in 0..3 {
        // What an answered request held is free again.
        let taken = talk(address, post(90_000).as_bytes()).await;
        assert_eq!(answers(&taken)[0].status, 200);
    }
    let refused = talk(address, post(110_000).as_bytes()).await;
    assert_snapshot!(shown(&answers(&refused)[0]), @r#"503 close 1 {"error_msg":"Backend unavailable.","error_code":"APIG.0201","request_id":"ID"}"#);
}

#[tokio::test]
async fn a_body_that_comes_too_slowly_is_refused() {
    let world = World::new(GatewayConfig {
        ids: || [0xab; 16],
        ..GatewayConfig::default()
    });
    let places = Places::new(8, 8, Vec::new());
    let address = world.listen_with(places, hasty()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("POST /a HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 100000\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    let sending = tokio::spawn(async move {
        while writer.write_all(b"a").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    let mut answer = Vec::new();
    let _ = reader.read_to_end(&mut answer).await;
    sending.abort();
    assert_snapshot!(shown(&answers(&answer)[0]), @r#"408 close none {"error_msg":"API request error.","error_code":"APIG.0201","request_id":"ID"}"#);
    assert_eq!(world.calls(), [""; 0]);
}

#[tokio::test]
async fn an_answer_that_is_not_taken_ends_and_gives_its_room_back() {
    let large = "a".repeat(5_000_000);
    let world = World::answering_within(&large, 8_000_000);
    let places = Places::new(8, 8, Vec::new());
    let address = world.listen_with(places, hasty()).await;
    let request = format!("GET /a HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n");
    let mut idle = TcpStream::connect(address).await.unwrap();
    idle.write_all(request.as_bytes()).await.unwrap();
    idle.read_u8().await.unwrap();
    // While the first is held there is no room for another of its size.
    let refused = talk(address, request.as_bytes()).await;
    assert_eq!(answers(&refused)[0].status, 503);
    assert_eq!(answers(&refused)[0].header("retry-after"), Some("1"));
    let held = || world.gateway.load().answers_bytes;
    assert!(held() > 0, "{}", held());
    let mut rest = Vec::new();
    while held() > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let _ = idle.read_to_end(&mut rest).await;
    assert!(rest.len() < large.len());
    let taken = talk(address, request.as_bytes()).await;
    assert_eq!(answers(&taken)[0].body.len(), large.len());
    assert_eq!(held(), 0);
    assert_eq!(world.gateway.load().requests, 0);
}

/// Patient for a moment only with who is slow.
fn hasty() -> Limits {
    let rate = LeastRate {
        bytes_per_second: 100_000,
        grace: Duration::from_millis(300),
    };
    Limits {
        body: rate,
        answer: rate,
        ..Limits::default()
    }
}
