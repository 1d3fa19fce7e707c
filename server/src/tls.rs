//! The certificate of the HTTPS listener: from files, or from a local authority
//! that Sluice makes at its first start.
//!
//! The authority is a certificate of its own, `ca.pem`, which a person trusts
//! once ([`ca_instructions`]). It signs a certificate for this machine's names,
//! which is renewed at a start when it is about to expire or the names have
//! changed. The authority can sign for no names but `localhost` and the domains
//! it was made for: whoever steals its key cannot pose as another site.

mod authority;
mod by_name;
pub mod certificate;
mod instructions;

use std::net::{IpAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use rustls::sign::SingleCertAndKey;
use sluice_domain::domain_name::{DomainName, TlsVersion};
use sluice_domain::env_vars::Secret;

use certificate::{Chain, InvalidCertificate};

pub use authority::Issued;
pub use by_name::{NamedConfigs, TlsByName};
pub use instructions::ca_instructions;

/// Where the certificate of the HTTPS listener comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsSource {
    /// The local authority, made at first start.
    LocalAuthority {
        /// Its folder, `<data>/tls`; made when missing, for the owner only.
        dir: PathBuf,
        /// Names and addresses to be valid for, besides `localhost`, the
        /// loopback addresses and those of [`primary_addresses`]: the base
        /// domain, and a wildcard for the hosts below it, is put here by
        /// [`TlsSource::local_authority`].
        names: Vec<String>,
    },
    /// Files in PEM form.
    Files {
        /// The certificate and those that lead to its authority, in this order.
        cert: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
}

/// Why there is no certificate to serve HTTPS with.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file or folder cannot be read or written.
    #[error("{}: cannot be {doing}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// `read`, `written`, …
        doing: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// A file is there, but is not what it should be.
    #[error("{}: {what}", path.display())]
    Content {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The certificate and the key do not belong together, or cannot be used.
    #[error("{} and {} cannot be used together", cert.display(), key.display())]
    Pair {
        /// The certificate.
        cert: PathBuf,
        /// The key.
        key: PathBuf,
        /// Why.
        source: rustls::Error,
    },
    /// There is no local authority.
    #[error(
        "the server has its certificate from files (--tls-cert), and so no authority that could issue one"
    )]
    NoAuthority,
    /// The local authority can sign for other names only.
    #[error(
        "the local authority can sign for {permitted} only: start the server with --authority-domain, which makes a new authority that has to be trusted again, or upload a certificate"
    )]
    NotPermitted {
        /// The domains that it can sign for.
        permitted: String,
    },
    /// A certificate cannot be made.
    #[error("a certificate for {names} cannot be made")]
    Make {
        /// What it was to be valid for.
        names: String,
        /// Why.
        source: rcgen::Error,
    },
}

impl TlsSource {
    /// The local authority of a data folder, for a base domain, the hosts of
    /// the API groups below it, and more names or addresses.
    pub fn local_authority(data: &Path, base_domain: &str, more: &[String]) -> Self {
        let mut names = vec![base_domain.to_owned(), format!("*.{base_domain}")];
        names.extend_from_slice(more);
        Self::LocalAuthority {
            dir: data.join("tls"),
            names,
        }
    }

    /// The configuration of the listener: TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1.
    /// `now` decides whether a certificate has to be renewed.
    pub fn server_config(&self, now: SystemTime) -> Result<Arc<ServerConfig>, TlsError> {
        match self {
            Self::LocalAuthority { dir, names } => {
                let mut names = names.clone();
                names.extend(["localhost", "127.0.0.1", "::1"].map(str::to_owned));
                names.extend(primary_addresses().iter().map(IpAddr::to_string));
                names
                    .iter_mut()
                    .for_each(|name| name.make_ascii_lowercase());
                names.sort_unstable();
                names.dedup();
                authority::ensure(dir, &names, now)
            }
            Self::Files { cert, key } => config_of_files(cert, key),
        }
    }

    /// A certificate for a domain name, signed by the local authority, which has to be there already.
    pub fn issue(&self, name: &DomainName, now: SystemTime) -> Result<Issued, TlsError> {
        match self {
            Self::LocalAuthority { dir, .. } => authority::issue(dir, name, now),
            Self::Files { .. } => Err(TlsError::NoAuthority),
        }
    }
}

/// The configuration of a domain name with a certificate of its own: HTTP/2 and HTTP/1.1, with TLS of
/// this version or a newer one.
pub fn domain_config(
    chain: &str,
    key: &Secret,
    min_tls: TlsVersion,
) -> Result<Arc<ServerConfig>, InvalidCertificate> {
    let provider = Arc::new(ring::default_provider());
    let certified = Chain::read(chain)?.with_key(key, &provider)?;
    let versions: &[_] = match min_tls {
        TlsVersion::V1_2 => &[&rustls::version::TLS12, &rustls::version::TLS13],
        TlsVersion::V1_3 => &[&rustls::version::TLS13],
    };
    let builder = ServerConfig::builder_with_provider(provider).with_protocol_versions(versions);
    let mut config = builder
        .map_err(|_| InvalidCertificate::Key)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    config.alpn_protocols = protocols();
    Ok(config.into())
}

/// What is spoken over TLS, the better first.
fn protocols() -> Vec<Vec<u8>> {
    vec![b"h2".to_vec(), b"http/1.1".to_vec()]
}

/// The addresses by which this machine reaches others, and so, mostly, is
/// reached by them: at most one of IPv4 and one of IPv6. Nothing is sent.
pub fn primary_addresses() -> Vec<IpAddr> {
    // Connecting a UDP socket only asks the system which way packets would
    // take. The other ends are addresses for documentation (RFC 5737, 3849).
    [("0.0.0.0:0", "192.0.2.1:9"), ("[::]:0", "[2001:db8::1]:9")]
        .into_iter()
        .filter_map(|(any, other)| {
            let socket = UdpSocket::bind(any).ok()?;
            socket.connect(other).ok()?;
            Some(socket.local_addr().ok()?.ip())
        })
        .filter(|ip| !ip.is_loopback() && !ip.is_unspecified())
        .collect()
}

fn config_of_files(cert: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let unreadable = |path: &Path, what: &str, error| match error {
        pem::Error::Io(source) => TlsError::File {
            path: path.to_owned(),
            doing: "read",
            source,
        },
        pem::Error::NoItemsFound => content(path, format!("has no {what} in PEM form")),
        error => content(path, format!("is not PEM: {error}")),
    };
    let chain = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unreadable(cert, "certificate", error))?;
    if chain.is_empty() {
        return Err(unreadable(cert, "certificate", pem::Error::NoItemsFound));
    }
    let private =
        PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, "private key", error))?;
    // The provider is named, so that another crate's choice cannot change it.
    let pair = |source| TlsError::Pair {
        cert: cert.to_owned(),
        key: key.to_owned(),
        source,
    };
    let mut config = ServerConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            builder
                .with_no_client_auth()
                .with_single_cert(chain, private)
        })
        .map_err(pair)?;
    config.alpn_protocols = protocols();
    Ok(config.into())
}

fn content(path: &Path, what: String) -> TlsError {
    TlsError::Content {
        path: path.to_owned(),
        what,
    }
}

#[cfg(test)]
mod tests;
