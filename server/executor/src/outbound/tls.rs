//! TLS of outbound connections, with certificates verified always.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion, version};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::OutboundError;

/// Most bytes of certificates that a function may bring, and most of them.
const MAX_AUTHORITIES_BYTES: usize = 2 * 1024 * 1024;
const MAX_AUTHORITIES: usize = 1000;

/// Whose certificates this machine believes.
#[derive(Debug)]
pub struct Trust {
    more: Vec<CertificateDer<'static>>,
    machine: OnceCell<Arc<RootCertStore>>,
}

/// What a function asks of TLS.
#[derive(Debug, Clone)]
pub struct TlsWishes {
    /// The host that the certificate has to be of.
    pub server_name: String,
    /// Protocols to offer, the preferred first.
    pub alpn: Vec<Vec<u8>>,
    /// Whether to believe whom the machine believes.
    pub trusts_machine: bool,
    /// Certificates in PEM of others to believe.
    pub authorities: Vec<u8>,
    /// Whether it may be TLS 1.2.
    pub tls12: bool,
    /// Whether it may be TLS 1.3.
    pub tls13: bool,
}

impl TlsWishes {
    /// What everybody asks for who wants HTTPS.
    pub fn https(server_name: String) -> Self {
        Self {
            server_name,
            alpn: vec![b"http/1.1".to_vec()],
            trusts_machine: true,
            authorities: Vec::new(),
            tls12: true,
            tls13: true,
        }
    }
}

impl Trust {
    /// Believes whom the operating system believes, and `more`.
    pub fn new(more: Vec<CertificateDer<'static>>) -> Self {
        let machine = OnceCell::new();
        Self { more, machine }
    }

    /// Speaks TLS over a connection.
    pub async fn encrypt(
        &self,
        stream: TcpStream,
        wishes: TlsWishes,
    ) -> Result<TlsStream<TcpStream>, OutboundError> {
        let tls = |error: rustls::Error| OutboundError::Tls(error.to_string());
        let name = ServerName::try_from(wishes.server_name.clone()).map_err(|_| {
            let name: String = wishes.server_name.chars().take(80).collect();
            OutboundError::Tls(format!("{name:?} is no name that a certificate can be of"))
        })?;
        let versions = versions(&wishes)?;
        let roots = self.roots(&wishes).await?;
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&versions)
            .map_err(tls)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = wishes.alpn;
        let connector = TlsConnector::from(Arc::new(config));
        Ok(connector.connect(name, stream).await?)
    }

    async fn roots(&self, wishes: &TlsWishes) -> Result<Arc<RootCertStore>, OutboundError> {
        let machine = match wishes.trusts_machine {
            true => self.machine.get_or_init(|| self.load()).await.clone(),
            false => Arc::new(RootCertStore::empty()),
        };
        if wishes.authorities.is_empty() {
            return Ok(machine);
        }
        let bytes = wishes.authorities.len();
        if bytes > MAX_AUTHORITIES_BYTES {
            let reason = format!(
                "the certificates to trust have {bytes} bytes, and may have {MAX_AUTHORITIES_BYTES}"
            );
            return Err(OutboundError::Limit(reason));
        }
        let mut roots = RootCertStore::clone(&machine);
        let given = CertificateDer::pem_slice_iter(&wishes.authorities).take(MAX_AUTHORITIES);
        roots.add_parsable_certificates(given.filter_map(Result::ok));
        Ok(Arc::new(roots))
    }

    /// Reads the operating system's certificates, once.
    async fn load(&self) -> Arc<RootCertStore> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(self.more.iter().cloned());
        let reading = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs);
        if let Ok(found) = reading.await {
            for error in &found.errors {
                tracing::warn!(%error, "certificates of this machine cannot be read");
            }
            roots.add_parsable_certificates(found.certs);
        }
        if roots.is_empty() {
            tracing::warn!(
                "this machine trusts no certificate authority, so functions cannot use HTTPS; \
                 on Debian the package ca-certificates has them"
            );
        }
        Arc::new(roots)
    }
}

fn versions(wishes: &TlsWishes) -> Result<Vec<&'static SupportedProtocolVersion>, OutboundError> {
    let mut versions = Vec::new();
    if wishes.tls13 {
        versions.push(&version::TLS13);
    }
    if wishes.tls12 {
        versions.push(&version::TLS12);
    }
    match versions.is_empty() {
        true => Err(OutboundError::Tls(
            "there are TLS 1.2 and 1.3, and neither is wanted".to_owned(),
        )),
        false => Ok(versions),
    }
}
