//! Policies of the gateway, and the APIs that they are bound to.

use std::collections::{HashMap, HashSet};

use sluice_domain::id::PolicyId;
use sluice_domain::policy::{MAX_POLICIES, Policy, PolicyName, PolicyRule};
use sluice_domain::publication::BoundApi;
use sluice_domain::time::Timestamp;

use crate::error::{damaged, doing, found, unique};
use crate::{Kind, Store, StoreError};

impl Store {
    /// Creates a policy; the APIs of `policy` are not looked at.
    pub async fn create_policy(&self, policy: &Policy) -> Result<(), StoreError> {
        let (id, kind) = (policy.policy_id.as_str(), policy.rule.kind().name());
        let (name, now) = (policy.name.as_str(), policy.created_at.millis());
        let rule = encode(&policy.rule)?;
        let mut tx = self.begin().await?;
        let count = sqlx::query_scalar!(
            r#"select count(*) as "count!: i64" from policy where kind = ?"#,
            kind
        )
        .fetch_one(&mut *tx)
        .await
        .map_err(doing("counting the policies"))?;
        if count.unsigned_abs() >= MAX_POLICIES as u64 {
            return Err(StoreError::TooManyPolicies);
        }
        sqlx::query!(
            "insert into policy (policy_id, kind, name, rule, created_at_ms) values (?, ?, ?, ?, ?)",
            id,
            kind,
            name,
            rule,
            now
        )
        .execute(&mut *tx)
        .await
        .map_err(unique(
            || StoreError::PolicyNameTaken(policy.name.clone()),
            "inserting a policy",
        ))?;
        tx.commit().await.map_err(doing("inserting a policy"))
    }

    /// Replaces what a policy says by another rule of the same kind.
    pub async fn update_policy(
        &self,
        policy_id: &PolicyId,
        name: &PolicyName,
        rule: &PolicyRule,
    ) -> Result<(), StoreError> {
        let (id, kind, text) = (policy_id.as_str(), rule.kind().name(), name.as_str());
        let rule = encode(rule)?;
        let result = sqlx::query!(
            "update policy set name = ?, rule = ? where policy_id = ? and kind = ?",
            text,
            rule,
            id,
            kind
        )
        .execute(&self.writer)
        .await
        .map_err(unique(
            || StoreError::PolicyNameTaken(name.clone()),
            "updating a policy",
        ))?;
        found(result, Kind::Policy)
    }

    /// All policies, oldest first.
    pub async fn list_policies(&self) -> Result<Vec<Policy>, StoreError> {
        let mut tx = self.begin_reading().await?;
        let bound = sqlx::query!(
            "select policy_id, trigger_id, environment_id from policy_api
             order by trigger_id, environment_id"
        )
        .fetch_all(&mut *tx)
        .await
        .map_err(doing("listing what policies are bound to"))?;
        let mut apis: HashMap<String, Vec<BoundApi>> = HashMap::new();
        for row in bound {
            let api = BoundApi {
                trigger_id: row
                    .trigger_id
                    .parse()
                    .map_err(damaged("policy_api", "trigger_id"))?,
                environment_id: row
                    .environment_id
                    .parse()
                    .map_err(damaged("policy_api", "environment_id"))?,
            };
            apis.entry(row.policy_id).or_default().push(api);
        }
        let rows = sqlx::query!(
            "select policy_id, name, rule, created_at_ms from policy order by created_at_ms, name"
        )
        .fetch_all(&mut *tx)
        .await
        .map_err(doing("listing the policies"))?;
        rows.into_iter()
            .map(|row| {
                Ok(Policy {
                    apis: apis.remove(&row.policy_id).unwrap_or_default(),
                    policy_id: row
                        .policy_id
                        .parse()
                        .map_err(damaged("policy", "policy_id"))?,
                    name: row.name.parse().map_err(damaged("policy", "name"))?,
                    rule: serde_json::from_str(&row.rule).map_err(damaged("policy", "rule"))?,
                    created_at: Timestamp(row.created_at_ms),
                })
            })
            .collect()
    }

    /// Deletes a policy; its APIs have none of its kind then.
    pub async fn delete_policy(&self, policy_id: &PolicyId) -> Result<(), StoreError> {
        let id = policy_id.as_str();
        let result = sqlx::query!("delete from policy where policy_id = ?", id)
            .execute(&self.writer)
            .await
            .map_err(doing("deleting a policy"))?;
        found(result, Kind::Policy)
    }

    /// Binds a policy to these APIs, each in an environment, and no others, in the place of what
    /// they had of its kind.
    pub async fn bind_policy(
        &self,
        policy_id: &PolicyId,
        apis: &[BoundApi],
    ) -> Result<(), StoreError> {
        let id = policy_id.as_str();
        let mut tx = self.begin().await?;
        let there = sqlx::query_scalar!(
            r#"select exists (select 1 from policy where policy_id = ?) as "there!: bool""#,
            id
        )
        .fetch_one(&mut *tx)
        .await
        .map_err(doing("finding a policy"))?;
        if !there {
            return Err(StoreError::NotFound(Kind::Policy));
        }
        sqlx::query!("delete from policy_api where policy_id = ?", id)
            .execute(&mut *tx)
            .await
            .map_err(doing("binding a policy"))?;
        for api in apis.iter().collect::<HashSet<_>>() {
            let (trigger, environment) = (api.trigger_id.as_str(), api.environment_id.as_str());
            let result = sqlx::query!(
                "insert or replace into policy_api (trigger_id, environment_id, kind, policy_id)
                 select t.trigger_id, e.environment_id, p.kind, p.policy_id
                 from trigger t, environment e, policy p
                 where t.trigger_id = ? and e.environment_id = ? and p.policy_id = ?",
                trigger,
                environment,
                id
            )
            .execute(&mut *tx)
            .await
            .map_err(doing("binding a policy"))?;
            found(result, Kind::Api)?;
        }
        tx.commit().await.map_err(doing("binding a policy"))
    }
}

fn encode(rule: &PolicyRule) -> Result<String, StoreError> {
    serde_json::to_string(rule).map_err(damaged("policy", "rule"))
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use sqlx::AssertSqlSafe;
    use sqlx::migrate::Migrator;

    use super::*;
    use crate::testing::{TestStore, id, two_triggers};
    use sluice_domain::id::{EnvironmentId, TriggerId, UserId};
    use sluice_domain::policy::{
        AccessControl, AccessEffect, Addresses, CallerId, CorsFields, CorsMethods, Exclusion,
        HeaderAction, HeaderChangeFields, HeaderNames, Origins, PeriodUnit, ThrottlingFields,
    };

    fn access(effect: AccessEffect) -> PolicyRule {
        let addresses = Addresses::parse("10.0.0.0/8, 1.1.1.1-1.1.1.9").unwrap();
        PolicyRule::AccessControl(AccessControl { effect, addresses })
    }

    fn throttling(requests: u32) -> PolicyRule {
        let fields = ThrottlingFields {
            period: 1,
            unit: PeriodUnit::Minute,
            requests,
            user_requests: Some(3),
            credential_requests: Some(1),
            address_requests: None,
            excluded: vec![Exclusion {
                caller: CallerId::User(UserId::from_bytes(id(1))),
                requests: 1,
            }],
            is_shared: true,
        };
        PolicyRule::Throttling(fields.try_into().unwrap())
    }

    fn cors() -> PolicyRule {
        let fields = CorsFields {
            allow_origin: Origins::parse("https://a.example, http://[::1]:3000").unwrap(),
            allow_methods: CorsMethods::all(),
            allow_headers: HeaderNames::parse("X-A, X-B").unwrap(),
            expose_headers: HeaderNames::default(),
            max_age: 60,
            allow_credentials: true,
        };
        PolicyRule::Cors(fields.try_into().unwrap())
    }

    fn response_headers() -> PolicyRule {
        let change = |action, name: &str, value: &str| {
            let fields = HeaderChangeFields {
                name: name.to_owned(),
                action,
                value: value.to_owned(),
            };
            fields.try_into().unwrap()
        };
        let changes = vec![
            change(HeaderAction::Override, "X-A", "\"quoted\", \\"),
            change(HeaderAction::Delete, "X-B", ""),
        ];
        PolicyRule::ResponseHeaders(changes.try_into().unwrap())
    }

    fn policy(n: u8, name: &str, rule: PolicyRule) -> Policy {
        Policy {
            policy_id: PolicyId::from_bytes(id(n)),
            name: name.parse().unwrap(),
            rule,
            apis: Vec::new(),
            created_at: Timestamp(i64::from(n)),
        }
    }

    #[tokio::test]
    async fn a_policy_is_found_as_it_was_made_and_changed() {
        let test = TestStore::new().await;
        let [one, other] = two_triggers(&test.store).await;
        let store = &test.store;
        let mut all = [
            policy(1, "slow", throttling(5)),
            policy(2, "slow", access(AccessEffect::Permit)),
            policy(3, "slower", throttling(4)),
            policy(4, "open", cors()),
            policy(5, "open", response_headers()),
        ];
        for policy in &all {
            store.create_policy(policy).await.unwrap();
        }
        assert_eq!(store.list_policies().await.unwrap(), all);
        let both = [one.clone(), other.clone(), one.clone()];
        store.bind_policy(&all[0].policy_id, &both).await.unwrap();
        store
            .bind_policy(&all[1].policy_id, std::slice::from_ref(&one))
            .await
            .unwrap();
        // An API has one of each kind.
        store
            .bind_policy(&all[2].policy_id, std::slice::from_ref(&one))
            .await
            .unwrap();
        all[0].apis = vec![other];
        all[1].apis = vec![one.clone()];
        for n in [3, 4] {
            let api = std::slice::from_ref(&one);
            store.bind_policy(&all[n].policy_id, api).await.unwrap();
            all[n].apis = vec![one.clone()];
        }
        all[2].apis = vec![one.clone()];
        assert_eq!(store.list_policies().await.unwrap(), all);
        // In another environment it is another API.
        let elsewhere = BoundApi {
            environment_id: EnvironmentId::from_bytes(id(1)),
            ..one
        };
        test.sql(&format!(
            "insert into environment values ('{}', 'TEST', 1, '')",
            elsewhere.environment_id
        ))
        .await
        .unwrap();
        all[0].apis.insert(0, elsewhere);
        let (policy, apis) = (&all[0].policy_id, &all[0].apis);
        store.bind_policy(policy, apis).await.unwrap();
        assert_eq!(store.list_policies().await.unwrap(), all);
        all[0].name = "quick".parse().unwrap();
        all[0].rule = throttling(100);
        let updated = store.update_policy(&all[0].policy_id, &all[0].name, &all[0].rule);
        updated.await.unwrap();
        assert_eq!(store.list_policies().await.unwrap(), all);
        store.delete_policy(&all[0].policy_id).await.unwrap();
        assert_eq!(store.list_policies().await.unwrap(), all[1..]);
    }

    #[tokio::test]
    async fn what_limited_credentials_limits_users_after_the_migration() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sluice.db");
        let address = format!("sqlite://{}?mode=rwc", path.display());
        let old = sqlx::SqlitePool::connect(&address).await.unwrap();
        let all = sqlx::migrate!("../../migrations");
        let before = all.iter().filter(|migration| migration.version < 24);
        let mut migrator = Migrator::DEFAULT;
        migrator.migrations = Cow::Owned(before.cloned().collect());
        migrator.run(&old).await.unwrap();
        for (n, credential) in [(1, "4"), (2, "null")] {
            let rule = format!(
                r#"{{"Throttling":{{"period":1,"unit":"HOUR","requests":9,"credential_requests":{credential},"address_requests":2,"is_shared":false}}}}"#
            );
            let (id, name) = (PolicyId::from_bytes(id(n)), format!("old_{n}"));
            let insert = format!(
                "insert into policy values ('{id}', 'THROTTLING', '{name}', '{rule}', {n})"
            );
            sqlx::raw_sql(AssertSqlSafe(insert))
                .execute(&old)
                .await
                .unwrap();
        }
        old.close().await;

        let store = Store::open(&path).await.unwrap();
        let limits = store.list_policies().await.unwrap().into_iter().map(|it| {
            let PolicyRule::Throttling(throttling) = it.rule else {
                panic!("{it:?}");
            };
            let fields = throttling.fields().clone();
            (fields.user_requests, fields.credential_requests)
        });
        let limits: Vec<_> = limits.collect();
        assert_eq!(limits, [(Some(4), Some(4)), (None, None)]);
    }

    #[tokio::test]
    async fn what_is_not_allowed_is_refused_and_changes_nothing() {
        let test = TestStore::new().await;
        let [one, _] = two_triggers(&test.store).await;
        let store = &test.store;
        let first = policy(1, "first", throttling(5));
        store.create_policy(&first).await.unwrap();
        store
            .bind_policy(&first.policy_id, std::slice::from_ref(&one))
            .await
            .unwrap();
        let refused = store
            .create_policy(&policy(2, "first", throttling(6)))
            .await;
        assert!(matches!(refused, Err(StoreError::PolicyNameTaken(_))));
        let none = PolicyId::from_bytes(id(9));
        let access = access(AccessEffect::Deny);
        for refused in [
            store.update_policy(&none, &first.name, &first.rule).await,
            // A policy stays of its kind.
            store
                .update_policy(&first.policy_id, &first.name, &access)
                .await,
            store.delete_policy(&none).await,
            store.bind_policy(&none, &[]).await,
        ] {
            assert!(matches!(refused, Err(StoreError::NotFound(Kind::Policy))));
        }
        let unknown = [BoundApi {
            trigger_id: TriggerId::from_bytes(id(99)),
            ..one.clone()
        }];
        let refused = store.bind_policy(&first.policy_id, &unknown).await;
        assert!(matches!(refused, Err(StoreError::NotFound(Kind::Api))));
        assert_eq!(store.list_policies().await.unwrap()[0].apis, [one]);
        for n in 1..MAX_POLICIES {
            let n = u8::try_from(n).unwrap();
            store
                .create_policy(&policy(n + 10, &format!("name_{n}"), throttling(3)))
                .await
                .unwrap();
        }
        let refused = store
            .create_policy(&policy(200, "more", throttling(3)))
            .await;
        assert!(matches!(refused, Err(StoreError::TooManyPolicies)));
        store
            .create_policy(&policy(200, "more", access))
            .await
            .unwrap();
    }
}
