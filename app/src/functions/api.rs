use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, Json};

use super::{FunctionDetails, FunctionRow};
use crate::console::ConsoleError;

/// Lists the functions, the last modified first.
#[server(prefix = "/api", endpoint = "functions/list", input = GetUrl)]
pub async fn list_functions() -> Result<Vec<FunctionRow>, ConsoleError> {
    crate::console::ask(|console| async move { console.list_functions().await }).await
}

/// Creates a function with the template of its runtime.
#[server(prefix = "/api", endpoint = "functions/create")]
pub async fn create_function(name: String, runtime: String) -> Result<String, ConsoleError> {
    use crate::console::{ask, parse};
    use sluice_domain::function::{FunctionName, Runtime};

    let name: FunctionName = parse("name", "FSS.1002", &name)?;
    let runtime: Runtime = parse("runtime", "FSS.1005", &runtime)?;
    let created = name.to_string();
    ask(|console| async move { console.create_function(name, runtime).await }).await?;
    Ok(created)
}

/// Finds one function.
#[server(prefix = "/api", endpoint = "functions/find", input = GetUrl)]
pub async fn find_function(name: String) -> Result<FunctionDetails, ConsoleError> {
    use crate::console::{ask, parse};

    let name = parse("name", "FSS.1002", &name)?;
    ask(|console| async move { console.find_function(name).await }).await
}

/// Deletes a function with its triggers.
#[server(prefix = "/api", endpoint = "functions/delete", input = Json)]
pub async fn delete_function(name: String) -> Result<(), ConsoleError> {
    use crate::console::{ask, parse};

    let name = parse("name", "FSS.1002", &name)?;
    ask(|console| async move { console.delete_function(name).await }).await
}
