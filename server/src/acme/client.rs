//! How an ACME server is talked to: over HTTPS, at the host of its directory and nowhere else, for a bounded
//! time and a bounded number of bytes. A connection has one request: an order needs some ten of them.

use std::error::Error as StdError;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{HOST, HeaderValue, RETRY_AFTER};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper_util::rt::TokioIo;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use sluice_domain::acme::AcmeDirectory;
use sluice_domain::outbound::not_public;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

use super::{AcmeConfig, from_now};

/// Longest time for one request and its answer.
const LONGEST_REQUEST: Duration = Duration::from_secs(30);

/// Longest time for a connection to one address.
const LONGEST_CONNECTING: Duration = Duration::from_secs(10);

/// Addresses of the server that are tried.
const MAX_ADDRESSES: usize = 4;

/// Most bytes of an answer's body, and of its head: several times what the largest of them, a chain, has.
const MAX_BODY_BYTES: usize = 256 * 1024;
const MAX_HEAD_BYTES: usize = 32 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
enum ClientError {
    #[error("it names {0}, which is not at the host of its directory over HTTPS")]
    OtherHost(String),
    #[error("{host} cannot be found")]
    UnknownHost { host: String, source: io::Error },
    #[error(
        "{host} has the address {address}, {kind}: such a server has to be named by the operator, with --acme-directory"
    )]
    NotPublic {
        host: String,
        address: IpAddr,
        kind: &'static str,
    },
    #[error("{host} cannot be reached: {source}")]
    Unreachable { host: String, source: io::Error },
    #[error("{host} speaks no TLS that can be trusted: {source}")]
    Tls { host: String, source: io::Error },
    #[error("its answer is no HTTP")]
    Http(#[from] hyper::Error),
    #[error("its request cannot be made")]
    Request(#[from] http::Error),
    #[error("its answer is longer than {} KB", MAX_BODY_BYTES / 1024)]
    TooLong,
    #[error("its answer ended early: {0}")]
    Broken(Box<dyn StdError + Send + Sync>),
    #[error("it leads elsewhere ({0}), which is not followed")]
    Redirect(StatusCode),
    #[error("it did not answer within {} s", LONGEST_REQUEST.as_secs())]
    TooSlow,
}

/// Talks to one ACME server. Clones share what it asked for.
#[derive(Clone)]
pub(super) struct Client(Arc<Inner>);

struct Inner {
    /// Host and port of the directory.
    authority: Option<Authority>,
    /// Whether it may have an address that is not public.
    is_operators: bool,
    tls: TlsConnector,
    /// Until when the server refuses to do anything.
    retry_after: Mutex<Option<SystemTime>>,
}

impl Client {
    /// A client of the server with this directory.
    pub(super) async fn new(directory: &AcmeDirectory, config: &AcmeConfig) -> Self {
        let uri = directory.as_str().parse::<Uri>().ok();
        let mut tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring has the cipher suites of both versions")
            .with_root_certificates(roots(&config.authorities).await)
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self(Arc::new(Inner {
            authority: uri.and_then(|uri| uri.into_parts().authority),
            is_operators: config.directory.as_ref() == Some(directory),
            tls: TlsConnector::from(Arc::new(tls)),
            retry_after: Mutex::default(),
        }))
    }

    /// How long the server wants to be left alone, where it has said so in a refusal.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        let retry_after = self.0.retry_after.lock();
        retry_after
            .unwrap_or_else(PoisonError::into_inner)
            .map(from_now)
    }
}

impl HttpClient for Client {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let inner = Arc::clone(&self.0);
        Box::pin(async move {
            let asking = tokio::time::timeout(LONGEST_REQUEST, inner.ask(request));
            let answer = asking.await.unwrap_or(Err(ClientError::TooSlow));
            let answer = answer.map_err(|error| Error::Other(error.into()))?;
            Ok(BytesResponse::from(answer.map(Full::new)))
        })
    }
}

impl Inner {
    async fn ask(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Result<Response<Bytes>, ClientError> {
        let (mut head, body) = request.into_parts();
        let uri = std::mem::take(&mut head.uri);
        let authority = self.authority.as_ref().filter(|authority| {
            uri.scheme() == Some(&Scheme::HTTPS)
                && uri
                    .host()
                    .is_some_and(|host| host.eq_ignore_ascii_case(authority.host()))
                && uri.port_u16().unwrap_or(443) == authority.port_u16().unwrap_or(443)
        });
        let shown = || uri.to_string().chars().take(120).collect();
        let authority = authority.ok_or_else(|| ClientError::OtherHost(shown()))?;
        let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
        head.uri = path.parse::<Uri>().map_err(http::Error::from)?;
        let host = HeaderValue::try_from(authority.as_str()).map_err(http::Error::from)?;
        head.headers.insert(HOST, host);

        let stream = self.connect(authority).await?;
        let mut http = hyper::client::conn::http1::Builder::new();
        http.max_buf_size(MAX_HEAD_BYTES);
        let (mut sender, connection) = http.handshake(TokioIo::new(stream)).await?;
        let mut driving = JoinSet::new(); // ends the connection when it is dropped
        driving.spawn(connection);
        let answer = sender.send_request(Request::from_parts(head, body)).await?;
        let (head, body) = answer.into_parts();
        if head.status.is_redirection() {
            return Err(ClientError::Redirect(head.status));
        }
        if [
            StatusCode::TOO_MANY_REQUESTS,
            StatusCode::SERVICE_UNAVAILABLE,
        ]
        .contains(&head.status)
            && let Some(at) = retry_after(&head.headers)
        {
            let mut kept = self
                .retry_after
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *kept = Some(at);
        }
        let body = Limited::new(body, MAX_BODY_BYTES).collect().await;
        let body = body.map_err(|error| match error.is::<LengthLimitError>() {
            true => ClientError::TooLong,
            false => ClientError::Broken(error),
        })?;
        Ok(Response::from_parts(head, body.to_bytes()))
    }

    /// A connection to an address that was looked at.
    async fn connect(
        &self,
        authority: &Authority,
    ) -> Result<tokio_rustls::client::TlsStream<TcpStream>, ClientError> {
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let port = authority.port_u16().unwrap_or(443);
        let found = tokio::net::lookup_host((host.clone(), port)).await;
        let addresses: Vec<SocketAddr> = match found {
            Ok(found) => found.take(MAX_ADDRESSES).collect(),
            Err(source) => return Err(ClientError::UnknownHost { host, source }),
        };
        let mut source = io::Error::from(io::ErrorKind::NotFound);
        for address in addresses {
            if let Some(kind) = not_public(address.ip()).filter(|_| !self.is_operators) {
                return Err(ClientError::NotPublic {
                    host,
                    address: address.ip(),
                    kind,
                });
            }
            let connecting = TcpStream::connect(address);
            let connected = tokio::time::timeout(LONGEST_CONNECTING, connecting).await;
            match connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
                Ok(stream) => {
                    let tls = |source| ClientError::Tls {
                        host: host.clone(),
                        source,
                    };
                    let name = ServerName::try_from(host.clone());
                    let name = name.map_err(|error| tls(io::Error::other(error)))?;
                    return self.tls.connect(name, stream).await.map_err(tls);
                }
                Err(error) => source = error,
            }
        }
        Err(ClientError::Unreachable { host, source })
    }
}

/// Whom this machine trusts, and `more`.
async fn roots(more: &[CertificateDer<'static>]) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(more.iter().cloned());
    let reading = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs);
    if let Ok(found) = reading.await {
        roots.add_parsable_certificates(found.certs);
    }
    roots
}

/// A number of seconds, or a date (RFC 9110, section 10.2.3).
fn retry_after(headers: &HeaderMap) -> Option<SystemTime> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    match value.parse::<u32>() {
        Ok(seconds) => Some(SystemTime::now() + Duration::from_secs(seconds.into())),
        Err(_) => httpdate::parse_http_date(value).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_a_number_of_seconds_or_a_date() {
        let check = |value: &str| {
            let headers =
                HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_str(value).unwrap())]);
            retry_after(&headers).map(|at| from_now(at).as_secs().div_ceil(60))
        };
        assert_eq!(check("120"), Some(2));
        assert_eq!(check(" 0 "), Some(0));
        assert_eq!(check("Fri, 31 Dec 1999 23:59:59 GMT"), Some(0));
        for nonsense in ["", "-1", "1.5", "soon", "99999999999999999999"] {
            assert_eq!(check(nonsense), None, "{nonsense}");
        }
    }
}
