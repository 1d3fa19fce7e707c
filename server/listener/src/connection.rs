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
use crate::tls::Mark;
use crate::watched::Watched;

/// Serves the requests that come on a stream, for as long as the door's limits let it. Once the
/// server stops, requests that are being answered may end, and no further one is taken.
pub async fn serve_connection<S>(stream: S, peer: SocketAddr, door: &Door, stopped: Stopped)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    serve(stream, peer, door, stopped, None).await;
}

/// The same, with a mark on each request.
pub(crate) async fn serve<S>(
    stream: S,
    peer: SocketAddr,
    door: &Door,
    mut stopped: Stopped,
    mark: Option<Mark>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let pulse = Arc::new(Pulse::new(door.limits));
    let service = Counted {
        router: door.router.clone(),
        peer,
        mark,
        pulse: Arc::clone(&pulse),
        body: door.limits.body,
    };
    let stream = Watched::new(stream, Arc::clone(&pulse), door.refuse.clone());
    let connection = door
        .protocols
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    // Once the server stops: until when the connection has to end.
    let mut last: Option<Instant> = None;
    // Since when the other end of an idle connection knows that it will be closed.
    let mut told: Option<Instant> = None;
    let deadline_of = |told: Option<Instant>| match (pulse.deadline(), told) {
        ((_, Overdue::Idle), Some(told)) => (told + door.limits.head, Overdue::Idle),
        (deadline, _) => deadline,
    };
    loop {
        // What begins meanwhile may have to end sooner.
        let soonest = Instant::now() + door.limits.shortest();
        let (deadline, _) = deadline_of(told);
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
                let (deadline, overdue) = deadline_of(told);
                let now = Instant::now();
                if last.is_some_and(|last| last <= now) {
                    return;
                }
                if deadline > now {
                    continue;
                }
                tracing::debug!(?overdue, "a connection took too long");
                match overdue {
                    // A request may be under way: over HTTP/2 it is still answered, or told that it
                    // came too late.
                    Overdue::Idle if last.is_none() && told.is_none() => {
                        connection.as_mut().graceful_shutdown();
                        told = Some(now);
                    }
                    _ => return,
                }
            }
        }
    }
}
