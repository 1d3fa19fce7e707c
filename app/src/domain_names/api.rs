use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, Json};
use sluice_domain::domain_name::{DomainName, DomainSettings};
use sluice_domain::id::{ApiGroupId, DomainNameId};

use super::DomainNameList;
use crate::console::ConsoleError;

/// Lists the domain names, and what they can be bound to.
#[server(prefix = "/api", endpoint = "domain-names/list", input = GetUrl)]
pub async fn list_domain_names() -> Result<DomainNameList, ConsoleError> {
    crate::console::ask(|console| async move { console.list_domain_names().await }).await
}

/// Binds a domain name to an API group.
#[server(prefix = "/api", endpoint = "domain-names/bind", input = Json)]
pub async fn bind_domain_name(
    name: DomainName,
    group_id: ApiGroupId,
    settings: DomainSettings,
) -> Result<(), ConsoleError> {
    crate::console::ask(|console| async move {
        console.bind_domain_name(name, group_id, settings).await
    })
    .await
}

/// Changes what a domain name is set to.
#[server(prefix = "/api", endpoint = "domain-names/update", input = Json)]
pub async fn update_domain_name(
    domain_name_id: DomainNameId,
    settings: DomainSettings,
) -> Result<(), ConsoleError> {
    crate::console::ask(|console| async move {
        console.update_domain_name(domain_name_id, settings).await
    })
    .await
}

/// Unbinds a domain name.
#[server(prefix = "/api", endpoint = "domain-names/unbind", input = Json)]
pub async fn unbind_domain_name(domain_name_id: DomainNameId) -> Result<(), ConsoleError> {
    crate::console::ask(|console| async move { console.unbind_domain_name(domain_name_id).await })
        .await
}
