//! Invocations: one run of a function for one event, and what is kept of it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::event::KeptEvent;
use crate::function::FunctionName;
use crate::id::{ApiRequestId, FunctionId, RequestId, TriggerId};
use crate::parsed::named_enum;
use crate::time::Timestamp;

/// Largest result of an invocation in bytes. Source: `RUNTIME_MAX_RESP_BODY_SIZE`.
pub const MAX_RESULT_BYTES: usize = 6_291_456;

/// Largest body of a request by an APIG trigger in bytes. Source: seed, Notes and Constraints.
pub const MAX_APIG_BODY_BYTES: usize = 4 * 1024 * 1024;

/// A line of the log longer than this many bytes is split. Source: quotas.
pub const MAX_LOG_LINE_BYTES: usize = 90 * 1024;

/// Most bytes of log that one invocation may write; more ends it.
pub const MAX_LOG_BYTES: usize = 4 * 1024 * 1024;

named_enum! {
    /// How an invocation ended, as the Cause column of the Request List has it.
    /// The names are those that stand in the log's Finish line after
    /// `invoke Failed:`. Source: Monitoring > Logs, Cause.
    pub enum Cause ("the cause") {
        /// It succeeded on an instance that was made for it.
        ColdStart = "ColdStart", "Common cold start successful";
        /// It succeeded on an instance that was there.
        Success = "Success", "Execution successful";
        /// The initializer failed.
        InitializationFailed = "RuntimeInitFailed", "Initialization failed";
        /// The code could not be loaded: a module or the handler is missing, or its import failed.
        LoadFailed = "RuntimeLoadFailed", "Load failed";
        /// Sluice itself failed.
        SystemError = "SystemError", "System error";
        /// It ran longer than the execution timeout.
        TimedOut = "RuntimeTimeout", "Invocation timed out";
        /// It wanted more memory than the function has.
        MemoryExceeded = "RuntimeMemoryExceedLimit", "Memory threshold exceeded";
        /// It wrote more to `/tmp` than allowed.
        DiskExceeded = "RuntimeDiskExceedLimit", "Disk threshold exceeded";
        /// It wrote more log than allowed.
        LogExceeded = "RuntimeLogExceedLimit", "Log threshold exceeded";
        /// The handler raised, or gave a result that cannot be used.
        CodeError = "FunctionError", "Code error";
    }
}

impl Cause {
    /// True when the invocation succeeded.
    pub fn is_success(self) -> bool {
        matches!(self, Self::ColdStart | Self::Success)
    }

    /// The Invocation Result column: `Execution successful` or `Execution failed`.
    pub fn result_label(self) -> &'static str {
        if self.is_success() {
            "Execution successful"
        } else {
            "Execution failed"
        }
    }
}

/// What a caller gets of an invocation that failed, as JSON with these names.
/// Source: failure object of the runtime contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// What went wrong, for example
    /// `function invocation exception, error: division by zero`.
    pub error_message: String,
    /// Class of the exception, for example `ZeroDivisionError`.
    pub error_type: String,
    /// The user's own frames, outermost first; empty where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stack_trace: Vec<String>,
}

named_enum! {
    /// Level of a line of the log.
    pub enum LogLevel ("the level") {
        /// `context.getLogger().debug()`.
        Debug = "DEBUG", "Debug";
        /// Printed, `context.getLogger().info()`, and the platform's own lines.
        Info = "INFO", "Info";
        /// `context.getLogger().warn()`.
        Warn = "WARN", "Warning";
        /// `context.getLogger().error()`, standard error and failures.
        Error = "ERROR", "Error";
    }
}

/// One line of an invocation's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// When it was written.
    pub at: Timestamp,
    /// Its level.
    pub level: LogLevel,
    /// The whole line as it is shown, without its line break.
    pub text: String,
}

/// Where an invocation came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// The Test button.
    Test,
    /// Nobody called: an instance was stopped, and ran what it is to run before that.
    PreStop,
    /// A call of a trigger URL.
    Trigger {
        /// The trigger that was called.
        trigger_id: TriggerId,
        /// The id of the call at the gateway.
        api_request_id: ApiRequestId,
    },
}

/// All that is kept of one invocation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvocationRecord {
    /// Its id.
    pub request_id: RequestId,
    /// The function that ran.
    pub function_id: FunctionId,
    /// That function's name.
    pub function_name: FunctionName,
    /// The version that ran, for example `latest`.
    pub version: String,
    /// Where it came from.
    pub origin: Origin,
    /// When it began.
    pub started_at: Timestamp,
    /// How long the handler ran, cold start included in its own field below.
    pub duration: Duration,
    /// How long it took to make the instance, where one was made.
    pub cold_start: Option<Duration>,
    /// Most memory the instance had, in bytes.
    pub memory_used_bytes: u64,
    /// How it ended.
    pub cause: Cause,
    /// Its log, in order.
    pub log: Vec<LogLine>,
    /// Its event and its answer, where they are kept.
    pub event: Option<KeptEvent>,
}

impl InvocationRecord {
    /// What is billed: the duration rounded up to whole milliseconds.
    pub fn billed_ms(&self) -> u64 {
        billed_ms(self.duration)
    }
}

/// A duration rounded up to whole milliseconds, at least one.
pub fn billed_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos().div_ceil(1_000_000))
        .unwrap_or(u64::MAX)
        .max(1)
}

/// A duration in milliseconds with three decimals, as log lines have it: `1.260`.
pub fn millis_text(duration: Duration) -> String {
    format!("{:.3}", duration.as_secs_f64() * 1000.0)
}

/// Bytes in MB with three decimals, as log lines have it: `31.766`.
pub fn megabytes_text(bytes: u64) -> String {
    format!("{:.3}", bytes as f64 / (1024.0 * 1024.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_billed_by_the_started_millisecond() {
        let check = |micros| billed_ms(Duration::from_micros(micros));
        assert_eq!((check(0), check(1), check(1000), check(1001)), (1, 1, 1, 2));
        assert_eq!(millis_text(Duration::from_micros(1260)), "1.260");
        assert_eq!(megabytes_text(33_309_261), "31.766");
    }

    #[test]
    fn a_failure_has_the_names_of_the_contract() {
        let failure = Failure {
            error_message: "function invocation exception, error: x".into(),
            error_type: "ValueError".into(),
            stack_trace: vec![],
        };
        assert_eq!(
            serde_json::to_string(&failure).unwrap(),
            r#"{"errorMessage":"function invocation exception, error: x","errorType":"ValueError"}"#
        );
    }
}
