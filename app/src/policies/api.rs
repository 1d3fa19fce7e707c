use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, Json};
use sluice_domain::id::PolicyId;
use sluice_domain::policy::{PolicyName, PolicyRule};
use sluice_domain::publication::BoundApi;

use super::PolicyList;
use crate::console::ConsoleError;

/// Lists the policies, and the APIs that they can be bound to.
#[server(prefix = "/api", endpoint = "policies/list", input = GetUrl)]
pub async fn list_policies() -> Result<PolicyList, ConsoleError> {
    crate::console::ask(|console| async move { console.list_policies().await }).await
}

/// Creates a policy.
#[server(prefix = "/api", endpoint = "policies/create", input = Json)]
pub async fn create_policy(name: PolicyName, rule: PolicyRule) -> Result<(), ConsoleError> {
    crate::console::ask(|console| async move { console.create_policy(name, rule).await }).await
}

/// Changes what a policy says.
#[server(prefix = "/api", endpoint = "policies/update", input = Json)]
pub async fn update_policy(
    policy_id: PolicyId,
    name: PolicyName,
    rule: PolicyRule,
) -> Result<(), ConsoleError> {
    crate::console::ask(|console| async move { console.update_policy(policy_id, name, rule).await })
        .await
}

/// Deletes a policy.
#[server(prefix = "/api", endpoint = "policies/delete", input = Json)]
pub async fn delete_policy(policy_id: PolicyId) -> Result<(), ConsoleError> {
    crate::console::ask(|console| async move { console.delete_policy(policy_id).await }).await
}

/// Binds a policy to these APIs, each in an environment, and no others.
#[server(prefix = "/api", endpoint = "policies/bind", input = Json)]
pub async fn bind_policy(policy_id: PolicyId, apis: Vec<BoundApi>) -> Result<(), ConsoleError> {
    crate::console::ask(|console| async move { console.bind_policy(policy_id, apis).await }).await
}
