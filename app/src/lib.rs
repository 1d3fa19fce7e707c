//! What the user sees: every page of the console, for server and browser.
//!
//! The crate knows pages, addresses and the one trait by which a page asks the
//! server, [`console::Console`]. It knows no database, no gateway and no
//! WebAssembly engine, under no feature.

// Views are types that nest as deeply as the page they stand for.
#![recursion_limit = "256"]

pub mod access_keys;
pub mod access_tokens;
pub mod account;
pub mod acme;
pub mod aliases;
pub mod api_groups;
pub mod apis;
pub mod audit;
pub mod authorizers;
pub mod certificates;
pub mod code;
pub mod console;
pub mod credentials;
pub mod debug;
pub mod domain_names;
pub mod environments;
pub mod functions;
pub mod gateway_settings;
pub mod logs;
pub mod metrics;
pub mod policies;
pub mod routes;
pub mod session;
pub mod settings;
pub mod system;
pub mod test_events;
pub mod triggers;
pub mod users;
pub mod versions;

mod frame;
mod monitoring;
mod ui;

pub use frame::{App, Assets, Theme, shell};
