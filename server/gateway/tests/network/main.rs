//! The gateway behind a door of the listener, as a network sees it: bytes in,
//! bytes out, and what reached a function.

#![expect(
    clippy::unwrap_used,
    reason = "clippy.toml allows it in tests, but does not see the helpers of this file as one"
)]

#[path = "../common/api.rs"]
mod api;
mod compression;
mod groups;
mod http2;
mod parameters;
mod proxies;
mod raw_requests;
mod refusals;
mod smuggling;
mod world;
