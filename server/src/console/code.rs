//! The code of a function: Deploy and Test.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use sha2::{Digest, Sha512};
use sluice_app::code::{
    CodeAttributes, CodeView, ColdStart, ComponentView, Deployed, FileView, MAX_EDITED_BYTES,
    MAX_EDITED_FILE_BYTES, SnapshotView, TestResult,
};
use sluice_app::console::ConsoleError;
use sluice_domain::code::{CodeChanges, CodePackage, InvalidCodePackage};
use sluice_domain::function::FunctionName;
use sluice_domain::id::RequestId;
use sluice_domain::invocation::{Failure, Origin};
use sluice_executor::{Call, DeployError, Deployment, Outcome, Refused, Trace, World};
use sluice_store::FunctionRow;
use tokio::sync::MutexGuard;

use super::{RequestConsole, internal, refused};
use crate::drawn;
use crate::publish::Deployments;

/// Largest event of a test in bytes. Source: quotas, synchronous request.
const MAX_EVENT_BYTES: usize = 6 * 1024 * 1024;

/// SHA-512 of the code in hexadecimal: of each file its path and its content, each
/// with its length before it, so that no two packages have the same.
pub(super) fn code_digest(code: &CodePackage) -> String {
    let mut hash = Sha512::new();
    for part in code
        .files()
        .flat_map(|(path, content)| [path.as_bytes(), content])
    {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize())
}

/// Files that are no code package, as the console says it.
pub(super) fn no_package(error: InvalidCodePackage) -> ConsoleError {
    let code = match error {
        InvalidCodePackage::Empty => "FSS.1012",
        _ => "FSS.1011",
    };
    ConsoleError::refused(code, 400, format!("The code cannot be deployed: {error}."))
}

/// What there is to say when the handler's file is missing.
fn without_handler(row: &FunctionRow, code: &CodePackage) -> Option<String> {
    let handler = &row.settings.handler;
    let file = row.runtime.handler_file(handler);
    code.file(&file).is_none().then(|| {
        format!("The handler {handler} is looked for in {file}, and the code has no such file.")
    })
}

/// The files as the Code tab shows them. Where there is more text than it gets, it gets the
/// handler's file first, and then what is least deep: dependencies have folders of their own.
fn files(code: &CodePackage, handler_file: &str) -> BTreeMap<String, FileView> {
    let mut paths: Vec<_> = code.files().collect();
    paths.sort_by_key(|(path, _)| (*path != handler_file, path.matches('/').count()));
    let mut sent = 0;
    let view = |(path, content): (&str, &Bytes)| {
        let bytes = content.len() as u64;
        let view = match std::str::from_utf8(content) {
            Ok(text) if !text.contains('\0') => {
                let fits = sent + text.len() <= MAX_EDITED_BYTES;
                if text.len() <= MAX_EDITED_FILE_BYTES && fits {
                    sent += text.len();
                    FileView::Text(text.to_owned())
                } else {
                    FileView::Large { bytes }
                }
            }
            _ => FileView::Binary { bytes },
        };
        (path.to_owned(), view)
    };
    paths.into_iter().map(view).collect()
}

/// Why code could not be deployed, as the console says it.
pub(super) fn not_deployed(error: DeployError) -> ConsoleError {
    match error {
        DeployError::Code(error) => ConsoleError::Code(error),
        DeployError::Stopping => ConsoleError::refused("FSS.0503", 503, "The server is stopping."),
        error => internal(&error),
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn attributes(row: &FunctionRow) -> CodeAttributes {
    CodeAttributes {
        size_bytes: row.code_size,
        signature: row.code_digest.clone(),
        modified_at: row.deployed_at,
    }
}

/// How new instances of what serves a function get to its code.
fn cold_start(deployment: &Result<Arc<Deployment>, String>) -> ColdStart {
    let deployment = match deployment {
        Ok(deployment) => deployment,
        Err(fault) => {
            return ColdStart {
                from_source_us: None,
                from_snapshot_us: None,
                snapshot: SnapshotView::None(fault.clone()),
            };
        }
    };
    let snapshot = match deployment.snapshot() {
        None => SnapshotView::Preparing,
        Some(Ok(snapshot)) => SnapshotView::Made {
            memory_bytes: snapshot.memory_bytes,
            took_us: snapshot.took.map(micros),
            is_downloadable: !deployment.spec().settings.env_vars.has_any_encrypted(),
        },
        Some(Err(reason)) => SnapshotView::None(reason.to_string()),
    };
    let times = deployment.cold_starts();
    ColdStart {
        from_source_us: times.from_source.map(micros),
        from_snapshot_us: times.from_snapshot.map(micros),
        snapshot,
    }
}

/// What the component of a function is, if it has one.
fn component(deployment: &Result<Arc<Deployment>, String>) -> Option<ComponentView> {
    let info = deployment.as_ref().ok()?.component()?.clone();
    Some(ComponentView {
        file: info.file,
        bytes: info.bytes,
        called_by: match info.world {
            World::Own => "handle, of sluice:function/component".to_owned(),
            World::Http => "wasi:http/incoming-handler, an HTTP server".to_owned(),
        },
        exports: info.exports,
        imports: info.imports,
    })
}

impl RequestConsole {
    pub(super) async fn code(&self, name: FunctionName) -> Result<CodeView, ConsoleError> {
        let row = self.function(&name).await?;
        let code = self
            .shared
            .store
            .function_code(&row.function_id)
            .await
            .map_err(refused)?;
        let deployment = self.shared.publisher.deployment(&row.function_id);
        let handler_file = row.runtime.handler_file(&row.settings.handler);
        let test_events = self.shared.store.test_events_of(&row.function_id);
        let test_events = test_events.await.map_err(refused)?;
        Ok(CodeView {
            test_events,
            files: files(&code, &handler_file),
            runtime: row.runtime,
            attributes: attributes(&row),
            handler: row.settings.handler,
            memory: row.settings.memory,
            timeout: row.settings.timeout,
            cold_start: cold_start(&deployment),
            component: component(&deployment),
            fault: deployment.err(),
        })
    }

    pub(super) async fn cold_start(&self, name: FunctionName) -> Result<ColdStart, ConsoleError> {
        let row = self.function(&name).await?;
        Ok(cold_start(
            &self.shared.publisher.deployment(&row.function_id),
        ))
    }

    pub(super) async fn deploy_changes(
        &self,
        name: FunctionName,
        changes: CodeChanges,
    ) -> Result<Deployed, ConsoleError> {
        let deployments = self.shared.publisher.change().await;
        let row = self.function(&name).await?;
        if row.code_digest != changes.base {
            return Err(ConsoleError::refused(
                "",
                409,
                "Other code was deployed since this page was loaded, and nothing of it was \
                 overwritten. Load the page again: your changes stay in this browser.",
            ));
        }
        let code = self.shared.store.function_code(&row.function_id).await;
        let code = code.map_err(refused)?.with(changes).map_err(no_package)?;
        self.deploy(deployments, row, code).await
    }

    /// Deploys the code of a function. Nothing else changes while it has `deployments`.
    pub(super) async fn deploy(
        &self,
        mut deployments: MutexGuard<'_, Deployments>,
        row: FunctionRow,
        code: CodePackage,
    ) -> Result<Deployed, ConsoleError> {
        let began = Instant::now();
        let name = row.name.clone();
        let deployed = self
            .shared
            .publisher
            .deploy(&row, code.clone())
            .await
            .map_err(not_deployed)?;
        let digest = code_digest(&code);
        self.shared
            .store
            .save_code(&row.function_id, &code, &digest, drawn::now())
            .await
            .map_err(refused)?;
        deployments.insert(row.function_id, Ok(deployed));
        self.shared
            .publisher
            .publish(&deployments)
            .await
            .map_err(refused)?;
        drop(deployments);
        let took_us = micros(began.elapsed());
        tracing::info!(function.name = %name, code.bytes = code.bytes(), duration_us = took_us, "deployed a function");
        let row = self.function(&name).await?;
        Ok(Deployed {
            attributes: attributes(&row),
            took_us,
            warning: without_handler(&row, &code),
        })
    }

    pub(super) async fn test(
        &self,
        name: FunctionName,
        event: String,
    ) -> Result<TestResult, ConsoleError> {
        let row = self.function(&name).await?;
        if event.len() > MAX_EVENT_BYTES {
            return Err(ConsoleError::field(
                "event",
                "FSS.0413",
                413,
                "The event must have at most 6 MB",
            ));
        }
        if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(&event) {
            return Err(ConsoleError::field(
                "event",
                "FSS.1074",
                400,
                format!("The event must be JSON: {error}"),
            ));
        }
        self.run(row, event).await
    }

    /// Runs what is deployed of a function, now, with `event`, a JSON text.
    pub(super) async fn run(
        &self,
        row: FunctionRow,
        event: String,
    ) -> Result<TestResult, ConsoleError> {
        let deployment = self.shared.publisher.deployment(&row.function_id);
        let deployment = deployment.map_err(|fault| {
            ConsoleError::refused("FSS.1011", 400, format!("The code does not run: {fault}"))
        })?;
        let request_id = RequestId::from_bytes(drawn::id_bytes());
        let call = Call {
            request_id: request_id.clone(),
            origin: Origin::Test,
            event,
            secrets: None,
            trace: Trace::default(),
        };
        let invocation = self
            .shared
            .executor
            .invoke(&deployment, call, Ok)
            .await
            .map_err(not_run)?;
        let record = invocation.record;
        let lines = record.log.iter().map(|line| line.text.as_str());
        Ok(TestResult {
            request_id,
            output: match invocation.outcome {
                Outcome::Returned(json) => Ok(json),
                Outcome::Failed(failure) => Err(failure),
                Outcome::Refused(reason) => Err(Failure {
                    error_message: reason.to_string(),
                    error_type: "InvalidResponse".to_owned(),
                    stack_trace: Vec::new(),
                }),
            },
            cause: record.cause,
            log: lines.collect::<Vec<_>>().join("\n"),
            memory_mb: row.settings.memory.get(),
            duration_us: micros(record.duration),
            cold_start_us: record.cold_start.map(micros),
            memory_used_bytes: record.memory_used_bytes,
            billed_ms: record.billed_ms(),
        })
    }
}

fn not_run(refused: Refused) -> ConsoleError {
    match refused {
        Refused::Throttled { .. } => {
            ConsoleError::refused("FSS.0429", 429, format!("Too many requests: {refused}."))
        }
        Refused::EventTooLarge { .. } => ConsoleError::refused(
            "FSS.0413",
            413,
            format!("The request body is too large: {refused}."),
        ),
        Refused::Stopping => ConsoleError::refused("FSS.0503", 503, "The server is stopping."),
        Refused::Fault => internal(&refused),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moving_a_character_between_files_changes_the_digest() {
        let package = |files: [(&str, &'static str); 2]| CodePackage::new(files).unwrap();
        assert_ne!(
            code_digest(&package([("a", "xy"), ("b", "z")])),
            code_digest(&package([("a", "x"), ("b", "yz")]))
        );
        assert_eq!(code_digest(&package([("a", ""), ("b", "")])).len(), 128);
    }

    #[test]
    fn the_editor_gets_text_and_not_too_much_of_it() {
        let text = |n: usize| "x".repeat(n);
        let shown = |given: &[(&str, String)]| {
            let given = given.iter().map(|(path, text)| (*path, text.clone()));
            let code = CodePackage::new(given).unwrap();
            let shown = files(&code, "lib/index.py").into_iter();
            let shown = shown.map(|(path, view)| match view {
                FileView::Text(_) => format!("{path} text"),
                FileView::Binary { bytes } => format!("{path} binary {bytes}"),
                FileView::Large { bytes } => format!("{path} large {bytes}"),
            });
            shown.collect::<Vec<_>>().join(", ")
        };
        let nul = ("b", "\0".to_owned());
        assert_eq!(shown(&[("a", text(1)), nul]), "a text, b binary 1");
        let latin = CodePackage::single("a", b"gr\xf6\xdfe").unwrap();
        let latin = files(&latin, "index.py");
        assert_eq!(latin["a"], FileView::Binary { bytes: 5 });
        let most = MAX_EDITED_FILE_BYTES;
        assert_eq!(
            shown(&[("a", text(most)), ("b", text(most + 1))]),
            "a text, b large 1048577"
        );
        let many = ["c/d/e", "c/f", "g", "h", "lib/index.py", "z"];
        assert_eq!(
            shown(&many.map(|path| (path, text(most)))),
            "c/d/e large 1048576, c/f large 1048576, g text, h text, lib/index.py text, z text"
        );
    }
}
