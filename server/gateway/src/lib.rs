//! Serves trigger URLs: from a request to the function and back.
//!
//! A request finds its API by host, environment, method and path
//! ([`route_table`]), is checked, becomes the event of the APIG contract
//! ([`encode`]), goes to the function through a [`Backend`], and the function's
//! result becomes the answer ([`decode`]). What goes wrong on the way has a
//! name ([`error`]) and the vendor's own code and message.
//!
//! The crate knows HTTP and the APIG contract. It knows no SQL: it reads one
//! snapshot of the published APIs, which the server swaps whole. It knows
//! nothing of how a function runs, and does not open sockets.

mod access_log;
mod auth;
mod authorizer;
mod backend;
mod body;
mod challenges;
mod compress;
mod cors;
mod debug;
pub mod decode;
mod domain_names;
pub mod encode;
pub mod error;
#[cfg(any(test, feature = "probe"))]
#[expect(
    clippy::unwrap_used,
    reason = "clippy.toml allows it in tests, which the probe is one of"
)]
mod fixture;
mod framing;
mod gateway_responses;
mod host;
mod limits;
mod load;
mod memory;
mod parameters;
#[cfg(any(test, feature = "probe"))]
mod probe;
mod proxies;
mod response_headers;
pub mod route_table;
mod serve;
mod shifting;
mod throttle;
mod watch;

pub use access_log::{AccessLine, AccessLog, AccessedApi};
pub use auth::{AppRefused, Credentials, IamRefused, SignatureRefused};
pub use authorizer::{
    Authorizer, AuthorizerContext, AuthorizerFailed, AuthorizerRefused, IdentityRefused,
    InvalidDecision, InvalidValidation, check_validations,
};
pub use backend::Backend;
pub use body::BodyPatience;
pub use challenges::{Challenge, Challenges};
pub use cors::Cors;
pub use debug::Debugged;
pub use domain_names::{DomainNames, Ports, ServedDomainName};
pub use error::GatewayError;
pub use load::Load;
pub use parameters::{ParameterRefused, ParameterRules};
#[cfg(any(test, feature = "probe"))]
pub use probe::{probe, probe_answer};
pub use proxies::TrustedProxies;
pub use response_headers::ResponseHeaders;
pub use route_table::{ApiPolicies, PublishedApi, RouteTable};
pub use serve::{Gateway, GatewayConfig, Listener, draw_id};
pub use shifting::{Shift, Split};
pub use throttle::{Throttle, Throttled};
