//! Sets of gateway responses that groups have besides the default one.

use sluice_domain::gateway_response::{
    GatewayResponse, GatewayResponses, MAX_RESPONSE_SETS, ResponseSet, ResponseSetName,
    ResponseType,
};
use sluice_domain::id::{ApiGroupId, ResponseSetId};
use sluice_domain::time::Timestamp;

use crate::error::{damaged, doing, found, unique};
use crate::{Kind, Store, StoreError};

impl Store {
    /// Creates a set of responses of a group.
    pub async fn create_response_set(
        &self,
        group_id: &ApiGroupId,
        set: &ResponseSet,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (id, group) = (set.response_id.as_str(), group_id.as_str());
        let (name, now) = (set.name.as_str(), now.millis());
        let responses = encode(&set.responses)?;
        let mut tx = self.begin().await?;
        let count = sqlx::query_scalar!(
            r#"select count(*) as "count!: i64" from response_set where group_id = ?"#,
            group
        )
        .fetch_one(&mut *tx)
        .await
        .map_err(doing("counting the sets of responses"))?;
        // The default one is no row.
        if count.unsigned_abs() + 1 >= MAX_RESPONSE_SETS as u64 {
            return Err(StoreError::TooManyResponseSets);
        }
        let result = sqlx::query!(
            "insert into response_set (response_id, group_id, name, responses, created_at_ms)
             select ?1, group_id, ?3, ?4, ?5 from api_group where group_id = ?2",
            id,
            group,
            name,
            responses,
            now
        )
        .execute(&mut *tx)
        .await
        .map_err(unique(
            || StoreError::ResponseSetNameTaken(set.name.clone()),
            "inserting a set of responses",
        ))?;
        found(result, Kind::ApiGroup)?;
        tx.commit()
            .await
            .map_err(doing("inserting a set of responses"))
    }

    /// Gives a set of responses another name.
    pub async fn rename_response_set(
        &self,
        group_id: &ApiGroupId,
        response_id: &ResponseSetId,
        name: &ResponseSetName,
    ) -> Result<(), StoreError> {
        let (group, id, text) = (group_id.as_str(), response_id.as_str(), name.as_str());
        let result = sqlx::query!(
            "update response_set set name = ? where group_id = ? and response_id = ?",
            text,
            group,
            id
        )
        .execute(&self.writer)
        .await
        .map_err(unique(
            || StoreError::ResponseSetNameTaken(name.clone()),
            "renaming a set of responses",
        ))?;
        found(result, Kind::ResponseSet)
    }

    /// Deletes a set of responses; the APIs that chose it have the default one.
    pub async fn delete_response_set(
        &self,
        group_id: &ApiGroupId,
        response_id: &ResponseSetId,
    ) -> Result<(), StoreError> {
        let (group, id) = (group_id.as_str(), response_id.as_str());
        let result = sqlx::query!(
            "delete from response_set where group_id = ? and response_id = ?",
            group,
            id
        )
        .execute(&self.writer)
        .await
        .map_err(doing("deleting a set of responses"))?;
        found(result, Kind::ResponseSet)
    }

    /// Sets what callers get of a type of answers by a set; none is what the gateway says by itself.
    pub async fn set_response_of_set(
        &self,
        group_id: &ApiGroupId,
        response_id: &ResponseSetId,
        kind: ResponseType,
        response: Option<&GatewayResponse>,
    ) -> Result<(), StoreError> {
        let (group, id) = (group_id.as_str(), response_id.as_str());
        let mut tx = self.begin().await?;
        let stored = sqlx::query_scalar!(
            "select responses from response_set where group_id = ? and response_id = ?",
            group,
            id
        )
        .fetch_optional(&mut *tx)
        .await
        .map_err(doing("finding a set of responses"))?;
        let stored = stored.ok_or(StoreError::NotFound(Kind::ResponseSet))?;
        let mut responses = decode(&stored)?;
        match response {
            Some(response) => drop(responses.insert(kind, response.clone())),
            None => drop(responses.remove(&kind)),
        }
        let responses = encode(&responses)?;
        sqlx::query!(
            "update response_set set responses = ? where response_id = ?",
            responses,
            id
        )
        .execute(&mut *tx)
        .await
        .map_err(doing("changing a set of responses"))?;
        tx.commit()
            .await
            .map_err(doing("changing a set of responses"))
    }
}

fn encode(responses: &GatewayResponses) -> Result<String, StoreError> {
    serde_json::to_string(responses).map_err(damaged("response_set", "responses"))
}

/// What a set says, as it is stored.
pub(crate) fn decode(json: &str) -> Result<GatewayResponses, StoreError> {
    serde_json::from_str(json).map_err(damaged("response_set", "responses"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestStore, group, id, two_triggers};

    fn set(n: u8, name: &str) -> ResponseSet {
        ResponseSet {
            response_id: ResponseSetId::from_bytes(id(n)),
            name: name.parse().unwrap(),
            responses: GatewayResponses::new(),
        }
    }

    /// Two groups.
    async fn world() -> (TestStore, [ApiGroupId; 2]) {
        let test = TestStore::new().await;
        let groups = [group(7, "APIGroup_a"), group(8, "APIGroup_b")];
        for group in &groups {
            let created = test.store.create_api_group(group, Timestamp(0));
            created.await.unwrap();
        }
        (test, groups.map(|group| group.group_id))
    }

    /// The sets of the first group.
    async fn sets(store: &Store) -> Vec<ResponseSet> {
        let mut groups = store.list_group_settings().await.unwrap();
        groups.remove(0).settings.response_sets
    }

    #[tokio::test]
    async fn a_set_is_found_as_it_was_made_and_changed() {
        let (test, [one, other]) = world().await;
        let store = &test.store;
        let mut all = [set(1, "strict"), set(2, "plain")];
        for (set, at) in all.iter().zip([1, 2]) {
            let created = store.create_response_set(&one, set, Timestamp(at));
            created.await.unwrap();
        }
        // Another group has names of its own.
        let others = set(3, "plain");
        let created = store.create_response_set(&other, &others, Timestamp(3));
        created.await.unwrap();
        assert_eq!(sets(store).await, all);

        let gone = GatewayResponse {
            status: Some(410.try_into().unwrap()),
            ..GatewayResponse::default()
        };
        let (first, kind) = (&all[0].response_id.clone(), ResponseType::NotFound);
        for (response, expected) in [(Some(&gone), 1), (None, 0), (Some(&gone), 1)] {
            let set = store.set_response_of_set(&one, first, kind, response);
            set.await.unwrap();
            assert_eq!(sets(store).await[0].responses.len(), expected);
        }
        all[0].responses.insert(kind, gone);
        all[0].name = "stricter".parse().unwrap();
        let renamed = store.rename_response_set(&one, first, &all[0].name);
        renamed.await.unwrap();
        assert_eq!(sets(store).await, all);
        store.delete_response_set(&one, first).await.unwrap();
        assert_eq!(sets(store).await, all[1..]);
    }

    #[tokio::test]
    async fn what_is_not_allowed_is_refused_and_changes_nothing() {
        let (test, [one, other]) = world().await;
        let store = &test.store;
        let create = async |group: &ApiGroupId, n, name| {
            let set = set(n, name);
            store.create_response_set(group, &set, Timestamp(0)).await
        };
        create(&one, 1, "a").await.unwrap();
        create(&one, 2, "b").await.unwrap();
        let (first, name) = (ResponseSetId::from_bytes(id(1)), "b".parse().unwrap());
        for refused in [
            create(&one, 3, "a").await,
            store.rename_response_set(&one, &first, &name).await,
        ] {
            assert!(matches!(refused, Err(StoreError::ResponseSetNameTaken(_))));
        }
        create(&one, 3, "c").await.unwrap();
        assert!(matches!(
            create(&one, 4, "d").await,
            Err(StoreError::TooManyResponseSets)
        ));
        let nowhere = ApiGroupId::from_bytes(id(99));
        assert!(matches!(
            create(&nowhere, 4, "d").await,
            Err(StoreError::NotFound(Kind::ApiGroup))
        ));
        // A set is its group's alone.
        let name = "e".parse().unwrap();
        let kind = ResponseType::NotFound;
        for refused in [
            store.rename_response_set(&other, &first, &name).await,
            store.delete_response_set(&other, &first).await,
            store.set_response_of_set(&other, &first, kind, None).await,
        ] {
            assert!(matches!(
                refused,
                Err(StoreError::NotFound(Kind::ResponseSet))
            ));
        }
        let names = sets(store)
            .await
            .into_iter()
            .map(|set| set.name.to_string());
        assert_eq!(names.collect::<String>(), "abc");
    }

    #[tokio::test]
    async fn an_api_has_the_set_that_it_chose_until_that_is_deleted() {
        let test = TestStore::new().await;
        two_triggers(&test.store).await;
        let store = &test.store;
        let mut api = store.list_apis().await.unwrap().remove(0).trigger;
        let (group, chosen) = (api.settings.group_id.clone(), set(1, "strict"));
        let created = store.create_response_set(&group, &chosen, Timestamp(0));
        created.await.unwrap();
        api.settings.response_id = Some(chosen.response_id.clone());
        let updated = store.update_api(&api.api_id, &api.settings);
        updated.await.unwrap();
        let found = async || {
            let found = store.find_api(&api.api_id).await.unwrap().unwrap();
            found.trigger.settings.response_id
        };
        assert_eq!(found().await, api.settings.response_id);
        let deleted = store.delete_response_set(&group, &chosen.response_id);
        deleted.await.unwrap();
        assert_eq!(found().await, None);
    }
}
