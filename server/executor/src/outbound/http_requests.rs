//! HTTP requests of components that leave the sending to their host: `wasi:http` outgoing,
//! which JavaScript's `fetch` stands on. The rules, TLS and limits are those of all
//! connections; each request has a connection of its own.

use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::uri::{Scheme, Uri};
use http_body_util::BodyExt as _;
use hyper::client::conn::http1;
use sluice_domain::outbound::OutboundHost;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep, timeout};
use wasmtime_wasi_http::io::TokioIo;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use super::stream::Stream;
use super::tls::TlsWishes;
use super::traffic::Place;
use super::{
    CONNECTION_BYTES, Dialer, LONGEST_CONNECTING, LONGEST_SILENCE, OutboundError, Traffic,
};

/// Sends the requests of an instance.
#[derive(Debug)]
pub struct HttpRequests {
    dialer: Arc<Dialer>,
    traffic: Arc<Traffic>,
}

type Ending = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Answer = Result<(http::Response<WasiBody>, Ending), Error>;

impl HttpRequests {
    /// Sends where `dialer` connects to, and counts in `traffic`.
    pub fn new(dialer: Arc<Dialer>, traffic: Arc<Traffic>) -> Self {
        Self { dialer, traffic }
    }
}

impl WasiHttpHooks for HttpRequests {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Answer> + Send> {
        let (dialer, traffic) = (Arc::clone(&self.dialer), Arc::clone(&self.traffic));
        Box::new(async move {
            let Some((host, port)) = destination(request.uri()) else {
                return Err(Error::HttpRequestUriInvalid);
            };
            let name = host.with_port(port);
            match open(&dialer, &traffic, host, port, request.uri(), options).await {
                Ok(stream) => {
                    let failed = move |error: &Error| traffic.failed(&name, reason(error));
                    let sent = send(request, stream, options).await;
                    let (response, ending) = sent.inspect_err(&failed)?;
                    // The body can fail when its beginning is there already.
                    let response = response.map(|body| {
                        let body = body.map_err(move |error| {
                            failed(&error);
                            error
                        });
                        body.boxed_unsync()
                    });
                    Ok((response, ending))
                }
                Err(error) => {
                    if error.is_refusal() {
                        traffic.refused(&name);
                    }
                    let code = code(&error);
                    traffic.failed(&name, error.to_string());
                    Err(code)
                }
            }
        })
    }
}

/// The host and port that a URL leads to.
pub fn destination(url: &Uri) -> Option<(OutboundHost, u16)> {
    let authority = url.authority()?;
    let port = match authority.port_u16() {
        Some(port) => port,
        // A port that is no number is none of its scheme.
        None if authority.port().is_some() => return None,
        None if url.scheme() == Some(&Scheme::HTTPS) => 443,
        None => 80,
    };
    let host = OutboundHost::parse(authority.host()).ok()?;
    Some((host, port))
}

/// Opens the connection of a request.
async fn open(
    dialer: &Dialer,
    traffic: &Arc<Traffic>,
    host: OutboundHost,
    port: u16,
    url: &Uri,
    options: Option<RequestOptions>,
) -> Result<Counted, OutboundError> {
    let place = traffic.place(host.with_port(port))?;
    let limit = options.and_then(|options| options.connect_timeout);
    let limit = limit.unwrap_or(LONGEST_CONNECTING).min(LONGEST_CONNECTING);
    let stream = dialer.connect(&host, port, limit).await?;
    place.opened();
    let stream = match url.scheme() == Some(&Scheme::HTTPS) {
        false => Stream::Plain(stream),
        true => {
            let encrypting = dialer
                .trust()
                .encrypt(stream, TlsWishes::https(host.to_string()));
            let encrypted = timeout(limit, encrypting).await;
            Stream::Tls(Box::new(encrypted.map_err(|_| OutboundError::TimedOut)??))
        }
    };
    let silence = options.and_then(|options| options.between_bytes_timeout);
    let silence = silence.unwrap_or(LONGEST_SILENCE).min(LONGEST_SILENCE);
    Ok(Counted {
        stream,
        place,
        silence,
        is_waiting: false,
        waits_until: Box::pin(sleep(silence)),
    })
}

/// Sends a request over its connection.
async fn send(
    mut request: http::Request<WasiBody>,
    stream: Counted,
    options: Option<RequestOptions>,
) -> Answer {
    let mut builder = http1::Builder::new();
    builder.max_buf_size(CONNECTION_BYTES);
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await?;
    // To the host itself a request names the path alone.
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = path.map_or_else(Uri::default, Uri::from);
    let limit = options.and_then(|options| options.first_byte_timeout);
    let limit = limit.unwrap_or(LONGEST_SILENCE).min(LONGEST_SILENCE);
    let mut connection = Some(Box::pin(connection));
    let response = {
        let mut response = pin!(timeout(limit, sender.send_request(request)));
        // The response comes only while the connection is worked on.
        tokio::select! {
            biased;
            response = &mut response => response,
            ended = async { match &mut connection {
                Some(connection) => connection.await,
                None => Ok(()),
            } } => {
                connection = None;
                ended?;
                response.await
            }
        }
    };
    let response = response.map_err(|_| Error::ConnectionReadTimeout)??;
    let ending = async move {
        match connection {
            Some(connection) => Ok(connection.await?),
            None => Ok(()),
        }
    };
    let response = response.map(|body| body.map_err(Error::from).boxed_unsync());
    Ok((response, Box::new(ending)))
}

/// What `wasi:http` calls it.
fn code(error: &OutboundError) -> Error {
    match error {
        OutboundError::Off(..) | OutboundError::Host(..) => Error::HttpRequestDenied,
        OutboundError::Address { .. } => Error::DestinationIpProhibited,
        OutboundError::Limit(_) => Error::ConnectionLimitReached,
        OutboundError::UnknownHost(_) => Error::DnsError {
            rcode: None,
            info_code: None,
        },
        OutboundError::Refused => Error::ConnectionRefused,
        OutboundError::Reset => Error::ConnectionTerminated,
        OutboundError::Unreachable => Error::DestinationUnavailable,
        OutboundError::TimedOut => Error::ConnectionTimeout,
        OutboundError::Certificate(_) => Error::TlsCertificateError,
        OutboundError::Tls(_) => Error::TlsProtocolError,
        OutboundError::Other(reason) => Error::InternalError(Some(reason.clone())),
    }
}

/// Why a request had no answer, in words.
fn reason(error: &Error) -> String {
    let mut cause: Option<&dyn std::error::Error> = match error {
        Error::Hyper(error) => Some(error),
        _ => None,
    };
    let mut text = error.to_string();
    // What the connection itself had to say stands last.
    while let Some(error) = cause {
        text = error.to_string();
        cause = error.source();
    }
    text
}

/// A connection whose bytes are counted, and which does not stay silent for long.
struct Counted {
    stream: Stream,
    place: Place,
    silence: Duration,
    is_waiting: bool,
    waits_until: Pin<Box<Sleep>>,
}

impl AsyncRead for Counted {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // What one read gives beyond the limit is less than a buffer.
        this.place.may_receive().map_err(io::Error::other)?;
        let before = into.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(cx, into);
        if read.is_ready() {
            this.place.received(into.filled().len() - before);
            this.is_waiting = false;
            return read;
        }
        if !this.is_waiting {
            // From here on, and not while nobody wanted to read.
            this.is_waiting = true;
            let until = Instant::now() + this.silence;
            this.waits_until.as_mut().reset(until);
        }
        match this.waits_until.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::Error::other(OutboundError::TimedOut))),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let most = this.place.may_send().map_err(io::Error::other)?;
        let data = &data[..data.len().min(most)];
        let written = Pin::new(&mut this.stream).poll_write(cx, data);
        if let Poll::Ready(Ok(count)) = &written {
            this.place.sends(*count).map_err(io::Error::other)?;
        }
        written
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
