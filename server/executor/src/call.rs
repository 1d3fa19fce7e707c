//! One call of a function: what goes in and what comes out.

use std::sync::Arc;

use sluice_domain::id::RequestId;
use sluice_domain::invocation::{Failure, InvocationRecord, Origin};

use crate::trace::Trace;

/// Largest event in bytes. A body of an APIG trigger has at most 4 MB; as text
/// in JSON, where each of its bytes may have to be escaped as `\u0000`, six
/// times that.
pub const MAX_EVENT_BYTES: usize = 32 * 1024 * 1024;

/// What a function is called with.
#[derive(Debug, Clone)]
pub struct Call {
    /// Id of the invocation; the function's log lines carry it.
    pub request_id: RequestId,
    /// Where the call comes from; kept in the record.
    pub origin: Origin,
    /// The event, as JSON text.
    pub event: String,
    /// Names of headers and parameters whose values are secrets, besides those that everywhere are:
    /// where the event is kept, they are not.
    pub secrets: Option<Arc<[String]>>,
    /// Where its steps are noted; for most calls nowhere.
    pub trace: Trace,
}

/// One invocation that has ended.
#[derive(Debug, Clone)]
pub struct Invocation<T> {
    /// What is kept of it; the recorder has the same value.
    pub record: Arc<InvocationRecord>,
    /// What the caller gets.
    pub outcome: Outcome<T>,
}

/// What an invocation gave its caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<T> {
    /// The handler returned, and the caller accepted the result.
    Returned(T),
    /// The function failed: it raised, ran into a limit, or could not be loaded.
    Failed(Failure),
    /// The handler returned something that the caller cannot use.
    Refused(ResponseRefused),
}

/// Why the caller cannot use a result, for example "statusCode must be an
/// integer". The log of the invocation gets it as an `ERROR` line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ResponseRefused(pub String);

/// Why a call was not run at all. Nothing is recorded of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The function has as many instances as it may have, and all are busy.
    #[error("all {max_instances} instances of the function are busy")]
    Throttled {
        /// How many instances one function may have.
        max_instances: usize,
    },
    /// The executor takes no new calls.
    #[error("the executor is stopping")]
    Stopping,
    /// The event is longer than an event may be.
    #[error("the event has {bytes} bytes, more than {limit}")]
    EventTooLarge {
        /// How many it has.
        bytes: usize,
        /// How many it may have.
        limit: usize,
    },
    /// A fault of Sluice itself kept the invocation from ending; the log of
    /// the server says which.
    #[error("the invocation ended by a fault of the executor")]
    Fault,
}
