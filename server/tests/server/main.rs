//! The whole server with the real interpreter, without sockets.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod access_keys;
mod acme;
mod apis;
mod authorizers;
mod backup;
mod debug;
mod domain_names;
mod gateway_settings;
mod packages;
mod path;
mod session;
mod test_events;
mod users;
mod versions;
mod world;
