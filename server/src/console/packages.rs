//! The code of a function as a ZIP archive: Upload and Download.

use bytes::Bytes;
use sluice_app::code::Deployed;
use sluice_app::console::{ConsoleError, sentence};
use sluice_domain::code::CodePackage;
use sluice_domain::function::{FunctionName, Runtime};
use sluice_executor::NoStandalone;

use super::code::no_package;
use super::{RequestConsole, internal, refused};
use crate::archive::{self, BadArchive};

impl RequestConsole {
    /// Unpacks an archive and deploys what is in it, in place of all the code. A function of
    /// WebAssembly takes its component alone, too.
    pub async fn upload(&self, name: FunctionName, zip: Bytes) -> Result<Deployed, ConsoleError> {
        let row = self.function(&name).await?;
        let archiving = self.shared.archiving.lock().await;
        let handler_file = row.runtime.handler_file(&row.settings.handler);
        // A component need not be packed: it says itself what it is.
        let code = if row.runtime == Runtime::WebAssembly && zip.starts_with(b"\0asm") {
            CodePackage::new([(handler_file.as_str(), zip)]).map_err(no_package)?
        } else {
            let code = tokio::task::spawn_blocking(move || archive::unpack(&zip)).await;
            let code = code.map_err(|ended| internal(&ended))?;
            code.map_err(bad_archive)?
        };
        packed_whole(&code, &handler_file)?;
        let deployments = self.shared.publisher.change().await;
        let row = self.function(&name).await?; // as it is now
        let deployed = self.deploy(deployments, row, code).await;
        drop(archiving);
        deployed
    }

    /// Packs the deployed code.
    pub async fn download(&self, name: FunctionName) -> Result<Vec<u8>, ConsoleError> {
        let row = self.function(&name).await?;
        let _archiving = self.shared.archiving.lock().await;
        let code = self.shared.store.function_code(&row.function_id).await;
        let code = code.map_err(refused)?;
        tokio::task::spawn_blocking(move || archive::pack(&code, row.deployed_at))
            .await
            .map_err(|ended| internal(&ended))?
            .map_err(|error| internal(&error))
    }

    /// The snapshot of the deployed code as a WebAssembly component.
    pub async fn snapshot(&self, name: FunctionName) -> Result<Vec<u8>, ConsoleError> {
        let row = self.function(&name).await?;
        let deployment = self.shared.publisher.deployment(&row.function_id);
        let deployment = deployment.map_err(|fault| {
            ConsoleError::refused(
                "FSS.0409",
                409,
                format!("The code is not deployed: {fault}."),
            )
        })?;
        let standalone = self.shared.executor.standalone(&deployment).await;
        standalone.map_err(no_snapshot)
    }
}

/// A snapshot that cannot be downloaded, as the console says it.
fn no_snapshot(error: NoStandalone) -> ConsoleError {
    match error {
        NoStandalone::Fault(error) => internal(&*error),
        error => ConsoleError::refused("FSS.0409", 409, sentence(&error.to_string())),
    }
}

/// An archive that is not unpacked, as the console says it.
fn bad_archive(error: BadArchive) -> ConsoleError {
    let code = match error {
        BadArchive::Package(error) => return no_package(error),
        BadArchive::NotZip(_) => "FSS.1013",
        BadArchive::TooManyEntries | BadArchive::Entry { .. } => "FSS.1011",
    };
    let message = format!("Nothing was deployed: {error}.");
    ConsoleError::refused(code, 400, message)
}

/// Refuses a package that has the handler's file one folder too deep.
fn packed_whole(code: &CodePackage, handler_file: &str) -> Result<(), ConsoleError> {
    let Some(folder) = code.only_folder() else {
        return Ok(());
    };
    let deeper = format!("{folder}/{handler_file}");
    if code.file(handler_file).is_some() || code.file(&deeper).is_none() {
        return Ok(());
    }
    Err(ConsoleError::refused(
        "FSS.1011",
        400,
        format!(
            "Nothing was deployed: all files of the archive are in the folder {folder:?}, and the \
             handler's file {handler_file} must be at the archive's root. Pack the content of the \
             folder, not the folder."
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_handlers_file_is_missed_only_where_it_is_one_folder_too_deep() {
        let check = |paths: &[&str]| {
            let code = CodePackage::new(paths.iter().map(|path| (*path, ""))).unwrap();
            packed_whole(&code, "index.py").is_ok()
        };
        assert!(check(&["index.py", "lib/a.py"]));
        assert!(check(&["lib/a.py"]), "another handler may be set later");
        assert!(check(&["app/index.py", "other/a.py"]));
        assert!(!check(&["app/index.py", "app/lib/a.py"]));
    }
}
