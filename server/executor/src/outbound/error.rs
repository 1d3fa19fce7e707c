//! Why a connection could not be made, or ended.

use std::io;
use std::net::IpAddr;

use sluice_domain::outbound::{OutboundHost, not_public};

/// Why there is no connection, or no more of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// The function has no rules.
    #[error(
        "outbound connections are off: add {} to the function's outbound hosts to reach {}",
        .0.entry(*.1), .0.with_port(*.1)
    )]
    Off(OutboundHost, u16),
    /// No rule names the host.
    #[error(
        "outbound connections to {} are not allowed: add {} to the function's outbound hosts",
        .0.with_port(*.1), .0.entry(*.1)
    )]
    Host(OutboundHost, u16),
    /// A rule names the host, but it leads where the internet is not.
    #[error(
        "outbound connections to {} are not allowed: it is at {address}, an address {}; where that is meant, \
         add {} to the function's outbound hosts",
        host.with_port(*port),
        not_public(*address).unwrap_or("that is not named"),
        OutboundHost::Address(*address).entry(*port)
    )]
    Address {
        /// The name.
        host: OutboundHost,
        /// The port.
        port: u16,
        /// Where it leads.
        address: IpAddr,
    },
    /// A limit of the sandbox.
    #[error("{0}")]
    Limit(String),
    /// The name is of no host.
    #[error("no host has the name {0}")]
    UnknownHost(String),
    /// Nobody listens there.
    #[error("connection refused")]
    Refused,
    /// The other side broke off.
    #[error("connection reset by peer")]
    Reset,
    /// No way leads there.
    #[error("the host cannot be reached")]
    Unreachable,
    /// It took too long.
    #[error("timed out")]
    TimedOut,
    /// The certificate of the host cannot be trusted.
    #[error("{0}")]
    Certificate(String),
    /// Anything else of TLS.
    #[error("{0}")]
    Tls(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl OutboundError {
    /// True where the function's rules are the reason.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Off(..) | Self::Host(..) | Self::Address { .. })
    }
}

impl From<io::Error> for OutboundError {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind::*;
        let inside = error.get_ref().and_then(|inner| inner.downcast_ref());
        match (inside, error.kind()) {
            (Some(rustls::Error::InvalidCertificate(reason)), _) => {
                Self::Certificate(format!("the host's certificate is not valid: {reason}"))
            }
            (Some(other), _) => Self::Tls(other.to_string()),
            (None, ConnectionRefused) => Self::Refused,
            (None, ConnectionReset | ConnectionAborted | BrokenPipe | UnexpectedEof) => Self::Reset,
            (None, HostUnreachable | NetworkUnreachable | AddrNotAvailable) => Self::Unreachable,
            (None, TimedOut) => Self::TimedOut,
            (None, _) => Self::Other(error.to_string()),
        }
    }
}
