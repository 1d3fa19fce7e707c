//! The Code tab: the editor, Deploy, Upload and Test.

use std::collections::BTreeMap;

mod api;
mod draft;
mod editor;
mod files;
mod page;
mod project;
mod result;
mod test_panel;
mod upload;

pub(crate) use api::{deploy_code, find_code, find_cold_start, test_function};
pub(crate) use page::CodePage;
pub(crate) use result::{Output, Run, RunView, shown};

use serde::{Deserialize, Serialize};
use sluice_domain::function::{ExecutionTimeout, Handler, MemoryMb, Runtime};
use sluice_domain::id::RequestId;
use sluice_domain::invocation::{Cause, Failure};
use sluice_domain::test_event::TestEvent;
use sluice_domain::time::Timestamp;

/// What the Code tab shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeView {
    /// The deployed files, by their path.
    pub files: BTreeMap<String, FileView>,
    /// The runtime, which decides the editor's language.
    pub runtime: Runtime,
    /// Where the function begins.
    pub handler: Handler,
    /// Memory of one instance.
    pub memory: MemoryMb,
    /// Longest run of one invocation.
    pub timeout: ExecutionTimeout,
    /// Size and signature of the deployed code.
    pub attributes: CodeAttributes,
    /// How a new instance gets to the code.
    pub cold_start: ColdStart,
    /// The test events, by name.
    pub test_events: Vec<TestEvent>,
    /// What the component is, where the code has one.
    pub component: Option<ComponentView>,
    /// Why the deployed code does not run, where it could not be loaded at start.
    pub fault: Option<String>,
}

/// A WebAssembly component as the Code tab shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComponentView {
    /// Its file.
    pub file: String,
    /// Its size.
    pub bytes: u64,
    /// What it is called by.
    pub called_by: String,
    /// All that it exports.
    pub exports: Vec<String>,
    /// All that it imports.
    pub imports: Vec<String>,
}

/// Largest file that the editor gets.
pub const MAX_EDITED_FILE_BYTES: usize = 1024 * 1024;

/// Most text that the editor gets of a package: it travels with the page. The vendor's editor
/// stops at 20 MB.
pub const MAX_EDITED_BYTES: usize = 4 * 1024 * 1024;

/// A file of the code as the Code tab shows it. What is not shown cannot be edited there, and
/// stays as it is when something else is deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileView {
    /// A text.
    Text(String),
    /// Not UTF-8, or with NUL.
    Binary {
        /// Its size.
        bytes: u64,
    },
    /// More text than the editor gets.
    Large {
        /// Its size.
        bytes: u64,
    },
}

/// How a new instance gets to the code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColdStart {
    /// What the last one took that loaded the code, in microseconds.
    pub from_source_us: Option<u64>,
    /// What the last one took that began with the snapshot, in microseconds.
    pub from_snapshot_us: Option<u64>,
    /// What new instances begin with.
    pub snapshot: SnapshotView,
}

impl ColdStart {
    /// How it is right after a deploy.
    pub const DEPLOYED: Self = Self {
        from_source_us: None,
        from_snapshot_us: None,
        snapshot: SnapshotView::Preparing,
    };
}

/// The memory of an instance that has loaded the code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SnapshotView {
    /// It is not made yet: instances load the code.
    Preparing,
    /// Instances begin with it.
    Made {
        /// Its size.
        memory_bytes: u64,
        /// What making it took, in microseconds; none where it was made before the server was
        /// started.
        took_us: Option<u64>,
        /// Whether it can be downloaded.
        is_downloadable: bool,
    },
    /// There will be none, and why: instances load the code.
    None(String),
}

/// The Code Attributes below the editor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeAttributes {
    /// Bytes of all files together.
    pub size_bytes: u64,
    /// SHA-512 of the code in hexadecimal.
    pub signature: String,
    /// When it was deployed.
    pub modified_at: Timestamp,
}

/// What a deploy did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployed {
    /// Size and signature of what serves now.
    pub attributes: CodeAttributes,
    /// How long it took, in microseconds.
    pub took_us: u64,
    /// What will most likely be missed, as a sentence.
    pub warning: Option<String>,
}

/// What a test showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestResult {
    /// The invocation's id.
    pub request_id: RequestId,
    /// What the handler returned, as JSON text, or how it failed.
    pub output: Result<String, Failure>,
    /// How it ended.
    pub cause: Cause,
    /// Its whole log, a line each.
    pub log: String,
    /// Memory the function has, in MB.
    pub memory_mb: u32,
    /// How long the handler ran, in microseconds.
    pub duration_us: u64,
    /// How long making the instance took, in microseconds, where one was made.
    pub cold_start_us: Option<u64>,
    /// Most memory the instance had, in bytes.
    pub memory_used_bytes: u64,
    /// What is billed, in milliseconds.
    pub billed_ms: u64,
}
