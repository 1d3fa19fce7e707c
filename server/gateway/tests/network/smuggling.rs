//! Requests that two servers could read in two ways. Each is refused and ends
//! its connection, or one unambiguous request reaches the function.

use crate::world::{HOST, World, answers};

/// What follows each request on its connection. It is served only where it is a request of its own.
fn next() -> String {
    format!("GET /next HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n")
}

/// Sends what is written with `HOST` for the host and `NEXT` for a request that is smuggled: the
/// statuses of the answers, and what reached the function.
async fn check(written: &str) -> String {
    let smuggled = format!("GET /smuggled HTTP/1.1\r\nHost: {HOST}\r\n\r\n");
    let written = written.replace("HOST", HOST).replace("NEXT", &smuggled);
    let bytes = [written.as_bytes(), next().as_bytes()].concat();
    let world = World::hasty();
    let answers = answers(&world.send(&bytes).await);
    let statuses: Vec<_> = answers.iter().map(|it| it.status.to_string()).collect();
    for (place, answer) in answers.iter().enumerate() {
        let is_last = place + 1 == answers.len();
        assert!(is_last || answer.status == 200, "{written:?}: {statuses:?}");
        if answer.status != 200 {
            assert_eq!(answer.header("connection"), Some("close"), "{written:?}");
            assert!(answer.body.contains(r#""error_code":"APIG."#), "{answer:?}");
        }
    }
    let calls = world.calls();
    assert!(calls.len() <= statuses.iter().filter(|it| *it == "200").count());
    format!("{}: {}", statuses.join(" "), calls.join(", "))
}

#[tokio::test]
async fn no_request_is_two() {
    let cases = CASES
        .trim()
        .lines()
        .map(|line| line.split_once(" => ").unwrap());
    let mut wrong = Vec::new();
    for (written, expected) in cases {
        let bytes = written
            .replace("\\r", "\r")
            .replace("\\n", "\n")
            .replace("\\t", "\t")
            .replace("\\0", "\0");
        let found = check(&bytes).await;
        if found.trim_end() != expected {
            wrong.push(format!("{written} => {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The bytes of a request, and what becomes of it and of the one behind it.
const CASES: &str = include_str!("smuggling.txt");
