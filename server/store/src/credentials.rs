//! Credentials of the gateway, their AppCodes, and which APIs they may call.

use std::collections::{HashMap, HashSet};

use sluice_domain::credential::{
    AppCode, AppKey, Credential, CredentialName, CredentialSecrets, MAX_APP_CODES, MAX_CREDENTIALS,
};
use sluice_domain::env_vars::Secret;
use sluice_domain::id::{AppCodeId, CredentialId};
use sluice_domain::policy::AccessControl;
use sluice_domain::publication::BoundApi;
use sluice_domain::time::Timestamp;

use crate::error::{damaged, doing, found, unique};
use crate::{Kind, Store, StoreError};

/// A credential to be created.
#[derive(Debug, Clone)]
pub struct NewCredential {
    /// Drawn by the caller.
    pub credential_id: CredentialId,
    /// Unique on the gateway.
    pub name: CredentialName,
    /// Drawn by the caller, or chosen by a user; unique on the gateway.
    pub app_key: AppKey,
    /// Drawn by the caller, or chosen by a user; unique on the gateway, where callers may send it
    /// without the key.
    pub app_secret: Secret,
    /// When it is created.
    pub now: Timestamp,
}

impl Store {
    /// Creates a credential.
    pub async fn create_credential(&self, new: &NewCredential) -> Result<(), StoreError> {
        let (id, name) = (new.credential_id.as_str(), new.name.as_str());
        let (key, now) = (new.app_key.as_str(), new.now.millis());
        let sealed = self.secrets.seal(&owner(id), new.app_secret.expose());
        let mut tx = self.begin().await?;
        let seen = sqlx::query!(
            r#"select count(*) as "count!: i64", coalesce(max(app_key = ?), false) as "is_taken!: bool"
               from credential"#,
            key
        )
        .fetch_one(&mut *tx)
        .await
        .map_err(doing("counting the credentials"))?;
        if seen.count.unsigned_abs() >= MAX_CREDENTIALS as u64 {
            return Err(StoreError::TooManyCredentials);
        }
        if seen.is_taken {
            return Err(StoreError::AppKeyTaken);
        }
        self.no_other_has(&mut tx, &new.credential_id, &new.app_secret)
            .await?;
        sqlx::query!(
            "insert into credential (credential_id, name, app_key, sealed_secret, created_at_ms)
             values (?, ?, ?, ?, ?)",
            id,
            name,
            key,
            sealed,
            now
        )
        .execute(&mut *tx)
        .await
        .map_err(unique(
            || StoreError::CredentialNameTaken(new.name.clone()),
            "inserting a credential",
        ))?;
        tx.commit().await.map_err(doing("inserting a credential"))
    }

    /// All credentials, oldest first.
    pub async fn list_credentials(&self) -> Result<Vec<Credential>, StoreError> {
        let mut tx = self.begin_reading().await?;
        let rows = sqlx::query!(
            "select credential_id, name, app_key, access, created_at_ms from credential
             order by created_at_ms, name"
        )
        .fetch_all(&mut *tx)
        .await
        .map_err(doing("listing the credentials"))?;
        let codes = sqlx::query!(
            "select app_code_id, credential_id, ending, created_at_ms from app_code
             order by created_at_ms, app_code_id"
        )
        .fetch_all(&mut *tx)
        .await
        .map_err(doing("listing the AppCodes"))?;
        let mut app_codes: HashMap<String, Vec<AppCode>> = HashMap::new();
        for row in codes {
            app_codes
                .entry(row.credential_id)
                .or_default()
                .push(AppCode {
                    app_code_id: row
                        .app_code_id
                        .parse()
                        .map_err(damaged("app_code", "app_code_id"))?,
                    ending: row.ending,
                    created_at: Timestamp(row.created_at_ms),
                });
        }
        let mut apis = all_apis(&mut tx).await?;
        rows.into_iter()
            .map(|row| {
                Ok(Credential {
                    app_codes: app_codes.remove(&row.credential_id).unwrap_or_default(),
                    apis: apis.remove(&row.credential_id).unwrap_or_default(),
                    access: decode(row.access.as_deref())?,
                    credential_id: row
                        .credential_id
                        .parse()
                        .map_err(damaged("credential", "credential_id"))?,
                    name: row.name.parse().map_err(damaged("credential", "name"))?,
                    app_key: row
                        .app_key
                        .parse()
                        .map_err(damaged("credential", "app_key"))?,
                    created_at: Timestamp(row.created_at_ms),
                })
            })
            .collect()
    }

    /// All credentials with their secrets, for the gateway.
    pub async fn published_credentials(&self) -> Result<Vec<CredentialSecrets>, StoreError> {
        let mut tx = self.begin_reading().await?;
        let rows = sqlx::query!(
            "select credential_id, name, app_key, sealed_secret, access from credential"
        )
        .fetch_all(&mut *tx)
        .await
        .map_err(doing("reading the credentials"))?;
        let codes = sqlx::query!("select app_code_id, credential_id, sealed_code from app_code")
            .fetch_all(&mut *tx)
            .await
            .map_err(doing("reading the AppCodes"))?;
        let mut app_codes: HashMap<String, Vec<Secret>> = HashMap::new();
        for row in codes {
            let code = self
                .secrets
                .unseal(&owner(&row.app_code_id), &row.sealed_code)?;
            let of_credential = app_codes.entry(row.credential_id).or_default();
            of_credential.push(Secret::new(code));
        }
        let mut apis = all_apis(&mut tx).await?;
        rows.into_iter()
            .map(|row| {
                let id = row.credential_id;
                let secret = self.secrets.unseal(&owner(&id), &row.sealed_secret)?;
                let apis = apis.remove(&id).unwrap_or_default();
                Ok(CredentialSecrets {
                    app_codes: app_codes.remove(&id).unwrap_or_default(),
                    apis: apis.into_iter().collect(),
                    access: decode(row.access.as_deref())?,
                    credential_id: id.parse().map_err(damaged("credential", "credential_id"))?,
                    name: row.name.parse().map_err(damaged("credential", "name"))?,
                    app_key: row
                        .app_key
                        .parse()
                        .map_err(damaged("credential", "app_key"))?,
                    app_secret: Secret::new(secret),
                })
            })
            .collect()
    }

    /// Gives a credential another secret.
    pub async fn reset_app_secret(
        &self,
        credential_id: &CredentialId,
        app_secret: &Secret,
    ) -> Result<(), StoreError> {
        let id = credential_id.as_str();
        let sealed = self.secrets.seal(&owner(id), app_secret.expose());
        let mut tx = self.begin().await?;
        self.no_other_has(&mut tx, credential_id, app_secret)
            .await?;
        let result = sqlx::query!(
            "update credential set sealed_secret = ? where credential_id = ?",
            sealed,
            id
        )
        .execute(&mut *tx)
        .await
        .map_err(doing("replacing a secret"))?;
        found(result, Kind::Credential)?;
        tx.commit().await.map_err(doing("replacing a secret"))
    }

    /// Refuses a secret of another credential: callers may send it without the key.
    async fn no_other_has(
        &self,
        tx: &mut sqlx::SqliteConnection,
        credential_id: &CredentialId,
        app_secret: &Secret,
    ) -> Result<(), StoreError> {
        let id = credential_id.as_str();
        let others = sqlx::query!(
            "select credential_id, sealed_secret from credential where credential_id <> ?",
            id
        )
        .fetch_all(tx)
        .await
        .map_err(doing("reading the secrets"))?;
        for other in others {
            let owner = owner(&other.credential_id);
            if self.secrets.unseal(&owner, &other.sealed_secret)? == app_secret.expose() {
                return Err(StoreError::AppSecretTaken);
            }
        }
        Ok(())
    }

    /// Says from which addresses a credential may be used; none: from any.
    pub async fn set_credential_access(
        &self,
        credential_id: &CredentialId,
        access: Option<&AccessControl>,
    ) -> Result<(), StoreError> {
        let id = credential_id.as_str();
        let access = access.map(serde_json::to_string).transpose();
        let access = access.map_err(damaged("credential", "access"))?;
        let result = sqlx::query!(
            "update credential set access = ? where credential_id = ?",
            access,
            id
        )
        .execute(&self.writer)
        .await
        .map_err(doing("limiting a credential"))?;
        found(result, Kind::Credential)
    }

    /// Deletes a credential with its AppCodes.
    pub async fn delete_credential(&self, credential_id: &CredentialId) -> Result<(), StoreError> {
        let id = credential_id.as_str();
        let result = sqlx::query!("delete from credential where credential_id = ?", id)
            .execute(&self.writer)
            .await
            .map_err(doing("deleting a credential"))?;
        found(result, Kind::Credential)
    }

    /// Gives a credential one more AppCode.
    pub async fn create_app_code(
        &self,
        credential_id: &CredentialId,
        app_code_id: &AppCodeId,
        app_code: &Secret,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (credential, id, now) = (credential_id.as_str(), app_code_id.as_str(), now.millis());
        let code = app_code.expose();
        let sealed = self.secrets.seal(&owner(id), code);
        let ending = &code[code.len().saturating_sub(4)..];
        let mut tx = self.begin().await?;
        let seen = sqlx::query!(
            r#"select exists (select 1 from credential where credential_id = ?1) as "credential!: bool",
                   (select count(*) from app_code where credential_id = ?1) as "codes!: i64""#,
            credential
        )
        .fetch_one(&mut *tx)
        .await
        .map_err(doing("counting the AppCodes"))?;
        if !seen.credential {
            return Err(StoreError::NotFound(Kind::Credential));
        }
        if seen.codes.unsigned_abs() >= MAX_APP_CODES as u64 {
            return Err(StoreError::TooManyAppCodes);
        }
        sqlx::query!(
            "insert into app_code (app_code_id, credential_id, sealed_code, ending, created_at_ms)
             values (?, ?, ?, ?, ?)",
            id,
            credential,
            sealed,
            ending,
            now
        )
        .execute(&mut *tx)
        .await
        .map_err(doing("inserting an AppCode"))?;
        tx.commit().await.map_err(doing("inserting an AppCode"))
    }

    /// Deletes an AppCode of a credential.
    pub async fn delete_app_code(
        &self,
        credential_id: &CredentialId,
        app_code_id: &AppCodeId,
    ) -> Result<(), StoreError> {
        let (credential, id) = (credential_id.as_str(), app_code_id.as_str());
        let result = sqlx::query!(
            "delete from app_code where credential_id = ? and app_code_id = ?",
            credential,
            id
        )
        .execute(&self.writer)
        .await
        .map_err(doing("deleting an AppCode"))?;
        found(result, Kind::AppCode)
    }

    /// Lets a credential call these APIs, each in an environment, and no others.
    pub async fn bind_credential(
        &self,
        credential_id: &CredentialId,
        apis: &[BoundApi],
    ) -> Result<(), StoreError> {
        let credential = credential_id.as_str();
        let mut tx = self.begin().await?;
        let there = sqlx::query_scalar!(
            r#"select exists (select 1 from credential where credential_id = ?) as "there!: bool""#,
            credential
        )
        .fetch_one(&mut *tx)
        .await
        .map_err(doing("finding a credential"))?;
        if !there {
            return Err(StoreError::NotFound(Kind::Credential));
        }
        sqlx::query!(
            "delete from credential_api where credential_id = ?",
            credential
        )
        .execute(&mut *tx)
        .await
        .map_err(doing("binding a credential"))?;
        for api in apis.iter().collect::<HashSet<_>>() {
            let (trigger, environment) = (api.trigger_id.as_str(), api.environment_id.as_str());
            let result = sqlx::query!(
                "insert into credential_api (credential_id, trigger_id, environment_id)
                 select ?1, trigger_id, environment_id from trigger, environment
                 where trigger_id = ?2 and environment_id = ?3",
                credential,
                trigger,
                environment
            )
            .execute(&mut *tx)
            .await
            .map_err(doing("binding a credential"))?;
            found(result, Kind::Api)?;
        }
        tx.commit().await.map_err(doing("binding a credential"))
    }
}

async fn all_apis(
    tx: &mut sqlx::SqliteConnection,
) -> Result<HashMap<String, Vec<BoundApi>>, StoreError> {
    let rows = sqlx::query!(
        "select credential_id, trigger_id, environment_id from credential_api
         order by credential_id, trigger_id, environment_id"
    )
    .fetch_all(tx)
    .await
    .map_err(doing("listing what credentials may call"))?;
    let mut apis: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        let api = BoundApi {
            trigger_id: row
                .trigger_id
                .parse()
                .map_err(damaged("credential_api", "trigger_id"))?,
            environment_id: row
                .environment_id
                .parse()
                .map_err(damaged("credential_api", "environment_id"))?,
        };
        apis.entry(row.credential_id).or_default().push(api);
    }
    Ok(apis)
}

fn decode(access: Option<&str>) -> Result<Option<AccessControl>, StoreError> {
    let access = access.map(serde_json::from_str).transpose();
    access.map_err(damaged("credential", "access"))
}

/// Whose secret a sealed one is, by the id of a credential or of an AppCode.
fn owner(id: &str) -> String {
    format!("credential {id}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RELEASE_ENVIRONMENT_ID;
    use crate::testing::{TestStore, id, two_triggers};
    use sluice_domain::id::{EnvironmentId, FunctionId, TriggerId};
    use sluice_domain::policy::{AccessEffect, Addresses};

    fn new(n: u8, name: &str) -> NewCredential {
        NewCredential {
            credential_id: CredentialId::from_bytes(id(n)),
            name: name.parse().unwrap(),
            app_key: AppKey::from_bytes(id(n + 100)),
            app_secret: Secret::new(format!("secret of {name}")),
            now: Timestamp(i64::from(n)),
        }
    }

    /// The API of the `n`th trigger, in RELEASE.
    fn in_release(n: u8) -> BoundApi {
        BoundApi {
            trigger_id: TriggerId::from_bytes(id(n)),
            environment_id: RELEASE_ENVIRONMENT_ID.parse().unwrap(),
        }
    }

    async fn world() -> TestStore {
        let test = TestStore::new().await;
        two_triggers(&test.store).await;
        test
    }

    #[tokio::test]
    async fn a_credential_is_found_with_its_codes_and_apis() {
        let test = world().await;
        let store = &test.store;
        for one in [new(1, "First"), new(2, "Second")] {
            store.create_credential(&one).await.unwrap();
        }
        let (first, second) = (
            CredentialId::from_bytes(id(1)),
            CredentialId::from_bytes(id(2)),
        );
        let code_id = AppCodeId::from_bytes(id(1));
        let code = Secret::new("0123456789abcdef".repeat(4));
        let created = store.create_app_code(&first, &code_id, &code, Timestamp(5));
        created.await.unwrap();
        let api = in_release(2);
        store
            .bind_credential(&first, &[api.clone(), api.clone()])
            .await
            .unwrap();
        let listed = store.list_credentials().await.unwrap();
        let names: Vec<_> = listed.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["First", "Second"]);
        assert_eq!(listed[0].app_codes[0].ending, "cdef");
        assert_eq!(listed[0].apis, std::slice::from_ref(&api));
        assert_eq!((listed[1].app_codes.len(), listed[1].apis.len()), (0, 0));

        let another = Secret::new("another".to_owned());
        store.reset_app_secret(&second, &another).await.unwrap();
        let mut published = store.published_credentials().await.unwrap();
        published.sort_by(|one, other| one.name.as_str().cmp(other.name.as_str()));
        assert_eq!(published[0].app_secret.expose(), "secret of First");
        assert_eq!(published[0].app_codes, [code]);
        assert!(published[0].apis.contains(&api));
        assert_eq!(published[1].app_secret.expose(), "another");

        store.delete_app_code(&first, &code_id).await.unwrap();
        store
            .delete_trigger(&FunctionId::from_bytes(id(1)), &api.trigger_id)
            .await
            .unwrap();
        let listed = store.list_credentials().await.unwrap();
        assert_eq!((listed[0].app_codes.len(), listed[0].apis.len()), (0, 0));
        store.delete_credential(&first).await.unwrap();
        assert_eq!(store.list_credentials().await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_credential_is_limited_to_addresses_until_that_is_taken_back() {
        let test = world().await;
        let store = &test.store;
        let one = new(1, "First");
        store.create_credential(&one).await.unwrap();
        let access = AccessControl {
            effect: AccessEffect::Permit,
            addresses: Addresses::parse("10.0.0.0/8, 2001:db8::1").unwrap(),
        };
        for wanted in [Some(access), None] {
            store
                .set_credential_access(&one.credential_id, wanted.as_ref())
                .await
                .unwrap();
            let listed = store.list_credentials().await.unwrap();
            assert_eq!(listed[0].access, wanted);
            let published = store.published_credentials().await.unwrap();
            assert_eq!(published[0].access, wanted);
        }
    }

    #[tokio::test]
    async fn what_is_not_allowed_is_refused_and_changes_nothing() {
        let test = world().await;
        let store = &test.store;
        store.create_credential(&new(1, "First")).await.unwrap();
        let mut same_name = new(2, "First");
        same_name.app_secret = Secret::new("another".to_owned());
        let twice = store.create_credential(&same_name).await;
        assert!(matches!(twice, Err(StoreError::CredentialNameTaken(_))));
        let mut chosen = new(2, "Second");
        chosen.app_key = new(1, "First").app_key;
        let twice = store.create_credential(&chosen).await;
        assert!(matches!(twice, Err(StoreError::AppKeyTaken)));
        chosen.app_key = AppKey::parse("a-chosen_KEY").unwrap();
        chosen.app_secret = new(1, "First").app_secret;
        let twice = store.create_credential(&chosen).await;
        assert!(matches!(twice, Err(StoreError::AppSecretTaken)));
        chosen.app_secret = Secret::new("its own".to_owned());
        store.create_credential(&chosen).await.unwrap();
        let of_first = new(1, "First").app_secret;
        let twice = store.reset_app_secret(&chosen.credential_id, &of_first);
        assert!(matches!(twice.await, Err(StoreError::AppSecretTaken)));
        let own = store.reset_app_secret(&chosen.credential_id, &chosen.app_secret);
        own.await.unwrap();
        let listed = store.list_credentials().await.unwrap();
        assert_eq!(listed[1].app_key, chosen.app_key);
        store
            .delete_credential(&chosen.credential_id)
            .await
            .unwrap();
        let (first, none) = (
            CredentialId::from_bytes(id(1)),
            CredentialId::from_bytes(id(9)),
        );
        let code = Secret::new("0123".to_owned());
        for n in 0..MAX_APP_CODES {
            let app_code = AppCodeId::from_bytes(id(n));
            let created = store.create_app_code(&first, &app_code, &code, Timestamp(0));
            created.await.unwrap();
        }
        let sixth = AppCodeId::from_bytes(id(60));
        let refused = store
            .create_app_code(&first, &sixth, &code, Timestamp(0))
            .await;
        assert!(matches!(refused, Err(StoreError::TooManyAppCodes)));
        for refused in [
            store
                .create_app_code(&none, &sixth, &code, Timestamp(0))
                .await,
            store.reset_app_secret(&none, &code).await,
            store.delete_credential(&none).await,
            store.set_credential_access(&none, None).await,
            store.bind_credential(&none, &[]).await,
        ] {
            assert!(matches!(
                refused,
                Err(StoreError::NotFound(Kind::Credential))
            ));
        }
        let known = in_release(1);
        store
            .bind_credential(&first, std::slice::from_ref(&known))
            .await
            .unwrap();
        let nowhere = BoundApi {
            environment_id: EnvironmentId::from_bytes(id(99)),
            ..known.clone()
        };
        for unknown in [in_release(99), nowhere] {
            let refused = store
                .bind_credential(&first, &[in_release(2), unknown])
                .await;
            assert!(matches!(refused, Err(StoreError::NotFound(Kind::Api))));
        }
        assert_eq!(store.list_credentials().await.unwrap()[0].apis, [known]);
        for n in 2..=MAX_CREDENTIALS {
            let n = u8::try_from(n).unwrap();
            store
                .create_credential(&new(n, &format!("name_{n}")))
                .await
                .unwrap();
        }
        let refused = store.create_credential(&new(99, "one_more")).await;
        assert!(matches!(refused, Err(StoreError::TooManyCredentials)));
    }
}
