//! What is said to who is not let in or not understood.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use http::{Response, StatusCode};

/// Words an answer that the router does not give: to what is no HTTP (400), a target (414) or
/// headers (431) that are far too long, and to who finds no place (429 when its address has too many
/// connections, 503 when all have). Called once for each of them.
#[derive(Clone)]
pub struct Refuse(pub Arc<dyn Fn(StatusCode) -> Response<Vec<u8>> + Send + Sync>);

impl fmt::Debug for Refuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refuse").finish_non_exhaustive()
    }
}

impl Default for Refuse {
    /// Says the status and nothing else.
    fn default() -> Self {
        Self(Arc::new(|status| {
            let mut response = Response::new(Vec::new());
            *response.status_mut() = status;
            response
        }))
    }
}

impl Refuse {
    /// The answer as HTTP/1.1 has it; it is the connection's last.
    pub(crate) fn written(&self, status: StatusCode) -> Vec<u8> {
        let response = (self.0)(status);
        let status = response.status();
        let reason = status.canonical_reason().unwrap_or("Refused");
        let mut text = format!("HTTP/1.1 {} {reason}\r\n", status.as_u16()).into_bytes();
        for (name, value) in response.headers() {
            text.extend_from_slice(name.as_str().as_bytes());
            text.extend_from_slice(b": ");
            text.extend_from_slice(value.as_bytes());
            text.extend_from_slice(b"\r\n");
        }
        let date = httpdate::fmt_http_date(SystemTime::now());
        let length = response.body().len();
        let rest = format!("connection: close\r\ncontent-length: {length}\r\ndate: {date}\r\n\r\n");
        text.extend_from_slice(rest.as_bytes());
        text.extend_from_slice(response.body());
        text
    }
}
