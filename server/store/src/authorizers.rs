//! Custom authorizers of the gateway, and the APIs whose callers they decide on.

use std::collections::HashMap;

use sluice_domain::authorizer::{Authorizer, AuthorizerName, AuthorizerRule, MAX_AUTHORIZERS};
use sluice_domain::function::FunctionName;
use sluice_domain::id::{AuthorizerId, FunctionId};
use sluice_domain::publication::BoundApi;
use sluice_domain::time::Timestamp;

use crate::error::{damaged, doing, found, unique};
use crate::{Kind, Store, StoreError};

/// An authorizer with all that the gateway has to know to ask it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedAuthorizer {
    /// Its id.
    pub authorizer_id: AuthorizerId,
    /// The function that decides, unless it was deleted.
    pub function_id: Option<FunctionId>,
    /// How it is asked.
    pub rule: AuthorizerRule,
}

impl Store {
    /// Creates an authorizer; the APIs of `authorizer` are not looked at.
    pub async fn create_authorizer(&self, authorizer: &Authorizer) -> Result<(), StoreError> {
        let (id, name) = (authorizer.authorizer_id.as_str(), authorizer.name.as_str());
        let (rule, now) = (encode(&authorizer.rule)?, authorizer.created_at.millis());
        let function = authorizer.function.as_ref().map(FunctionName::as_str);
        let mut tx = self.begin().await?;
        let count = sqlx::query_scalar!(r#"select count(*) as "count!: i64" from authorizer"#)
            .fetch_one(&mut *tx)
            .await
            .map_err(doing("counting the authorizers"))?;
        if count.unsigned_abs() >= MAX_AUTHORIZERS as u64 {
            return Err(StoreError::TooManyAuthorizers);
        }
        let result = sqlx::query!(
            "insert into authorizer (authorizer_id, name, function_id, rule, created_at_ms)
             select ?1, ?2, function_id, ?4, ?5 from function where name = ?3",
            id,
            name,
            function,
            rule,
            now
        )
        .execute(&mut *tx)
        .await
        .map_err(unique(
            || StoreError::AuthorizerNameTaken(authorizer.name.clone()),
            "inserting an authorizer",
        ))?;
        found(result, Kind::Function)?;
        tx.commit().await.map_err(doing("inserting an authorizer"))
    }

    /// Changes what an authorizer is.
    pub async fn update_authorizer(
        &self,
        authorizer_id: &AuthorizerId,
        name: &AuthorizerName,
        function: &FunctionName,
        rule: &AuthorizerRule,
    ) -> Result<(), StoreError> {
        let (id, text, function) = (authorizer_id.as_str(), name.as_str(), function.as_str());
        let rule = encode(rule)?;
        let mut tx = self.begin().await?;
        let function =
            sqlx::query_scalar!("select function_id from function where name = ?", function)
                .fetch_optional(&mut *tx)
                .await
                .map_err(doing("finding a function"))?
                .ok_or(StoreError::NotFound(Kind::Function))?;
        let result = sqlx::query!(
            "update authorizer set name = ?, function_id = ?, rule = ? where authorizer_id = ?",
            text,
            function,
            rule,
            id
        )
        .execute(&mut *tx)
        .await
        .map_err(unique(
            || StoreError::AuthorizerNameTaken(name.clone()),
            "updating an authorizer",
        ))?;
        found(result, Kind::Authorizer)?;
        tx.commit().await.map_err(doing("updating an authorizer"))
    }

    /// All authorizers, oldest first.
    pub async fn list_authorizers(&self) -> Result<Vec<Authorizer>, StoreError> {
        let mut tx = self.begin_reading().await?;
        let used = sqlx::query!(
            r#"select settings ->> '$.authorizer_id' as "authorizer_id!: String", trigger_id,
                   environment_id
               from publication
               where is_current and settings ->> '$.authorizer_id' is not null
               order by trigger_id, environment_id"#
        )
        .fetch_all(&mut *tx)
        .await
        .map_err(doing("listing what authorizers are used by"))?;
        let mut apis: HashMap<String, Vec<BoundApi>> = HashMap::new();
        for row in used {
            let trigger_id = row.trigger_id.parse();
            let environment_id = row.environment_id.parse();
            apis.entry(row.authorizer_id).or_default().push(BoundApi {
                trigger_id: trigger_id.map_err(damaged("publication", "trigger_id"))?,
                environment_id: environment_id.map_err(damaged("publication", "environment_id"))?,
            });
        }
        let rows = sqlx::query!(
            r#"select a.authorizer_id, a.name, f.name as "function?", a.rule, a.created_at_ms
               from authorizer a left join function f using (function_id)
               order by a.created_at_ms, a.name"#
        )
        .fetch_all(&mut *tx)
        .await
        .map_err(doing("listing the authorizers"))?;
        rows.into_iter()
            .map(|row| {
                let function = row.function.map(|name| name.parse()).transpose();
                Ok(Authorizer {
                    apis: apis.remove(&row.authorizer_id).unwrap_or_default(),
                    authorizer_id: row
                        .authorizer_id
                        .parse()
                        .map_err(damaged("authorizer", "authorizer_id"))?,
                    name: row.name.parse().map_err(damaged("authorizer", "name"))?,
                    function: function.map_err(damaged("function", "name"))?,
                    rule: decode(&row.rule)?,
                    created_at: Timestamp(row.created_at_ms),
                })
            })
            .collect()
    }

    /// All authorizers, for the gateway.
    pub async fn published_authorizers(&self) -> Result<Vec<PublishedAuthorizer>, StoreError> {
        let rows = sqlx::query!("select authorizer_id, function_id, rule from authorizer")
            .fetch_all(&self.readers)
            .await
            .map_err(doing("reading the authorizers"))?;
        rows.into_iter()
            .map(|row| {
                let function = row.function_id.map(|id| id.parse()).transpose();
                Ok(PublishedAuthorizer {
                    authorizer_id: row
                        .authorizer_id
                        .parse()
                        .map_err(damaged("authorizer", "authorizer_id"))?,
                    function_id: function.map_err(damaged("authorizer", "function_id"))?,
                    rule: decode(&row.rule)?,
                })
            })
            .collect()
    }

    /// Deletes an authorizer that no API uses.
    pub async fn delete_authorizer(&self, authorizer_id: &AuthorizerId) -> Result<(), StoreError> {
        let id = authorizer_id.as_str();
        let mut tx = self.begin().await?;
        let used = sqlx::query_scalar!(
            r#"select exists (select 1 from trigger where authorizer_id = ?1)
                   or exists (select 1 from publication
                       where is_current and settings ->> '$.authorizer_id' = ?1) as "used!: bool""#,
            id
        )
        .fetch_one(&mut *tx)
        .await
        .map_err(doing("finding what uses an authorizer"))?;
        if used {
            return Err(StoreError::AuthorizerInUse);
        }
        let result = sqlx::query!("delete from authorizer where authorizer_id = ?", id)
            .execute(&mut *tx)
            .await
            .map_err(doing("deleting an authorizer"))?;
        found(result, Kind::Authorizer)?;
        tx.commit().await.map_err(doing("deleting an authorizer"))
    }
}

fn encode(rule: &AuthorizerRule) -> Result<String, StoreError> {
    serde_json::to_string(rule).map_err(damaged("authorizer", "rule"))
}

fn decode(rule: &str) -> Result<AuthorizerRule, StoreError> {
    serde_json::from_str(rule).map_err(damaged("authorizer", "rule"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestStore, function, id, two_triggers};
    use sluice_domain::authorizer::{IdentitySource, IdentitySourceFields};
    use sluice_domain::id::{ApiId, TriggerId};
    use sluice_domain::trigger::Authentication;

    fn rule() -> AuthorizerRule {
        let source = IdentitySourceFields {
            name: "Authorization".to_owned(),
            location: "HEADER".parse().unwrap(),
            validation: "^\"Bearer\" \\w+$".to_owned(),
        };
        AuthorizerRule {
            identity_sources: vec![IdentitySource::try_from(source).unwrap()]
                .try_into()
                .unwrap(),
            max_cache_age: 60.try_into().unwrap(),
            sends_body: true,
            user_data: "any ä".parse().unwrap(),
        }
    }

    fn authorizer(n: u8, name: &str, rule: AuthorizerRule) -> Authorizer {
        Authorizer {
            authorizer_id: AuthorizerId::from_bytes(id(n)),
            name: name.parse().unwrap(),
            function: Some("demo".parse().unwrap()),
            rule,
            apis: Vec::new(),
            created_at: Timestamp(i64::from(n)),
        }
    }

    #[tokio::test]
    async fn an_authorizer_is_found_as_it_was_made_and_changed() {
        let test = TestStore::new().await;
        two_triggers(&test.store).await;
        let store = &test.store;
        let mut all = [
            authorizer(1, "first", rule()),
            authorizer(2, "second", AuthorizerRule::default()),
        ];
        for authorizer in &all {
            store.create_authorizer(authorizer).await.unwrap();
        }
        assert_eq!(store.list_authorizers().await.unwrap(), all);
        let other = function(2, "other", 0);
        store.create_function(&other).await.unwrap();
        all[0].name = "changed".parse().unwrap();
        all[0].function = Some(other.name.clone());
        all[0].rule.sends_body = false;
        let first = &all[0].authorizer_id;
        store
            .update_authorizer(first, &all[0].name, &other.name, &all[0].rule)
            .await
            .unwrap();
        assert_eq!(store.list_authorizers().await.unwrap(), all);
        let published = store.published_authorizers().await.unwrap();
        assert_eq!(published[0].function_id, Some(other.function_id.clone()));
        assert_eq!(published[0].rule, all[0].rule);
        // Without its function it stays, and decides nothing.
        store.delete_function(&other.function_id).await.unwrap();
        all[0].function = None;
        assert_eq!(store.list_authorizers().await.unwrap(), all);
        let published = store.published_authorizers().await.unwrap();
        assert_eq!(published[0].function_id, None);
        store.delete_authorizer(first).await.unwrap();
        assert_eq!(store.list_authorizers().await.unwrap(), all[1..]);
    }

    #[tokio::test]
    async fn one_that_is_used_stays() {
        let test = TestStore::new().await;
        two_triggers(&test.store).await;
        let store = &test.store;
        let first = authorizer(1, "first", rule());
        store.create_authorizer(&first).await.unwrap();
        let published = store.published_triggers().await.unwrap();
        let (function, mut trigger) = (&published[0].function_id, published[0].trigger.clone());
        let environment = &published[0].environment.environment_id;
        trigger.trigger_id = TriggerId::from_bytes(id(3));
        trigger.api_id = ApiId::from_bytes(id(3));
        trigger.settings.api_name = "API_3".parse().unwrap();
        trigger.settings.path = "/3".parse().unwrap();
        trigger.settings.simple_authentication = false;
        trigger.settings.authentication = Authentication::Custom;
        trigger.settings.authorizer_id = Some(AuthorizerId::from_bytes(id(9)));
        let refused = store.create_trigger(function, &trigger, environment).await;
        let unknown = StoreError::NotFound(Kind::Authorizer).to_string();
        assert_eq!(refused.unwrap_err().to_string(), unknown);
        trigger.settings.authorizer_id = Some(first.authorizer_id.clone());
        let created = store.create_trigger(function, &trigger, environment);
        created.await.unwrap();
        let listed = store.triggers_of(function).await.unwrap();
        assert!(listed.contains(&trigger));
        let apis = store.list_authorizers().await.unwrap().remove(0).apis;
        let place = BoundApi {
            trigger_id: trigger.trigger_id.clone(),
            environment_id: environment.clone(),
        };
        assert_eq!(apis, [place]);
        let refused = store.delete_authorizer(&first.authorizer_id).await;
        assert!(matches!(refused, Err(StoreError::AuthorizerInUse)));
        // Neither stands without the other.
        for sql in [
            "update trigger set authentication = 'NONE' where authorizer_id is not null",
            "update trigger set authorizer_id = null where authorizer_id is not null",
        ] {
            assert!(test.sql(sql).await.is_err(), "{sql}");
        }
        // What callers reach still asks it, also when the definition has changed.
        let mut changed = trigger.settings.clone();
        changed.authentication = Authentication::None;
        changed.authorizer_id = None;
        store.update_api(&trigger.api_id, &changed).await.unwrap();
        let refused = store.delete_authorizer(&first.authorizer_id).await;
        assert!(matches!(refused, Err(StoreError::AuthorizerInUse)));
        store
            .delete_trigger(function, &trigger.trigger_id)
            .await
            .unwrap();
        store.delete_authorizer(&first.authorizer_id).await.unwrap();
    }

    #[tokio::test]
    async fn what_is_not_allowed_is_refused_and_changes_nothing() {
        let test = TestStore::new().await;
        two_triggers(&test.store).await;
        let store = &test.store;
        let first = authorizer(1, "first", rule());
        store.create_authorizer(&first).await.unwrap();
        let taken = store
            .create_authorizer(&authorizer(2, "first", rule()))
            .await;
        assert!(matches!(taken, Err(StoreError::AuthorizerNameTaken(_))));
        let (none, nowhere) = (AuthorizerId::from_bytes(id(9)), "nowhere".parse().unwrap());
        let mut orphan = authorizer(2, "orphan", rule());
        orphan.function = Some(nowhere);
        let nowhere = orphan.function.as_ref().unwrap();
        let name = &first.name;
        for refused in [
            store.create_authorizer(&orphan).await,
            store
                .update_authorizer(&first.authorizer_id, name, nowhere, &first.rule)
                .await,
        ] {
            assert!(matches!(refused, Err(StoreError::NotFound(Kind::Function))));
        }
        let demo = first.function.as_ref().unwrap();
        for refused in [
            store
                .update_authorizer(&none, &"other".parse().unwrap(), demo, &first.rule)
                .await,
            store.delete_authorizer(&none).await,
        ] {
            assert!(matches!(
                refused,
                Err(StoreError::NotFound(Kind::Authorizer))
            ));
        }
        assert_eq!(store.list_authorizers().await.unwrap(), [first]);
        for n in 1..MAX_AUTHORIZERS {
            let n = u8::try_from(n).unwrap();
            let more = authorizer(n + 10, &format!("name_{n}"), rule());
            store.create_authorizer(&more).await.unwrap();
        }
        let refused = store
            .create_authorizer(&authorizer(200, "more", rule()))
            .await;
        assert!(matches!(refused, Err(StoreError::TooManyAuthorizers)));
    }
}
