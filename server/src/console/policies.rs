//! Policies of the gateway.

use sluice_app::console::ConsoleError;
use sluice_app::policies::PolicyList;
use sluice_domain::id::{PolicyId, TriggerId};
use sluice_domain::policy::{Policy, PolicyName, PolicyRule};
use sluice_store::StoreError;

use super::credentials::bindable;
use super::{RequestConsole, refused};
use crate::drawn;

impl RequestConsole {
    pub(super) async fn policies(&self) -> Result<PolicyList, ConsoleError> {
        self.signed_in().await?;
        let store = &self.shared.store;
        let apis = store.all_triggers().await.map_err(refused)?;
        Ok(PolicyList {
            policies: store.list_policies().await.map_err(refused)?,
            apis: apis.into_iter().map(bindable).collect(),
        })
    }

    pub(super) async fn add_policy(
        &self,
        name: PolicyName,
        rule: PolicyRule,
    ) -> Result<(), ConsoleError> {
        self.signed_in().await?;
        let policy = Policy {
            policy_id: PolicyId::from_bytes(drawn::id_bytes()),
            name,
            rule,
            apis: Vec::new(),
            created_at: drawn::now(),
        };
        // Bound to nothing, it changes nothing for callers.
        let created = self.shared.store.create_policy(&policy).await;
        created.map_err(refused)
    }

    pub(super) async fn set_policy(
        &self,
        policy_id: PolicyId,
        name: PolicyName,
        rule: PolicyRule,
    ) -> Result<(), ConsoleError> {
        self.signed_in().await?;
        let store = &self.shared.store;
        self.republishing(store.update_policy(&policy_id, &name, &rule))
            .await
    }

    pub(super) async fn remove_policy(&self, policy_id: PolicyId) -> Result<(), ConsoleError> {
        self.signed_in().await?;
        self.republishing(self.shared.store.delete_policy(&policy_id))
            .await
    }

    pub(super) async fn bind_policy_to(
        &self,
        policy_id: PolicyId,
        apis: Vec<TriggerId>,
    ) -> Result<(), ConsoleError> {
        self.signed_in().await?;
        self.republishing(self.shared.store.bind_policy(&policy_id, &apis))
            .await
    }

    /// Makes a change, and publishes all APIs with it.
    async fn republishing(
        &self,
        change: impl Future<Output = Result<(), StoreError>> + Send,
    ) -> Result<(), ConsoleError> {
        let deployments = self.shared.publisher.change().await;
        change.await.map_err(refused)?;
        let published = self.shared.publisher.publish(&deployments).await;
        published.map_err(refused)
    }
}
