//! Access keys of the console's users.

use sluice_domain::access_key::{AccessKey, AccessKeySecrets, MAX_ACCESS_KEYS};
use sluice_domain::env_vars::Secret;
use sluice_domain::id::{AccessKeyId, UserId};
use sluice_domain::text::Description;
use sluice_domain::time::Timestamp;

use crate::error::{damaged, doing, found};
use crate::{Kind, Store, StoreError};

/// An access key to be created.
#[derive(Debug, Clone)]
pub struct NewAccessKey {
    /// Drawn by the caller.
    pub access_key_id: AccessKeyId,
    /// Whose it is.
    pub user_id: UserId,
    /// Drawn by the caller.
    pub secret: Secret,
    /// What it is for.
    pub description: Description,
    /// When it is created.
    pub now: Timestamp,
}

impl Store {
    /// Creates an access key, enabled.
    pub async fn create_access_key(&self, new: &NewAccessKey) -> Result<(), StoreError> {
        let (id, user) = (new.access_key_id.as_str(), new.user_id.as_str());
        let (description, now) = (new.description.as_str(), new.now.millis());
        let sealed = self.secrets.seal(&owner(id), new.secret.expose());
        let mut tx = self.begin().await?;
        let seen = sqlx::query!(
            r#"select exists (select 1 from user where user_id = ?1) as "user!: bool",
                   (select count(*) from access_key where user_id = ?1) as "keys!: i64""#,
            user
        )
        .fetch_one(&mut *tx)
        .await
        .map_err(doing("counting the access keys"))?;
        if !seen.user {
            return Err(StoreError::NotFound(Kind::User));
        }
        if seen.keys.unsigned_abs() >= MAX_ACCESS_KEYS as u64 {
            return Err(StoreError::TooManyAccessKeys);
        }
        sqlx::query!(
            "insert into access_key (access_key_id, user_id, sealed_secret, description, created_at_ms)
             values (?, ?, ?, ?, ?)",
            id,
            user,
            sealed,
            description,
            now
        )
        .execute(&mut *tx)
        .await
        .map_err(doing("inserting an access key"))?;
        tx.commit().await.map_err(doing("inserting an access key"))
    }

    /// The access keys of a user, oldest first.
    pub async fn access_keys_of(&self, user_id: &UserId) -> Result<Vec<AccessKey>, StoreError> {
        let user = user_id.as_str();
        let rows = sqlx::query!(
            r#"select access_key_id, description, is_enabled as "is_enabled: bool", created_at_ms
               from access_key where user_id = ? order by created_at_ms, access_key_id"#,
            user
        )
        .fetch_all(&self.readers)
        .await
        .map_err(doing("listing the access keys"))?;
        rows.into_iter()
            .map(|row| {
                Ok(AccessKey {
                    access_key_id: row
                        .access_key_id
                        .parse()
                        .map_err(damaged("access_key", "access_key_id"))?,
                    description: row
                        .description
                        .parse()
                        .map_err(damaged("access_key", "description"))?,
                    is_enabled: row.is_enabled,
                    created_at: Timestamp(row.created_at_ms),
                })
            })
            .collect()
    }

    /// The enabled access keys of all users with their secrets, for the gateway.
    pub async fn published_access_keys(&self) -> Result<Vec<AccessKeySecrets>, StoreError> {
        let rows = sqlx::query!(
            "select access_key_id, sealed_secret, user_id, name
             from access_key join user using (user_id)
             where is_enabled and not is_disabled"
        )
        .fetch_all(&self.readers)
        .await
        .map_err(doing("reading the access keys"))?;
        rows.into_iter()
            .map(|row| {
                let id = row.access_key_id;
                let secret = self.secrets.unseal(&owner(&id), &row.sealed_secret)?;
                Ok(AccessKeySecrets {
                    access_key_id: id.parse().map_err(damaged("access_key", "access_key_id"))?,
                    secret: Secret::new(secret),
                    user_id: row
                        .user_id
                        .parse()
                        .map_err(damaged("access_key", "user_id"))?,
                    user_name: row.name.parse().map_err(damaged("user", "name"))?,
                })
            })
            .collect()
    }

    /// Enables or disables an access key of a user.
    pub async fn enable_access_key(
        &self,
        user_id: &UserId,
        access_key_id: &AccessKeyId,
        is_enabled: bool,
    ) -> Result<(), StoreError> {
        let (user, id) = (user_id.as_str(), access_key_id.as_str());
        let result = sqlx::query!(
            "update access_key set is_enabled = ? where user_id = ? and access_key_id = ?",
            is_enabled,
            user,
            id
        )
        .execute(&self.writer)
        .await
        .map_err(doing("changing an access key"))?;
        found(result, Kind::AccessKey)
    }

    /// Deletes an access key of a user.
    pub async fn delete_access_key(
        &self,
        user_id: &UserId,
        access_key_id: &AccessKeyId,
    ) -> Result<(), StoreError> {
        let (user, id) = (user_id.as_str(), access_key_id.as_str());
        let result = sqlx::query!(
            "delete from access_key where user_id = ? and access_key_id = ?",
            user,
            id
        )
        .execute(&self.writer)
        .await
        .map_err(doing("deleting an access key"))?;
        found(result, Kind::AccessKey)
    }
}

/// Whose secret a sealed one is.
fn owner(id: &str) -> String {
    format!("access key {id}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestStore, id, user};

    fn user_id(n: u8) -> UserId {
        UserId::from_bytes(id(n))
    }

    fn key_id(n: u8) -> AccessKeyId {
        AccessKeyId::from_bytes(id(n))
    }

    fn new(n: u8, of: u8) -> NewAccessKey {
        NewAccessKey {
            access_key_id: key_id(n),
            user_id: user_id(of),
            secret: Secret::new(format!("secret of {n}")),
            description: format!("key {n}").parse().unwrap(),
            now: Timestamp(i64::from(n)),
        }
    }

    /// Two users; the first has the keys 1 and 2, the second has 3.
    async fn world() -> TestStore {
        let test = TestStore::new().await;
        for (n, name) in [(1, "anna"), (2, "bert")] {
            test.store.create_user(&user(n, name)).await.unwrap();
        }
        for (n, of) in [(1, 1), (2, 1), (3, 2)] {
            test.store.create_access_key(&new(n, of)).await.unwrap();
        }
        test
    }

    /// What the gateway knows: `1 anna secret of 1`.
    async fn published(store: &Store) -> Vec<String> {
        let keys = store.published_access_keys().await.unwrap();
        let mut keys: Vec<_> = keys
            .into_iter()
            .map(|key| {
                let whose = (1..9).find(|&n| key.user_id == user_id(n)).unwrap();
                format!("{whose} {} {}", key.user_name, key.secret.expose())
            })
            .collect();
        keys.sort();
        keys
    }

    #[tokio::test]
    async fn each_user_has_keys_and_the_gateway_those_that_are_enabled() {
        let test = world().await;
        let store = &test.store;
        let listed = store.access_keys_of(&user_id(1)).await.unwrap();
        let expected = [1, 2].map(|n| AccessKey {
            access_key_id: key_id(n),
            description: format!("key {n}").parse().unwrap(),
            is_enabled: true,
            created_at: Timestamp(i64::from(n)),
        });
        assert_eq!(listed, expected);
        assert_eq!(
            published(store).await,
            [
                "1 anna secret of 1",
                "1 anna secret of 2",
                "2 bert secret of 3"
            ]
        );

        let (anna, first) = (user_id(1), key_id(1));
        let disabled = store.enable_access_key(&anna, &first, false);
        disabled.await.unwrap();
        assert!(!store.access_keys_of(&anna).await.unwrap()[0].is_enabled);
        assert_eq!(
            published(store).await,
            ["1 anna secret of 2", "2 bert secret of 3"]
        );
        let enabled = store.enable_access_key(&anna, &first, true);
        enabled.await.unwrap();
        assert_eq!(published(store).await.len(), 3);

        store.delete_access_key(&anna, &first).await.unwrap();
        assert_eq!(store.access_keys_of(&anna).await.unwrap(), expected[1..]);
        test.sql("delete from user where name = 'anna'")
            .await
            .unwrap();
        assert_eq!(published(store).await, ["2 bert secret of 3"]);
    }

    #[tokio::test]
    async fn a_user_has_two_keys_at_most_and_reaches_no_others() {
        let test = world().await;
        let store = &test.store;
        let third = store.create_access_key(&new(4, 1)).await;
        assert!(matches!(third, Err(StoreError::TooManyAccessKeys)));
        let nobodys = store.create_access_key(&new(4, 9)).await;
        assert!(matches!(nobodys, Err(StoreError::NotFound(Kind::User))));
        let (bert, annas) = (user_id(2), key_id(1));
        for refused in [
            store.enable_access_key(&bert, &annas, false).await,
            store.delete_access_key(&bert, &annas).await,
            store.delete_access_key(&bert, &key_id(9)).await,
        ] {
            assert!(matches!(
                refused,
                Err(StoreError::NotFound(Kind::AccessKey))
            ));
        }
        assert_eq!(published(store).await.len(), 3);
    }

    #[tokio::test]
    async fn a_secret_does_not_stand_in_the_file_and_needs_its_key() {
        let test = world().await;
        test.store.close().await.unwrap();
        let file = std::fs::read(test.path()).unwrap();
        let text = String::from_utf8_lossy(&file);
        assert!(text.contains("key 1") && !text.contains("secret of"));
        std::fs::remove_file(test.folder.path().join("secrets.key")).unwrap();
        let again = Store::open(&test.path()).await;
        assert!(matches!(again, Err(StoreError::NoKey { .. })));
    }
}
