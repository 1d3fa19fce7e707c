//! Users of the console.

use sluice_domain::id::UserId;
use sluice_domain::time::Timestamp;
use sluice_domain::user::{Role, User, UserName};

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
    /// What they may do.
    pub role: Role,
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
    /// True when they cannot sign in.
    pub is_disabled: bool,
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

    /// Creates the first user, whatever its `role` as an administrator.
    /// Of several callers at once only one succeeds.
    pub async fn create_first_admin(&self, user: &NewUser) -> Result<(), StoreError> {
        let (id, name, now) = (user.user_id.as_str(), user.name.as_str(), user.now.millis());
        let created = sqlx::query!(
            "insert into user (user_id, name, password_hash, role, created_at_ms)
             select ?, ?, ?, 'ADMINISTRATOR', ? where not exists (select 1 from user)",
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
        let role = user.role.name();
        sqlx::query!(
            "insert into user (user_id, name, password_hash, role, created_at_ms)
             values (?, ?, ?, ?, ?)",
            id,
            name,
            user.password_hash,
            role,
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
            r#"select user_id, name, password_hash, is_disabled as "is_disabled: bool",
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
                is_disabled: row.is_disabled,
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

    /// Notes a sign-in that succeeded, and forgets those that failed before.
    pub async fn note_sign_in(&self, user_id: &UserId, now: Timestamp) -> Result<(), StoreError> {
        let (id, now) = (user_id.as_str(), now.millis());
        let result = sqlx::query!(
            "update user set failed_sign_ins = 0, last_failed_at_ms = null, last_signed_in_at_ms = ?
             where user_id = ?",
            now,
            id
        )
        .execute(&self.writer)
        .await
        .map_err(doing("noting a sign-in"))?;
        found(result, Kind::User)
    }

    /// The user of this id, unless they are disabled.
    pub async fn find_user(&self, user_id: &UserId) -> Result<Option<User>, StoreError> {
        let id = user_id.as_str();
        let row = sqlx::query_as!(
            Row,
            r#"select user_id, name, role, is_disabled as "is_disabled: bool", created_at_ms,
                   last_signed_in_at_ms
               from user where user_id = ? and not is_disabled"#,
            id
        )
        .fetch_optional(&self.readers)
        .await
        .map_err(doing("finding a user"))?;
        row.map(Row::user).transpose()
    }

    /// All users, by name.
    pub async fn list_users(&self) -> Result<Vec<User>, StoreError> {
        let rows = sqlx::query_as!(
            Row,
            r#"select user_id, name, role, is_disabled as "is_disabled: bool", created_at_ms,
                   last_signed_in_at_ms
               from user order by name"#
        )
        .fetch_all(&self.readers)
        .await
        .map_err(doing("listing the users"))?;
        rows.into_iter().map(Row::user).collect()
    }

    /// Gives a user another role. The last administrator keeps theirs.
    pub async fn set_role(&self, user_id: &UserId, role: Role) -> Result<(), StoreError> {
        let (id, role) = (user_id.as_str(), role.name());
        let mut tx = self.begin().await?;
        let result = sqlx::query!("update user set role = ? where user_id = ?", role, id)
            .execute(&mut *tx)
            .await
            .map_err(doing("setting a role"))?;
        found(result, Kind::User)?;
        keep_an_administrator(&mut tx).await?;
        tx.commit().await.map_err(doing("setting a role"))
    }

    /// Lets a user in no more, and ends their sessions; or lets them in again. The last
    /// administrator stays.
    pub async fn set_disabled(
        &self,
        user_id: &UserId,
        is_disabled: bool,
    ) -> Result<(), StoreError> {
        let id = user_id.as_str();
        let mut tx = self.begin().await?;
        let result = sqlx::query!(
            "update user set is_disabled = ? where user_id = ?",
            is_disabled,
            id
        )
        .execute(&mut *tx)
        .await
        .map_err(doing("disabling a user"))?;
        found(result, Kind::User)?;
        keep_an_administrator(&mut tx).await?;
        if is_disabled {
            sqlx::query!("delete from session where user_id = ?", id)
                .execute(&mut *tx)
                .await
                .map_err(doing("ending the sessions of a user"))?;
        }
        tx.commit().await.map_err(doing("disabling a user"))
    }

    /// Deletes a user with their sessions, access keys and tokens. The last administrator stays.
    pub async fn delete_user(&self, user_id: &UserId) -> Result<(), StoreError> {
        let id = user_id.as_str();
        let mut tx = self.begin().await?;
        let result = sqlx::query!("delete from user where user_id = ?", id)
            .execute(&mut *tx)
            .await
            .map_err(doing("deleting a user"))?;
        found(result, Kind::User)?;
        keep_an_administrator(&mut tx).await?;
        tx.commit().await.map_err(doing("deleting a user"))
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

/// Refuses a change after which nobody could manage users.
async fn keep_an_administrator(tx: &mut sqlx::SqliteConnection) -> Result<(), StoreError> {
    let there_is_one = sqlx::query_scalar!(
        r#"select exists (select 1 from user where role = 'ADMINISTRATOR' and not is_disabled) as "is: bool""#
    )
    .fetch_one(tx)
    .await
    .map_err(doing("looking for an administrator"))?;
    match there_is_one {
        true => Ok(()),
        false => Err(StoreError::LastAdministrator),
    }
}

struct Row {
    user_id: String,
    name: String,
    role: String,
    is_disabled: bool,
    created_at_ms: i64,
    last_signed_in_at_ms: Option<i64>,
}

impl Row {
    fn user(self) -> Result<User, StoreError> {
        Ok(User {
            user_id: self.user_id.parse().map_err(damaged("user", "user_id"))?,
            name: self.name.parse().map_err(damaged("user", "name"))?,
            role: self.role.parse().map_err(damaged("user", "role"))?,
            is_disabled: self.is_disabled,
            created_at: Timestamp(self.created_at_ms),
            last_signed_in_at: self.last_signed_in_at_ms.map(Timestamp),
        })
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
                is_disabled: false,
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
        let row = store.find_user(&users[first].user_id).await.unwrap();
        assert_eq!(row.unwrap().role, Role::Administrator);
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
        let noted = store.note_sign_in(&ada.user_id, Timestamp(30));
        noted.await.unwrap();
        assert_eq!(check().await, (0, None, hash));
        let listed = store.list_users().await.unwrap();
        assert_eq!(listed[0].last_signed_in_at, Some(Timestamp(30)));
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
            store.note_sign_in(&nobody, Timestamp(0)).await,
            store.set_role(&nobody, Role::Viewer).await,
            store.set_disabled(&nobody, true).await,
            store.delete_user(&nobody).await,
            store.set_password(&nobody, "x").await,
        ] {
            assert!(matches!(result, Err(StoreError::NotFound(Kind::User))));
        }
    }

    #[tokio::test]
    async fn the_last_administrator_stays_whatever_happens() {
        let test = TestStore::new().await;
        let store = &test.store;
        let (anna, bert) = (user(1, "anna"), user(2, "bert"));
        store.create_first_admin(&anna).await.unwrap();
        store.create_user(&bert).await.unwrap();
        let check = async || {
            for refused in [
                store.set_role(&anna.user_id, Role::Developer).await,
                store.set_disabled(&anna.user_id, true).await,
                store.delete_user(&anna.user_id).await,
            ] {
                assert!(matches!(refused, Err(StoreError::LastAdministrator)));
            }
            let found = store.find_user(&anna.user_id).await.unwrap().unwrap();
            assert_eq!(found.role, Role::Administrator);
        };
        check().await;
        // One who is disabled is none.
        store
            .set_role(&bert.user_id, Role::Administrator)
            .await
            .unwrap();
        store.set_disabled(&bert.user_id, true).await.unwrap();
        check().await;
        assert_eq!(store.find_user(&bert.user_id).await.unwrap(), None);
        let listed = store.list_users().await.unwrap();
        let disabled: Vec<_> = listed.iter().map(|it| it.is_disabled).collect();
        assert_eq!(disabled, [false, true]);
        store.set_disabled(&bert.user_id, false).await.unwrap();
        store.delete_user(&anna.user_id).await.unwrap();
        assert_eq!(store.list_user_names().await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn the_sessions_of_who_is_disabled_end() {
        let test = TestStore::new().await;
        let store = &test.store;
        let (anna, bert) = (user(1, "anna"), user(2, "bert"));
        store.create_first_admin(&anna).await.unwrap();
        store.create_user(&bert).await.unwrap();
        for (n, whose) in [(1, &anna), (2, &bert)] {
            let session = crate::SessionRow {
                session_hash: format!("{n:064x}"),
                user_id: Some(whose.user_id.clone()),
                data: Vec::new(),
                expires_at: Timestamp(9),
            };
            assert!(store.create_session(&session).await.unwrap());
        }
        store.set_disabled(&bert.user_id, true).await.unwrap();
        assert_eq!(test.count("session").await, 1);
        store.set_disabled(&bert.user_id, false).await.unwrap();
        assert_eq!(test.count("session").await, 1);
    }
}
