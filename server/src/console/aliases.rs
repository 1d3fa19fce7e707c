//! Aliases of functions.

use sluice_app::aliases::AliasList;
use sluice_app::console::ConsoleError;
use sluice_domain::alias::{Alias, AliasName, AliasTarget};
use sluice_domain::function::FunctionName;
use sluice_domain::text::Description;
use sluice_domain::version::VersionRef;
use sluice_store::StoreError;

use super::{RequestConsole, refused};
use crate::drawn;

impl RequestConsole {
    pub(super) async fn aliases(&self, name: FunctionName) -> Result<AliasList, ConsoleError> {
        let row = self.function(&name).await?;
        let store = &self.shared.store;
        let published = store.versions_of(&row.function_id).await.map_err(refused)?;
        let published = published.into_iter().map(|row| row.version);
        let published = published.map(VersionRef::Published);
        Ok(AliasList {
            aliases: store.aliases_of(&row.function_id).await.map_err(refused)?,
            versions: std::iter::once(VersionRef::Latest)
                .chain(published)
                .collect(),
        })
    }

    pub(super) async fn add_alias(
        &self,
        name: FunctionName,
        alias: AliasName,
        target: AliasTarget,
        description: Description,
    ) -> Result<(), ConsoleError> {
        let row = self.function(&name).await?;
        let alias = changed(alias, target, description);
        let store = &self.shared.store;
        self.changing_aliases(store.create_alias(&row.function_id, &alias))
            .await
    }

    pub(super) async fn set_alias(
        &self,
        name: FunctionName,
        alias: AliasName,
        target: AliasTarget,
        description: Description,
    ) -> Result<(), ConsoleError> {
        let row = self.function(&name).await?;
        let alias = changed(alias, target, description);
        let store = &self.shared.store;
        self.changing_aliases(store.update_alias(&row.function_id, &alias))
            .await
    }

    pub(super) async fn remove_alias(
        &self,
        name: FunctionName,
        alias: AliasName,
    ) -> Result<(), ConsoleError> {
        let row = self.function(&name).await?;
        let store = &self.shared.store;
        self.changing_aliases(store.delete_alias(&row.function_id, &alias))
            .await
    }

    /// Changes what aliases call, from the next request on.
    async fn changing_aliases(
        &self,
        change: impl Future<Output = Result<(), StoreError>> + Send,
    ) -> Result<(), ConsoleError> {
        let deployments = self.shared.publisher.change().await;
        change.await.map_err(refused)?;
        let published = self.shared.publisher.publish(&deployments).await;
        published.map_err(refused)
    }
}

fn changed(name: AliasName, target: AliasTarget, description: Description) -> Alias {
    Alias {
        name,
        target,
        description,
        modified_at: drawn::now(),
    }
}
