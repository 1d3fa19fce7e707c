//! Checks code before it is deployed, by the language's own compiler, inside
//! the sandbox: what is checked is as little trusted as what is run.

use std::time::Duration;

use sluice_domain::code::{CodeError, CodePackage};
use sluice_domain::function::Runtime;

use crate::deployment::DeployError;
use crate::instance::Blueprint;

/// Memory for the check: CPython needs about 40 times the length of a file.
const MEMORY_BYTES: u64 = 1024 * 1024 * 1024;

/// Longest check of a whole package.
const TIME: Duration = Duration::from_secs(60);

/// Compiles every file of `code` that is in the language of `runtime`.
pub async fn check(
    runtime: Runtime,
    code: &CodePackage,
    blueprint: &Blueprint,
) -> Result<(), DeployError> {
    let mut files: Vec<&str> = code.files().map(|(path, _)| path).collect();
    files.retain(|path| runtime.is_code(path));
    if files.is_empty() {
        return Ok(());
    }
    let mut instance = blueprint
        .instance_with_memory(MEMORY_BYTES)
        .await
        .map_err(DeployError::Check)?;
    let end = tokio::time::Instant::now() + TIME;
    for path in files {
        let whole = |message: String| CodeError {
            file: path.to_owned(),
            line: 0,
            column: 0,
            message,
        };
        let error = match tokio::time::timeout_at(end, instance.check(path)).await {
            Ok(Ok(Ok(()))) => continue,
            Ok(Ok(Err(found))) => CodeError {
                file: path.to_owned(),
                line: found.line,
                column: found.column,
                message: found.message,
            },
            // A file that the compiler does not survive is the file's fault, and a later
            // call would not survive it either.
            Ok(Err(trap)) => whole(format!(
                "the file cannot be compiled: {}",
                trap.root_cause()
            )),
            Err(_) => whole(format!(
                "the check took longer than {} seconds",
                TIME.as_secs()
            )),
        };
        return Err(DeployError::Code(error));
    }
    Ok(())
}
