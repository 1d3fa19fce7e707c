//! Why an invocation failed, in the words of the platform.

use sluice_domain::id::RequestId;
use sluice_domain::invocation::{Cause, Failure, MAX_LOG_BYTES, MAX_LOG_LINE_BYTES};
use wasmtime::component::ResourceTableError;
use wasmtime::{PoolConcurrencyLimitError, Trap};
use wasmtime_wasi::I32Exit;

use crate::instance::{GuestFailure, MAX_PASSED_BYTES};
use crate::limits::MemoryExceeded;
use crate::log::LogExceeded;

/// What the message begins with when the handler itself fails.
const INVOCATION: &str = "function invocation exception";

/// What a caller gets of a failure at most, whatever the function has to say: as much message as a
/// line of the log has, names that can be read, and as many frames as Python's own limit lets
/// there be.
const MAX_MESSAGE_BYTES: usize = MAX_LOG_LINE_BYTES;
const MAX_KIND_BYTES: usize = 1024;
const MAX_FRAMES: usize = 1000;

/// An invocation that failed.
#[derive(Debug)]
pub struct Failed {
    /// What is recorded.
    pub cause: Cause,
    /// What the caller gets.
    pub failure: Failure,
    /// What the log gets, one line or several.
    pub report: String,
}

impl Failed {
    /// The function itself said why.
    pub fn by_function(cause: Cause, said: GuestFailure) -> Self {
        Self {
            cause,
            failure: Failure {
                error_message: cut(said.message, MAX_MESSAGE_BYTES),
                error_type: cut(said.kind, MAX_KIND_BYTES),
                stack_trace: said
                    .stack_trace
                    .into_iter()
                    .take(MAX_FRAMES)
                    .map(|frame| cut(frame, MAX_KIND_BYTES))
                    .collect(),
            },
            report: said.report,
        }
    }

    /// It ran into a limit.
    pub fn by_limit(cause: Cause, message: String) -> Self {
        Self::plain(cause, cause.name(), message.clone(), message)
    }

    /// Its result is too large.
    pub fn by_size(bytes: usize, limit: usize) -> Self {
        let message = format!("response body size {bytes} exceeds the limit of {limit}");
        Self::plain(
            Cause::CodeError,
            "FunctionResultError",
            message.clone(),
            message,
        )
    }

    /// The sandbox ended it, for the reason that `error` carries.
    pub fn by_error(id: &RequestId, error: &wasmtime::Error) -> Self {
        if let Some(exceeded) = error.downcast_ref::<MemoryExceeded>() {
            return Self::by_limit(Cause::MemoryExceeded, exceeded.to_string());
        }
        if error.is::<LogExceeded>() {
            let message = "runtime log limit exceeded".to_owned();
            let report = format!(
                "{message}: an invocation may write {MAX_LOG_BYTES} bytes and was ended here"
            );
            return Self::plain(
                Cause::LogExceeded,
                Cause::LogExceeded.name(),
                message,
                report,
            );
        }
        if error.is::<I32Exit>() {
            // `os._exit`; WASI does not tell which code it was given.
            return Self::by_end("SystemExit", "the function ended its process");
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::StackOverflow) => {
                Self::by_end("RecursionError", "the stack of the sandbox overflowed")
            }
            Some(trap) => Self::by_end(
                "RuntimeTrap",
                &format!("the sandbox ended the function: {trap}"),
            ),
            None if is_ours(error) => Self::by_us(id, error),
            None => Self::by_misuse(error),
        }
    }

    /// An instance could not be made. Nothing of the user's ran, so that all but a lack of
    /// memory is ours.
    pub fn by_making(id: &RequestId, error: &wasmtime::Error) -> Self {
        match error.is::<MemoryExceeded>() {
            true => Self::by_error(id, error),
            false => Self::by_us(id, error),
        }
    }

    /// What came out of the sandbox is not what a runtime gives: the function has changed the
    /// runtime, or asks too much of it.
    fn by_misuse(error: &wasmtime::Error) -> Self {
        let root = error.root_cause();
        let text = root.to_string();
        if root.is::<ResourceTableError>() {
            let reason = "the function has too many files, streams and timers open";
            return Self::by_end("OSError", reason);
        }
        if text.contains("fuel allocated for hostcalls") {
            let reason = format!("it gave the sandbox more than {MAX_PASSED_BYTES} bytes at once");
            return Self::by_end("MemoryError", &reason);
        }
        Self::by_end(
            "RuntimeTrap",
            &format!("the sandbox ended the function: {text}"),
        )
    }

    /// The same for what happened while the handler was loaded.
    pub fn at_load(mut self) -> Self {
        if self.cause == Cause::CodeError {
            self.cause = Cause::LoadFailed;
            let message = &self.failure.error_message;
            self.failure.error_message =
                message.replacen(INVOCATION, "function entry exception", 1);
        }
        self
    }

    /// The same for what happened while the initializer ran.
    pub fn at_initializer(mut self) -> Self {
        if self.cause == Cause::CodeError {
            self.cause = Cause::InitializationFailed;
            let message = &self.failure.error_message;
            self.failure.error_message =
                message.replacen(INVOCATION, "function initialization exception", 1);
        }
        self
    }

    /// The same for what happened after a `/tmp` of so many bytes had no room for something: the
    /// exception that says so, or whatever came of it.
    pub fn by_disk(mut self, quota: u64) -> Self {
        if self.cause == Cause::CodeError {
            self.cause = Cause::DiskExceeded;
            let megabytes = quota / 1024 / 1024;
            // Not every language's library tells the function why.
            self.report += &format!("\n/tmp was full: an instance may keep {megabytes} MB there");
        }
        self
    }

    /// The executor could not do its part.
    pub fn by_us(id: &RequestId, error: &wasmtime::Error) -> Self {
        tracing::error!(request.id = %id, error = format!("{error:#}"), "an invocation failed by a fault of the executor");
        Self::system()
    }

    /// The executor, or what the caller wanted done with the result, panicked.
    pub fn by_panic(id: &RequestId, reason: &str) -> Self {
        tracing::error!(request.id = %id, reason, "an invocation panicked");
        Self::system()
    }

    fn system() -> Self {
        let message =
            "a fault of Sluice itself ended the invocation; the log of the server says which";
        Self::plain(
            Cause::SystemError,
            Cause::SystemError.name(),
            message.to_owned(),
            message.to_owned(),
        )
    }

    fn by_end(kind: &str, reason: &str) -> Self {
        let message = format!("{INVOCATION}, error: {reason}");
        Self::plain(Cause::CodeError, kind, message, format!("{kind}: {reason}"))
    }

    fn plain(cause: Cause, kind: &str, message: String, report: String) -> Self {
        Self {
            cause,
            failure: Failure {
                error_message: message,
                error_type: kind.to_owned(),
                stack_trace: Vec::new(),
            },
            report,
        }
    }
}

/// The beginning of a text, of so many bytes at most, and a sign that there was more.
fn cut(mut text: String, bytes: usize) -> String {
    const MORE: &str = "…";
    if text.len() > bytes {
        text.truncate(text.floor_char_boundary(bytes - MORE.len()));
        text.push_str(MORE);
    }
    text
}

/// True for what no function can bring about: a file of ours, or a full pool.
fn is_ours(error: &wasmtime::Error) -> bool {
    error.is::<PoolConcurrencyLimitError>()
        || error
            .chain()
            .any(<dyn std::error::Error>::is::<std::io::Error>)
}
