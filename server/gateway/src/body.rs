//! Reads the body of a request, within its limits of size and time.

use std::error::Error;
use std::io;
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use http_body_util::BodyExt as _;
use sluice_domain::invocation::MAX_APIG_BODY_BYTES;
use tokio::time::{Instant, timeout, timeout_at};

use crate::error::GatewayError;
use crate::memory::Held;

/// How long the gateway waits for the body of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyPatience {
    /// For the next piece of it: 8 s by default, as `request_body_timeout` of
    /// the vendor's gateway.
    pub piece: Duration,
    /// For all of it: 60 s by default, so that nobody can hold a connection
    /// by sending slowly. How slowly a caller may send meanwhile is the
    /// listener's to say.
    pub whole: Duration,
}

impl Default for BodyPatience {
    fn default() -> Self {
        Self {
            piece: Duration::from_secs(8),
            whole: Duration::from_secs(60),
        }
    }
}

/// Reads the whole body. One that says it is too large is refused unread, so
/// that a caller who waits for `100 Continue` need not send it.
pub(crate) async fn read(
    headers: &HeaderMap,
    body: &mut Body,
    patience: BodyPatience,
    held: &mut Held,
) -> Result<Bytes, GatewayError> {
    let declared = headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok())
        .unwrap_or(0)
        .max(body.size_hint().lower());
    if declared > MAX_APIG_BODY_BYTES as u64 {
        return Err(GatewayError::BodyTooLarge);
    }
    let deadline = Instant::now() + patience.whole;
    // Most bodies come in one piece, which is then taken as it is.
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    loop {
        let piece = timeout_at(deadline, timeout(patience.piece, body.frame()))
            .await
            .map_err(|_| GatewayError::BodyTooSlow(patience.whole))?
            .map_err(|_| GatewayError::BodyTooSlow(patience.piece))?;
        let Some(frame) = piece else { break };
        // A frame that is no data carries trailers, which the event has no place for.
        let Ok(data) = frame.map_err(unreadable)?.into_data() else {
            continue;
        };
        if first.len() + all.len() + data.len() > MAX_APIG_BODY_BYTES {
            return Err(GatewayError::BodyTooLarge);
        }
        held.more(data.len())?;
        if first.is_empty() && all.is_empty() {
            first = data;
        } else {
            if all.is_empty() {
                all.reserve((declared as usize).max(first.len() + data.len()));
                all.extend_from_slice(&std::mem::take(&mut first));
            }
            all.extend_from_slice(&data);
        }
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

/// Why a body could not be read. A listener that has a least rate for bodies ends them by
/// [`io::ErrorKind::TimedOut`].
fn unreadable(error: axum::Error) -> GatewayError {
    let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(known) = cause {
        match known.downcast_ref::<io::Error>() {
            Some(known) if known.kind() == io::ErrorKind::TimedOut => {
                return GatewayError::BodyTooThin(error);
            }
            _ => cause = known.source(),
        }
    }
    GatewayError::BodyUnreadable(error)
}

/// How much of a refused body is read and thrown away, and for how long.
const DISCARDED_BYTES: usize = 4 * MAX_APIG_BODY_BYTES;
const DISCARDING: Duration = Duration::from_secs(5);

/// Reads on, beside the answer, what a caller still sends of a request that
/// was answered already. Closing the connection under its hands would reset
/// it, and the caller would see that instead of the answer. One who sends too
/// much or for too long is cut off.
pub(crate) fn discard(mut body: Body) {
    if body.is_end_stream() {
        return;
    }
    let reading = async move {
        let mut left = DISCARDED_BYTES;
        while let Some(Ok(frame)) = body.frame().await {
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            let Some(still) = left.checked_sub(bytes) else {
                break;
            };
            left = still;
        }
    };
    tokio::spawn(timeout(DISCARDING, reading));
}
