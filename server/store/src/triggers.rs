//! API Gateway (Dedicated) triggers: each has an API, of which it keeps the latest definition.

use sluice_domain::id::{AuthorizerId, EnvironmentId, FunctionId, ResponseSetId, TriggerId};
use sluice_domain::publication::BoundApi;
use sluice_domain::text::ShortDescription;
use sluice_domain::time::Timestamp;
use sluice_domain::trigger::{ApigTrigger, ApigTriggerSettings};

use crate::error::{damaged, doing, found, unique};
use crate::publications::insert;
use crate::targets::check_target;
use crate::{Kind, Store, StoreError};

impl Store {
    /// Creates a trigger, and publishes its API in an environment.
    pub async fn create_trigger(
        &self,
        function_id: &FunctionId,
        trigger: &ApigTrigger,
        environment_id: &EnvironmentId,
    ) -> Result<(), StoreError> {
        let settings = &trigger.settings;
        let (id, function) = (trigger.trigger_id.as_str(), function_id.as_str());
        let (api_id, api_name) = (trigger.api_id.as_str(), settings.api_name.as_str());
        let (group, environment) = (settings.group_id.as_str(), environment_id.as_str());
        let (auth, protocol) = (settings.authentication.name(), settings.protocol.name());
        let (path, target) = (settings.path.as_str(), settings.target.to_string());
        let authorizer = settings.authorizer_id.as_ref().map(AuthorizerId::as_str);
        let response = settings.response_id.as_ref().map(ResponseSetId::as_str);
        let (matching, method) = (settings.matching.name(), settings.method.name());
        let (timeout, created_at) = (settings.timeout.millis(), trigger.created_at.millis());
        let parameters = request_parameters(settings)?;
        let mut tx = self.begin().await?;
        let seen = sqlx::query!(
            r#"select exists (select 1 from function where function_id = ?1) as "function!: bool",
                   exists (select 1 from api_group where group_id = ?2) as "group!: bool",
                   exists (select 1 from environment where environment_id = ?3) as "environment!: bool",
                   ?4 is null or exists (select 1 from authorizer where authorizer_id = ?4) as "authorizer!: bool",
                   ?5 is null or exists (select 1 from response_set where response_id = ?5 and group_id = ?2) as "response!: bool""#,
            function,
            group,
            environment,
            authorizer,
            response
        )
        .fetch_one(&mut *tx)
        .await
        .map_err(doing("checking a trigger"))?;
        for (there, kind) in [
            (seen.function, Kind::Function),
            (seen.group, Kind::ApiGroup),
            (seen.environment, Kind::Environment),
            (seen.authorizer, Kind::Authorizer),
            (seen.response, Kind::ResponseSet),
        ] {
            if !there {
                return Err(StoreError::NotFound(kind));
            }
        }
        check_target(&mut tx, function_id, &settings.target).await?;
        sqlx::query!(
            "insert into trigger (trigger_id, function_id, api_id, api_name, group_id,
                 authentication, protocol, path, matching, method, timeout_ms, created_at_ms,
                 simple_authentication, authorizer_id, request_parameters, target, response_id)
             values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            id,
            function,
            api_id,
            api_name,
            group,
            auth,
            protocol,
            path,
            matching,
            method,
            timeout,
            created_at,
            settings.simple_authentication,
            authorizer,
            parameters,
            target,
            response
        )
        .execute(&mut *tx)
        .await
        .map_err(unique(
            || StoreError::ApiNameTaken(settings.api_name.clone()),
            "inserting a trigger",
        ))?;
        let place = BoundApi {
            trigger_id: trigger.trigger_id.clone(),
            environment_id: environment_id.clone(),
        };
        let description = ShortDescription::default();
        insert(&mut tx, &place, settings, &description, trigger.created_at).await?;
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
            "select trigger_id, api_id, api_name, group_id, authentication, protocol, path,
                 matching, method, timeout_ms, created_at_ms, simple_authentication, authorizer_id,
                 request_parameters, target, response_id
             from trigger where function_id = ? order by created_at_ms desc, api_name",
            id
        )
        .fetch_all(&self.readers)
        .await
        .map_err(doing("listing the triggers of a function"))?;
        rows.into_iter().map(RawTrigger::parse).collect()
    }

    /// Deletes a trigger of a function with its API, wherever that is published.
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

/// The parameters that a definition declares, as they are stored.
pub(crate) fn request_parameters(settings: &ApigTriggerSettings) -> Result<String, StoreError> {
    serde_json::to_string(&settings.request_parameters)
        .map_err(damaged("trigger", "request_parameters"))
}

/// A row of the table `trigger`, without what only SQL needs.
pub(crate) struct RawTrigger {
    pub(crate) trigger_id: String,
    pub(crate) api_id: String,
    pub(crate) api_name: String,
    pub(crate) group_id: String,
    pub(crate) authentication: String,
    pub(crate) protocol: String,
    pub(crate) path: String,
    pub(crate) matching: String,
    pub(crate) method: String,
    pub(crate) timeout_ms: i64,
    pub(crate) created_at_ms: i64,
    pub(crate) simple_authentication: i64,
    pub(crate) authorizer_id: Option<String>,
    pub(crate) request_parameters: String,
    pub(crate) target: String,
    pub(crate) response_id: Option<String>,
}

impl RawTrigger {
    pub(crate) fn parse(self) -> Result<ApigTrigger, StoreError> {
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
                target: self.target.parse().map_err(wrong("target"))?,
                authentication: self
                    .authentication
                    .parse()
                    .map_err(wrong("authentication"))?,
                authorizer_id: self
                    .authorizer_id
                    .map(|id| id.parse())
                    .transpose()
                    .map_err(wrong("authorizer_id"))?,
                simple_authentication: self.simple_authentication != 0,
                protocol: self.protocol.parse().map_err(wrong("protocol"))?,
                path: self.path.parse().map_err(wrong("path"))?,
                matching: self.matching.parse().map_err(wrong("matching"))?,
                method: self.method.parse().map_err(wrong("method"))?,
                timeout: timeout.try_into().map_err(wrong("timeout_ms"))?,
                request_parameters: serde_json::from_str(&self.request_parameters)
                    .map_err(wrong("request_parameters"))?,
                response_id: self
                    .response_id
                    .map(|id| id.parse())
                    .transpose()
                    .map_err(wrong("response_id"))?,
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
    use sluice_domain::id::{ApiGroupId, ApiId};
    use sluice_domain::request_parameter::RequestParameters;
    use sluice_domain::target::Target;
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
            description: ShortDescription::default(),
        };
        let created = test.store.create_environment(&environment, Timestamp(1));
        created.await.unwrap();
        test
    }

    fn function_id(n: u8) -> FunctionId {
        FunctionId::from_bytes(id(n))
    }

    /// The trigger that `text` describes, and where it is to be published: `api_name group
    /// environment method path matching`.
    fn trigger(n: u8, text: &str) -> (ApigTrigger, EnvironmentId) {
        let words: Vec<_> = text.split(' ').collect();
        let [api_name, group, environment, method, path, matching] = words[..] else {
            panic!("{text}");
        };
        let trigger = ApigTrigger {
            trigger_id: TriggerId::from_bytes(id(n)),
            api_id: ApiId::from_bytes(id(n)),
            settings: ApigTriggerSettings {
                api_name: api_name.parse().unwrap(),
                group_id: ApiGroupId::from_bytes(id(group.parse::<u32>().unwrap())),
                target: Target::Latest,
                authentication: Authentication::None,
                simple_authentication: false,
                authorizer_id: None,
                response_id: None,
                protocol: Protocol::Https,
                path: path.parse().unwrap(),
                matching: matching.parse().unwrap(),
                method: method.parse().unwrap(),
                timeout: 60_000.try_into().unwrap(),
                request_parameters: RequestParameters::default(),
            },
            created_at: Timestamp(i64::from(n)),
        };
        let environment = match environment {
            "RELEASE" => RELEASE_ENVIRONMENT_ID.parse().unwrap(),
            n => EnvironmentId::from_bytes(id(n.parse::<u32>().unwrap())),
        };
        (trigger, environment)
    }

    #[tokio::test]
    async fn triggers_are_listed_as_they_were_created() {
        let test = world().await;
        let store = &test.store;
        let [first, second, other] = [
            (1, "API_one 1 RELEASE ANY /a/{id} SWA"),
            (2, "API_two 2 1 GET / NORMAL"),
            (3, "API_three 1 RELEASE GET /x NORMAL"),
        ]
        .map(|(n, text)| trigger(n, text));
        for (n, (trigger, environment)) in [(1, &first), (1, &second), (2, &other)] {
            store
                .create_trigger(&function_id(n), trigger, environment)
                .await
                .unwrap();
        }
        let listed = store.triggers_of(&function_id(1)).await.unwrap();
        assert_eq!(listed, [second.0.clone(), first.0.clone()]);
        let published = store.published_triggers().await.unwrap();
        let told: Vec<_> = published
            .iter()
            .map(|one| {
                (
                    &one.function_id,
                    &one.trigger,
                    one.group.name.as_str(),
                    one.environment.name.as_str(),
                    one.number,
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                (&function_id(1), &first.0, "group1", "RELEASE", 1),
                (&function_id(1), &second.0, "group2", "TEST", 1),
                (&function_id(2), &other.0, "group1", "RELEASE", 1),
            ]
        );
    }

    #[tokio::test]
    async fn one_api_name_and_one_path_are_published_once() {
        let test = world().await;
        let store = &test.store;
        let check = async |n, text: &str| {
            let (trigger, environment) = trigger(n, text);
            match store
                .create_trigger(&function_id(2), &trigger, &environment)
                .await
            {
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
        let (trigger, environment) = trigger(10, "API_i 1 RELEASE GET /z NORMAL");
        let nobody = function_id(3);
        let orphan = store.create_trigger(&nobody, &trigger, &environment).await;
        assert!(matches!(orphan, Err(StoreError::NotFound(Kind::Function))));
    }

    #[tokio::test]
    async fn a_deleted_trigger_frees_its_path() {
        let test = world().await;
        let store = &test.store;
        let (trigger, environment) = trigger(1, "API_a 1 RELEASE GET /a NORMAL");
        let (owner, other) = (function_id(1), function_id(2));
        let created = store.create_trigger(&owner, &trigger, &environment);
        created.await.unwrap();
        let not_its_own = store.delete_trigger(&other, &trigger.trigger_id).await;
        assert!(matches!(
            not_its_own,
            Err(StoreError::NotFound(Kind::Trigger))
        ));
        store
            .delete_trigger(&owner, &trigger.trigger_id)
            .await
            .unwrap();
        let created = store.create_trigger(&other, &trigger, &environment);
        created.await.unwrap();
        store.delete_function(&other).await.unwrap();
        assert_eq!(store.published_triggers().await.unwrap(), []);
        assert_eq!(test.count("publication").await, 0);
    }

    #[tokio::test]
    async fn the_tables_refuse_what_the_domain_refuses() {
        let test = world().await;
        let (trigger, environment) = trigger(1, "API_a 1 RELEASE GET /a NORMAL");
        test.store
            .create_trigger(&function_id(1), &trigger, &environment)
            .await
            .unwrap();
        for wrong in [
            "update trigger set function_id = 'nobody'",
            "update trigger set group_id = 'nowhere'",
            "update trigger set api_name = 'ab'",
            "update trigger set api_name = 'a-b-c'",
            "update trigger set path = 'a'",
            "update trigger set method = 'get'",
            "update trigger set protocol = 'FTP'",
            "update trigger set matching = 'regex'",
            "update trigger set authentication = 'none'",
            "update trigger set timeout_ms = 60001",
            "update trigger set request_parameters = '['",
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
