use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, Json};
use sluice_domain::code::CodeChanges;

use super::{CodeView, ColdStart, Deployed, TestResult};
use crate::console::ConsoleError;

/// Finds the code of a function.
#[server(prefix = "/api", endpoint = "code/find", input = GetUrl)]
pub async fn find_code(name: String) -> Result<CodeView, ConsoleError> {
    use crate::console::{ask, parse};

    let name = parse("name", "FSS.1002", &name)?;
    ask(|console| async move { console.find_code(name).await }).await
}

/// Finds how new instances of a function get to its code.
#[server(prefix = "/api", endpoint = "code/cold-start", input = GetUrl)]
pub async fn find_cold_start(name: String) -> Result<ColdStart, ConsoleError> {
    use crate::console::{ask, parse};

    let name = parse("name", "FSS.1002", &name)?;
    ask(|console| async move { console.find_cold_start(name).await }).await
}

/// Checks the code with these changes, saves it and makes it serve.
#[server(prefix = "/api", endpoint = "code/deploy", input = Json)]
pub async fn deploy_code(name: String, changes: CodeChanges) -> Result<Deployed, ConsoleError> {
    use crate::console::{ask, parse};

    let name = parse("name", "FSS.1002", &name)?;
    ask(|console| async move { console.deploy_code(name, changes).await }).await
}

/// Runs the deployed code with a JSON event.
#[server(prefix = "/api", endpoint = "code/test", input = Json)]
pub async fn test_function(name: String, event: String) -> Result<TestResult, ConsoleError> {
    use crate::console::{ask, parse};

    let name = parse("name", "FSS.1002", &name)?;
    ask(|console| async move { console.test_function(name, event).await }).await
}
