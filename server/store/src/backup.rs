//! Copying the database while it is in use, and looking over a copy before it is used.

use std::path::Path;

use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use crate::error::doing;
use crate::{Store, StoreError};

/// Copies the database file `from` to `to`, which must be missing: one state of it, whatever is
/// written meanwhile, also by another process, which need not wait. Nothing that was deleted is
/// in the copy. The database stays as it is, of whatever version it is.
pub async fn copy_database(from: &Path, to: &Path) -> Result<(), StoreError> {
    let options = SqliteConnectOptions::new()
        .filename(from)
        .create_if_missing(false)
        .busy_timeout(std::time::Duration::from_secs(5));
    let opened = SqliteConnection::connect_with(&options).await;
    let mut connection = opened.map_err(doing("opening the file"))?;
    // `vacuum into` takes no path that is not text.
    let target = to.to_string_lossy();
    let copied = sqlx::query("vacuum into ?").bind(target.as_ref());
    let copied = copied.execute(&mut connection).await;
    copied.map_err(doing("copying the database"))?;
    connection
        .close()
        .await
        .map_err(doing("closing the database"))
}

impl Store {
    /// Looks over the whole file. Takes as long as reading it.
    pub async fn check_integrity(&self) -> Result<(), StoreError> {
        let doing = || doing("checking the file");
        let found: Vec<String> = sqlx::query_scalar("pragma integrity_check(10)")
            .fetch_all(&self.readers)
            .await
            .map_err(doing())?;
        if found != ["ok"] {
            return Err(StoreError::Integrity(found.join("; ")));
        }
        let dangling = sqlx::query("pragma foreign_key_check")
            .fetch_optional(&self.readers)
            .await
            .map_err(doing())?;
        match dangling {
            Some(_) => Err(StoreError::Integrity("a row refers to none".to_owned())),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestStore;

    #[tokio::test]
    async fn a_copy_is_one_state_and_needs_no_pause() {
        let test = TestStore::new().await;
        let copy = test.folder.path().join("copy.db");
        // In the write-ahead log only, and beside it a change that is not there yet.
        test.sql("update environment set name = 'KEPT'")
            .await
            .unwrap();
        let mut writing = test.store.begin().await.unwrap();
        sqlx::query("delete from environment")
            .execute(&mut *writing)
            .await
            .unwrap();
        copy_database(&test.path(), &copy).await.unwrap();
        writing.commit().await.unwrap();

        let copied = Store::open(&copy).await.unwrap();
        copied.check_integrity().await.unwrap();
        let environments = copied.list_environments().await.unwrap();
        assert_eq!(environments[0].name.as_str(), "KEPT");
        let again = copy_database(&test.path(), &copy).await;
        assert!(again.is_err(), "a file is never written over");
        let missing = copy_database(&test.folder.path().join("no.db"), &copy).await;
        assert!(missing.is_err());
    }

    #[tokio::test]
    async fn a_row_that_refers_to_none_is_found() {
        let test = TestStore::new().await;
        test.store.check_integrity().await.unwrap();
        let mut connection = test.store.writer.acquire().await.unwrap();
        for sql in [
            "pragma foreign_keys = off",
            "insert into session (session_hash, user_id, data, expires_at_ms) values (printf('%064d', 0), printf('%032d', 0), x'', 0)",
        ] {
            sqlx::query(sql).execute(&mut *connection).await.unwrap();
        }
        drop(connection);
        let found = test.store.check_integrity().await.unwrap_err();
        assert!(matches!(found, StoreError::Integrity(_)), "{found:?}");
    }
}
