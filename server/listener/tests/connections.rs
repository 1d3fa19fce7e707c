//! What connections may do, and for how long. Time stands still but where all
//! wait for it.

#![expect(
    clippy::unwrap_used,
    reason = "clippy.toml allows it in tests, but does not see the helpers of this file as one"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::{get, post};
use http::Response;
use sluice_listener::{Door, Places, Refuse, Stop, serve_connection, stop};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// Reads a body: how many bytes it had, or why it could not be read.
async fn read(body: Body) -> String {
    match axum::body::to_bytes(body, usize::MAX).await {
        Ok(body) => format!("{} bytes!", body.len()),
        Err(error) => {
            let mut cause: &dyn std::error::Error = &error;
            while let Some(source) = cause.source() {
                cause = source;
            }
            match cause.downcast_ref::<std::io::Error>() {
                Some(error) => format!("{:?}!", error.kind()),
                None => format!("{cause}!"),
            }
        }
    }
}

/// A caller, and the connection that is served.
struct Caller {
    stream: DuplexStream,
    serving: JoinHandle<()>,
    stop: Stop,
    began: Instant,
}

impl Caller {
    fn new() -> Self {
        let (stream, served) = tokio::io::duplex(16 * 1024);
        let router = Router::new()
            .route("/", get(|| async { "ok" }))
            .route("/large", get(|| async { vec![b'a'; 1024 * 1024] }))
            .route("/kept", get(|| async { vec![b'a'; 100 * 1024] }))
            .route("/read", post(read))
            .route(
                "/later",
                post(|body: Body| async {
                    sleep(Duration::from_secs(30)).await;
                    read(body).await
                }),
            )
            .route(
                "/quarter",
                get(|| async { sleep(Duration::from_secs(900)).await }),
            )
            .route("/never", get(std::future::pending::<()>));
        let refuse = Refuse(Arc::new(|status| {
            let text = format!("refused with {}", status.as_u16());
            Response::builder()
                .status(status)
                .body(text.into_bytes())
                .unwrap()
        }));
        let door = Door::new(router, Places::new(1, 1, Vec::new())).refuse(refuse);
        let peer: SocketAddr = "192.0.2.7:1".parse().unwrap();
        let (stop, stopped) = stop();
        let serving =
            tokio::spawn(async move { serve_connection(served, peer, &door, stopped).await });
        Self {
            stream,
            serving,
            stop,
            began: Instant::now(),
        }
    }

    async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Reads until so much has come.
    async fn read(&mut self, bytes: usize) -> String {
        let mut read = vec![0; bytes];
        self.stream.read_exact(&mut read).await.unwrap();
        String::from_utf8(read).unwrap()
    }

    /// Reads one answer of `ok`.
    async fn read_ok(&mut self) {
        let mut read = Vec::new();
        while !read.ends_with(b"\r\n\r\nok") {
            read.push(self.stream.read_u8().await.unwrap());
        }
    }

    /// Waits until the connection has ended: after how many seconds, and what still came.
    async fn ended(mut self) -> (u64, String) {
        (&mut self.serving).await.unwrap();
        let after = self.began.elapsed().as_secs();
        let mut came = Vec::new();
        self.stream.read_to_end(&mut came).await.unwrap();
        (after, String::from_utf8_lossy(&came).into_owned())
    }
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_has_ten_seconds() {
    assert_eq!(Caller::new().ended().await, (10, String::new()));
}

#[tokio::test(start_paused = true)]
async fn the_head_of_a_request_has_ten_seconds_from_its_first_byte_on() {
    for first in [&b""[..], REQUEST] {
        let mut caller = Caller::new();
        if !first.is_empty() {
            caller.send(first).await;
            caller.read_ok().await;
            sleep(Duration::from_secs(30)).await;
        }
        let began = caller.began.elapsed().as_secs();
        let mut sent = 0;
        while caller.stream.write_all(b"a").await.is_ok() {
            sent += 1;
            sleep(Duration::from_millis(700)).await;
        }
        assert_eq!(caller.ended().await.0, began + 10);
        assert_eq!(sent, 15);
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_may_be_idle_for_a_minute() {
    let mut caller = Caller::new();
    for _ in 0..3 {
        caller.send(REQUEST).await;
        caller.read_ok().await;
        sleep(Duration::from_secs(59)).await;
    }
    caller.send(REQUEST).await;
    caller.read_ok().await;
    assert_eq!(caller.ended().await.0, 3 * 59 + 60);
}

#[tokio::test(start_paused = true)]
async fn a_request_may_be_answered_late_but_not_never() {
    let mut caller = Caller::new();
    caller
        .send(b"GET /quarter HTTP/1.1\r\nHost: a\r\n\r\n")
        .await;
    assert!(caller.read(15).await.starts_with("HTTP/1.1 200"));
    assert_eq!(caller.ended().await.0, 900 + 60);
    let mut caller = Caller::new();
    caller.send(b"GET /never HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(caller.ended().await, (960, String::new()));
}

#[tokio::test(start_paused = true)]
async fn an_answer_may_be_taken_slowly_but_has_to_be_taken() {
    let mut caller = Caller::new();
    caller.send(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n").await;
    // As fast as has to be.
    for _ in 0..300 {
        sleep(Duration::from_secs(1)).await;
        caller.read(1024).await;
    }
    let (after, _) = caller.ended().await;
    assert!((340..=360).contains(&after), "{after} s");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_taken_too_slowly_ends() {
    // The protocol keeps nothing of the first one, all of the second.
    for path in ["/large", "/kept"] {
        let mut caller = Caller::new();
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
        caller.send(request.as_bytes()).await;
        while !caller.serving.is_finished() {
            assert!(caller.began.elapsed() < Duration::from_secs(300), "{path}");
            sleep(Duration::from_secs(1)).await;
            caller.read(200).await;
        }
        let (after, _) = caller.ended().await;
        assert!((60..=80).contains(&after), "{path}: {after} s");
    }
}

#[tokio::test(start_paused = true)]
async fn the_body_of_a_request_may_not_come_too_slowly() {
    for (bytes_a_second, expected) in [(0, Some(10)), (512, Some(20)), (1100, None)] {
        let mut caller = Caller::new();
        caller
            .send(b"POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n")
            .await;
        let mut left = 60_000;
        while left > 0 && !caller.serving.is_finished() {
            sleep(Duration::from_secs(1)).await;
            let bytes = bytes_a_second.min(left);
            if caller.stream.write_all(&vec![b'a'; bytes]).await.is_err() {
                break;
            }
            left -= bytes;
        }
        let answer = async {
            let mut came = Vec::new();
            while !came.ends_with(b"!") {
                came.push(caller.stream.read_u8().await.unwrap());
            }
            String::from_utf8(came).unwrap()
        };
        let answer = answer.await;
        match expected {
            Some(second) => {
                let after = caller.ended().await.0;
                assert!(answer.ends_with("\r\n\r\nTimedOut!"), "{answer}");
                assert!(after.abs_diff(second) <= 1, "{after} s");
            }
            None => assert!(answer.ends_with("\r\n\r\n60000 bytes!"), "{answer}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_is_not_too_slow_while_nobody_reads_it() {
    let mut caller = Caller::new();
    caller
        .send(b"POST /later HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n")
        .await;
    sleep(Duration::from_secs(35)).await;
    caller.send(b"abc").await;
    let mut came = Vec::new();
    while !came.ends_with(b"!") {
        came.push(caller.stream.read_u8().await.unwrap());
    }
    let came = String::from_utf8(came).unwrap();
    assert!(came.ends_with("\r\n\r\n3 bytes!"), "{came}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_of_http2_that_only_pings_ends() {
    let mut caller = Caller::new();
    caller
        .send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
        .await;
    let ping = b"\0\0\x08\x06\0\0\0\0\x0012345678";
    while timeout(Duration::from_secs(1), caller.stream.write_all(ping))
        .await
        .is_ok_and(|it| it.is_ok())
    {
        sleep(Duration::from_secs(1)).await;
        assert!(caller.began.elapsed() < Duration::from_secs(60));
    }
    assert!(caller.ended().await.0 <= 11);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_http_is_refused_in_the_doors_words() {
    let cases: [(&[u8], &str); 4] = [
        (b"nonsense\r\n\r\n", "400"),
        (b"GET / HTTP/1.1\r\na b: c\r\n\r\n", "400"),
        (
            &[&b"GET /"[..], &[b'a'; 70_000], b" HTTP/1.1\r\n\r\n"].concat(),
            "414",
        ),
        (
            &[&b"GET / HTTP/1.1\r\na: "[..], &[b'a'; 300_000]].concat(),
            "431",
        ),
    ];
    for (request, status) in cases {
        for before in [&b""[..], REQUEST] {
            let caller = Caller::new();
            let Caller {
                stream,
                serving,
                stop,
                ..
            } = caller;
            let (mut reader, mut writer) = tokio::io::split(stream);
            let bytes = [before, request].concat();
            // All of it, though the answer has gone out before its end.
            let writing =
                tokio::spawn(async move { writer.write_all(&bytes).await.map(|()| writer) });
            let mut came = String::new();
            reader.read_to_string(&mut came).await.unwrap();
            writing
                .await
                .unwrap()
                .expect("what is left of a refused request is taken");
            serving.await.unwrap();
            drop(stop);
            let answer = match before {
                b"" => came.as_str(),
                _ => came.split_once("\r\n\r\nok").unwrap().1,
            };
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{came}");
            assert!(
                answer.ends_with(&format!("\r\n\r\nrefused with {status}")),
                "{came}"
            );
            assert!(answer.contains("\r\nconnection: close\r\n"), "{came}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_looks_like_a_refusal_stays() {
    let (stream, served) = tokio::io::duplex(100);
    let looks = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n".repeat(50);
    let body = looks.clone();
    let router = Router::new().route("/", get(|| async move { body }));
    let door = Door::new(router, Places::new(1, 1, Vec::new()));
    let (_stop, stopped) = stop();
    let peer: SocketAddr = "192.0.2.7:1".parse().unwrap();
    tokio::spawn(async move { serve_connection(served, peer, &door, stopped).await });
    let (mut reader, mut writer) = tokio::io::split(stream);
    writer
        .write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut came = String::new();
    reader.read_to_string(&mut came).await.unwrap();
    assert_eq!(came.split_once("\r\n\r\n").unwrap().1, looks);
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_idle_connections_at_once_and_others_with_their_answers() {
    let mut caller = Caller::new();
    caller.send(REQUEST).await;
    caller.read_ok().await;
    caller.stop.within(Duration::from_secs(5));
    assert_eq!(caller.ended().await, (0, String::new()));
    for (path, after) in [("/quarter", 900), ("/never", 910)] {
        let mut caller = Caller::new();
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
        caller.send(request.as_bytes()).await;
        sleep(Duration::from_secs(1)).await;
        caller.stop.within(Duration::from_secs(909));
        assert_eq!(caller.ended().await.0, after, "{path}");
    }
}

/// What a connection of HTTP/2 is told after one request, until it ends; each with the second in
/// which it came. The caller says that it is there whenever it is asked.
async fn over_http2(caller: &mut Caller, path: &str, stop: Option<Duration>) -> Vec<String> {
    const ACK: u8 = 1;
    // GET by http, the path, and the host `a`.
    let mut headers = vec![0x82, 0x86, 0x04, u8::try_from(path.len()).unwrap()];
    headers.extend(path.as_bytes());
    headers.extend(b"\x01\x01a");
    let length = u8::try_from(headers.len()).unwrap();
    caller
        .send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
        .await;
    caller.send(&[0, 0, length, 1, 5, 0, 0, 0, 1]).await;
    caller.send(&headers).await;
    if let Some(within) = stop {
        sleep(Duration::from_secs(1)).await;
        caller.stop.within(within);
    }
    let mut told = Vec::new();
    let mut head = [0; 9];
    while caller.stream.read_exact(&mut head).await.is_ok() {
        let [high, mid, low, kind, flags, ..] = head;
        let mut payload =
            vec![0; usize::from(high) << 16 | usize::from(mid) << 8 | usize::from(low)];
        caller.stream.read_exact(&mut payload).await.unwrap();
        let number = |at: usize| u32::from_be_bytes(payload[at..at + 4].try_into().unwrap());
        let what = match (kind, flags & ACK) {
            (0, _) => format!("data of {}", payload.len()),
            (1, _) => "headers".to_owned(),
            // What was asked of it may come when the connection has ended.
            (4, 0) => {
                let _ = caller.stream.write_all(b"\0\0\0\x04\x01\0\0\0\0").await;
                continue;
            }
            (6, 0) => {
                let answer = [&b"\0\0\x08\x06\x01\0\0\0\0"[..], &payload].concat();
                let _ = caller.stream.write_all(&answer).await;
                continue;
            }
            (7, _) => format!("goaway after {:x}, error {}", number(0), number(4)),
            _ => continue,
        };
        told.push(format!("{} s: {what}", caller.began.elapsed().as_secs()));
    }
    told
}

#[tokio::test(start_paused = true)]
async fn a_connection_of_http2_that_is_idle_is_told_before_it_ends() {
    let mut caller = Caller::new();
    let told = over_http2(&mut caller, "/", None).await;
    insta::assert_snapshot!(told.join("\n"), @r"
    0 s: headers
    0 s: data of 2
    60 s: goaway after 7fffffff, error 0
    60 s: goaway after 1, error 0
    ");
}

#[tokio::test(start_paused = true)]
async fn a_connection_of_http2_is_told_of_a_stop_and_has_its_answer() {
    let mut caller = Caller::new();
    let told = over_http2(&mut caller, "/quarter", Some(Duration::from_secs(950))).await;
    insta::assert_snapshot!(told.join("\n"), @r"
    1 s: goaway after 7fffffff, error 0
    1 s: goaway after 1, error 0
    900 s: headers
    ");
    // One that waits for nothing ends at once.
    let mut caller = Caller::new();
    let told = over_http2(&mut caller, "/", Some(Duration::from_secs(5))).await;
    insta::assert_snapshot!(told.join("\n"), @r"
    1 s: headers
    1 s: data of 2
    1 s: goaway after 7fffffff, error 0
    1 s: goaway after 1, error 0
    ");
}

#[tokio::test(start_paused = true)]
async fn an_answer_over_http2_has_to_be_taken_whatever_else_moves() {
    let mut caller = Caller::new();
    // The window is never opened again; what is asked meanwhile is answered.
    let told = over_http2(&mut caller, "/large", None).await;
    let data: usize = told
        .iter()
        .filter_map(|it| it.split_once("data of ")?.1.parse::<usize>().ok())
        .sum();
    assert_eq!(data, 65_535);
    assert_eq!(caller.ended().await.0, 60);
}
