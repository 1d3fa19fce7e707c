//! Environments of the gateway.

use sluice_domain::environment::Environment;
use sluice_domain::time::Timestamp;

use crate::error::{damaged, doing, unique};
use crate::{Store, StoreError};

/// Id of the environment RELEASE, which every database has.
pub const RELEASE_ENVIRONMENT_ID: &str = "52454c45415345000000000000000000";

impl Store {
    /// Creates an environment.
    pub async fn create_environment(
        &self,
        environment: &Environment,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (id, name) = (
            environment.environment_id.as_str(),
            environment.name.as_str(),
        );
        let now = now.millis();
        sqlx::query!(
            "insert into environment (environment_id, name, created_at_ms) values (?, ?, ?)",
            id,
            name,
            now
        )
        .execute(&self.writer)
        .await
        .map_err(unique(
            || StoreError::EnvironmentNameTaken(environment.name.clone()),
            "inserting an environment",
        ))?;
        Ok(())
    }

    /// All environments, oldest first: RELEASE, then the user's own.
    pub async fn list_environments(&self) -> Result<Vec<Environment>, StoreError> {
        let rows = sqlx::query!(
            "select environment_id, name from environment order by created_at_ms, name"
        )
        .fetch_all(&self.readers)
        .await
        .map_err(doing("listing the environments"))?;
        rows.into_iter()
            .map(|row| {
                Ok(Environment {
                    environment_id: row
                        .environment_id
                        .parse()
                        .map_err(damaged("environment", "environment_id"))?,
                    name: row.name.parse().map_err(damaged("environment", "name"))?,
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestStore, id};
    use sluice_domain::environment::EnvironmentName;
    use sluice_domain::id::EnvironmentId;

    #[tokio::test]
    async fn release_is_there_from_the_start() {
        let test = TestStore::new().await;
        let store = &test.store;
        let release = Environment {
            environment_id: RELEASE_ENVIRONMENT_ID.parse().unwrap(),
            name: EnvironmentName::RELEASE.parse().unwrap(),
        };
        let own = |n, name: &str| Environment {
            environment_id: EnvironmentId::from_bytes(id(n)),
            name: name.parse().unwrap(),
        };
        assert_eq!(
            store.list_environments().await.unwrap(),
            std::slice::from_ref(&release)
        );
        let own_one = own(1, "TEST");
        store
            .create_environment(&own_one, Timestamp(1))
            .await
            .unwrap();
        assert_eq!(store.list_environments().await.unwrap(), [release, own_one]);
        let again = store
            .create_environment(&own(2, "RELEASE"), Timestamp(2))
            .await;
        assert!(matches!(again, Err(StoreError::EnvironmentNameTaken(_))));
    }
}
