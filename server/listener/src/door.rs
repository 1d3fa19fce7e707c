//! The doors: where connections come in, until the server stops.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::TokioExecutor;
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::connection;
use crate::limits::{Limits, protocols};
use crate::places::{Full, Places};
use crate::refuse::Refuse;
use crate::tls::{Tls, shake_hands};

/// How long to wait when no connection can be taken, mostly for want of file descriptors. Meanwhile
/// others end.
const BREATH: Duration = Duration::from_millis(100);

/// How many of those who find no place are told so at a time, and how long each may take to hear
/// it. Others are cut off.
const TOLD: usize = 64;
const TELLING: Duration = Duration::from_secs(1);

/// How much of an answer the system takes before it has sent what it has. It asks for more when half
/// of it is left, so that a fast caller never waits.
#[cfg(target_os = "linux")]
const UNSENT_BYTES: u32 = 64 * 1024;

/// What stands behind a door.
#[derive(Clone)]
pub struct Door {
    pub(crate) router: Router,
    pub(crate) limits: Limits,
    pub(crate) refuse: Refuse,
    pub(crate) protocols: Builder<TokioExecutor>,
    tls: Option<Arc<dyn Tls>>,
    places: Places,
    telling: Arc<Semaphore>,
}

impl Door {
    /// A door to a router. Requests have axum's `ConnectInfo<SocketAddr>`.
    pub fn new(router: Router, places: Places) -> Self {
        Self {
            router,
            limits: Limits::default(),
            refuse: Refuse::default(),
            protocols: protocols(),
            tls: None,
            places,
            telling: Arc::new(Semaphore::new(TOLD)),
        }
    }

    /// Speaks TLS.
    #[must_use]
    pub fn tls(mut self, tls: impl Tls + 'static) -> Self {
        self.tls = Some(Arc::new(tls));
        self
    }

    /// Refuses in these words.
    #[must_use]
    pub fn refuse(mut self, refuse: Refuse) -> Self {
        self.refuse = refuse;
        self
    }

    /// Gives connections this much time.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}

/// Tells doors to close.
#[derive(Debug)]
pub struct Stop(watch::Sender<Option<Instant>>);

/// Is told when to close.
#[derive(Debug, Clone)]
pub struct Stopped(watch::Receiver<Option<Instant>>);

/// Who stops, and who is stopped.
pub fn stop() -> (Stop, Stopped) {
    let (sender, receiver) = watch::channel(None);
    (Stop(sender), Stopped(receiver))
}

impl Stop {
    /// Closes the doors. Requests that are being answered may end within `grace`.
    pub fn within(&self, grace: Duration) {
        self.0.send_replace(Some(Instant::now() + grace));
    }
}

impl Stopped {
    /// Waits for the stop, and tells until when all has to end. Never, where nobody can stop it any more.
    pub(crate) async fn by(&mut self) -> Instant {
        match self.0.wait_for(Option::is_some).await.map(|by| *by) {
            Ok(Some(by)) => by,
            _ => std::future::pending().await,
        }
    }
}

/// Takes connections until the stop. Ends when the last of them has.
pub fn listen(listener: TcpListener, door: Door, stopped: Stopped) -> JoinHandle<()> {
    tokio::spawn(async move {
        let (open, mut ended) = tokio::sync::mpsc::channel::<()>(1);
        let door = Arc::new(door);
        let mut stop = stopped.clone();
        loop {
            let accepted = tokio::select! {
                biased;
                _ = stop.by() => break,
                accepted = listener.accept() => accepted,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) if is_the_callers(&error) => continue,
                Err(error) => {
                    tracing::warn!(%error, "no connection can be taken");
                    sleep(BREATH).await;
                    continue;
                }
            };
            let (door, stopped, open) = (Arc::clone(&door), stopped.clone(), open.clone());
            match door.places.take(peer.ip()) {
                Ok(place) => drop(tokio::spawn(async move {
                    receive(stream, peer, &door, stopped).await;
                    drop((place, open));
                })),
                Err(full) => turn_away(stream, peer, &door, full),
            }
        }
        drop((listener, open)); // no more are let in, and those who are there are waited for
        let _ = ended.recv().await;
    })
}

/// True where the other end has gone before it was looked at.
fn is_the_callers(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}

async fn receive(stream: TcpStream, peer: SocketAddr, door: &Door, mut stopped: Stopped) {
    // Small answers are not to wait for more to send. Where it cannot be said, they do.
    let _ = stream.set_nodelay(true);
    keep_little(&stream);
    let Some(tls) = &door.tls else {
        return connection::serve(stream, peer, door, stopped, None).await;
    };
    let handshake = tokio::select! {
        biased;
        _ = stopped.by() => return,
        handshake = timeout(door.limits.head, shake_hands(tls, stream)) => handshake,
    };
    match handshake {
        Ok(Ok((stream, mark))) => connection::serve(stream, peer, door, stopped, mark).await,
        Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
        Err(_) => tracing::debug!("a TLS handshake took too long"),
    }
}

/// Keeps the system from taking more of an answer than it sends soon: how fast it takes it would
/// say little of how fast the other end does.
#[cfg(target_os = "linux")]
fn keep_little(stream: &TcpStream) {
    // Where it cannot be said, the grace is for that too.
    let _ = socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT_BYTES);
}

#[cfg(not(target_os = "linux"))]
fn keep_little(_: &TcpStream) {}

/// Says that there is no place, where that costs no handshake and not too many are told already.
fn turn_away(mut stream: TcpStream, peer: SocketAddr, door: &Arc<Door>, full: Full) {
    tracing::debug!(peer.address = %peer.ip(), "a connection was refused: {full}");
    if door.tls.is_some() {
        return;
    }
    let Ok(permit) = Arc::clone(&door.telling).try_acquire_owned() else {
        return;
    };
    let text = door.refuse.written(full.status());
    tokio::spawn(async move {
        let _ = timeout(TELLING, async {
            stream.write_all(&text).await?;
            stream.shutdown().await?;
            // Closed with something unread it would be reset, and the answer with it.
            let mut scratch = [0; 1024];
            while stream.read(&mut scratch).await? > 0 {}
            io::Result::Ok(())
        })
        .await;
        drop(permit);
    });
}
