//! The words and rules of Sluice, shared by the server and the browser.
//!
//! Every value here is parsed once and is then always right: a `FunctionName`
//! that exists is a valid one, in a form field, on the wire and in a row of the
//! database alike. The crate does no I/O, reads no clock and draws no random
//! numbers; times and ids are handed in.

pub mod access_key;
pub mod access_token;
pub mod acme;
pub mod alias;
pub mod api_group;
pub mod audit;
pub mod authorizer;
pub mod certificate;
pub mod code;
pub mod concurrency;
pub mod credential;
pub mod debug;
pub mod domain_name;
pub mod env_vars;
pub mod environment;
pub mod event;
pub mod function;
pub mod gateway_response;
pub mod gateway_settings;
pub mod id;
pub mod invocation;
pub mod log_query;
pub mod metrics;
pub mod outbound;
pub mod path;
pub mod policy;
pub mod publication;
pub mod request_parameter;
pub mod stage_variables;
pub mod target;
pub mod test_event;
pub mod text;
pub mod time;
pub mod trace;
pub mod trigger;
pub mod user;
pub mod version;

mod parsed;
