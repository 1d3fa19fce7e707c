//! API groups of the gateway, and what they say about their APIs.

use sluice_app::api_groups::{GroupRow, GroupView};
use sluice_app::console::{ConsoleError, sentence};
use sluice_domain::api_group::{ApiGroup, ApiGroupName, GroupDescription};
use sluice_domain::id::{ApiGroupId, EnvironmentId};
use sluice_domain::stage_variables::{StageVariable, StageVariables};
use sluice_store::{ApiGroupRow, Kind, StoreError, StoredApi};

use super::{Addresses, RequestConsole, refused};
use crate::drawn;

impl Addresses {
    /// The host of a group.
    fn host_of(&self, group: &ApiGroupId) -> String {
        format!("{group}.{}", self.domain)
    }

    /// What the addresses of a group's APIs begin with: by the group's own host, and in the form
    /// that needs no name of its own, by `host`.
    fn beginnings(&self, group: &ApiGroupId, host: &str) -> (String, String) {
        let port = match self.https_port {
            443 => String::new(),
            port => format!(":{port}"),
        };
        (
            format!("https://{}{port}", self.host_of(group)),
            format!("https://{host}{port}/_group/{group}"),
        )
    }
}

impl RequestConsole {
    pub(super) async fn api_groups(&self) -> Result<Vec<GroupRow>, ConsoleError> {
        self.signed_in().await?;
        let store = &self.shared.store;
        let apis = store.list_apis().await.map_err(refused)?;
        let rows = store.list_group_settings().await.map_err(refused)?;
        Ok(rows
            .into_iter()
            .map(|row| self.group_row(row, &apis))
            .collect())
    }

    pub(super) async fn api_group(&self, group_id: ApiGroupId) -> Result<GroupView, ConsoleError> {
        self.signed_in().await?;
        let store = &self.shared.store;
        let rows = store.list_group_settings().await.map_err(refused)?;
        let mut rows = rows.into_iter();
        let row = rows.find(|row| row.group.group_id == group_id);
        let row = row.ok_or_else(|| refused(StoreError::NotFound(Kind::ApiGroup)))?;
        let all = store.list_apis().await.map_err(refused)?;
        let settings = row.settings.clone();
        let row = self.group_row(row, &all);
        let mut apis = self.apis().await?;
        apis.retain(|api| api.api.settings.group_id == group_id);
        let (url, path_url) = self.shared.addresses.beginnings(&group_id, &self.host);
        Ok(GroupView {
            row,
            url,
            path_url,
            apis,
            environments: store.list_environments().await.map_err(refused)?,
            settings,
        })
    }

    fn group_row(&self, row: ApiGroupRow, apis: &[StoredApi]) -> GroupRow {
        let own = apis.iter().filter(|api| api.group == row.group);
        GroupRow {
            api_count: own.count(),
            host: self.shared.addresses.host_of(&row.group.group_id),
            has_debugging_domain: row.settings.has_debugging_domain,
            group: row.group,
            description: row.description,
            created_at: row.created_at,
            now: drawn::now(),
        }
    }

    pub(super) async fn add_api_group(
        &self,
        name: ApiGroupName,
        description: GroupDescription,
    ) -> Result<ApiGroup, ConsoleError> {
        self.signed_in().await?;
        let group = ApiGroup {
            group_id: ApiGroupId::from_bytes(drawn::id_bytes()),
            name,
        };
        // Without APIs and settings it changes nothing for callers.
        let store = &self.shared.store;
        let created = store.create_described_api_group(&group, &description, drawn::now());
        created.await.map_err(refused)?;
        Ok(group)
    }

    pub(super) async fn set_api_group(
        &self,
        group_id: ApiGroupId,
        name: ApiGroupName,
        description: GroupDescription,
    ) -> Result<(), ConsoleError> {
        self.signed_in().await?;
        let store = &self.shared.store;
        let updated = store.update_api_group(&group_id, &name, &description).await;
        updated.map_err(refused)
    }

    pub(super) async fn remove_api_group(&self, group_id: ApiGroupId) -> Result<(), ConsoleError> {
        self.signed_in().await?;
        self.republishing(self.shared.store.delete_api_group(&group_id))
            .await?;
        // Its domain names went with it.
        self.renaming(async { Ok(()) }).await
    }

    pub(super) async fn set_debugging_domain(
        &self,
        group_id: ApiGroupId,
        is_enabled: bool,
    ) -> Result<(), ConsoleError> {
        self.signed_in().await?;
        let store = &self.shared.store;
        self.republishing(store.set_debugging_domain(&group_id, is_enabled))
            .await
    }

    pub(super) async fn set_stage_variables(
        &self,
        group_id: ApiGroupId,
        environment_id: EnvironmentId,
        variables: Vec<StageVariable>,
    ) -> Result<(), ConsoleError> {
        self.signed_in().await?;
        let variables = StageVariables::try_from(variables).map_err(|error| {
            ConsoleError::refused(error.code(), 400, sentence(&error.to_string()))
        })?;
        let store = &self.shared.store;
        self.republishing(store.set_stage_variables(&group_id, &environment_id, &variables))
            .await
    }
}
