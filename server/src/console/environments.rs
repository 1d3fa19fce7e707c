//! Environments of the gateway.

use sluice_app::console::ConsoleError;
use sluice_app::environments::EnvironmentView;
use sluice_domain::environment::{Environment, EnvironmentName};
use sluice_domain::id::EnvironmentId;
use sluice_domain::text::ShortDescription;
use sluice_store::{EnvironmentRow, RELEASE_ENVIRONMENT_ID};

use super::{RequestConsole, refused};
use crate::drawn;

impl RequestConsole {
    pub(super) async fn environments(&self) -> Result<Vec<EnvironmentView>, ConsoleError> {
        self.signed_in().await?;
        let rows = self.shared.store.environment_rows().await;
        let view = |row: EnvironmentRow| {
            let is_release = row.environment.environment_id.as_str() == RELEASE_ENVIRONMENT_ID;
            EnvironmentView {
                environment: row.environment,
                published: row.published,
                created_at: (!is_release).then_some(row.created_at),
            }
        };
        Ok(rows.map_err(refused)?.into_iter().map(view).collect())
    }

    pub(super) async fn add_environment(
        &self,
        name: EnvironmentName,
        description: ShortDescription,
    ) -> Result<Environment, ConsoleError> {
        self.signed_in().await?;
        let environment = Environment {
            environment_id: EnvironmentId::from_bytes(drawn::id_bytes()),
            name,
            description,
        };
        self.shared
            .store
            .create_environment(&environment, drawn::now())
            .await
            .map_err(refused)?;
        Ok(environment)
    }

    pub(super) async fn set_environment(
        &self,
        environment_id: EnvironmentId,
        description: ShortDescription,
    ) -> Result<(), ConsoleError> {
        self.signed_in().await?;
        let store = &self.shared.store;
        let described = store
            .describe_environment(&environment_id, &description)
            .await;
        described.map_err(refused)
    }

    pub(super) async fn remove_environment(
        &self,
        environment_id: EnvironmentId,
    ) -> Result<(), ConsoleError> {
        self.signed_in().await?;
        // Nothing is published there, so that callers do not notice.
        let deleted = self.shared.store.delete_environment(&environment_id).await;
        deleted.map_err(refused)
    }
}
