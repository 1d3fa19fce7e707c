//! Signing in and out.

use sluice_app::console::ConsoleError;
use sluice_app::routes;
use sluice_app::session::{SessionState, SignedIn};
use sluice_domain::id::UserId;
use sluice_domain::user::{Password, Role, UserName};
use sluice_store::{NewUser, UserRow};

use super::{RequestConsole, internal, refused};
use crate::session_store::USER_ID;
use crate::{drawn, passwords};

/// The key under which a session has the name of who is signed in.
const USER_NAME: &str = "user_name";

/// Wrong passwords that are let through at full speed.
const FREE_FAILURES: u32 = 5;
/// Wait after the first failure beyond those, doubled by each further one.
const FIRST_WAIT_MS: i64 = 5_000;
/// Longest wait: fifteen minutes.
const LONGEST_WAIT_MS: i64 = 900_000;

/// How long an account still has to wait after wrong passwords, in milliseconds.
fn wait_ms(failures: u32, since_last_ms: i64) -> i64 {
    let Some(beyond) = failures.checked_sub(FREE_FAILURES) else {
        return 0;
    };
    let wait = FIRST_WAIT_MS
        .checked_shl(beyond.min(20))
        .unwrap_or(LONGEST_WAIT_MS)
        .min(LONGEST_WAIT_MS);
    (wait - since_last_ms.max(0)).max(0)
}

impl RequestConsole {
    /// The name of who is signed in, or the refusal.
    pub(super) async fn signed_in(&self) -> Result<UserName, ConsoleError> {
        let name = self
            .session
            .get::<UserName>(USER_NAME)
            .await
            .map_err(|error| internal(&error))?;
        name.ok_or(ConsoleError::SignedOut)
    }

    /// The id of who is signed in, or the refusal.
    pub(super) async fn signed_in_as(&self) -> Result<UserId, ConsoleError> {
        let user_id = self
            .session
            .get::<UserId>(USER_ID)
            .await
            .map_err(|error| internal(&error))?;
        user_id.ok_or(ConsoleError::SignedOut)
    }

    pub(super) async fn state(&self) -> Result<SessionState, ConsoleError> {
        match self.me().await {
            Ok(user) => Ok(SessionState::SignedIn(SignedIn {
                name: user.name,
                role: user.role,
            })),
            Err(ConsoleError::SignedOut) => {
                let users = self.shared.store.count_users().await.map_err(refused)?;
                Ok(if users == 0 {
                    SessionState::NeedsAdministrator
                } else {
                    SessionState::SignedOut
                })
            }
            Err(error) => Err(error),
        }
    }

    pub(super) async fn create_first_user(
        &self,
        name: UserName,
        password: Password,
    ) -> Result<(), ConsoleError> {
        let user = NewUser {
            user_id: UserId::from_bytes(drawn::id_bytes()),
            name,
            password_hash: passwords::hash(password.expose())
                .await
                .map_err(|error| internal(&error))?,
            role: Role::Administrator,
            now: drawn::now(),
        };
        self.shared
            .store
            .create_first_admin(&user)
            .await
            .map_err(refused)?;
        tracing::info!(user.name = %user.name, "created the administrator");
        self.begin_session(&user.user_id, &user.name).await
    }

    pub(super) async fn check_and_sign_in(
        &self,
        name: &str,
        password: &str,
    ) -> Result<(), ConsoleError> {
        let user = match UserName::parse(name) {
            Ok(name) => self.check_password(&name, password).await?,
            Err(_) => self.check_no_password(password).await?,
        };
        if user.is_disabled {
            let message = "The account is disabled. An administrator can enable it.";
            return Err(ConsoleError::refused("", 403, message));
        }
        self.begin_session(&user.user_id, &user.name).await
    }

    /// The user of this name, whose password has to be this one.
    pub(super) async fn check_password(
        &self,
        name: &UserName,
        password: &str,
    ) -> Result<UserRow, ConsoleError> {
        let _alone = self.shared.signing_in.lock().await;
        let store = &self.shared.store;
        let user = store.find_user_by_name(name).await.map_err(refused)?;
        if let Some(user) = &user {
            refuse_while_slowed_down(user)?;
        }
        let hash = user.as_ref().map(|user| user.password_hash.as_str());
        let right = passwords::verify(password, hash)
            .await
            .map_err(|error| internal(&error))?;
        let Some(user) = user else {
            return Err(wrong_password());
        };
        if !right {
            let noted = store.note_failed_sign_in(&user.user_id, drawn::now());
            noted.await.map_err(refused)?;
            tracing::warn!(user.name = %user.name, "refused a sign-in: wrong password");
            return Err(wrong_password());
        }
        Ok(user)
    }

    /// Takes as long as to check the password of somebody.
    async fn check_no_password(&self, password: &str) -> Result<UserRow, ConsoleError> {
        let _alone = self.shared.signing_in.lock().await;
        let checked = passwords::verify(password, None).await;
        checked.map_err(|error| internal(&error))?;
        Err(wrong_password())
    }

    /// A new id for the session, so that one planted before is worth nothing.
    pub(super) async fn begin_session(
        &self,
        user_id: &UserId,
        name: &UserName,
    ) -> Result<(), ConsoleError> {
        let noted = self.shared.store.note_sign_in(user_id, drawn::now());
        noted.await.map_err(refused)?;
        let begun = async {
            self.session.cycle_id().await?;
            self.session.insert(USER_ID, user_id).await?;
            self.session.insert(USER_NAME, name).await
        };
        begun.await.map_err(|error| internal(&error))?;
        (self.lead_on)(&routes::after_sign_in(self.next.as_deref()));
        Ok(())
    }

    pub(super) async fn end_session(&self) -> Result<(), ConsoleError> {
        self.session
            .flush()
            .await
            .map_err(|error| internal(&error))?;
        (self.lead_on)(routes::SIGN_IN);
        Ok(())
    }
}

fn wrong_password() -> ConsoleError {
    ConsoleError::refused("", 401, "User name or password is wrong.")
}

fn refuse_while_slowed_down(user: &UserRow) -> Result<(), ConsoleError> {
    let since_last = user
        .last_failed_at
        .map_or(i64::MAX, |at| drawn::now().millis() - at.millis());
    match wait_ms(user.failed_sign_ins, since_last) {
        0 => Ok(()),
        wait => {
            let seconds = (wait + 999) / 1000;
            Err(ConsoleError::refused(
                "",
                429,
                format!("Too many wrong passwords. Try again in {seconds} s."),
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::wait_ms;

    #[test]
    fn five_wrong_passwords_slow_the_account_down() {
        assert_eq!(wait_ms(0, 0), 0);
        assert_eq!(wait_ms(4, 0), 0);
        assert_eq!(wait_ms(5, 0), 5_000);
        assert_eq!(wait_ms(5, 4_000), 1_000);
        assert_eq!(wait_ms(5, 5_000), 0);
        assert_eq!(wait_ms(6, 0), 10_000);
        assert_eq!(wait_ms(100, 0), 900_000);
        assert_eq!(
            wait_ms(5, -1_000),
            5_000,
            "a clock that was set back lets nobody in earlier"
        );
    }
}
