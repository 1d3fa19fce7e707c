//! Connections for languages that speak TCP by themselves: the imports of
//! `runtimes/wit/outbound.wit`. A function waits in them, and no thread does.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};
use sluice_domain::outbound::OutboundHost;
use tokio::sync::Mutex;
use wasmtime::Result;
use wasmtime::component::{HasData, Linker, Resource, ResourceTable};

use super::stream::Connection;
use super::tls::TlsWishes;
use super::{CONNECTION_BYTES, Dialer, LONGEST_SILENCE, MAX_CONNECTIONS, OutboundError, Traffic};
use crate::limits::MemoryLimit;
use bindings::sluice::function::outbound::{
    self, Error, ErrorKind, Host, HostConnection, TlsOptions, TlsSession,
};

mod bindings {
    wasmtime::component::bindgen!({
        path: "../../runtimes/wit",
        world: "connecting",
        imports: { default: async | trappable },
        with: {
            "sluice:function/outbound.connection": super::Shared,
        },
    });
}

/// A connection that several of a guest's calls can look at.
pub type Shared = Arc<Mutex<Connection>>;

/// Shortest waiting: sockets tell what came only when somebody waits.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

/// Gives what is linked the connections of the instance that `view` takes them from.
pub fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> OutboundView<'_>,
) -> Result<()> {
    outbound::add_to_linker::<_, Sockets>(linker, view)
}

/// What connections need of an instance.
pub struct OutboundView<'a> {
    /// Has them.
    pub table: &'a mut ResourceTable,
    /// Counts their memory.
    pub memory: &'a mut MemoryLimit,
    /// Makes them.
    pub dialer: &'a Arc<Dialer>,
    /// Counts them and their bytes.
    pub traffic: &'a Arc<Traffic>,
}

/// Says to wasmtime that the host of these imports is a view.
struct Sockets;

impl HasData for Sockets {
    type Data<'a> = OutboundView<'a>;
}

impl OutboundView<'_> {
    async fn open(
        &mut self,
        host: &str,
        port: u16,
        limit: Duration,
    ) -> std::result::Result<Connection, OutboundError> {
        let host = parsed(host)?;
        let name = host.with_port(port);
        let place = self.traffic.place(name.clone())?;
        match self.dialer.connect(&host, port, limit).await {
            Ok(stream) => Connection::new(stream, place),
            Err(error) => {
                if error.is_refusal() {
                    self.traffic.refused(&name);
                }
                Err(error)
            }
        }
    }

    fn shared(&self, connection: &Resource<Shared>) -> Result<Shared> {
        Ok(Arc::clone(self.table.get(connection)?))
    }
}

impl Host for OutboundView<'_> {
    async fn wait(
        &mut self,
        connections: Vec<Resource<Shared>>,
        timeout_ms: Option<u32>,
    ) -> Result<Vec<u32>> {
        let mut waiting = FuturesUnordered::new();
        // More than there can be are the same ones again.
        for (place, connection) in (0..).zip(connections.iter().take(MAX_CONNECTIONS)) {
            let connection = self.shared(connection)?;
            waiting.push(async move {
                connection.lock().await.fill().await;
                place
            });
        }
        let mut ready = Vec::new();
        let first = tokio::time::timeout(limit(timeout_ms), waiting.next());
        if let Ok(Some(first)) = first.await {
            ready.push(first);
            while let Some(Some(also)) = waiting.next().now_or_never() {
                ready.push(also);
            }
        }
        Ok(ready)
    }

    async fn resolve(&mut self, host: String) -> Result<std::result::Result<Vec<String>, Error>> {
        let host = match parsed(&host) {
            Ok(host) => host,
            Err(error) => return Ok(Err(error.into())),
        };
        let found = self.dialer.resolve(&host).await;
        let texts = found.map(|all| all.iter().map(ToString::to_string).collect());
        Ok(texts.map_err(Error::from))
    }
}

impl HostConnection for OutboundView<'_> {
    async fn connect(
        &mut self,
        host: String,
        port: u16,
        timeout_ms: Option<u32>,
    ) -> Result<std::result::Result<Resource<Shared>, Error>> {
        match self.open(&host, port, limit(timeout_ms)).await {
            Ok(connection) => {
                self.memory.hold(CONNECTION_BYTES)?;
                let shared = Arc::new(Mutex::new(connection));
                Ok(Ok(self.table.push(shared)?))
            }
            Err(error) => Ok(Err(error.into())),
        }
    }

    async fn start_tls(
        &mut self,
        connection: Resource<Shared>,
        options: TlsOptions,
        timeout_ms: Option<u32>,
    ) -> Result<std::result::Result<TlsSession, Error>> {
        let shared = self.shared(&connection)?;
        let wishes = TlsWishes {
            server_name: options.server_name,
            alpn: options.alpn.into_iter().map(String::into_bytes).collect(),
            trusts_machine: options.trusts_machine,
            authorities: options.authorities,
            tls12: options.tls12,
            tls13: options.tls13,
        };
        let mut connection = shared.lock().await;
        let encrypted = connection.encrypt(self.dialer.trust(), wishes, limit(timeout_ms));
        let session = encrypted.await.map(|encrypted| TlsSession {
            version: encrypted.version.to_owned(),
            cipher: encrypted.cipher,
            alpn: encrypted
                .alpn
                .map(|name| String::from_utf8_lossy(&name).into_owned()),
            certificate: encrypted.certificate,
        });
        Ok(session.map_err(Error::from))
    }

    async fn read(
        &mut self,
        connection: Resource<Shared>,
        max_bytes: u32,
        timeout_ms: Option<u32>,
    ) -> Result<std::result::Result<Vec<u8>, Error>> {
        let shared = self.shared(&connection)?;
        let mut connection = shared.lock().await;
        let read = connection.read(max_bytes as usize, limit(timeout_ms)).await;
        Ok(read.map_err(Error::from))
    }

    async fn write(
        &mut self,
        connection: Resource<Shared>,
        data: Vec<u8>,
        timeout_ms: Option<u32>,
    ) -> Result<std::result::Result<(), Error>> {
        let shared = self.shared(&connection)?;
        let mut connection = shared.lock().await;
        let written = connection.write(&data, limit(timeout_ms)).await;
        Ok(written.map_err(Error::from))
    }

    async fn finish(
        &mut self,
        connection: Resource<Shared>,
    ) -> Result<std::result::Result<(), Error>> {
        let shared = self.shared(&connection)?;
        let finished = shared.lock().await.finish().await;
        Ok(finished.map_err(Error::from))
    }

    async fn local_address(&mut self, connection: Resource<Shared>) -> Result<(String, u16)> {
        let shared = self.shared(&connection)?;
        let (local, _) = shared.lock().await.addresses();
        Ok(in_parts(local))
    }

    async fn peer_address(&mut self, connection: Resource<Shared>) -> Result<(String, u16)> {
        let shared = self.shared(&connection)?;
        let (_, peer) = shared.lock().await.addresses();
        Ok(in_parts(peer))
    }

    async fn drop(&mut self, connection: Resource<Shared>) -> Result<()> {
        self.table.delete(connection)?;
        self.memory.release(CONNECTION_BYTES);
        Ok(())
    }
}

impl From<OutboundError> for Error {
    fn from(error: OutboundError) -> Self {
        let kind = match &error {
            OutboundError::Off(..) | OutboundError::Host(..) | OutboundError::Address { .. } => {
                ErrorKind::NotAllowed
            }
            OutboundError::Limit(_) => ErrorKind::Limit,
            OutboundError::UnknownHost(_) => ErrorKind::UnknownHost,
            OutboundError::Refused => ErrorKind::Refused,
            OutboundError::Reset => ErrorKind::Reset,
            OutboundError::Unreachable => ErrorKind::Unreachable,
            OutboundError::TimedOut => ErrorKind::TimedOut,
            OutboundError::Certificate(_) => ErrorKind::Certificate,
            OutboundError::Tls(_) => ErrorKind::Tls,
            OutboundError::Other(_) => ErrorKind::Other,
        };
        let reason = error.to_string();
        Self { kind, reason }
    }
}

fn parsed(host: &str) -> std::result::Result<OutboundHost, OutboundError> {
    OutboundHost::parse(host).map_err(|error| OutboundError::UnknownHost(error.0))
}

fn in_parts(address: SocketAddr) -> (String, u16) {
    (address.ip().to_canonical().to_string(), address.port())
}

fn limit(timeout_ms: Option<u32>) -> Duration {
    timeout_ms.map_or(LONGEST_SILENCE, |ms| {
        Duration::from_millis(ms.into()).max(SHORTEST_WAIT)
    })
}
