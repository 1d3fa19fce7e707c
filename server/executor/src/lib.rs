//! Runs functions in a sandbox of WebAssembly.
//!
//! It knows how a runtime is compiled, instantiated and kept within its
//! limits, and what an instance may see of this machine: its code, the
//! standard library and a `/tmp` of its own. It knows no HTTP and no SQL: an
//! event comes in as JSON text, a result goes out as JSON text, and the record
//! of an invocation leaves by a channel.
//!
//! Top down: [`Executor`] takes calls; `run` tells the story of one
//! invocation; `instance` is one live sandbox, `pool` those that wait for the
//! next call; `runtime` makes a language ready once, on the `engine` that all
//! share.

mod artifact;
mod budget;
mod call;
mod clock;
mod code;
mod component;
mod compression;
mod cpu;
mod deployment;
mod disk;
mod engine;
mod environment;
mod events;
mod executor;
mod failed;
mod flags;
mod gate;
mod guest;
mod heap;
mod insides;
mod instance;
mod kept;
mod limits;
mod log;
mod making;
mod onward;
mod outbound;
mod output;
mod pages;
mod pool;
mod removal;
mod renew;
mod retire;
mod run;
mod runtime;
mod scratch;
mod slots;
mod snapshot;
mod standalone;
mod supply;
mod syntax;
mod trace;
mod turns;

pub use call::{Call, Invocation, MAX_EVENT_BYTES, Outcome, Refused, ResponseRefused};
pub use component::{ComponentInfo, World};
pub use deployment::{DeployError, Deployment, DeploymentSpec};
pub use disk::TMP_BYTES;
pub use executor::{Executor, ExecutorConfig};
pub use instance::ColdStarts;
pub use pool::IDLE;
pub use runtime::{RuntimeImage, StartError};
pub use snapshot::{NoSnapshot, Snapshot};
pub use standalone::NoStandalone;
pub use trace::{Begun, Trace};
