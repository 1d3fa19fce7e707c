//! Requests of HTTP/2 that would be others in HTTP/1, frame by frame: each is
//! answered with 400, or its stream or its whole connection ends, and nothing
//! reaches the function.

use sluice_listener::Places;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::world::{HOST, World};

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A block of headers, each written out (RFC 7541, section 6.2.2).
fn block(headers: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in headers {
        block.push(0);
        for text in [name, value] {
            block.push(u8::try_from(text.len()).unwrap());
            block.extend(text.bytes());
        }
    }
    block
}

/// Sends a request, and a right one behind it: what became of the first, and what reached the
/// function of it.
async fn check(headers: &[(&str, &str)], data: &str) -> String {
    let world = World::hasty();
    let address = world.listen(Places::new(8, 8, Vec::new())).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend(frame(SETTINGS, 0, 0, &[]));
    let ends = if data.is_empty() { END_STREAM } else { 0 };
    bytes.extend(frame(HEADERS, END_HEADERS | ends, 1, &block(headers)));
    if !data.is_empty() {
        bytes.extend(frame(0, END_STREAM, 1, data.as_bytes()));
    }
    stream.write_all(&bytes).await.unwrap();
    let mut became = Vec::new();
    loop {
        let mut head = [0; 9];
        if stream.read_exact(&mut head).await.is_err() {
            became.push("closed".to_owned());
            break;
        }
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        stream.read_exact(&mut payload).await.unwrap();
        let number = u32::from_be_bytes(head[5..].try_into().unwrap());
        match (head[3], number) {
            // Indexes of the static table (RFC 7541, appendix A).
            (HEADERS, 1) => became.push(match payload[0] {
                0x88 => "200".to_owned(),
                0x8c => "400".to_owned(),
                0x8d => "404".to_owned(),
                _ => "another status".to_owned(),
            }),
            (RST_STREAM, 1) => became.push("reset".to_owned()),
            (GOAWAY, 0) => became.push("goaway".to_owned()),
            _ => continue,
        }
        break;
    }
    let calls: Vec<_> = world
        .events()
        .iter()
        .map(|event| {
            format!(
                "{} {}",
                event["headers"]["host"].as_str().unwrap(),
                event["path"]
            )
        })
        .collect();
    format!("{} {}", became.join(" "), calls.join(", "))
        .trim_end()
        .replace(HOST, "HOST")
}

#[tokio::test]
async fn a_request_that_would_be_another_in_http1_is_none() {
    let right = [
        (":method", "GET"),
        (":scheme", "http"),
        (":authority", HOST),
        (":path", "/a"),
    ];
    assert_eq!(check(&right, "").await, r#"200 HOST "/a""#);
    let with = |more: &[(&'static str, &'static str)]| [&right[..], more].concat();
    let without = |name: &str| {
        let mut headers = right.to_vec();
        headers.retain(|(known, _)| *known != name);
        headers
    };
    let instead = |name: &'static str, value: &'static str| {
        let mut headers = without(name);
        headers.insert(0, (name, value));
        headers
    };
    let cases = [
        (with(&[("connection", "close")]), "", "reset"),
        (with(&[("connection", "x-real-ip")]), "", "reset"),
        (
            with(&[("transfer-encoding", "chunked")]),
            "0\r\n\r\n",
            "reset",
        ),
        (with(&[("keep-alive", "1")]), "", "reset"),
        (with(&[("proxy-connection", "close")]), "", "reset"),
        (with(&[("upgrade", "h2c")]), "", "reset"),
        (with(&[("te", "gzip")]), "", "reset"),
        (with(&[("te", "trailers")]), "", r#"200 HOST "/a""#),
        (with(&[("Host", "a")]), "", "goaway"),
        (with(&[("X-Upper", "a")]), "", "goaway"),
        (with(&[("x", "a\r\nhost: b")]), "", "goaway"),
        (with(&[("x", "a\nb")]), "", "goaway"),
        (with(&[("x", "a\0b")]), "", "goaway"),
        (with(&[("x y", "a")]), "", "goaway"),
        (with(&[("x:y", "a")]), "", "goaway"),
        (with(&[("x\r\nhost", "a")]), "", "goaway"),
        (with(&[("", "a")]), "", "goaway"),
        (with(&[(":path", "/b")]), "", "reset"),
        (with(&[(":unknown", "a")]), "", "goaway"),
        (with(&[(":status", "200")]), "", "reset"),
        (with(&[("x", "a"), (":method", "POST")]), "", "reset"),
        (with(&[("content-length", "5")]), "", "reset"),
        (with(&[("content-length", "1")]), "four", "reset"),
        (with(&[("content-length", "9")]), "four", "reset"),
        (
            with(&[("content-length", "4"), ("content-length", "5")]),
            "four",
            "reset",
        ),
        (with(&[("content-length", "+4")]), "four", "reset"),
        (with(&[("content-length", "4")]), "four", r#"200 HOST "/a""#),
        (with(&[("host", "other")]), "", "400"),
        (with(&[("host", "a"), ("host", "b")]), "", "400"),
        (without(":method"), "", "reset"),
        (without(":scheme"), "", "reset"),
        (without(":path"), "", "reset"),
        (without(":authority"), "", "400"),
        (instead(":path", ""), "", "reset"),
        (instead(":path", "a"), "", "reset"),
        (instead(":path", "/a b"), "", "reset"),
        (instead(":path", "/a HTTP/1.1\r\nx: y"), "", "reset"),
        (instead(":path", "http://other/a"), "", "reset"),
        (instead(":method", "GET /b HTTP/1.1"), "", "goaway"),
        (instead(":method", "CONNECT"), "", "reset"),
        (instead(":authority", "u@a"), "", "400"),
        (instead(":authority", "a b"), "", "reset"),
        (instead(":authority", "a/b"), "", "reset"),
    ];
    let mut wrong = Vec::new();
    for (headers, data, expected) in cases {
        let found = check(&headers, data).await;
        if found != expected {
            wrong.push(format!("{headers:?} {data:?}: {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
