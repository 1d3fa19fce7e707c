//! One open connection, bare or with TLS around it.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{BufMut as _, BytesMut};
use rustls::ProtocolVersion;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

use super::tls::{TlsWishes, Trust};
use super::traffic::Place;
use super::{LONGEST_CONNECTING, LONGEST_SILENCE, OutboundError};

/// Bytes that are read ahead.
const READ_BYTES: usize = 16 * 1024;

/// What bytes go through.
#[derive(Debug)]
pub enum Stream {
    /// As they are.
    Plain(TcpStream),
    /// Encrypted.
    Tls(Box<TlsStream<TcpStream>>),
}

/// A connection that a function reads and writes by itself.
#[derive(Debug)]
pub struct Connection {
    /// Nothing once TLS could not be begun.
    stream: Option<Stream>,
    place: Place,
    ahead: BytesMut,
    /// How it ended, when it has.
    ended: Option<Result<(), OutboundError>>,
    local: SocketAddr,
    peer: SocketAddr,
}

/// What TLS came to.
#[derive(Debug)]
pub struct Encrypted {
    /// `TLSv1.2` or `TLSv1.3`.
    pub version: &'static str,
    /// The cipher suite.
    pub cipher: String,
    /// The protocol that was agreed on.
    pub alpn: Option<Vec<u8>>,
    /// The certificate of the host, in DER.
    pub certificate: Vec<u8>,
}

impl Connection {
    /// A connection that was just made, in its place.
    pub fn new(stream: TcpStream, place: Place) -> Result<Self, OutboundError> {
        let (local, peer) = (stream.local_addr()?, stream.peer_addr()?);
        place.opened();
        Ok(Self {
            stream: Some(Stream::Plain(stream)),
            place,
            ahead: BytesMut::new(),
            ended: None,
            local,
            peer,
        })
    }

    /// Its address on this machine, and the one that it leads to.
    pub fn addresses(&self) -> (SocketAddr, SocketAddr) {
        (self.local, self.peer)
    }

    /// Speaks TLS from here on.
    pub async fn encrypt(
        &mut self,
        trust: &Trust,
        wishes: TlsWishes,
        limit: Duration,
    ) -> Result<Encrypted, OutboundError> {
        if !self.ahead.is_empty() {
            let reason = "something else than TLS was received and not read".to_owned();
            return Err(OutboundError::Tls(reason));
        }
        let stream = match self.stream.take() {
            Some(Stream::Plain(stream)) => stream,
            other => {
                self.stream = other;
                let reason = "TLS inside of TLS is not possible".to_owned();
                return Err(OutboundError::Tls(reason));
            }
        };
        let beginning = trust.encrypt(stream, wishes);
        let limit = limit.min(LONGEST_CONNECTING);
        let stream = timeout(limit, beginning).await;
        let stream = stream.map_err(|_| OutboundError::TimedOut)??;
        let session = stream.get_ref().1;
        let certificate = session.peer_certificates().and_then(<[_]>::first);
        let encrypted = Encrypted {
            version: match session.protocol_version() {
                Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
                _ => "TLSv1.2",
            },
            cipher: session
                .negotiated_cipher_suite()
                .and_then(|suite| suite.suite().as_str())
                .unwrap_or_default()
                .to_owned(),
            alpn: session.alpn_protocol().map(<[u8]>::to_vec),
            certificate: certificate.map(|der| der.to_vec()).unwrap_or_default(),
        };
        self.stream = Some(Stream::Tls(Box::new(stream)));
        Ok(encrypted)
    }

    /// Gives what has come, at most `most` bytes; nothing once the other side has ended.
    pub async fn read(&mut self, most: usize, limit: Duration) -> Result<Vec<u8>, OutboundError> {
        let coming = timeout(limit.min(LONGEST_SILENCE), self.fill());
        coming.await.map_err(|_| OutboundError::TimedOut)?;
        if self.ahead.is_empty() {
            return match &self.ended {
                Some(Err(error)) => Err(error.clone()),
                _ => Ok(Vec::new()),
            };
        }
        let most = most.min(self.place.may_receive()?).min(self.ahead.len());
        self.place.received(most);
        Ok(self.ahead.split_to(most).to_vec())
    }

    /// Waits until there is something to read, or an end. May be given up at any time.
    pub async fn fill(&mut self) {
        if !self.ahead.is_empty() || self.ended.is_some() {
            return;
        }
        let Some(stream) = &mut self.stream else {
            self.ended = Some(Err(OutboundError::Reset));
            return;
        };
        self.ahead.reserve(READ_BYTES);
        match stream
            .read_buf(&mut (&mut self.ahead).limit(READ_BYTES))
            .await
        {
            Ok(0) => self.ended = Some(Ok(())),
            Ok(_) => {}
            Err(error) => self.ended = Some(Err(error.into())),
        }
    }

    /// Sends all of it.
    pub async fn write(&mut self, data: &[u8], limit: Duration) -> Result<(), OutboundError> {
        self.place.sends(data.len())?;
        let stream = self.stream.as_mut().ok_or(OutboundError::Reset)?;
        let sending = async {
            stream.write_all(data).await?;
            stream.flush().await
        };
        let sent = timeout(limit.min(LONGEST_SILENCE), sending).await;
        Ok(sent.map_err(|_| OutboundError::TimedOut)??)
    }

    /// Says that nothing comes any more.
    pub async fn finish(&mut self) -> Result<(), OutboundError> {
        let stream = self.stream.as_mut().ok_or(OutboundError::Reset)?;
        let finishing = timeout(LONGEST_CONNECTING, stream.shutdown());
        Ok(finishing.await.map_err(|_| OutboundError::TimedOut)??)
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, into),
            Self::Tls(stream) => match Pin::new(stream).poll_read(cx, into) {
                // TLS without a last word, as many servers end it: HTTP itself says what is missing.
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    Poll::Ready(Ok(()))
                }
                read => read,
            },
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, data),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, data),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
