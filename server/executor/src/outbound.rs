//! Connections of functions to other hosts: off, unless the rules of a function name a host.
//!
//! A name has to be allowed before it is looked up. What it leads to has to be a public
//! address, or one that the rules name, and it is this very address that is connected to, so
//! that a name cannot lead elsewhere a moment later. TLS is spoken out here, where
//! certificates are always verified. How much goes through is bounded and counted.
//!
//! [`Dialer`] connects, `tls` encrypts, `traffic` counts; `sockets` gives all that to
//! languages that speak TCP by themselves, and `http_requests` to components that leave HTTP to
//! their host.

use std::time::Duration;

mod dial;
mod error;
mod http_requests;
mod sockets;
mod stream;
mod tls;
mod traffic;

pub use dial::{Dialer, Outside};
pub use error::OutboundError;
pub use http_requests::{HttpRequests, destination};
pub use sockets::{OutboundView, add_to_linker};
pub use tls::Trust;
pub use traffic::Traffic;

/// How long connecting may take, names and addresses together, and how long TLS may besides.
pub const LONGEST_CONNECTING: Duration = Duration::from_secs(10);

/// How long one read or write may wait: long enough for a service that thinks before it
/// answers, and shorter than most execution timeouts that are meant for such.
pub const LONGEST_SILENCE: Duration = Duration::from_secs(120);

/// Bytes that an invocation may send, and that it may receive.
pub const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Connections that an instance may have open.
pub const MAX_CONNECTIONS: usize = 32;

/// Memory of a connection at most: what was read ahead, and a record of TLS each way.
pub const CONNECTION_BYTES: usize = 64 * 1024;
