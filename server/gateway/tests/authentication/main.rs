//! Who may call an API: App, IAM and Custom authentication.

#![expect(
    clippy::unwrap_used,
    reason = "clippy.toml allows it in tests, but does not see the helpers of this file as one"
)]

#[path = "../common/api.rs"]
mod api;
mod app;
mod custom;
mod iam;
mod modes;
mod world;
