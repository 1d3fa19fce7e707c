use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, Json};
use sluice_domain::target::Target;
use sluice_domain::text::Description;
use sluice_domain::version::{Version, VersionName};

use crate::console::ConsoleError;

/// Lists the versions of a function, `latest` first, and then the newest.
#[server(prefix = "/api", endpoint = "versions/list", input = GetUrl)]
pub async fn list_versions(name: String) -> Result<Vec<Version>, ConsoleError> {
    use crate::console::{ask, parse};

    let name = parse("name", "FSS.1002", &name)?;
    ask(|console| async move { console.list_versions(name).await }).await
}

/// Publishes what a function is now as a version.
#[server(prefix = "/api", endpoint = "versions/publish", input = Json)]
pub async fn publish_version(
    name: String,
    version: Option<VersionName>,
    description: Description,
) -> Result<(), ConsoleError> {
    use crate::console::{ask, parse};

    let name = parse("name", "FSS.1002", &name)?;
    ask(|console| async move { console.publish_version(name, version, description).await }).await
}

/// Deletes a published version that no API calls.
#[server(prefix = "/api", endpoint = "versions/delete", input = Json)]
pub async fn delete_version(name: String, version: VersionName) -> Result<(), ConsoleError> {
    use crate::console::{ask, parse};

    let name = parse("name", "FSS.1002", &name)?;
    ask(|console| async move { console.delete_version(name, version).await }).await
}

/// Says what of a function an API can call.
#[server(prefix = "/api", endpoint = "versions/targets", input = GetUrl)]
pub async fn list_targets(name: String) -> Result<Vec<Target>, ConsoleError> {
    use crate::console::{ask, parse};

    let name = parse("name", "FSS.1002", &name)?;
    ask(|console| async move { console.list_targets(name).await }).await
}
