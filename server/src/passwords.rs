//! Password hashes: Argon2id, one at a time on its own thread, because each
//! takes tens of milliseconds and tens of megabytes.

use argon2::Argon2;
use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use tokio::sync::Semaphore;

/// Hashes at a time: more would let strangers fill memory with sign-ins.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// A hash that no password has, to compare with when there is no such user, so
/// that the answer takes as long as for one that exists.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2x1aWNlLW5vYm9keS0wMA$3yQb0R0WkJ0X7dq5jR0h6F2yKx0nq0bq4m0w8g3VYxk";

/// Why a password could not be hashed or compared.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The hash could not be made.
    #[error("the password could not be hashed: {0}")]
    Hash(String),
    /// The thread that hashed ended early.
    #[error("the password could not be hashed in time")]
    Thread(#[from] tokio::task::JoinError),
    /// The server is stopping.
    #[error("the server is stopping")]
    Stopping,
}

/// Hashes a password with a fresh salt.
pub async fn hash(password: &str) -> Result<String, PasswordError> {
    let password = password.to_owned();
    on_a_thread(move || {
        let salt = SaltString::generate(&mut OsRng);
        let hash = Argon2::default().hash_password(password.as_bytes(), &salt);
        hash.map(|hash| hash.to_string())
            .map_err(|error| PasswordError::Hash(error.to_string()))
    })
    .await?
}

/// True when `password` has the hash; without one it is compared with nobody's.
pub async fn verify(password: &str, hash: Option<&str>) -> Result<bool, PasswordError> {
    let password = password.to_owned();
    let known = hash.is_some();
    let hash = hash.unwrap_or(NOBODY).to_owned();
    on_a_thread(move || {
        let parsed =
            PasswordHash::new(&hash).map_err(|error| PasswordError::Hash(error.to_string()))?;
        Ok(Argon2::default()
            .verify_password(password.as_bytes(), &parsed)
            .is_ok()
            && known)
    })
    .await?
}

async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, PasswordError> {
    let permit = AT_ONCE
        .acquire()
        .await
        .map_err(|_| PasswordError::Stopping)?;
    // The permit goes with the work, which goes on when its caller has gone.
    let work = move || {
        let _permit = permit;
        work()
    };
    Ok(tokio::task::spawn_blocking(work).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_is_right() {
        let hash = hash("correct horse").await.unwrap();
        assert!(hash.starts_with("$argon2id$"), "{hash}");
        assert!(verify("correct horse", Some(&hash)).await.unwrap());
        assert!(!verify("wrong horse", Some(&hash)).await.unwrap());
        assert!(
            !verify("correct horse", None).await.unwrap(),
            "nobody has no password"
        );
    }
}
