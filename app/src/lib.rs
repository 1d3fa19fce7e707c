//! What the user sees: every page of the console, for server and browser.
//!
//! The crate knows pages, addresses and the one trait by which a page asks the
//! server, [`console::Console`]. It knows no database, no gateway and no
//! WebAssembly engine, under no feature.

// Views are types that nest as deeply as the page they stand for.
#![recursion_limit = "256"]

pub mod apis;
pub mod code;
pub mod console;
pub mod credentials;
pub mod functions;
pub mod logs;
pub mod policies;
pub mod routes;
pub mod session;
pub mod settings;
pub mod triggers;

mod frame;
mod ui;

pub use frame::{App, Assets, Theme, shell};
