use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use super::BasicSettings;
use crate::console::ConsoleError;
use sluice_domain::function::EnvVars;

/// Sets handler, timeout, memory and description.
#[server(prefix = "/api", endpoint = "functions/update-basic-settings", input = Json)]
pub async fn update_basic_settings(
    name: String,
    settings: BasicSettings,
) -> Result<(), ConsoleError> {
    use crate::console::{ask, parse};

    let name = parse("name", "FSS.1002", &name)?;
    ask(|console| async move { console.update_basic_settings(name, settings).await }).await
}

/// Sets the environment variables.
#[server(prefix = "/api", endpoint = "functions/update-env-vars", input = Json)]
pub async fn update_env_vars(name: String, env_vars: EnvVars) -> Result<(), ConsoleError> {
    use crate::console::{ask, parse};

    let name = parse("name", "FSS.1002", &name)?;
    ask(|console| async move { console.update_env_vars(name, env_vars).await }).await
}
