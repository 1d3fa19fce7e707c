//! Environments of the gateway.

use sluice_domain::environment::{Environment, MAX_ENVIRONMENTS};
use sluice_domain::id::EnvironmentId;
use sluice_domain::text::ShortDescription;
use sluice_domain::time::Timestamp;

use crate::error::{damaged, doing, found, unique};
use crate::{Kind, Store, StoreError};

/// Id of the environment RELEASE, which every database has.
pub const RELEASE_ENVIRONMENT_ID: &str = "52454c45415345000000000000000000";

/// An environment with what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentRow {
    /// The environment.
    pub environment: Environment,
    /// How many APIs are published there.
    pub published: u32,
    /// When it was created; 0 for RELEASE, which always was there.
    pub created_at: Timestamp,
}

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
        let (description, now) = (environment.description.as_str(), now.millis());
        let mut tx = self.begin().await?;
        let count = sqlx::query_scalar!(r#"select count(*) as "count!: i64" from environment"#)
            .fetch_one(&mut *tx)
            .await
            .map_err(doing("counting the environments"))?;
        if count.unsigned_abs() >= MAX_ENVIRONMENTS as u64 {
            return Err(StoreError::TooManyEnvironments);
        }
        sqlx::query!(
            "insert into environment (environment_id, name, description, created_at_ms)
             values (?, ?, ?, ?)",
            id,
            name,
            description,
            now
        )
        .execute(&mut *tx)
        .await
        .map_err(unique(
            || StoreError::EnvironmentNameTaken(environment.name.clone()),
            "inserting an environment",
        ))?;
        tx.commit().await.map_err(doing("inserting an environment"))
    }

    /// All environments, oldest first: RELEASE, then the user's own.
    pub async fn list_environments(&self) -> Result<Vec<Environment>, StoreError> {
        let rows = self.environment_rows().await?;
        Ok(rows.into_iter().map(|row| row.environment).collect())
    }

    /// The same with what is in them.
    pub async fn environment_rows(&self) -> Result<Vec<EnvironmentRow>, StoreError> {
        let rows = sqlx::query!(
            r#"select environment_id, name, description, created_at_ms,
                   (select count(*) from publication p
                    where p.environment_id = e.environment_id and p.is_current) as "published!: i64"
               from environment e order by created_at_ms, name"#
        )
        .fetch_all(&self.readers)
        .await
        .map_err(doing("listing the environments"))?;
        rows.into_iter()
            .map(|row| {
                Ok(EnvironmentRow {
                    environment: Environment {
                        environment_id: row
                            .environment_id
                            .parse()
                            .map_err(damaged("environment", "environment_id"))?,
                        name: row.name.parse().map_err(damaged("environment", "name"))?,
                        description: row
                            .description
                            .parse()
                            .map_err(damaged("environment", "description"))?,
                    },
                    published: u32::try_from(row.published)
                        .map_err(damaged("publication", "is_current"))?,
                    created_at: Timestamp(row.created_at_ms),
                })
            })
            .collect()
    }

    /// Says something else of an environment.
    pub async fn describe_environment(
        &self,
        environment_id: &EnvironmentId,
        description: &ShortDescription,
    ) -> Result<(), StoreError> {
        let (id, description) = (environment_id.as_str(), description.as_str());
        let result = sqlx::query!(
            "update environment set description = ? where environment_id = ?",
            description,
            id
        )
        .execute(&self.writer)
        .await
        .map_err(doing("describing an environment"))?;
        found(result, Kind::Environment)
    }

    /// Deletes an environment in which nothing is published, with the records of what was.
    pub async fn delete_environment(
        &self,
        environment_id: &EnvironmentId,
    ) -> Result<(), StoreError> {
        let id = environment_id.as_str();
        if id == RELEASE_ENVIRONMENT_ID {
            return Err(StoreError::ReleaseEnvironment);
        }
        let mut tx = self.begin().await?;
        sqlx::query!(
            "delete from publication where environment_id = ? and not is_current",
            id
        )
        .execute(&mut *tx)
        .await
        .map_err(doing("deleting the records of an environment"))?;
        let result = sqlx::query!("delete from environment where environment_id = ?", id)
            .execute(&mut *tx)
            .await
            .map_err(|source| match &source {
                // What is published refers to it.
                sqlx::Error::Database(error) if error.is_foreign_key_violation() => {
                    StoreError::EnvironmentInUse
                }
                _ => doing("deleting an environment")(source),
            })?;
        found(result, Kind::Environment)?;
        tx.commit().await.map_err(doing("deleting an environment"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestStore, id, two_triggers};
    use sluice_domain::environment::EnvironmentName;
    use sluice_domain::publication::BoundApi;

    #[tokio::test]
    async fn release_is_there_from_the_start() {
        let test = TestStore::new().await;
        let store = &test.store;
        let release = Environment {
            environment_id: RELEASE_ENVIRONMENT_ID.parse().unwrap(),
            name: EnvironmentName::RELEASE.parse().unwrap(),
            description: ShortDescription::default(),
        };
        let own = |n, name: &str| Environment {
            environment_id: EnvironmentId::from_bytes(id(n)),
            name: name.parse().unwrap(),
            description: format!("about {name}").parse().unwrap(),
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

    #[tokio::test]
    async fn only_an_environment_without_published_apis_is_deleted() {
        let test = TestStore::new().await;
        let [api, _] = two_triggers(&test.store).await;
        let store = &test.store;
        let own = Environment {
            environment_id: EnvironmentId::from_bytes(id(1)),
            name: "TEST".parse().unwrap(),
            description: ShortDescription::default(),
        };
        store.create_environment(&own, Timestamp(1)).await.unwrap();
        let environment = &own.environment_id;
        let described = "For what is tried.".parse().unwrap();
        let done = store.describe_environment(environment, &described).await;
        done.unwrap();
        let place = BoundApi {
            environment_id: environment.clone(),
            ..api.clone()
        };
        let published = store.publish_api(&place, &described, Timestamp(2)).await;
        published.unwrap();
        let rows = store.environment_rows().await.unwrap();
        let told: Vec<_> = rows
            .iter()
            .map(|row| {
                (
                    row.environment.description.as_str(),
                    row.published,
                    row.created_at,
                )
            })
            .collect();
        let expected = [("", 2, Timestamp(0)), (described.as_str(), 1, Timestamp(1))];
        assert_eq!(told, expected);

        let refused = store.delete_environment(environment).await;
        assert!(matches!(refused, Err(StoreError::EnvironmentInUse)));
        assert_eq!(store.publications(&place).await.unwrap().len(), 1);
        store.take_offline(&place).await.unwrap();
        store.delete_environment(environment).await.unwrap();
        assert_eq!(store.publications(&place).await.unwrap(), []);
        assert_eq!(store.publications(&api).await.unwrap().len(), 1);
        for refused in [
            store.delete_environment(environment).await,
            store.describe_environment(environment, &described).await,
        ] {
            assert!(matches!(
                refused,
                Err(StoreError::NotFound(Kind::Environment))
            ));
        }
        let refused = store.delete_environment(&api.environment_id).await;
        assert!(matches!(refused, Err(StoreError::ReleaseEnvironment)));
    }

    #[tokio::test]
    async fn there_are_at_most_so_many_environments() {
        let test = TestStore::new().await;
        for n in 1..=MAX_ENVIRONMENTS {
            let environment = Environment {
                environment_id: EnvironmentId::from_bytes(id(n)),
                name: format!("TEST_{n}").parse().unwrap(),
                description: ShortDescription::default(),
            };
            let created = test.store.create_environment(&environment, Timestamp(0));
            match created.await {
                Ok(()) => assert!(n < MAX_ENVIRONMENTS),
                Err(error) => {
                    assert_eq!(n, MAX_ENVIRONMENTS); // RELEASE is one of them
                    assert!(matches!(error, StoreError::TooManyEnvironments));
                }
            }
        }
    }
}
