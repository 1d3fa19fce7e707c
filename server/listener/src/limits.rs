//! How long a connection may take for what, and how much may come at once.

use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;

use crate::rate::LeastRate;

/// Most bytes of the head of a request over HTTP/1: the line of 32 KB and the headers of 128 KB that
/// the gateway takes, and what is beyond it for its own words to be heard. What is longer still is
/// refused unread.
const HEAD_BYTES: usize = 256 * 1024;

/// Most bytes of the headers of a request over HTTP/2, each with 32 more (RFC 9113, section 6.5.2).
const HTTP2_HEADERS_BYTES: u32 = 256 * 1024;

/// Most requests at once on one connection of HTTP/2. RFC 9113 advises no less than 100.
const HTTP2_STREAMS: u32 = 100;

/// After so many requests that were reset before anybody looked at them, a connection of HTTP/2 is
/// closed ("rapid reset", CVE-2023-44487). What hyper does unasked, and stays when it changes its mind.
const HTTP2_PENDING_RESETS: usize = 20;

/// After so many streams that this side had to reset because they broke the rules, a connection of
/// HTTP/2 is closed ("MadeYouReset", CVE-2025-8671).
const HTTP2_LOCAL_RESETS: usize = 100;

/// How often the other end of a quiet connection of HTTP/2 is asked whether it is still there, and
/// how long it may take to say so: one that is gone holds a place until then.
const HTTP2_PING: Duration = Duration::from_secs(20);

/// How long a connection may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For the TLS handshake, and again for all of a request's head, from its first byte on; for the
    /// first request from the connection's beginning on. 10 s.
    pub head: Duration,
    /// Between two requests. 60 s.
    pub idle: Duration,
    /// How fast the body of a request has to come while it is waited for: 1 KiB a second, after 10 s.
    pub body: LeastRate,
    /// How fast each answer has to be taken: 1 KiB a second, after 60 s.
    pub answer: LeastRate,
    /// While the router is at work on a request and nothing moves. 16 minutes: a function that is tried
    /// from the console may take 15. How long it waits for a body, a router says by itself.
    pub answering: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            idle: Duration::from_secs(60),
            body: LeastRate {
                bytes_per_second: 1024,
                grace: Duration::from_secs(10),
            },
            // What the other end takes is seen in steps, of which a slow one may take half a minute.
            answer: LeastRate {
                bytes_per_second: 1024,
                grace: Duration::from_secs(60),
            },
            answering: Duration::from_secs(16 * 60),
        }
    }
}

impl Limits {
    /// The soonest that something which begins now may have to end.
    pub(crate) fn shortest(&self) -> Duration {
        self.head.min(self.idle).min(self.answer.grace)
    }
}

/// The protocols with their limits. Hyper's own timeout of heads is not used: it begins anew only
/// with what it reads, not with a connection, and makes a timer for each request.
pub(crate) fn protocols() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        // Hyper takes 100 headers; with another number it asks for memory for each request.
        .max_buf_size(HEAD_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(HTTP2_HEADERS_BYTES)
        .max_concurrent_streams(HTTP2_STREAMS)
        .max_pending_accept_reset_streams(HTTP2_PENDING_RESETS)
        .max_local_error_reset_streams(HTTP2_LOCAL_RESETS)
        .keep_alive_interval(HTTP2_PING)
        .keep_alive_timeout(HTTP2_PING);
    builder
}
