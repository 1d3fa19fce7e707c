//! Answers that callers want compressed.

use std::io::Read as _;

use crate::world::{HOST, World};

#[tokio::test]
async fn a_caller_gets_what_it_accepts() {
    let text = "text ".repeat(50_000);
    let world = World::answering(&text);
    let call = async |method: &str, accepts: &str| {
        let request = format!(
            "{method} /a HTTP/1.1\r\nHost: {HOST}\r\nAccept-Encoding: {accepts}\r\nConnection: close\r\n\r\n"
        );
        let came = world.send(request.as_bytes()).await;
        let end = came.windows(4).position(|it| it == b"\r\n\r\n").unwrap() + 4;
        let head = String::from_utf8(came[..end].to_vec()).unwrap();
        (head, came[end..].to_vec())
    };
    let (head, body) = call("GET", "identity").await;
    assert_eq!(
        (head.contains("content-encoding"), body.len()),
        (false, text.len())
    );
    for (accepts, coding) in [("gzip", "gzip"), ("gzip, br", "br")] {
        let (head, body) = call("GET", accepts).await;
        assert!(
            head.contains(&format!("content-encoding: {coding}\r\n")),
            "{head}"
        );
        assert!(
            head.contains(&format!("content-length: {}\r\n", body.len())),
            "{head}"
        );
        assert!(head.contains("vary: accept-encoding\r\n"), "{head}");
        let mut unpacked = String::new();
        match coding {
            "br" => brotli::Decompressor::new(&*body, 4096).read_to_string(&mut unpacked),
            _ => flate2::read::GzDecoder::new(&*body).read_to_string(&mut unpacked),
        }
        .unwrap();
        assert!(unpacked == text && body.len() < text.len() / 10);
    }
    let (head, body) = call("HEAD", "gzip").await;
    assert!(
        head.contains("vary: accept-encoding\r\n") && body.is_empty(),
        "{head}"
    );
}
