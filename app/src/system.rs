//! Administration > System: how the server itself fares.

mod api;
mod page;

pub(crate) use api::find_system;
pub(crate) use page::SystemPage;

use serde::{Deserialize, Serialize};
use sluice_domain::time::Timestamp;

use crate::ui::Gauge;

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemView {
    /// Version of Sluice.
    pub version: String,
    /// When the server was started.
    pub started_at: Timestamp,
    /// When this was looked up.
    pub now: Timestamp,
    /// Folder of all state, as the operator has named it.
    pub data: String,
    /// Size of the database in bytes.
    pub database_bytes: u64,
    /// What is in use of the disk of the data folder, in bytes.
    pub disk: Gauge,
    /// Records of invocations that are not written yet.
    pub records: Gauge,
    /// Records that could not be written since the start.
    pub records_lost: u64,
    /// Bytes of the instances of all functions.
    pub functions: Gauge,
    /// Memory of the process in bytes.
    pub resident_bytes: u64,
    /// Files and connections that the process has open.
    pub open_files: Gauge,
    /// CPU time of the process since its start, in milliseconds.
    pub cpu_ms: u64,
    /// The CPUs that the process may use.
    pub cpus: u64,
}
