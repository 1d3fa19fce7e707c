use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, Json};

use super::{BasicSettings, ConcurrencyView};
use crate::console::ConsoleError;
use sluice_domain::concurrency::Concurrency;
use sluice_domain::env_vars::EnvVarChange;
use sluice_domain::outbound::OutboundRules;

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
pub async fn update_env_vars(
    name: String,
    env_vars: Vec<EnvVarChange>,
) -> Result<(), ConsoleError> {
    use crate::console::{ask, parse};

    let name = parse("name", "FSS.1002", &name)?;
    ask(|console| async move { console.update_env_vars(name, env_vars).await }).await
}

/// Finds how many instances a function has, and how many are there.
#[server(prefix = "/api", endpoint = "functions/find-concurrency", input = GetUrl)]
pub async fn find_concurrency(name: String) -> Result<ConcurrencyView, ConsoleError> {
    use crate::console::{ask, parse};

    let name = parse("name", "FSS.1002", &name)?;
    ask(|console| async move { console.find_concurrency(name).await }).await
}

/// Sets how many instances a function has.
#[server(prefix = "/api", endpoint = "functions/update-concurrency", input = Json)]
pub async fn update_concurrency(
    name: String,
    concurrency: Concurrency,
) -> Result<(), ConsoleError> {
    use crate::console::{ask, parse};

    let name = parse("name", "FSS.1002", &name)?;
    ask(|console| async move { console.update_concurrency(name, concurrency).await }).await
}

/// Sets which hosts a function may reach.
#[server(prefix = "/api", endpoint = "functions/update-outbound", input = Json)]
pub async fn update_outbound(name: String, outbound: OutboundRules) -> Result<(), ConsoleError> {
    use crate::console::{ask, parse};

    let name = parse("name", "FSS.1002", &name)?;
    ask(|console| async move { console.update_outbound(name, outbound).await }).await
}
