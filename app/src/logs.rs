//! Monitoring > Logs: the Request List, one request's lines, and Request Logs.

mod api;
mod page;
mod query;
mod range;
mod replay;
mod request_list;
mod request_logs;

pub(crate) use api::{find_request, list_log_lines, list_requests, replay_request};
pub(crate) use page::LogsPage;
pub use query::{LogQueryView, LogRange, LogResult};
pub(crate) use range::{RangeFields, RangeLinks};

use serde::{Deserialize, Serialize};
use sluice_domain::event::KeptEvent;
use sluice_domain::id::{ApiRequestId, RequestId};
use sluice_domain::invocation::{Cause, LogLine};
use sluice_domain::time::Timestamp;

/// A row of the Request List.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRow {
    /// The invocation's id.
    pub request_id: RequestId,
    /// The id of the call at the gateway; none for a test.
    pub api_request_id: Option<ApiRequestId>,
    /// When it began.
    pub started_at: Timestamp,
    /// How long the handler ran, in microseconds.
    pub duration_us: u64,
    /// How long making the instance took, in microseconds, where one was made.
    pub cold_start_us: Option<u64>,
    /// Most memory the instance had, in bytes.
    pub memory_used_bytes: u64,
    /// The version that ran.
    pub version: String,
    /// How it ended.
    pub cause: Cause,
}

/// The Request List.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestList {
    /// The newest first.
    pub rows: Vec<RequestRow>,
    /// True when there are older ones that match but are not in `rows`.
    pub more: bool,
    /// Records that were lost since the server started, because the disk could
    /// not take them. It should always be 0.
    pub lost: u64,
}

/// One request with its log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestLog {
    /// The request.
    pub row: RequestRow,
    /// Its lines, in order.
    pub lines: Vec<LogLine>,
    /// Its event and its answer, where they are kept.
    pub event: Option<KeptEvent>,
}

/// Request Logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestLogs {
    /// Lines with their request; requests newest first, the lines of each in order.
    pub lines: Vec<(RequestId, LogLine)>,
    /// True when there are more lines that match.
    pub more: bool,
}
