//! The Code tab: the editor, Deploy and Test.

mod api;
mod draft;
mod editor;
mod page;
mod test_panel;

pub(crate) use api::{deploy_code, find_code, find_cold_start, test_function};
pub(crate) use page::CodePage;

use serde::{Deserialize, Serialize};
use sluice_domain::code::CodePackage;
use sluice_domain::function::{ExecutionTimeout, Handler, MemoryMb, Runtime};
use sluice_domain::id::RequestId;
use sluice_domain::invocation::{Cause, Failure, LogLine};
use sluice_domain::time::Timestamp;

/// What the Code tab shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeView {
    /// The deployed files.
    pub code: CodePackage,
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
    /// Why the deployed code does not run, where it could not be loaded at start.
    pub fault: Option<String>,
}

/// How a new instance gets to the code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ColdStart {
    /// It loads the code, until the snapshot is made.
    Preparing,
    /// It begins with the memory of one that has loaded it.
    Snapshot {
        /// Bytes of that memory.
        memory_bytes: u64,
        /// What making the snapshot took, in microseconds.
        took_us: u64,
    },
    /// It loads the code each time; why there is no snapshot.
    Loading(String),
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
    /// Its log; the last part where it is long.
    pub log: Vec<LogLine>,
    /// True when the beginning of the log was left out.
    pub log_cut: bool,
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
