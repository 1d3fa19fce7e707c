//! Users of the console.

use sluice_domain::id::UserId;
use sluice_domain::time::Timestamp;
use sluice_domain::user::UserName;

use crate::error::{damaged, doing, found, unique};
use crate::{Kind, Store, StoreError};

/// A user to be created.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Drawn by the caller.
    pub user_id: UserId,
    /// Unique, whatever the letter case.
    pub name: UserName,
    /// In PHC form; never the password.
    pub password_hash: String,
    /// True when the user may manage others.
    pub is_admin: bool,
    /// When it is created.
    pub now: Timestamp,
}

/// A user as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRow {
    /// The user's id.
    pub user_id: UserId,
    /// The name as it was given at creation.
    pub name: UserName,
    /// In PHC form.
    pub password_hash: String,
    /// True when the user may manage others.
    pub is_admin: bool,
    /// Sign-ins that failed since the last that succeeded.
    pub failed_sign_ins: u32,
    /// When the last of them failed.
    pub last_failed_at: Option<Timestamp>,
}

impl Store {
    /// How many users there are.
    pub async fn count_users(&self) -> Result<u64, StoreError> {
        let count = sqlx::query_scalar!(r#"select count(*) as "count!: i64" from user"#)
            .fetch_one(&self.readers)
            .await
            .map_err(doing("counting the users"))?;
        Ok(count.unsigned_abs())
    }

    /// Creates the first user, whatever `is_admin` says as an administrator.
    /// Of several callers at once only one succeeds.
    pub async fn create_first_admin(&self, user: &NewUser) -> Result<(), StoreError> {
        let (id, name, now) = (user.user_id.as_str(), user.name.as_str(), user.now.millis());
        let created = sqlx::query!(
            "insert into user (user_id, name, password_hash, is_admin, created_at_ms)
             select ?, ?, ?, 1, ? where not exists (select 1 from user)",
            id,
            name,
            user.password_hash,
            now
        )
        .execute(&self.writer)
        .await
        .map_err(doing("inserting the first user"))?;
        match created.rows_affected() {
            0 => Err(StoreError::UsersExist),
            _ => Ok(()),
        }
    }

    /// Creates a user.
    pub async fn create_user(&self, user: &NewUser) -> Result<(), StoreError> {
        let (id, name, now) = (user.user_id.as_str(), user.name.as_str(), user.now.millis());
        sqlx::query!(
            "insert into user (user_id, name, password_hash, is_admin, created_at_ms)
             values (?, ?, ?, ?, ?)",
            id,
            name,
            user.password_hash,
            user.is_admin,
            now
        )
        .execute(&self.writer)
        .await
        .map_err(unique(
            || StoreError::UserNameTaken(user.name.clone()),
            "inserting a user",
        ))?;
        Ok(())
    }

    /// The ids and names of all users, by name.
    pub async fn list_user_names(&self) -> Result<Vec<(UserId, UserName)>, StoreError> {
        let rows = sqlx::query!("select user_id, name from user order by name")
            .fetch_all(&self.readers)
            .await
            .map_err(doing("listing the users"))?;
        rows.into_iter()
            .map(|row| {
                let id = row.user_id.parse().map_err(damaged("user", "user_id"))?;
                Ok((id, row.name.parse().map_err(damaged("user", "name"))?))
            })
            .collect()
    }

    /// The user of this name, in any letter case.
    pub async fn find_user_by_name(&self, name: &UserName) -> Result<Option<UserRow>, StoreError> {
        let name = name.as_str();
        let row = sqlx::query!(
            r#"select user_id, name, password_hash, is_admin as "is_admin: bool",
                   failed_sign_ins as "failed_sign_ins: u32", last_failed_at_ms
               from user where name = ?"#,
            name
        )
        .fetch_optional(&self.readers)
        .await
        .map_err(doing("finding a user"))?;
        row.map(|row| {
            Ok(UserRow {
                user_id: row.user_id.parse().map_err(damaged("user", "user_id"))?,
                name: row.name.parse().map_err(damaged("user", "name"))?,
                password_hash: row.password_hash,
                is_admin: row.is_admin,
                failed_sign_ins: row.failed_sign_ins,
                last_failed_at: row.last_failed_at_ms.map(Timestamp),
            })
        })
        .transpose()
    }

    /// Counts one more failed sign-in.
    pub async fn note_failed_sign_in(
        &self,
        user_id: &UserId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (id, now) = (user_id.as_str(), now.millis());
        let result = sqlx::query!(
            "update user set failed_sign_ins = failed_sign_ins + 1, last_failed_at_ms = ?
             where user_id = ?",
            now,
            id
        )
        .execute(&self.writer)
        .await
        .map_err(doing("counting a failed sign-in"))?;
        found(result, Kind::User)
    }

    /// Forgets the failed sign-ins after one that succeeded.
    pub async fn clear_failed_sign_ins(&self, user_id: &UserId) -> Result<(), StoreError> {
        let id = user_id.as_str();
        let result = sqlx::query!(
            "update user set failed_sign_ins = 0, last_failed_at_ms = null where user_id = ?",
            id
        )
        .execute(&self.writer)
        .await
        .map_err(doing("clearing failed sign-ins"))?;
        found(result, Kind::User)
    }

    /// Replaces the password and ends all of the user's sessions, so that
    /// whoever knew the old one is signed out.
    pub async fn set_password(
        &self,
        user_id: &UserId,
        password_hash: &str,
    ) -> Result<(), StoreError> {
        let id = user_id.as_str();
        let mut tx = self.begin().await?;
        let result = sqlx::query!(
            "update user set password_hash = ?, failed_sign_ins = 0, last_failed_at_ms = null
             where user_id = ?",
            password_hash,
            id
        )
        .execute(&mut *tx)
        .await
        .map_err(doing("setting a password"))?;
        found(result, Kind::User)?;
        sqlx::query!("delete from session where user_id = ?", id)
            .execute(&mut *tx)
            .await
            .map_err(doing("ending the sessions of a user"))?;
        tx.commit().await.map_err(doing("setting a password"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestStore, id, user};

    #[tokio::test]
    async fn a_user_is_found_in_any_letter_case() {
        let test = TestStore::new().await;
        let store = &test.store;
        store.create_user(&user(1, "Ada")).await.unwrap();
        let found = async |name: &str| {
            let name = name.parse().unwrap();
            store.find_user_by_name(&name).await.unwrap()
        };
        assert_eq!(
            found("aDA").await,
            Some(UserRow {
                user_id: UserId::from_bytes(id(1)),
                name: "Ada".parse().unwrap(),
                password_hash: "hash of Ada".to_owned(),
                is_admin: false,
                failed_sign_ins: 0,
                last_failed_at: None,
            })
        );
        assert_eq!(found("Grace").await, None);
        assert!(matches!(
            store.create_user(&user(2, "ADA")).await,
            Err(StoreError::UserNameTaken(name)) if name.as_str() == "ADA"
        ));
    }

    #[tokio::test]
    async fn users_are_listed_by_their_names() {
        let test = TestStore::new().await;
        for (n, name) in [(2, "carol"), (1, "anna"), (3, "Bert")] {
            test.store.create_user(&user(n, name)).await.unwrap();
        }
        let listed = test.store.list_user_names().await.unwrap();
        let names: Vec<_> = listed.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(names, ["anna", "Bert", "carol"]);
        assert_eq!(listed[0].0, UserId::from_bytes(id(1)));
    }

    #[tokio::test]
    async fn there_is_one_first_admin_however_many_ask() {
        let test = TestStore::new().await;
        let store = &test.store;
        let users: Vec<_> = (0..8).map(|n| user(n, &format!("u{n}"))).collect();
        let created = users.iter().map(|user| store.create_first_admin(user));
        let created = futures::future::join_all(created).await;
        assert_eq!(created.iter().filter(|result| result.is_ok()).count(), 1);
        assert!(
            created
                .iter()
                .all(|result| matches!(result, Ok(()) | Err(StoreError::UsersExist)))
        );
        assert_eq!(store.count_users().await.unwrap(), 1);
        let first = created.iter().position(Result::is_ok).unwrap();
        let row = store.find_user_by_name(&users[first].name).await.unwrap();
        assert!(row.unwrap().is_admin);
    }

    #[tokio::test]
    async fn failed_sign_ins_are_counted_until_one_succeeds() {
        let test = TestStore::new().await;
        let store = &test.store;
        let ada = user(1, "ada");
        store.create_user(&ada).await.unwrap();
        let check = async || {
            let row = store.find_user_by_name(&ada.name).await.unwrap().unwrap();
            (row.failed_sign_ins, row.last_failed_at, row.password_hash)
        };
        for at in [10, 20] {
            let noted = store.note_failed_sign_in(&ada.user_id, Timestamp(at));
            noted.await.unwrap();
        }
        let hash = "hash of ada".to_owned();
        assert_eq!(check().await, (2, Some(Timestamp(20)), hash.clone()));
        store.clear_failed_sign_ins(&ada.user_id).await.unwrap();
        assert_eq!(check().await, (0, None, hash));
        store.set_password(&ada.user_id, "new").await.unwrap();
        assert_eq!(check().await, (0, None, "new".to_owned()));
    }

    #[tokio::test]
    async fn an_unknown_user_is_not_found() {
        let test = TestStore::new().await;
        let store = &test.store;
        let nobody = UserId::from_bytes(id(9));
        for result in [
            store.note_failed_sign_in(&nobody, Timestamp(0)).await,
            store.clear_failed_sign_ins(&nobody).await,
            store.set_password(&nobody, "x").await,
        ] {
            assert!(matches!(result, Err(StoreError::NotFound(Kind::User))));
        }
    }
}
