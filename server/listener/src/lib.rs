//! The doors: takes connections and serves a router on them, within limits.
//!
//! What stands on a network is called by everybody. So each connection has a
//! place ([`Places`]), of which there are so many in all and for each address,
//! and time ([`Limits`]): for the TLS handshake and the head of a request, and
//! for being idle; bodies have to come, and answers to be taken, at a least
//! rate ([`LeastRate`]). Who finds no place is told so where that is cheap. What hyper refuses by itself, because it is no HTTP,
//! is answered in the words of the router's owner ([`Refuse`]).
//!
//! The crate knows sockets, TLS and HTTP. It knows nothing of who answers.

mod connection;
mod counted;
mod door;
mod limits;
mod paced;
mod places;
mod pulse;
mod rate;
mod refuse;
mod taking;
mod tls;
mod watched;

pub use connection::serve_connection;
pub use door::{Door, Stop, Stopped, listen, stop};
pub use limits::Limits;
pub use places::{Full, Occupancy, Place, Places};
pub use rate::LeastRate;
pub use refuse::Refuse;
pub use tls::Tls;
