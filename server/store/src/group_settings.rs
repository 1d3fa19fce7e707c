//! What API groups say about all of their APIs: host, variables and gateway responses.

use std::collections::HashMap;

use sluice_domain::api_group::{ApiGroup, ApiGroupName, GroupDescription, GroupSettings};
use sluice_domain::gateway_response::{GatewayResponse, ResponseSet, ResponseType};
use sluice_domain::id::{ApiGroupId, EnvironmentId};
use sluice_domain::stage_variables::{StageVariable, StageVariables};
use sluice_domain::time::Timestamp;

use crate::api_groups::api_group;
use crate::error::{damaged, doing, found, unique};
use crate::{Kind, Store, StoreError, response_sets};

/// An API group with all that is its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiGroupRow {
    /// Its id and name.
    pub group: ApiGroup,
    /// What it is for.
    pub description: GroupDescription,
    /// When it was created.
    pub created_at: Timestamp,
    /// What it says about its APIs.
    pub settings: GroupSettings,
}

impl Store {
    /// All API groups with their settings, oldest first.
    pub async fn list_group_settings(&self) -> Result<Vec<ApiGroupRow>, StoreError> {
        let mut tx = self.begin_reading().await?;
        let rows = sqlx::query!(
            "select group_id, name, description, has_debugging_domain, created_at_ms
             from api_group order by created_at_ms, name"
        )
        .fetch_all(&mut *tx)
        .await
        .map_err(doing("listing the API groups"))?;
        let variables = sqlx::query!(
            "select v.group_id, e.name as environment, v.name, v.value
             from stage_variable v join environment e using (environment_id)"
        )
        .fetch_all(&mut *tx)
        .await
        .map_err(doing("listing the variables of API groups"))?;
        let responses =
            sqlx::query!("select group_id, type as kind, response from gateway_response")
                .fetch_all(&mut *tx)
                .await
                .map_err(doing("listing the gateway responses"))?;

        let sets = sqlx::query!(
            "select group_id, response_id, name, responses from response_set
             order by created_at_ms, name"
        )
        .fetch_all(&mut *tx)
        .await
        .map_err(doing("listing the sets of gateway responses"))?;

        let mut of_groups: HashMap<(String, String), Vec<StageVariable>> = HashMap::new();
        for row in variables {
            let of_group = of_groups
                .entry((row.group_id, row.environment))
                .or_default();
            of_group.push(StageVariable {
                name: row.name,
                value: row.value,
            });
        }
        let mut settings: HashMap<String, GroupSettings> = HashMap::new();
        for ((group_id, environment), variables) in of_groups {
            let environment = environment
                .parse()
                .map_err(damaged("environment", "name"))?;
            let variables = StageVariables::try_from(variables);
            let variables = variables.map_err(damaged("stage_variable", "name"))?;
            let of_group = settings.entry(group_id).or_default();
            of_group.variables.insert(environment, variables);
        }
        for row in responses {
            let kind = row
                .kind
                .parse()
                .map_err(damaged("gateway_response", "type"))?;
            let response = serde_json::from_str(&row.response)
                .map_err(damaged("gateway_response", "response"))?;
            let of_group = settings.entry(row.group_id).or_default();
            of_group.responses.insert(kind, response);
        }
        for row in sets {
            let response_id = row.response_id.parse();
            let set = ResponseSet {
                response_id: response_id.map_err(damaged("response_set", "response_id"))?,
                name: row.name.parse().map_err(damaged("response_set", "name"))?,
                responses: response_sets::decode(&row.responses)?,
            };
            let of_group = settings.entry(row.group_id).or_default();
            of_group.response_sets.push(set);
        }
        rows.into_iter()
            .map(|row| {
                let settings = settings.remove(&row.group_id).unwrap_or_default();
                let description = row.description.parse();
                Ok(ApiGroupRow {
                    group: api_group(&row.group_id, &row.name)?,
                    description: description.map_err(damaged("api_group", "description"))?,
                    created_at: Timestamp(row.created_at_ms),
                    settings: GroupSettings {
                        has_debugging_domain: row.has_debugging_domain != 0,
                        ..settings
                    },
                })
            })
            .collect()
    }

    /// Changes the name and the description of an API group.
    pub async fn update_api_group(
        &self,
        group_id: &ApiGroupId,
        name: &ApiGroupName,
        description: &GroupDescription,
    ) -> Result<(), StoreError> {
        let (id, text, description) = (group_id.as_str(), name.as_str(), description.as_str());
        let result = sqlx::query!(
            "update api_group set name = ?, description = ? where group_id = ?",
            text,
            description,
            id
        )
        .execute(&self.writer)
        .await
        .map_err(unique(
            || StoreError::ApiGroupNameTaken(name.clone()),
            "updating an API group",
        ))?;
        found(result, Kind::ApiGroup)
    }

    /// Says whether the APIs of a group can be called by the group's own host.
    pub async fn set_debugging_domain(
        &self,
        group_id: &ApiGroupId,
        is_enabled: bool,
    ) -> Result<(), StoreError> {
        let id = group_id.as_str();
        let result = sqlx::query!(
            "update api_group set has_debugging_domain = ? where group_id = ?",
            is_enabled,
            id
        )
        .execute(&self.writer)
        .await
        .map_err(doing("updating an API group"))?;
        found(result, Kind::ApiGroup)
    }

    /// Deletes an API group that has no APIs, with all that is its own.
    pub async fn delete_api_group(&self, group_id: &ApiGroupId) -> Result<(), StoreError> {
        let id = group_id.as_str();
        let result = sqlx::query!("delete from api_group where group_id = ?", id)
            .execute(&self.writer)
            .await
            .map_err(|source| match &source {
                // All but APIs go with their group.
                sqlx::Error::Database(error) if error.is_foreign_key_violation() => {
                    StoreError::ApiGroupHasApis
                }
                _ => StoreError::Database {
                    doing: "deleting an API group",
                    source,
                },
            })?;
        found(result, Kind::ApiGroup)
    }

    /// Sets what callers get of a type of answers; none is what the gateway says by itself.
    pub async fn set_gateway_response(
        &self,
        group_id: &ApiGroupId,
        kind: ResponseType,
        response: Option<&GatewayResponse>,
    ) -> Result<(), StoreError> {
        let (id, kind) = (group_id.as_str(), kind.name());
        let mut tx = self.begin().await?;
        let there = sqlx::query_scalar!(
            r#"select exists (select 1 from api_group where group_id = ?) as "there!: bool""#,
            id
        )
        .fetch_one(&mut *tx)
        .await
        .map_err(doing("finding an API group"))?;
        if !there {
            return Err(StoreError::NotFound(Kind::ApiGroup));
        }
        match response {
            Some(response) => {
                let response = serde_json::to_string(response)
                    .map_err(damaged("gateway_response", "response"))?;
                sqlx::query!(
                    "insert or replace into gateway_response (group_id, type, response) values (?, ?, ?)",
                    id,
                    kind,
                    response
                )
                .execute(&mut *tx)
                .await
                .map_err(doing("setting a gateway response"))?;
            }
            None => {
                sqlx::query!(
                    "delete from gateway_response where group_id = ? and type = ?",
                    id,
                    kind
                )
                .execute(&mut *tx)
                .await
                .map_err(doing("resetting a gateway response"))?;
            }
        }
        tx.commit()
            .await
            .map_err(doing("setting a gateway response"))
    }

    /// Replaces the variables of a group in an environment.
    pub async fn set_stage_variables(
        &self,
        group_id: &ApiGroupId,
        environment_id: &EnvironmentId,
        variables: &StageVariables,
    ) -> Result<(), StoreError> {
        let (group, environment) = (group_id.as_str(), environment_id.as_str());
        let mut tx = self.begin().await?;
        let seen = sqlx::query!(
            r#"select exists (select 1 from api_group where group_id = ?) as "group!: bool",
                   exists (select 1 from environment where environment_id = ?) as "environment!: bool""#,
            group,
            environment
        )
        .fetch_one(&mut *tx)
        .await
        .map_err(doing("checking variables"))?;
        for (there, kind) in [
            (seen.group, Kind::ApiGroup),
            (seen.environment, Kind::Environment),
        ] {
            if !there {
                return Err(StoreError::NotFound(kind));
            }
        }
        sqlx::query!(
            "delete from stage_variable where group_id = ? and environment_id = ?",
            group,
            environment
        )
        .execute(&mut *tx)
        .await
        .map_err(doing("setting variables"))?;
        for StageVariable { name, value } in variables.iter() {
            sqlx::query!(
                "insert into stage_variable (group_id, environment_id, name, value) values (?, ?, ?, ?)",
                group,
                environment,
                name,
                value
            )
            .execute(&mut *tx)
            .await
            .map_err(doing("setting variables"))?;
        }
        tx.commit().await.map_err(doing("setting variables"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RELEASE_ENVIRONMENT_ID;
    use crate::testing::{TestStore, group, id, two_triggers};
    use sluice_domain::environment::{Environment, EnvironmentName};
    use sluice_domain::gateway_response::ResponseBody;
    use sluice_domain::text::ShortDescription;

    fn variables(pairs: &[(&str, &str)]) -> StageVariables {
        let variable = |&(name, value): &(&str, &str)| StageVariable {
            name: name.to_owned(),
            value: value.to_owned(),
        };
        let all: Vec<_> = pairs.iter().map(variable).collect();
        all.try_into().unwrap()
    }

    fn response(status: u16) -> GatewayResponse {
        GatewayResponse {
            status: Some(status.try_into().unwrap()),
            body: ResponseBody::parse(r#"{"a":"$context.reqPath #Host#"}"#).unwrap(),
            ..GatewayResponse::default()
        }
    }

    /// A group of its own and RELEASE.
    async fn world() -> (TestStore, ApiGroupId, EnvironmentId) {
        let test = TestStore::new().await;
        let group = group(7, "APIGroup_own");
        let created = test.store.create_api_group(&group, Timestamp(3)).await;
        created.unwrap();
        let release = RELEASE_ENVIRONMENT_ID.parse().unwrap();
        (test, group.group_id, release)
    }

    /// Sets a response with this status, or resets it.
    async fn respond(store: &Store, group: &ApiGroupId, kind: ResponseType, status: Option<u16>) {
        let response = status.map(response);
        let set = store.set_gateway_response(group, kind, response.as_ref());
        set.await.unwrap();
    }

    async fn only(store: &Store) -> ApiGroupRow {
        let mut all = store.list_group_settings().await.unwrap();
        assert_eq!(all.len(), 1);
        all.remove(0)
    }

    #[tokio::test]
    async fn a_group_begins_with_the_defaults() {
        let (test, ..) = world().await;
        let described = group(8, "APIGroup_b");
        let description: GroupDescription = "of the shop".parse().unwrap();
        let created = test
            .store
            .create_described_api_group(&described, &description, Timestamp(2));
        created.await.unwrap();
        let rows = test.store.list_group_settings().await.unwrap();
        let row = |group, description, at| ApiGroupRow {
            group,
            description,
            created_at: Timestamp(at),
            settings: GroupSettings::default(),
        };
        let plain = row(group(7, "APIGroup_own"), GroupDescription::default(), 3);
        assert_eq!(rows, [row(described, description, 2), plain]);
    }

    #[tokio::test]
    async fn what_a_group_says_is_found_as_it_was_set() {
        let (test, id_, release) = world().await;
        let store = &test.store;
        let environment = Environment {
            environment_id: EnvironmentId::from_bytes(id(1)),
            name: "TEST".parse().unwrap(),
            description: ShortDescription::default(),
        };
        let created = store.create_environment(&environment, Timestamp(1)).await;
        created.unwrap();
        let description: GroupDescription = "of the shop".parse().unwrap();
        let name: ApiGroupName = "APIGroup_b".parse().unwrap();
        store
            .update_api_group(&id_, &name, &description)
            .await
            .unwrap();
        store.set_debugging_domain(&id_, false).await.unwrap();
        let first = variables(&[("Host", "a:1"), ("Path", "/a")]);
        let other = variables(&[("Host", "b")]);
        for (environment, variables) in [(&release, &first), (&environment.environment_id, &other)]
        {
            let set = store.set_stage_variables(&id_, environment, variables);
            set.await.unwrap();
        }
        for (kind, status) in [
            (ResponseType::NotFound, 410),
            (ResponseType::Throttled, 503),
        ] {
            respond(store, &id_, kind, Some(status)).await;
        }
        let row = only(store).await;
        assert_eq!((&row.group.name, &row.description), (&name, &description));
        let release_name: EnvironmentName = "RELEASE".parse().unwrap();
        let settings = GroupSettings {
            has_debugging_domain: false,
            variables: [
                (release_name.clone(), first),
                (environment.name, other.clone()),
            ]
            .into(),
            responses: [
                (ResponseType::NotFound, response(410)),
                (ResponseType::Throttled, response(503)),
            ]
            .into(),
            response_sets: Vec::new(),
        };
        assert_eq!(row.settings, settings);

        store.set_debugging_domain(&id_, true).await.unwrap();
        store
            .set_stage_variables(&id_, &release, &other)
            .await
            .unwrap();
        let none = StageVariables::default();
        let set = store.set_stage_variables(&id_, &environment.environment_id, &none);
        set.await.unwrap();
        respond(store, &id_, ResponseType::NotFound, None).await;
        respond(store, &id_, ResponseType::Throttled, Some(200)).await;
        let settings = GroupSettings {
            variables: [(release_name, other)].into(),
            responses: [(ResponseType::Throttled, response(200))].into(),
            ..GroupSettings::default()
        };
        assert_eq!(only(store).await.settings, settings);
    }

    #[tokio::test]
    async fn a_group_without_apis_is_deleted_with_all_that_is_its_own() {
        let (test, id_, release) = world().await;
        let store = &test.store;
        two_triggers(store).await;
        let with_apis = ApiGroupId::from_bytes(id(1));
        let refused = store.delete_api_group(&with_apis).await;
        assert!(matches!(refused, Err(StoreError::ApiGroupHasApis)));
        let some = variables(&[("Host", "a")]);
        store
            .set_stage_variables(&id_, &release, &some)
            .await
            .unwrap();
        respond(store, &id_, ResponseType::NotFound, Some(410)).await;
        store.delete_api_group(&id_).await.unwrap();
        assert_eq!(only(store).await.group.group_id, with_apis);
        for table in ["stage_variable", "gateway_response"] {
            assert_eq!(test.count(table).await, 0, "{table}");
        }
    }

    #[tokio::test]
    async fn what_is_not_there_is_told() {
        let (test, id_, release) = world().await;
        let store = &test.store;
        let none = ApiGroupId::from_bytes(id(9));
        let name: ApiGroupName = "APIGroup_b".parse().unwrap();
        let no_variables = StageVariables::default();
        for refused in [
            store
                .update_api_group(&none, &name, &GroupDescription::default())
                .await,
            store.set_debugging_domain(&none, true).await,
            store.delete_api_group(&none).await,
            store
                .set_gateway_response(&none, ResponseType::NotFound, None)
                .await,
            store
                .set_stage_variables(&none, &release, &no_variables)
                .await,
        ] {
            assert!(matches!(refused, Err(StoreError::NotFound(Kind::ApiGroup))));
        }
        let nowhere = EnvironmentId::from_bytes(id(9));
        let refused = store
            .set_stage_variables(&id_, &nowhere, &no_variables)
            .await;
        assert!(matches!(
            refused,
            Err(StoreError::NotFound(Kind::Environment))
        ));
        let other = group(8, "APIGroup_b");
        store.create_api_group(&other, Timestamp(0)).await.unwrap();
        let refused = store
            .update_api_group(&id_, &name, &GroupDescription::default())
            .await;
        assert!(matches!(refused, Err(StoreError::ApiGroupNameTaken(_))));
    }

    #[tokio::test]
    async fn the_tables_refuse_what_the_domain_refuses() {
        let (test, id_, release) = world().await;
        let some = variables(&[("Host", "a-Z_0/.:")]);
        test.store
            .set_stage_variables(&id_, &release, &some)
            .await
            .unwrap();
        for wrong in [
            "update api_group set has_debugging_domain = 2",
            "update api_group set description = hex(zeroblob(128))",
            "update stage_variable set name = 'ab'",
            "update stage_variable set name = '1abc'",
            "update stage_variable set name = 'a b c'",
            "update stage_variable set value = ''",
            "update stage_variable set value = 'a b'",
            "update stage_variable set environment_id = 'nowhere'",
            "insert into gateway_response select group_id, 'NOT_FOUND', '{' from api_group",
        ] {
            assert!(test.sql(wrong).await.is_err(), "{wrong}");
        }
    }
}
