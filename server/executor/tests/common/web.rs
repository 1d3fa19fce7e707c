//! Web servers on this machine for functions to connect to.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Most bytes of a request's head.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// A server; it stops with the test.
pub struct Web {
    pub port: u16,
    accepted: Arc<AtomicUsize>,
}

impl Web {
    /// One that has gone: nobody listens at its port.
    pub async fn closed() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let accepted = Arc::default();
        Self { port, accepted }
    }

    /// How many connections it has taken.
    pub fn connections(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

/// A certificate for names, and its key.
pub struct Certificate {
    pub der: CertificateDer<'static>,
    pub pem: String,
    key: PrivateKeyDer<'static>,
}

impl Certificate {
    pub fn of(names: &[&str]) -> Self {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(names).unwrap();
        // An authority of the same name would be taken for its own.
        let name = hex::encode(key.public_key_raw());
        let name_of = &mut params.distinguished_name;
        name_of.push(rcgen::DnType::CommonName, &name[name.len() - 16..]);
        let made = params.self_signed(&key).unwrap();
        Self {
            der: made.der().clone(),
            pem: made.pem(),
            key: PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        }
    }
}

/// Serves HTTP.
pub async fn http() -> Web {
    at("127.0.0.1:0", None).await
}

/// Serves HTTPS.
pub async fn https(certificate: &Certificate) -> Web {
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der.clone()], certificate.key.clone_key())
        .unwrap();
    at("127.0.0.1:0", Some(TlsAcceptor::from(Arc::new(config)))).await
}

/// Serves at an address.
pub async fn at(address: &str, tls: Option<TlsAcceptor>) -> Web {
    let listener = TcpListener::bind(address).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let accepted = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&accepted);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let tls = tls.clone();
            tokio::spawn(async move {
                match tls {
                    None => answer(stream).await,
                    Some(tls) => {
                        if let Ok(stream) = tls.accept(stream).await {
                            answer(stream).await;
                        }
                    }
                }
            });
        }
    });
    Web { port, accepted }
}

/// Answers requests until the other side has enough.
async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let mut read = Vec::new();
    loop {
        let end = loop {
            if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            // What speaks TLS begins with something that is no letter.
            let is_http = read.first().is_none_or(u8::is_ascii_alphabetic);
            if !is_http {
                let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
                return;
            }
            if read.len() > MAX_HEAD_BYTES || !matches!(stream.read_buf(&mut read).await, Ok(1..)) {
                return;
            }
        };
        let head = String::from_utf8_lossy(&read[..end]).into_owned();
        read.drain(..end);
        let path = head.split(' ').nth(1).unwrap_or_default();
        if path == "/sink" {
            // All that comes, until nothing does.
            while matches!(stream.read_buf(&mut read).await, Ok(1..)) {
                read.clear();
            }
            return;
        }
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let is_length = name.eq_ignore_ascii_case("content-length");
            is_length.then(|| value.trim().parse().ok()).flatten()
        });
        let length: usize = length.unwrap_or(0);
        while read.len() < length {
            if !matches!(stream.read_buf(&mut read).await, Ok(1..)) {
                return;
            }
        }
        let body: Vec<u8> = read.drain(..length).collect();
        let full = match path.split_once("?to=") {
            Some((_, to)) => {
                format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n")
                    .into_bytes()
            }
            None => match path {
                "/silent" => std::future::pending().await,
                "/gone" => return,
                "/endless" => {
                    let head = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
                    let mut going = stream.write_all(head.as_bytes()).await;
                    while going.is_ok() {
                        going = stream.write_all(&[0; 64 * 1024]).await;
                    }
                    return;
                }
                "/echo" => response(&body),
                _ => response(b"hello"),
            },
        };
        if stream.write_all(&full).await.is_err() || path == "/last" {
            return;
        }
    }
}

fn response(body: &[u8]) -> Vec<u8> {
    let mut full = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    full.extend_from_slice(body);
    full
}
