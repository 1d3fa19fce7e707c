//! Users, their roles, and one's own account.

use sluice_app::audit::AuditPage;
use sluice_app::console::ConsoleError;
use sluice_app::users::UserList;
use sluice_domain::audit::{AUDIT_PAGE, AuditQuery};
use sluice_domain::id::UserId;
use sluice_domain::user::{Password, Role, User, UserName};
use sluice_store::NewUser;

use super::{RequestConsole, internal, refused};
use crate::{drawn, passwords};

impl RequestConsole {
    /// Who is signed in, as they are now.
    pub(super) async fn me(&self) -> Result<User, ConsoleError> {
        let user_id = self.signed_in_as().await?;
        let found = self.shared.store.find_user(&user_id).await;
        found.map_err(refused)?.ok_or(ConsoleError::SignedOut)
    }

    /// Who is signed in, if they are an administrator. Pages read past the guard of the addresses.
    pub(super) async fn administrator(&self) -> Result<User, ConsoleError> {
        let me = self.me().await?;
        match me.role {
            Role::Administrator => Ok(me),
            role => Err(ConsoleError::role_needed(role, Role::Administrator)),
        }
    }

    /// Somebody else, for who may manage users: nobody locks themselves out.
    async fn another(&self, user_id: &UserId, what: &str) -> Result<(), ConsoleError> {
        match self.administrator().await?.user_id == *user_id {
            true => {
                let message = format!("You cannot {what} yourself.");
                Err(ConsoleError::refused("", 403, message))
            }
            false => Ok(()),
        }
    }

    pub(super) async fn users(&self) -> Result<UserList, ConsoleError> {
        let me = self.administrator().await?.user_id;
        let users = self.shared.store.list_users().await.map_err(refused)?;
        Ok(UserList { users, me })
    }

    pub(super) async fn add_user(
        &self,
        name: UserName,
        role: Role,
        password: Password,
    ) -> Result<(), ConsoleError> {
        self.administrator().await?;
        let user = NewUser {
            user_id: UserId::from_bytes(drawn::id_bytes()),
            name,
            password_hash: hash(&password).await?,
            role,
            now: drawn::now(),
        };
        self.shared.store.create_user(&user).await.map_err(refused)
    }

    pub(super) async fn set_role(&self, user_id: UserId, role: Role) -> Result<(), ConsoleError> {
        self.administrator().await?;
        let store = &self.shared.store;
        store.set_role(&user_id, role).await.map_err(refused)
    }

    pub(super) async fn set_disabled(
        &self,
        user_id: UserId,
        is_disabled: bool,
    ) -> Result<(), ConsoleError> {
        self.another(&user_id, "disable").await?;
        self.admitting(self.shared.store.set_disabled(&user_id, is_disabled))
            .await
    }

    pub(super) async fn set_password_of(
        &self,
        user_id: UserId,
        password: Password,
    ) -> Result<(), ConsoleError> {
        self.another(&user_id, "reset the password of").await?;
        let hash = hash(&password).await?;
        let store = &self.shared.store;
        store.set_password(&user_id, &hash).await.map_err(refused)
    }

    pub(super) async fn remove_user(&self, user_id: UserId) -> Result<(), ConsoleError> {
        self.another(&user_id, "delete").await?;
        self.admitting(self.shared.store.delete_user(&user_id))
            .await
    }

    /// Ends all sessions of who is signed in, and begins this one anew.
    pub(super) async fn set_own_password(
        &self,
        current: &str,
        password: Password,
    ) -> Result<(), ConsoleError> {
        let me = self.me().await?;
        self.check_password(&me.name, current)
            .await
            .map_err(|error| match error.status() {
                401 => ConsoleError::field("current", "", 403, "The password is wrong"),
                _ => error,
            })?;
        let hash = hash(&password).await?;
        let store = &self.shared.store;
        let set = store.set_password(&me.user_id, &hash);
        set.await.map_err(refused)?;
        self.begin_session(&me.user_id, &me.name).await
    }

    pub(super) async fn changes(&self, query: AuditQuery) -> Result<AuditPage, ConsoleError> {
        self.administrator().await?;
        let found = self.shared.store.list_changes(&query).await;
        let mut entries = found.map_err(refused)?;
        let has_more = entries.len() > AUDIT_PAGE;
        entries.truncate(AUDIT_PAGE);
        let last = entries.last().map(|entry| entry.entry_id);
        Ok(AuditPage {
            older: last.filter(|_| has_more),
            entries,
        })
    }
}

async fn hash(password: &Password) -> Result<String, ConsoleError> {
    let hashed = passwords::hash(password.expose()).await;
    hashed.map_err(|error| internal(&error))
}
