//! Runs functions in a sandbox of WebAssembly.
//!
//! It knows how a runtime is compiled, instantiated and kept within its
//! limits, and what an instance may see of this machine: its code, the
//! standard library and a `/tmp` of its own. It knows no HTTP and no SQL: an
//! event comes in as JSON text, a result goes out as JSON text, and the record
//! of an invocation leaves by a channel.

mod call;
mod deployment;
mod executor;

pub use call::{Call, Invocation, Outcome, Refused, ResponseRefused};
pub use deployment::{DeployError, Deployment, DeploymentSpec};
pub use executor::{Executor, ExecutorConfig, RuntimeImage, StartError};
