//! The whole server with the real interpreter, without sockets.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod packages;
mod path;
mod session;
mod world;
