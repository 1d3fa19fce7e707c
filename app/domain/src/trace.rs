//! Where the time of one call went, and what was decided on the way.

use serde::{Deserialize, Serialize};

use crate::parsed::named_enum;

named_enum! {
    /// A part of what a call goes through, in the order in which it does.
    pub enum Stage ("the stage") {
        /// The request is checked and finds its API.
        Route = "ROUTE", "Route";
        /// An access control looks at the caller's address.
        AccessControl = "ACCESS_CONTROL", "Access control";
        /// Who calls.
        Authentication = "AUTHENTICATION", "Authentication";
        /// A throttling policy counts the call.
        Throttling = "THROTTLING", "Request throttling";
        /// The request's body is read.
        Body = "BODY", "Request body";
        /// The parameters that the API declares are looked at.
        Parameters = "PARAMETERS", "Request parameters";
        /// The event is written.
        Event = "EVENT", "Event";
        /// The call waits until the function may have one more instance at work.
        Queue = "QUEUE", "Queue";
        /// An instance is taken, or made.
        Instance = "INSTANCE", "Instance";
        /// The code is loaded in a new instance.
        Load = "LOAD", "Load";
        /// The initializer runs in a new instance.
        Initializer = "INITIALIZER", "Initializer";
        /// The handler runs.
        Handler = "HANDLER", "Handler";
        /// The result becomes an answer.
        Response = "RESPONSE", "Response";
        /// The policies change the answer's headers.
        ResponseHeaders = "RESPONSE_HEADERS", "Response headers";
        /// The answer's body is compressed.
        Compression = "COMPRESSION", "Compression";
    }
}

/// One step of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What it was.
    pub stage: Stage,
    /// When it began, in microseconds after the call did.
    pub offset_us: u64,
    /// How long it took, in microseconds; of one that has not ended, until the trace was read.
    pub duration_us: u64,
    /// Whether it ended. What was refused, failed or is still running did not.
    pub has_ended: bool,
    /// What came of it, in words; may be empty.
    pub detail: String,
}
