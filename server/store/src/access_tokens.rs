//! Access tokens of the console's users, by their digests.

use sluice_domain::access_token::{
    ACCESS_TOKEN_MS, AccessToken, AccessTokenDigest, MAX_ACCESS_TOKENS,
};
use sluice_domain::id::{AccessTokenId, UserId};
use sluice_domain::time::Timestamp;

use crate::error::{damaged, doing, found};
use crate::{Kind, Store, StoreError};

/// An access token to be created.
#[derive(Debug, Clone)]
pub struct NewAccessToken {
    /// Drawn by the caller.
    pub access_token_id: AccessTokenId,
    /// Whose it is.
    pub user_id: UserId,
    /// SHA-256 of the token.
    pub digest: [u8; 32],
    /// Its last four characters.
    pub ending: String,
    /// When it is created.
    pub now: Timestamp,
}

impl Store {
    /// Creates an access token, good for 24 hours. Those of the user that are over are deleted.
    pub async fn create_access_token(&self, new: &NewAccessToken) -> Result<(), StoreError> {
        let (id, user) = (new.access_token_id.as_str(), new.user_id.as_str());
        let (digest, ending) = (new.digest.as_slice(), new.ending.as_str());
        let (now, expires) = (
            new.now.millis(),
            new.now.millis().saturating_add(ACCESS_TOKEN_MS),
        );
        let mut tx = self.begin().await?;
        sqlx::query!(
            "delete from access_token where user_id = ? and expires_at_ms <= ?",
            user,
            now
        )
        .execute(&mut *tx)
        .await
        .map_err(doing("deleting access tokens that are over"))?;
        let seen = sqlx::query!(
            r#"select exists (select 1 from user where user_id = ?1) as "user!: bool",
                   (select count(*) from access_token where user_id = ?1) as "tokens!: i64""#,
            user
        )
        .fetch_one(&mut *tx)
        .await
        .map_err(doing("counting the access tokens"))?;
        if !seen.user {
            return Err(StoreError::NotFound(Kind::User));
        }
        if seen.tokens.unsigned_abs() >= MAX_ACCESS_TOKENS as u64 {
            return Err(StoreError::TooManyAccessTokens);
        }
        sqlx::query!(
            "insert into access_token (access_token_id, user_id, digest, ending, created_at_ms, expires_at_ms)
             values (?, ?, ?, ?, ?, ?)",
            id,
            user,
            digest,
            ending,
            now,
            expires
        )
        .execute(&mut *tx)
        .await
        .map_err(doing("inserting an access token"))?;
        tx.commit()
            .await
            .map_err(doing("inserting an access token"))
    }

    /// The access tokens of a user that are good at `now`, oldest first.
    pub async fn access_tokens_of(
        &self,
        user_id: &UserId,
        now: Timestamp,
    ) -> Result<Vec<AccessToken>, StoreError> {
        let (user, now) = (user_id.as_str(), now.millis());
        let rows = sqlx::query!(
            "select access_token_id, ending, created_at_ms, expires_at_ms from access_token
             where user_id = ? and expires_at_ms > ? order by created_at_ms, access_token_id",
            user,
            now
        )
        .fetch_all(&self.readers)
        .await
        .map_err(doing("listing the access tokens"))?;
        rows.into_iter()
            .map(|row| {
                Ok(AccessToken {
                    access_token_id: row
                        .access_token_id
                        .parse()
                        .map_err(damaged("access_token", "access_token_id"))?,
                    ending: row.ending,
                    created_at: Timestamp(row.created_at_ms),
                    expires_at: Timestamp(row.expires_at_ms),
                })
            })
            .collect()
    }

    /// The access tokens of all users, for the gateway, which looks at when they are over.
    pub async fn published_access_tokens(&self) -> Result<Vec<AccessTokenDigest>, StoreError> {
        let rows = sqlx::query!(
            "select digest, user_id, name, expires_at_ms from access_token join user using (user_id)
             where not is_disabled"
        )
        .fetch_all(&self.readers)
        .await
        .map_err(doing("reading the access tokens"))?;
        rows.into_iter()
            .map(|row| {
                Ok(AccessTokenDigest {
                    digest: row
                        .digest
                        .as_slice()
                        .try_into()
                        .map_err(damaged("access_token", "digest"))?,
                    user_id: row
                        .user_id
                        .parse()
                        .map_err(damaged("access_token", "user_id"))?,
                    user_name: row.name.parse().map_err(damaged("user", "name"))?,
                    expires_at: Timestamp(row.expires_at_ms),
                })
            })
            .collect()
    }

    /// Deletes an access token of a user.
    pub async fn delete_access_token(
        &self,
        user_id: &UserId,
        access_token_id: &AccessTokenId,
    ) -> Result<(), StoreError> {
        let (user, id) = (user_id.as_str(), access_token_id.as_str());
        let result = sqlx::query!(
            "delete from access_token where user_id = ? and access_token_id = ?",
            user,
            id
        )
        .execute(&self.writer)
        .await
        .map_err(doing("deleting an access token"))?;
        found(result, Kind::AccessToken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestStore, id, user};

    fn user_id(n: u8) -> UserId {
        UserId::from_bytes(id(n))
    }

    fn new(n: u8, of: u8, now: i64) -> NewAccessToken {
        NewAccessToken {
            access_token_id: AccessTokenId::from_bytes(id(n)),
            user_id: user_id(of),
            digest: [n; 32],
            ending: format!("{n:04}"),
            now: Timestamp(now),
        }
    }

    /// Two users without a token.
    async fn world() -> TestStore {
        let test = TestStore::new().await;
        for (n, name) in [(1, "anna"), (2, "bert")] {
            test.store.create_user(&user(n, name)).await.unwrap();
        }
        test
    }

    #[tokio::test]
    async fn a_token_is_its_users_for_a_day() {
        let test = world().await;
        let store = &test.store;
        store.create_access_token(&new(1, 1, 0)).await.unwrap();
        store.create_access_token(&new(2, 1, 5)).await.unwrap();
        store.create_access_token(&new(3, 2, 5)).await.unwrap();
        let endings = async |of: u8, now: i64| {
            let tokens = store.access_tokens_of(&user_id(of), Timestamp(now)).await;
            let endings = tokens.unwrap().into_iter().map(|token| token.ending);
            endings.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(endings(1, 6).await, "0001 0002");
        assert_eq!(endings(2, 6).await, "0003");
        assert_eq!(endings(1, ACCESS_TOKEN_MS - 1).await, "0001 0002");
        assert_eq!(endings(1, ACCESS_TOKEN_MS).await, "0002");
        let published = store.published_access_tokens().await.unwrap();
        let third = published.iter().find(|token| token.digest == [3; 32]);
        assert_eq!(third.unwrap().user_name.as_str(), "bert");
        assert_eq!(third.unwrap().expires_at, Timestamp(ACCESS_TOKEN_MS + 5));
        // Nobody deletes another's.
        let refused = store
            .delete_access_token(&user_id(1), &new(3, 2, 0).access_token_id)
            .await;
        assert!(matches!(
            refused,
            Err(StoreError::NotFound(Kind::AccessToken))
        ));
        let second = new(2, 1, 0).access_token_id;
        store
            .delete_access_token(&user_id(1), &second)
            .await
            .unwrap();
        assert_eq!(endings(1, 6).await, "0001");
        // What is over goes when the next is made.
        let next = new(4, 1, ACCESS_TOKEN_MS);
        store.create_access_token(&next).await.unwrap();
        assert_eq!(endings(1, 6).await, "0004");
    }

    #[tokio::test]
    async fn a_user_has_so_many_tokens_at_most() {
        let test = world().await;
        let store = &test.store;
        for n in 0..MAX_ACCESS_TOKENS {
            let n = u8::try_from(n).unwrap();
            store.create_access_token(&new(n, 1, 0)).await.unwrap();
        }
        let refused = store.create_access_token(&new(100, 1, 1)).await;
        assert!(matches!(refused, Err(StoreError::TooManyAccessTokens)));
        store.create_access_token(&new(101, 2, 1)).await.unwrap();
        let refused = store.create_access_token(&new(102, 9, 1)).await;
        assert!(matches!(refused, Err(StoreError::NotFound(Kind::User))));
        store
            .create_access_token(&new(100, 1, ACCESS_TOKEN_MS))
            .await
            .unwrap();
    }
}
