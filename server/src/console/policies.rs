//! Policies of the gateway.

use sluice_app::console::ConsoleError;
use sluice_app::policies::{NamedCaller, PolicyList};
use sluice_domain::id::PolicyId;
use sluice_domain::policy::{CallerId, Policy, PolicyName, PolicyRule};
use sluice_domain::publication::BoundApi;
use sluice_store::{Kind, StoreError};

use super::credentials::bindable;
use super::{RequestConsole, refused};
use crate::drawn;

impl RequestConsole {
    pub(super) async fn policies(&self) -> Result<PolicyList, ConsoleError> {
        self.signed_in().await?;
        let store = &self.shared.store;
        let apis = store.published_triggers().await.map_err(refused)?;
        Ok(PolicyList {
            policies: store.list_policies().await.map_err(refused)?,
            apis: apis.into_iter().map(bindable).collect(),
            callers: self.callers().await?,
        })
    }

    /// All whose calls are counted one by one: the credentials, and then the users.
    async fn callers(&self) -> Result<Vec<NamedCaller>, ConsoleError> {
        let store = &self.shared.store;
        let credentials = store.list_credentials().await.map_err(refused)?;
        let credentials = credentials.into_iter().map(|it| NamedCaller {
            caller: CallerId::Credential(it.credential_id),
            name: it.name.into(),
        });
        let users = store.list_user_names().await.map_err(refused)?;
        let users = users.into_iter().map(|(id, name)| NamedCaller {
            caller: CallerId::User(id),
            name: name.into(),
        });
        Ok(credentials.chain(users).collect())
    }

    /// Refuses a limit of its own for a caller that is not there.
    async fn check_callers(&self, rule: &PolicyRule) -> Result<(), ConsoleError> {
        let PolicyRule::Throttling(throttling) = rule else {
            return Ok(());
        };
        let excluded = &throttling.fields().excluded;
        if excluded.is_empty() {
            return Ok(());
        }
        let callers = self.callers().await?;
        for exclusion in excluded {
            if !callers.iter().any(|one| one.caller == exclusion.caller) {
                return Err(refused(StoreError::NotFound(match exclusion.caller {
                    CallerId::Credential(_) => Kind::Credential,
                    CallerId::User(_) => Kind::User,
                })));
            }
        }
        Ok(())
    }

    pub(super) async fn add_policy(
        &self,
        name: PolicyName,
        rule: PolicyRule,
    ) -> Result<(), ConsoleError> {
        self.signed_in().await?;
        self.check_callers(&rule).await?;
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
        self.check_callers(&rule).await?;
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
        apis: Vec<BoundApi>,
    ) -> Result<(), ConsoleError> {
        self.signed_in().await?;
        self.republishing(self.shared.store.bind_policy(&policy_id, &apis))
            .await
    }

    /// Makes a change, and publishes all APIs with it.
    pub(super) async fn republishing(
        &self,
        change: impl Future<Output = Result<(), StoreError>> + Send,
    ) -> Result<(), ConsoleError> {
        let deployments = self.shared.publisher.change().await;
        change.await.map_err(refused)?;
        let published = self.shared.publisher.publish(&deployments).await;
        published.map_err(refused)
    }
}
