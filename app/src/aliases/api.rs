use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, Json};
use sluice_domain::alias::{AliasName, AliasTarget};
use sluice_domain::text::Description;

use super::AliasList;
use crate::console::ConsoleError;

/// Lists the aliases of a function, by name.
#[server(prefix = "/api", endpoint = "aliases/list", input = GetUrl)]
pub async fn list_aliases(name: String) -> Result<AliasList, ConsoleError> {
    use crate::console::{ask, parse};

    let name = parse("name", "FSS.1002", &name)?;
    ask(|console| async move { console.list_aliases(name).await }).await
}

/// Gives a version of a function another name.
#[server(prefix = "/api", endpoint = "aliases/create", input = Json)]
pub async fn create_alias(
    name: String,
    alias: AliasName,
    target: AliasTarget,
    description: Description,
) -> Result<(), ConsoleError> {
    use crate::console::{ask, parse};

    let name = parse("name", "FSS.1002", &name)?;
    ask(|console| async move { console.create_alias(name, alias, target, description).await }).await
}

/// Has an alias call something else.
#[server(prefix = "/api", endpoint = "aliases/update", input = Json)]
pub async fn update_alias(
    name: String,
    alias: AliasName,
    target: AliasTarget,
    description: Description,
) -> Result<(), ConsoleError> {
    use crate::console::{ask, parse};

    let name = parse("name", "FSS.1002", &name)?;
    ask(|console| async move { console.update_alias(name, alias, target, description).await }).await
}

/// Deletes an alias that no API calls.
#[server(prefix = "/api", endpoint = "aliases/delete", input = Json)]
pub async fn delete_alias(name: String, alias: AliasName) -> Result<(), ConsoleError> {
    use crate::console::{ask, parse};

    let name = parse("name", "FSS.1002", &name)?;
    ask(|console| async move { console.delete_alias(name, alias).await }).await
}
