//! One connection, from its first byte to its last.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep_until};

use crate::counted::Counted;
use crate::door::{Door, Stopped};
use crate::pulse::{Overdue, Pulse};
use crate::watched::Watched;

/// Serves the requests that come on a stream, for as long as the door's limits let it. Once the
/// server stops, requests that are being answered may end, and no further one is taken.
pub async fn serve_connection<S>(stream: S, peer: SocketAddr, door: &Door, mut stopped: Stopped)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let pulse = Arc::new(Pulse::new());
    let service = Counted {
        router: door.router.clone(),
        peer,
        pulse: Arc::clone(&pulse),
    };
    let stream = Watched::new(stream, Arc::clone(&pulse), door.refuse.clone());
    let connection = door
        .protocols
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    // Once the connection is told to end: until when it has to.
    let mut last: Option<Instant> = None;
    loop {
        // What begins meanwhile may have to end sooner, but no sooner than a head.
        let soonest = Instant::now() + door.limits.head;
        let (deadline, _) = pulse.deadline(&door.limits);
        let wake = last
            .map_or(deadline, |last| last.min(deadline))
            .min(soonest);
        tokio::select! {
            biased;
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(error = &*error, "a connection ended early");
                }
                return;
            }
            by = stopped.by(), if last.is_none() => {
                connection.as_mut().graceful_shutdown();
                last = Some(by);
            }
            () = sleep_until(wake) => {
                // What moved meanwhile has put the end off.
                let (deadline, overdue) = pulse.deadline(&door.limits);
                let now = Instant::now();
                if last.is_some_and(|last| last <= now) {
                    return;
                }
                if deadline > now {
                    continue;
                }
                tracing::debug!(?overdue, "a connection took too long");
                match overdue {
                    // A request may be under way: over HTTP/2 it can be told that it came too late.
                    Overdue::Idle if last.is_none() => {
                        connection.as_mut().graceful_shutdown();
                        last = Some(now + door.limits.head);
                    }
                    Overdue::Idle | Overdue::Head | Overdue::Stalled => return,
                }
            }
        }
    }
}
