//! API Gateway (Dedicated) triggers.

use sluice_domain::api_group::ApiGroup;
use sluice_domain::environment::EnvironmentName;
use sluice_domain::id::{FunctionId, TriggerId};
use sluice_domain::time::Timestamp;
use sluice_domain::trigger::{ApigTrigger, ApigTriggerSettings};

use crate::api_groups::api_group;
use crate::error::{damaged, doing, found, unique};
use crate::{Kind, Store, StoreError};

/// A trigger with all that the gateway has to know to route to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedTrigger {
    /// The function it invokes.
    pub function_id: FunctionId,
    /// The trigger.
    pub trigger: ApigTrigger,
    /// The group its API belongs to.
    pub group: ApiGroup,
    /// The environment its API is published in.
    pub environment: EnvironmentName,
}

impl Store {
    /// Creates a trigger and thereby publishes its API.
    pub async fn create_trigger(
        &self,
        function_id: &FunctionId,
        trigger: &ApigTrigger,
    ) -> Result<(), StoreError> {
        let settings = &trigger.settings;
        let (id, function) = (trigger.trigger_id.as_str(), function_id.as_str());
        let (api_id, api_name) = (trigger.api_id.as_str(), settings.api_name.as_str());
        let (group, environment) = (settings.group_id.as_str(), settings.environment_id.as_str());
        let (auth, protocol) = (settings.authentication.name(), settings.protocol.name());
        let (path, shape) = (settings.path.as_str(), settings.path.shape());
        let (matching, method) = (settings.matching.name(), settings.method.name());
        let (timeout, created_at) = (settings.timeout.millis(), trigger.created_at.millis());
        let mut tx = self.begin().await?;
        // What the insert could break besides the path is looked at first.
        let seen = sqlx::query!(
            r#"select exists (select 1 from function where function_id = ?) as "function!: bool",
                   exists (select 1 from api_group where group_id = ?) as "group!: bool",
                   exists (select 1 from environment where environment_id = ?) as "environment!: bool",
                   exists (select 1 from trigger where api_name = ?) as "api_name!: bool""#,
            function,
            group,
            environment,
            api_name
        )
        .fetch_one(&mut *tx)
        .await
        .map_err(doing("checking a trigger"))?;
        for (there, kind) in [
            (seen.function, Kind::Function),
            (seen.group, Kind::ApiGroup),
            (seen.environment, Kind::Environment),
        ] {
            if !there {
                return Err(StoreError::NotFound(kind));
            }
        }
        if seen.api_name {
            return Err(StoreError::ApiNameTaken(settings.api_name.clone()));
        }
        sqlx::query!(
            "insert into trigger (trigger_id, function_id, api_id, api_name, group_id,
                 environment_id, authentication, protocol, path, path_shape, matching, method,
                 timeout_ms, created_at_ms, simple_authentication)
             values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            id,
            function,
            api_id,
            api_name,
            group,
            environment,
            auth,
            protocol,
            path,
            shape,
            matching,
            method,
            timeout,
            created_at,
            settings.simple_authentication
        )
        .execute(&mut *tx)
        .await
        .map_err(unique(|| StoreError::PathTaken, "inserting a trigger"))?;
        tx.commit().await.map_err(doing("inserting a trigger"))
    }

    /// The triggers of a function, newest first.
    pub async fn triggers_of(
        &self,
        function_id: &FunctionId,
    ) -> Result<Vec<ApigTrigger>, StoreError> {
        let id = function_id.as_str();
        let rows = sqlx::query_as!(
            RawTrigger,
            "select trigger_id, api_id, api_name, group_id, environment_id, authentication,
                 protocol, path, matching, method, timeout_ms, created_at_ms,
                 simple_authentication
             from trigger where function_id = ? order by created_at_ms desc, api_name",
            id
        )
        .fetch_all(&self.readers)
        .await
        .map_err(doing("listing the triggers of a function"))?;
        rows.into_iter().map(RawTrigger::parse).collect()
    }

    /// The triggers of all functions, for the snapshot of routes.
    pub async fn all_triggers(&self) -> Result<Vec<PublishedTrigger>, StoreError> {
        let rows = sqlx::query!(
            "select t.function_id, t.trigger_id, t.api_id, t.api_name, t.group_id,
                 t.environment_id, t.authentication, t.protocol, t.path, t.matching, t.method,
                 t.timeout_ms, t.created_at_ms, t.simple_authentication, g.name as group_name, e.name as environment_name
             from trigger t join api_group g using (group_id) join environment e using (environment_id)
             order by t.created_at_ms, t.trigger_id"
        )
        .fetch_all(&self.readers)
        .await
        .map_err(doing("listing all triggers"))?;
        rows.into_iter()
            .map(|row| {
                Ok(PublishedTrigger {
                    function_id: row
                        .function_id
                        .parse()
                        .map_err(damaged("trigger", "function_id"))?,
                    group: api_group(&row.group_id, &row.group_name)?,
                    environment: row
                        .environment_name
                        .parse()
                        .map_err(damaged("environment", "name"))?,
                    trigger: RawTrigger {
                        trigger_id: row.trigger_id,
                        api_id: row.api_id,
                        api_name: row.api_name,
                        group_id: row.group_id,
                        environment_id: row.environment_id,
                        authentication: row.authentication,
                        protocol: row.protocol,
                        path: row.path,
                        matching: row.matching,
                        method: row.method,
                        timeout_ms: row.timeout_ms,
                        created_at_ms: row.created_at_ms,
                        simple_authentication: row.simple_authentication,
                    }
                    .parse()?,
                })
            })
            .collect()
    }

    /// Deletes a trigger of a function and takes its API offline.
    pub async fn delete_trigger(
        &self,
        function_id: &FunctionId,
        trigger_id: &TriggerId,
    ) -> Result<(), StoreError> {
        let (function, id) = (function_id.as_str(), trigger_id.as_str());
        let result = sqlx::query!(
            "delete from trigger where function_id = ? and trigger_id = ?",
            function,
            id
        )
        .execute(&self.writer)
        .await
        .map_err(doing("deleting a trigger"))?;
        found(result, Kind::Trigger)
    }
}

/// A row of the table `trigger`, without what only SQL needs.
struct RawTrigger {
    trigger_id: String,
    api_id: String,
    api_name: String,
    group_id: String,
    environment_id: String,
    authentication: String,
    protocol: String,
    path: String,
    matching: String,
    method: String,
    timeout_ms: i64,
    created_at_ms: i64,
    simple_authentication: i64,
}

impl RawTrigger {
    fn parse(self) -> Result<ApigTrigger, StoreError> {
        fn wrong<E>(column: &'static str) -> impl FnOnce(E) -> StoreError
        where
            E: Into<Box<dyn std::error::Error + Send + Sync>>,
        {
            damaged("trigger", column)
        }
        let timeout = u32::try_from(self.timeout_ms).map_err(wrong("timeout_ms"))?;
        Ok(ApigTrigger {
            trigger_id: self.trigger_id.parse().map_err(wrong("trigger_id"))?,
            api_id: self.api_id.parse().map_err(wrong("api_id"))?,
            settings: ApigTriggerSettings {
                api_name: self.api_name.parse().map_err(wrong("api_name"))?,
                group_id: self.group_id.parse().map_err(wrong("group_id"))?,
                environment_id: self
                    .environment_id
                    .parse()
                    .map_err(wrong("environment_id"))?,
                authentication: self
                    .authentication
                    .parse()
                    .map_err(wrong("authentication"))?,
                simple_authentication: self.simple_authentication != 0,
                protocol: self.protocol.parse().map_err(wrong("protocol"))?,
                path: self.path.parse().map_err(wrong("path"))?,
                matching: self.matching.parse().map_err(wrong("matching"))?,
                method: self.method.parse().map_err(wrong("method"))?,
                timeout: timeout.try_into().map_err(wrong("timeout_ms"))?,
            },
            created_at: Timestamp(self.created_at_ms),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RELEASE_ENVIRONMENT_ID;
    use crate::testing::{TestStore, function, group, id};
    use sluice_domain::environment::Environment;
    use sluice_domain::id::{ApiGroupId, ApiId, EnvironmentId};
    use sluice_domain::trigger::{Authentication, Method, Protocol};

    /// Two functions, two groups, two environments.
    async fn world() -> TestStore {
        let test = TestStore::new().await;
        for n in [1, 2] {
            let function = function(n, &format!("f{n}"), 0);
            test.store.create_function(&function).await.unwrap();
            let group = group(n, &format!("group{n}"));
            test.store
                .create_api_group(&group, Timestamp(0))
                .await
                .unwrap();
        }
        let environment = Environment {
            environment_id: EnvironmentId::from_bytes(id(1)),
            name: "TEST".parse().unwrap(),
        };
        let created = test.store.create_environment(&environment, Timestamp(1));
        created.await.unwrap();
        test
    }

    fn function_id(n: u8) -> FunctionId {
        FunctionId::from_bytes(id(n))
    }

    /// The trigger that `text` describes: `api_name group environment method path matching`.
    fn trigger(n: u8, text: &str) -> ApigTrigger {
        let words: Vec<_> = text.split(' ').collect();
        let [api_name, group, environment, method, path, matching] = words[..] else {
            panic!("{text}");
        };
        ApigTrigger {
            trigger_id: TriggerId::from_bytes(id(n)),
            api_id: ApiId::from_bytes(id(n)),
            settings: ApigTriggerSettings {
                api_name: api_name.parse().unwrap(),
                group_id: ApiGroupId::from_bytes(id(group.parse::<u32>().unwrap())),
                environment_id: match environment {
                    "RELEASE" => RELEASE_ENVIRONMENT_ID.parse().unwrap(),
                    n => EnvironmentId::from_bytes(id(n.parse::<u32>().unwrap())),
                },
                authentication: Authentication::None,
                simple_authentication: false,
                protocol: Protocol::Https,
                path: path.parse().unwrap(),
                matching: matching.parse().unwrap(),
                method: method.parse().unwrap(),
                timeout: 60_000.try_into().unwrap(),
            },
            created_at: Timestamp(i64::from(n)),
        }
    }

    #[tokio::test]
    async fn triggers_are_listed_as_they_were_created() {
        let test = world().await;
        let store = &test.store;
        let first = trigger(1, "API_one 1 RELEASE ANY /a/{id} SWA");
        let second = trigger(2, "API_two 2 1 GET / NORMAL");
        let other = trigger(3, "API_three 1 RELEASE GET /x NORMAL");
        for (n, trigger) in [(1, &first), (1, &second), (2, &other)] {
            store
                .create_trigger(&function_id(n), trigger)
                .await
                .unwrap();
        }
        let listed = store.triggers_of(&function_id(1)).await.unwrap();
        assert_eq!(listed, [second.clone(), first.clone()]);
        let published = |n, trigger: &ApigTrigger, group_n, environment: &str| PublishedTrigger {
            function_id: function_id(n),
            trigger: trigger.clone(),
            group: group(group_n, &format!("group{group_n}")),
            environment: environment.parse().unwrap(),
        };
        assert_eq!(
            store.all_triggers().await.unwrap(),
            [
                published(1, &first, 1, "RELEASE"),
                published(1, &second, 2, "TEST"),
                published(2, &other, 1, "RELEASE"),
            ]
        );
    }

    #[tokio::test]
    async fn one_api_name_and_one_path_are_published_once() {
        let test = world().await;
        let store = &test.store;
        let check = async |n, text: &str| {
            let trigger = trigger(n, text);
            match store.create_trigger(&function_id(2), &trigger).await {
                Ok(()) => "created".to_owned(),
                Err(error) => error.to_string(),
            }
        };
        let (name_taken, path_taken) = (
            "an API named API_a already exists",
            "The request path already exists.",
        );
        for (n, text, expected) in [
            (1, "API_a 1 RELEASE GET /a/{x} NORMAL", "created"),
            (2, "API_a 2 1 POST /b SWA", name_taken),
            (3, "API_b 1 RELEASE GET /a/{x} NORMAL", path_taken),
            (3, "API_b 1 RELEASE GET /a/{other} NORMAL", path_taken),
            (2, "API_a 1 RELEASE GET /a/{x} NORMAL", name_taken), // both: the name is told first
            (4, "API_c 2 RELEASE GET /a/{x} NORMAL", "created"),
            (5, "API_d 1 1 GET /a/{x} NORMAL", "created"),
            (6, "API_e 1 RELEASE ANY /a/{x} NORMAL", "created"),
            (7, "API_f 1 RELEASE GET /a/{x} SWA", "created"),
            (8, "API_g 1 RELEASE GET /a/{x}/ NORMAL", "created"),
            (9, "API_h 1 RELEASE GET /A/{x} NORMAL", "created"),
            (
                10,
                "API_i 3 RELEASE GET /z NORMAL",
                "the API group does not exist",
            ),
            (
                10,
                "API_i 1 3 GET /z NORMAL",
                "the environment does not exist",
            ),
        ] {
            assert_eq!(check(n, text).await, expected, "{text}");
        }
        let trigger = trigger(10, "API_i 1 RELEASE GET /z NORMAL");
        let orphan = store.create_trigger(&function_id(3), &trigger).await;
        assert!(matches!(orphan, Err(StoreError::NotFound(Kind::Function))));
    }

    #[tokio::test]
    async fn a_deleted_trigger_frees_its_path() {
        let test = world().await;
        let store = &test.store;
        let trigger = trigger(1, "API_a 1 RELEASE GET /a NORMAL");
        let (owner, other) = (function_id(1), function_id(2));
        store.create_trigger(&owner, &trigger).await.unwrap();
        let not_its_own = store.delete_trigger(&other, &trigger.trigger_id).await;
        assert!(matches!(
            not_its_own,
            Err(StoreError::NotFound(Kind::Trigger))
        ));
        store
            .delete_trigger(&owner, &trigger.trigger_id)
            .await
            .unwrap();
        store.create_trigger(&other, &trigger).await.unwrap();
        store.delete_function(&other).await.unwrap();
        assert_eq!(store.all_triggers().await.unwrap(), []);
    }

    #[tokio::test]
    async fn the_tables_refuse_what_the_domain_refuses() {
        let test = world().await;
        let settings = trigger(1, "API_a 1 RELEASE GET /a NORMAL");
        test.store
            .create_trigger(&function_id(1), &settings)
            .await
            .unwrap();
        for wrong in [
            "update trigger set function_id = 'nobody'",
            "update trigger set group_id = 'nowhere'",
            "update trigger set environment_id = 'nowhere'",
            "update trigger set api_name = 'ab'",
            "update trigger set api_name = 'a-b-c'",
            "update trigger set path = 'a'",
            "update trigger set method = 'get'",
            "update trigger set protocol = 'FTP'",
            "update trigger set matching = 'regex'",
            "update trigger set authentication = 'none'",
            "update trigger set timeout_ms = 60001",
            "delete from api_group", // has an API
            "delete from environment where name = 'RELEASE'",
        ] {
            assert!(test.sql(wrong).await.is_err(), "{wrong}");
        }
        for method in Method::ALL {
            let right = format!("update trigger set method = '{}'", method.name());
            test.sql(&right).await.unwrap();
        }
    }
}
