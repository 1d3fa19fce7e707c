//! What is looked at in a call: the headers for callers who ask, and Debug; and that the event of a
//! call is the same for every method and body.

#![expect(
    clippy::unwrap_used,
    reason = "clippy.toml allows it in tests, but does not see the helpers of this file as one"
)]

#[path = "../common/api.rs"]
mod api;
mod debug;
mod events;
mod headers;
mod world;
