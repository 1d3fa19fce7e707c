//! The server: joins the console, the gateway, the executor and the store.
//!
//! It knows every other crate; none of them knows it. What a page may ask is
//! answered in [`console`], and what a trigger URL may call is published by
//! [`publish`].

// Pages nest deeply, and so do their types.
#![recursion_limit = "256"]

pub mod access_log;
pub mod acme;
pub mod admin;
pub mod archive;
pub mod backup;
pub mod cli;
pub mod console;
pub mod counts;
pub mod deployments;
pub mod domain_names;
pub mod doors;
pub mod drawn;
pub mod logging;
pub mod machine;
pub mod parts;
pub mod passwords;
pub mod permissions;
pub mod publish;
pub mod renewal;
pub mod serve;
pub mod session_store;
pub mod site;
pub mod targets;
pub mod tls;
pub mod users;
pub mod web;
