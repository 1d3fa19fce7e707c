//! Administration > Audit Log.

mod api;
mod page;

pub(crate) use api::list_changes;
pub(crate) use page::AuditLogPage;

use serde::{Deserialize, Serialize};
use sluice_domain::audit::AuditEntry;

/// A page of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPage {
    /// The changes, newest first.
    pub entries: Vec<AuditEntry>,
    /// Before which change the next page goes on; none: this is the last.
    pub older: Option<i64>,
}
