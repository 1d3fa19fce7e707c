//! How a door speaks TLS.

use std::io;
use std::sync::Arc;

use http::Extensions;
use rustls::server::{Acceptor, ClientHello};
use rustls::{ProtocolVersion, ServerConfig};
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

/// Who decides how a connection speaks TLS.
pub trait Tls: Send + Sync {
    /// The configuration for a client that begins with this: certificate and versions can depend
    /// on the name that it asks for. It is asked once a connection, and must not wait.
    fn config(&self, hello: &ClientHello<'_>) -> Arc<ServerConfig>;

    /// Tells those who answer a request which version its connection has.
    fn mark(&self, version: ProtocolVersion, request: &mut Extensions) {
        let _ = (version, request);
    }
}

/// One configuration for everybody.
impl Tls for Arc<ServerConfig> {
    fn config(&self, _: &ClientHello<'_>) -> Arc<ServerConfig> {
        Self::clone(self)
    }
}

/// Marks the requests of one connection.
#[derive(Clone)]
pub(crate) struct Mark {
    tls: Arc<dyn Tls>,
    version: ProtocolVersion,
}

impl Mark {
    pub(crate) fn put(&self, request: &mut Extensions) {
        self.tls.mark(self.version, request);
    }
}

/// The handshake, for which nobody waits without end.
pub(crate) async fn shake_hands(
    tls: &Arc<dyn Tls>,
    stream: TcpStream,
) -> io::Result<(TlsStream<TcpStream>, Option<Mark>)> {
    let begun = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
    let config = tls.config(&begun.client_hello());
    let stream = begun.into_stream(config).await?;
    let version = stream.get_ref().1.protocol_version();
    let mark = version.map(|version| Mark {
        tls: Arc::clone(tls),
        version,
    });
    Ok((stream, mark))
}
