//! Any bytes at all on a connection: no panic, and whatever comes back is HTTP.
//! `PROPTEST_CASES=1000000` tries for longer.

use std::net::SocketAddr;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use sluice_gateway::GatewayConfig;
use sluice_listener::{Places, serve_connection, stop};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::world::{HOST, World, answers};

/// What requests are made of, right and wrong.
fn request() -> impl Strategy<Value = Vec<u8>> {
    let method = select(vec![
        "GET", "POST", "HEAD", "PUT", "OPTIONS", "CONNECT", "get", "X-Y", "PRI", "", "G ET",
    ]);
    let target = prop_oneof![
        4 => "/[a-z%/?=&+.{}]{0,20}",
        1 => Just(format!("http://{HOST}/a")),
        1 => Just("*".to_owned()),
        1 => "[ -~]{0,20}",
        1 => "/_group/[0-9a-f]{0,33}/[a-z]{0,3}",
        1 => (0usize..80_000).prop_map(|bytes| format!("/{}", "a".repeat(bytes))),
    ];
    let version = prop_oneof![6 => Just("HTTP/1.1"), 1 => Just("HTTP/1.0"), 1 => Just("HTTP/2.0"), 1 => Just("")];
    let end = prop_oneof![8 => Just("\r\n"), 1 => Just("\n"), 1 => Just("\r"), 1 => Just("")];
    let header = prop_oneof![
        6 => Just(format!("Host: {HOST}")),
        2 => (0usize..9).prop_map(|n| format!("Content-Length: {n}")),
        2 => select(vec![
            "Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding:\tchunked ",
            "Connection: close", "Connection: keep-alive, te", "Expect: 100-continue", "Upgrade: websocket",
            "X-Stage: RELEASE", "X-Forwarded-For: 1.1.1.1, ::1", "Accept-Encoding: br, gzip;q=0",
            "Cookie: a=1; sluice_session=2", "Content-Length: 99999999999999999999", "Content-Length: 5000000",
            " folded", "X-Apig-AppCode: x", "Authorization: SDK-HMAC-SHA256 Access=,", "Trailer: Host",
        ]).prop_map(str::to_owned),
        1 => "[!-~]{0,12}:[ -~]{0,30}",
        1 => (0usize..200_000).prop_map(|bytes| format!("x: {}", "a".repeat(bytes))),
    ];
    let body = prop_oneof![
        3 => Just(String::new()),
        2 => "[0-9a-f;x ]{0,3}\r\n[a-z]{0,8}\r\n0\r\n\r\n",
        1 => "[ -~\r\n]{0,40}",
    ];
    let line = (method, target, version, end.clone());
    let headers = vec((header, end), 0..6);
    (line, headers, body).prop_map(|((method, target, version, end), headers, body)| {
        let mut text = format!("{method} {target} {version}{end}");
        for (header, end) in headers {
            text.push_str(&header);
            text.push_str(end);
        }
        (text + "\r\n" + &body).into_bytes()
    })
}

/// A change of some bytes.
#[derive(Debug, Clone)]
enum Mutation {
    Replace(Index, u8),
    Insert(Index, Vec<u8>),
    Cut(Index),
    Repeat(Index, Index),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let any_index = any::<Index>;
    prop_oneof![
        (any_index(), any::<u8>()).prop_map(|(at, byte)| Mutation::Replace(at, byte)),
        (any_index(), vec(any::<u8>(), 1..5)).prop_map(|(at, bytes)| Mutation::Insert(at, bytes)),
        any_index().prop_map(Mutation::Cut),
        (any_index(), any_index()).prop_map(|(from, to)| Mutation::Repeat(from, to)),
    ]
}

fn mutated(mut bytes: Vec<u8>, mutations: Vec<Mutation>) -> Vec<u8> {
    for mutation in mutations {
        let places = bytes.len().max(1);
        match mutation {
            Mutation::Replace(at, byte) => {
                if let Some(place) = bytes.get_mut(at.index(places)) {
                    *place = byte;
                }
            }
            Mutation::Insert(at, inserted) => {
                let at = at.index(places).min(bytes.len());
                bytes.splice(at..at, inserted);
            }
            Mutation::Cut(at) => bytes.truncate(at.index(places)),
            Mutation::Repeat(from, to) => {
                let (from, to) = (from.index(places), to.index(places));
                let (from, to) = (from.min(to), from.max(to).min(bytes.len()));
                bytes.extend_from_within(from.min(to)..to);
            }
        }
    }
    bytes
}

/// Sends bytes over a connection in memory; what came back until it ended. Time does not pass but
/// when all wait for it, so that what takes too long takes no time here.
fn talk(world: &World, bytes: Vec<u8>) -> Vec<u8> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let (caller, stream) = tokio::io::duplex(64 * 1024);
        let door = world.door(Places::new(1, 1, Vec::new()));
        let (_stop, stopped) = stop();
        let peer: SocketAddr = "192.0.2.7:1".parse().unwrap();
        let serving =
            tokio::spawn(async move { serve_connection(stream, peer, &door, stopped).await });
        let (mut reader, mut writer) = tokio::io::split(caller);
        let writing = tokio::spawn(async move {
            let _ = writer.write_all(&bytes).await;
            writer // kept open until all was read
        });
        let mut answer = Vec::new();
        reader.read_to_end(&mut answer).await.unwrap();
        serving.await.expect("no panic");
        drop(writing.await.unwrap());
        answer
    })
}

proptest! {
    #[test]
    fn whatever_comes_back_is_http(
        requests in vec(request(), 1..4),
        mutations in vec(mutation(), 0..4),
    ) {
        let bytes = mutated(requests.concat(), mutations);
        let world = World::new(GatewayConfig::default());
        let came = talk(&world, bytes.clone());
        // One that begins as HTTP/2 does is answered in frames.
        if bytes.starts_with(b"PRI * HTTP/2.0") {
            return Ok(());
        }
        let answers: Vec<_> = answers(&came).into_iter().filter(|it| it.status != 100).collect();
        for answer in &answers {
            prop_assert_eq!(answer.header("server"), Some("api-gateway"), "{:?}", answer);
            prop_assert!(answer.header("x-request-id").is_some(), "{:?}", answer);
            prop_assert!(answer.status == 200 || (400..500).contains(&answer.status), "{:?}", answer);
        }
        let served = answers.iter().filter(|it| it.status == 200).count();
        prop_assert_eq!(world.calls().len(), served);
    }
}
