//! Sessions of the console, by the hash of their id.

use sluice_domain::id::UserId;
use sluice_domain::time::Timestamp;

use crate::error::doing;
use crate::{Store, StoreError};

/// A session as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// SHA-256 of the session's id in 64 hexadecimal digits, never the id.
    pub session_hash: String,
    /// Who is signed in, if anyone.
    pub user_id: Option<UserId>,
    /// What the session layer keeps.
    pub data: Vec<u8>,
    /// From when on the session is over.
    pub expires_at: Timestamp,
}

impl Store {
    /// Creates a session; false when its id is in use.
    pub async fn create_session(&self, session: &SessionRow) -> Result<bool, StoreError> {
        let user_id = session.user_id.as_ref().map(UserId::as_str);
        let expires_at = session.expires_at.millis();
        let created = sqlx::query!(
            "insert into session (session_hash, user_id, data, expires_at_ms) values (?, ?, ?, ?)
             on conflict do nothing",
            session.session_hash,
            user_id,
            session.data,
            expires_at
        )
        .execute(&self.writer)
        .await
        .map_err(doing("inserting a session"))?;
        Ok(created.rows_affected() > 0)
    }

    /// Saves a session that was changed. One that was ended in the meantime
    /// stays ended.
    pub async fn save_session(&self, session: &SessionRow) -> Result<(), StoreError> {
        let user_id = session.user_id.as_ref().map(UserId::as_str);
        let expires_at = session.expires_at.millis();
        sqlx::query!(
            "update session set user_id = ?, data = ?, expires_at_ms = ? where session_hash = ?",
            user_id,
            session.data,
            expires_at,
            session.session_hash
        )
        .execute(&self.writer)
        .await
        .map_err(doing("saving a session"))?;
        Ok(())
    }

    /// Data and end of the session, unless it is over at `now`.
    pub async fn load_session(
        &self,
        session_hash: &str,
        now: Timestamp,
    ) -> Result<Option<(Vec<u8>, Timestamp)>, StoreError> {
        let now = now.millis();
        let row = sqlx::query!(
            "select data, expires_at_ms from session where session_hash = ? and expires_at_ms > ?",
            session_hash,
            now
        )
        .fetch_optional(&self.readers)
        .await
        .map_err(doing("loading a session"))?;
        Ok(row.map(|row| (row.data, Timestamp(row.expires_at_ms))))
    }

    /// Ends a session, if there is one.
    pub async fn delete_session(&self, session_hash: &str) -> Result<(), StoreError> {
        sqlx::query!("delete from session where session_hash = ?", session_hash)
            .execute(&self.writer)
            .await
            .map_err(doing("ending a session"))?;
        Ok(())
    }

    /// Drops the sessions that are over at `now`; tells how many.
    pub async fn delete_expired_sessions(&self, now: Timestamp) -> Result<u64, StoreError> {
        let now = now.millis();
        let deleted = sqlx::query!("delete from session where expires_at_ms <= ?", now)
            .execute(&self.writer)
            .await
            .map_err(doing("dropping expired sessions"))?;
        Ok(deleted.rows_affected())
    }

    /// Ends the sessions of all users.
    pub async fn delete_sessions(&self) -> Result<(), StoreError> {
        sqlx::query!("delete from session")
            .execute(&self.writer)
            .await
            .map_err(doing("ending all sessions"))?;
        Ok(())
    }

    /// Ends all sessions of a user; tells how many.
    pub async fn delete_sessions_of_user(&self, user_id: &UserId) -> Result<u64, StoreError> {
        let id = user_id.as_str();
        let deleted = sqlx::query!("delete from session where user_id = ?", id)
            .execute(&self.writer)
            .await
            .map_err(doing("ending the sessions of a user"))?;
        Ok(deleted.rows_affected())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestStore, id, user};

    fn session(n: u8, user_id: Option<u8>, expires_at: i64) -> SessionRow {
        SessionRow {
            session_hash: format!("{n:064x}"),
            user_id: user_id.map(|user| UserId::from_bytes(id(user))),
            data: vec![n, 0, 255],
            expires_at: Timestamp(expires_at),
        }
    }

    async fn left(store: &Store) -> Vec<u8> {
        let mut left = Vec::new();
        for n in 0..10 {
            let hash = session(n, None, 0).session_hash;
            if let Some((data, _)) = store.load_session(&hash, Timestamp(0)).await.unwrap() {
                assert_eq!(data[0], n);
                left.push(n);
            }
        }
        left
    }

    #[tokio::test]
    async fn a_session_is_over_when_it_expires() {
        let test = TestStore::new().await;
        let store = &test.store;
        let mut row = session(1, None, 100);
        assert!(store.create_session(&row).await.unwrap());
        assert!(!store.create_session(&row).await.unwrap());
        let load = async |now| {
            let loaded = store.load_session(&row.session_hash, Timestamp(now));
            loaded.await.unwrap()
        };
        let data = vec![1, 0, 255];
        assert_eq!(load(99).await, Some((data.clone(), Timestamp(100))));
        assert_eq!(load(100).await, None);
        row.expires_at = Timestamp(200);
        store.save_session(&row).await.unwrap();
        let loaded = store.load_session(&row.session_hash, Timestamp(100)).await;
        assert_eq!(loaded.unwrap(), Some((data, Timestamp(200))));
    }

    #[tokio::test]
    async fn a_session_that_was_ended_stays_ended() {
        let test = TestStore::new().await;
        let store = &test.store;
        let row = session(1, None, 100);
        store.create_session(&row).await.unwrap();
        store.delete_session(&row.session_hash).await.unwrap();
        store.save_session(&row).await.unwrap();
        assert!(left(store).await.is_empty());
    }

    #[tokio::test]
    async fn sessions_end_with_time_user_and_password() {
        let test = TestStore::new().await;
        let store = &test.store;
        for n in 1..=3 {
            let user = user(n, &format!("u{n}"));
            store.create_user(&user).await.unwrap();
        }
        for (n, user, expires_at) in [
            (0, None, 10),
            (1, Some(1), 20),
            (2, Some(1), 30),
            (3, Some(2), 30),
            (4, Some(3), 30),
            (5, None, 30),
        ] {
            let row = session(n, user, expires_at);
            store.create_session(&row).await.unwrap();
        }
        let user_id = |n| UserId::from_bytes(id(n));
        let expired = store.delete_expired_sessions(Timestamp(10)).await;
        assert_eq!(expired.unwrap(), 1);
        assert_eq!(left(store).await, [1, 2, 3, 4, 5]);
        let ended = store.delete_sessions_of_user(&user_id(1)).await;
        assert_eq!(ended.unwrap(), 2);
        assert_eq!(left(store).await, [3, 4, 5]);
        store.set_password(&user_id(2), "new").await.unwrap();
        assert_eq!(left(store).await, [4, 5]);
        test.sql("delete from user").await.unwrap();
        assert_eq!(left(store).await, [5]);
    }
}
