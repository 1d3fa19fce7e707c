//! What is refused before it is a request has the words of the gateway too.

use std::time::Duration;

use insta::assert_snapshot;
use sluice_gateway::{BodyPatience, GatewayConfig};
use sluice_listener::Places;
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
