//! APIs: the latest definitions. What callers reach are their publications.

use sluice_domain::api_group::ApiGroup;
use sluice_domain::function::FunctionName;
use sluice_domain::id::{ApiId, AuthorizerId, FunctionId, ResponseSetId};
use sluice_domain::trigger::{ApigTrigger, ApigTriggerSettings};

use crate::api_groups::api_group;
use crate::error::{damaged, doing, unique};
use crate::targets::check_target;
use crate::triggers::{RawTrigger, request_parameters};
use crate::{Kind, Store, StoreError};

/// An API's latest definition, and what it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredApi {
    /// The function behind it.
    pub function_id: FunctionId,
    /// Its name.
    pub function_name: FunctionName,
    /// The trigger that the API is of, with the definition.
    pub trigger: ApigTrigger,
    /// The group it belongs to.
    pub group: ApiGroup,
}

impl Store {
    /// The APIs of all functions, by name.
    pub async fn list_apis(&self) -> Result<Vec<StoredApi>, StoreError> {
        self.apis(None).await
    }

    /// One API.
    pub async fn find_api(&self, api_id: &ApiId) -> Result<Option<StoredApi>, StoreError> {
        Ok(self.apis(Some(api_id)).await?.pop())
    }

    async fn apis(&self, api_id: Option<&ApiId>) -> Result<Vec<StoredApi>, StoreError> {
        let wanted = api_id.map(ApiId::as_str);
        let rows = sqlx::query!(
            "select t.function_id, f.name as function_name, g.name as group_name, t.trigger_id,
                 t.api_id, t.api_name, t.group_id, t.authentication, t.protocol, t.path, t.matching,
                 t.method, t.timeout_ms, t.created_at_ms, t.simple_authentication,
                 t.authorizer_id, t.request_parameters, t.target, t.response_id
             from trigger t join api_group g using (group_id) join function f using (function_id)
             where ?1 is null or t.api_id = ?1
             order by lower(t.api_name), t.api_name",
            wanted
        )
        .fetch_all(&self.readers)
        .await
        .map_err(doing("listing the APIs"))?;
        rows.into_iter()
            .map(|row| {
                Ok(StoredApi {
                    function_id: row
                        .function_id
                        .parse()
                        .map_err(damaged("trigger", "function_id"))?,
                    function_name: row
                        .function_name
                        .parse()
                        .map_err(damaged("function", "name"))?,
                    group: api_group(&row.group_id, &row.group_name)?,
                    trigger: RawTrigger {
                        trigger_id: row.trigger_id,
                        api_id: row.api_id,
                        api_name: row.api_name,
                        group_id: row.group_id,
                        authentication: row.authentication,
                        protocol: row.protocol,
                        path: row.path,
                        matching: row.matching,
                        method: row.method,
                        timeout_ms: row.timeout_ms,
                        created_at_ms: row.created_at_ms,
                        simple_authentication: row.simple_authentication,
                        authorizer_id: row.authorizer_id,
                        request_parameters: row.request_parameters,
                        target: row.target,
                        response_id: row.response_id,
                    }
                    .parse()?,
                })
            })
            .collect()
    }

    /// Changes the definition of an API; its group stays. Callers notice nothing until it is
    /// published.
    pub async fn update_api(
        &self,
        api_id: &ApiId,
        settings: &ApigTriggerSettings,
    ) -> Result<(), StoreError> {
        let (id, name) = (api_id.as_str(), settings.api_name.as_str());
        let (auth, protocol) = (settings.authentication.name(), settings.protocol.name());
        let (path, target) = (settings.path.as_str(), settings.target.to_string());
        let (matching, method) = (settings.matching.name(), settings.method.name());
        let timeout = settings.timeout.millis();
        let parameters = request_parameters(settings)?;
        let authorizer = settings.authorizer_id.as_ref().map(AuthorizerId::as_str);
        let response = settings.response_id.as_ref().map(ResponseSetId::as_str);
        let mut tx = self.begin().await?;
        let function = sqlx::query_scalar!("select function_id from trigger where api_id = ?", id)
            .fetch_optional(&mut *tx)
            .await
            .map_err(doing("finding an API"))?
            .ok_or(StoreError::NotFound(Kind::Api))?;
        let function = function
            .parse()
            .map_err(damaged("trigger", "function_id"))?;
        check_target(&mut tx, &function, &settings.target).await?;
        sqlx::query!(
            "update trigger set api_name = ?, authentication = ?, simple_authentication = ?,
                 authorizer_id = ?, protocol = ?, path = ?, matching = ?, method = ?, timeout_ms = ?,
                 request_parameters = ?, target = ?, response_id = ?
             where api_id = ?",
            name,
            auth,
            settings.simple_authentication,
            authorizer,
            protocol,
            path,
            matching,
            method,
            timeout,
            parameters,
            target,
            response,
            id
        )
        .execute(&mut *tx)
        .await
        .map_err(unique(
            || StoreError::ApiNameTaken(settings.api_name.clone()),
            "updating an API",
        ))?;
        tx.commit().await.map_err(doing("updating an API"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestStore, id, two_triggers};

    #[tokio::test]
    async fn an_api_is_found_as_it_was_changed_and_keeps_its_publication() {
        let test = TestStore::new().await;
        two_triggers(&test.store).await;
        let store = &test.store;
        let listed = store.list_apis().await.unwrap();
        let names = listed
            .iter()
            .map(|api| api.trigger.settings.api_name.as_str());
        assert_eq!(names.collect::<Vec<_>>(), ["API_1", "API_2"]);
        let mut api = listed.into_iter().next().unwrap();
        assert_eq!(
            (api.function_name.as_str(), api.group.name.as_str()),
            ("demo", "APIGroup_a")
        );
        let published = store.published_triggers().await.unwrap();

        let settings = &mut api.trigger.settings;
        settings.api_name = "API_changed".parse().unwrap();
        settings.authentication = "NONE".parse().unwrap();
        settings.simple_authentication = false;
        settings.protocol = "BOTH".parse().unwrap();
        settings.path = "/changed/{id}".parse().unwrap();
        settings.matching = "SWA".parse().unwrap();
        settings.method = "POST".parse().unwrap();
        settings.timeout = 60_000.try_into().unwrap();
        settings.request_parameters = serde_json::from_str(
            r#"[{"name": "page", "location": "QUERY", "type": "NUMBER", "min": "1", "default_value": "1"},
                {"name": "id", "location": "PATH", "type": "STRING", "required": true}]"#,
        )
        .unwrap();
        let (api_id, settings) = (&api.trigger.api_id, &api.trigger.settings);
        store.update_api(api_id, settings).await.unwrap();
        assert_eq!(store.find_api(api_id).await.unwrap(), Some(api.clone()));
        assert_eq!(store.published_triggers().await.unwrap(), published);

        let mut taken = settings.clone();
        taken.api_name = "API_2".parse().unwrap();
        let refused = store.update_api(api_id, &taken).await;
        assert!(matches!(refused, Err(StoreError::ApiNameTaken(_))));
        let none = ApiId::from_bytes(id(9));
        let refused = store.update_api(&none, &taken).await;
        assert!(matches!(refused, Err(StoreError::NotFound(Kind::Api))));
        assert_eq!(store.find_api(&none).await.unwrap(), None);
    }
}
