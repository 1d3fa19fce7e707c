//! Published versions of functions, and what of a function APIs can call.

use sluice_app::console::ConsoleError;
use sluice_domain::function::FunctionName;
use sluice_domain::id::FunctionId;
use sluice_domain::target::Target;
use sluice_domain::text::Description;
use sluice_domain::version::{Version, VersionName, VersionRef};
use sluice_store::{Kind, NewVersion, StoreError, VersionRow};

use super::{RequestConsole, refused};
use crate::drawn;

impl RequestConsole {
    pub(super) async fn versions(&self, name: FunctionName) -> Result<Vec<Version>, ConsoleError> {
        let row = self.function(&name).await?;
        let store = &self.shared.store;
        let published = store.versions_of(&row.function_id).await.map_err(refused)?;
        let aliases = store.aliases_of(&row.function_id).await.map_err(refused)?;
        let view = |version: VersionRef, description, modified_at| {
            let mut of_version = aliases.clone();
            of_version.retain(|alias| alias.target.fields().version == version);
            Version {
                version,
                aliases: of_version.into_iter().map(|alias| alias.name).collect(),
                description,
                modified_at,
            }
        };
        let latest = view(VersionRef::Latest, Description::default(), row.modified_at);
        let published = published.into_iter().map(|row: VersionRow| {
            let version = VersionRef::Published(row.version);
            view(version, row.description, row.published_at)
        });
        Ok(std::iter::once(latest).chain(published).collect())
    }

    pub(super) async fn add_version(
        &self,
        name: FunctionName,
        version: Option<VersionName>,
        description: Description,
    ) -> Result<(), ConsoleError> {
        let (store, publisher) = (&self.shared.store, &self.shared.publisher);
        let mut deployments = publisher.change().await;
        let row = self.function(&name).await?;
        let now = drawn::now();
        let new = NewVersion {
            version: version.unwrap_or_else(|| VersionName::of_moment(now)),
            description,
            now,
        };
        let published = store.publish_version(&row.function_id, &new).await;
        published.map_err(refused)?;
        let versions = store.versions_of(&row.function_id).await.map_err(refused)?;
        let mut versions = versions.into_iter();
        let version = versions.find(|published| published.version == new.version);
        let version = version.ok_or_else(|| refused(StoreError::NotFound(Kind::Version)))?;
        let deployed = publisher.restore_version(&row, &version).await;
        let deployed = deployed.map_err(refused)?;
        deployments.insert_version(&row.function_id, version.version, deployed);
        publisher.publish(&deployments).await.map_err(refused)?;
        tracing::info!(function.name = %name, function.version = %new.version, "published a version");
        Ok(())
    }

    pub(super) async fn remove_version(
        &self,
        name: FunctionName,
        version: VersionName,
    ) -> Result<(), ConsoleError> {
        let (store, publisher) = (&self.shared.store, &self.shared.publisher);
        let mut deployments = publisher.change().await;
        let row = self.function(&name).await?;
        let deleted = store.delete_version(&row.function_id, &version).await;
        deleted.map_err(refused)?;
        deployments.remove_version(&row.function_id, &version);
        let published = publisher.publish(&deployments).await;
        let executor = &self.shared.executor;
        executor
            .forget_version(row.function_id, version.to_string())
            .await;
        published.map_err(refused)
    }

    pub(super) async fn targets(&self, name: FunctionName) -> Result<Vec<Target>, ConsoleError> {
        let row = self.function(&name).await?;
        self.targets_of(&row.function_id).await
    }

    /// What of a function an API can call: `latest`, the aliases, and the versions, newest first.
    pub(super) async fn targets_of(
        &self,
        function_id: &FunctionId,
    ) -> Result<Vec<Target>, ConsoleError> {
        let store = &self.shared.store;
        let aliases = store.aliases_of(function_id).await.map_err(refused)?;
        let versions = store.versions_of(function_id).await.map_err(refused)?;
        let aliases = aliases.into_iter().map(|alias| Target::Alias(alias.name));
        let versions = versions.into_iter().map(|row| Target::Version(row.version));
        let all = std::iter::once(Target::Latest)
            .chain(aliases)
            .chain(versions);
        Ok(all.collect())
    }
}
