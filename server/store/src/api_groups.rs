//! API groups.

use sluice_domain::api_group::{ApiGroup, GroupDescription};
use sluice_domain::time::Timestamp;

use crate::error::{damaged, doing, unique};
use crate::{Store, StoreError};

impl Store {
    /// Creates an API group without a description.
    pub async fn create_api_group(
        &self,
        group: &ApiGroup,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.create_described_api_group(group, &GroupDescription::default(), now)
            .await
    }

    /// Creates an API group.
    pub async fn create_described_api_group(
        &self,
        group: &ApiGroup,
        description: &GroupDescription,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (id, name, now) = (group.group_id.as_str(), group.name.as_str(), now.millis());
        let description = description.as_str();
        sqlx::query!(
            "insert into api_group (group_id, name, description, created_at_ms) values (?, ?, ?, ?)",
            id,
            name,
            description,
            now
        )
        .execute(&self.writer)
        .await
        .map_err(unique(
            || StoreError::ApiGroupNameTaken(group.name.clone()),
            "inserting an API group",
        ))?;
        Ok(())
    }

    /// All API groups, oldest first.
    pub async fn list_api_groups(&self) -> Result<Vec<ApiGroup>, StoreError> {
        let rows =
            sqlx::query!("select group_id, name from api_group order by created_at_ms, name")
                .fetch_all(&self.readers)
                .await
                .map_err(doing("listing the API groups"))?;
        rows.into_iter()
            .map(|row| api_group(&row.group_id, &row.name))
            .collect()
    }
}

pub(crate) fn api_group(group_id: &str, name: &str) -> Result<ApiGroup, StoreError> {
    Ok(ApiGroup {
        group_id: group_id.parse().map_err(damaged("api_group", "group_id"))?,
        name: name.parse().map_err(damaged("api_group", "name"))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestStore, group};

    #[tokio::test]
    async fn groups_are_listed_oldest_first_and_have_a_name_of_their_own() {
        let test = TestStore::new().await;
        let (late, early) = (group(1, "APIGroup_a"), group(2, "APIGroup_b"));
        for (group, now) in [(&late, 20), (&early, 10)] {
            let created = test.store.create_api_group(group, Timestamp(now)).await;
            created.unwrap();
        }
        assert_eq!(test.store.list_api_groups().await.unwrap(), [early, late]);
        let again = group(3, "APIGroup_a");
        let again = test.store.create_api_group(&again, Timestamp(30)).await;
        assert!(matches!(again, Err(StoreError::ApiGroupNameTaken(_))));
    }

    #[tokio::test]
    async fn a_damaged_row_names_its_place() {
        let test = TestStore::new().await;
        let group_id = "a".repeat(32);
        test.sql(&format!(
            "insert into api_group (group_id, name, created_at_ms) values ('{group_id}', '---', 0)"
        ))
        .await
        .unwrap();
        let error = test.store.list_api_groups().await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the database has a damaged value in api_group.name"
        );
    }
}
