//! Opening and closing the database file.

use std::fs::OpenOptions;
use std::path::Path;
use std::time::Duration;

use sqlx::Transaction;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{
    Sqlite, SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePool,
    SqlitePoolOptions, SqliteSynchronous,
};

use crate::StoreError;
use crate::error::doing;
use crate::secrets::Secrets;

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations");

/// How many may read at once; more wait.
const READERS: u32 = 4;

/// The database. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Store {
    /// The one connection that writes.
    pub(crate) writer: SqlitePool,
    /// Connections that only read.
    pub(crate) readers: SqlitePool,
    /// What encrypts.
    pub(crate) secrets: Secrets,
}

impl Store {
    /// Opens the database file, which is created when it is missing, and brings
    /// it up to date. Beside it is `secrets.key`, what its secrets are encrypted with. Refuses a file that a newer version of Sluice has written.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        create(path).map_err(|source| StoreError::File {
            path: path.to_owned(),
            source,
        })?;
        let reading = SqliteConnectOptions::new()
            .filename(path)
            .foreign_keys(true)
            // Only another process can hold the lock, as `sluice user` does for a moment.
            .busy_timeout(Duration::from_secs(5))
            // A row can have a log of 4 MB: do not read far ahead.
            .row_buffer_size(4);
        let writing = reading
            .clone()
            // Set before the first table, retention can give space back in small steps.
            .auto_vacuum(SqliteAutoVacuum::Incremental)
            .journal_mode(SqliteJournalMode::Wal)
            // What is acknowledged is on the disk: a power cut takes nothing of it. The recorder
            // waits for the disk once a batch, and no caller waits for the recorder.
            .synchronous(SqliteSynchronous::Full)
            // What is deleted is zeroed where that costs no further write. It does not reach pages
            // that become free as a whole: a secret that once stood in plain text is to be changed.
            .pragma("secure_delete", "fast")
            // A burst of logs must not leave a large WAL file behind for good.
            .pragma("journal_size_limit", "67108864");
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(writing)
            .await
            .map_err(|source| opening(path, source))?;
        migrate(path, &writer).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_with(reading.pragma("query_only", "on"))
            .await
            .map_err(|source| opening(path, source))?;
        let has_secrets = sqlx::query_scalar!(
            "select exists (select 1 from function_env_var where sealed is not null)
                 or exists (select 1 from function_version_env_var where sealed is not null)
                 or exists (select 1 from credential)
                 or exists (select 1 from access_key)
                 or exists (select 1 from certificate)
                 or exists (select 1 from acme_setting where sealed_account is not null)
                 or exists (select 1 from acme_certificate where sealed_key is not null)"
        );
        let has_secrets = has_secrets.fetch_one(&readers).await;
        let has_secrets = has_secrets.map_err(doing("looking for encrypted values"))?;
        let secrets = Secrets::open(path, has_secrets != 0)?;
        Ok(Self {
            writer,
            readers,
            secrets,
        })
    }

    /// Writes everything into the one file and closes it. Whatever is asked
    /// afterwards fails.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.readers.close().await;
        let result = sqlx::query("pragma wal_checkpoint(truncate)")
            .execute(&self.writer)
            .await
            .map_err(doing("writing the log into the file"));
        self.writer.close().await;
        result.map(drop)
    }

    /// Whether the database answers a reader.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let answer = sqlx::query("select 1").execute(&self.readers).await;
        answer.map(drop).map_err(doing("asking for an answer"))
    }

    /// Begins a change of several statements. It takes the lock at once: one
    /// that first read could no longer wait for another process.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.writer
            .begin_with("begin immediate")
            .await
            .map_err(doing("beginning a change"))
    }

    /// Begins several reads that see one state.
    pub(crate) async fn begin_reading(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.readers
            .begin()
            .await
            .map_err(doing("beginning to read"))
    }
}

/// Creates the file for its owner alone: it has password hashes and code in it.
/// SQLite gives the files beside it the same rights.
fn create(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

async fn migrate(path: &Path, writer: &SqlitePool) -> Result<(), StoreError> {
    let known = MIGRATIONS.iter().map(|migration| migration.version).max();
    match MIGRATIONS.run(writer).await {
        Ok(()) => Ok(()),
        Err(MigrateError::VersionMissing(migration)) if Some(migration) > known => {
            Err(StoreError::Newer { migration })
        }
        Err(MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _))
            if is_damage(&source) =>
        {
            Err(opening(path, source))
        }
        Err(error) => Err(StoreError::Migrate(error)),
    }
}

fn opening(path: &Path, source: sqlx::Error) -> StoreError {
    if is_damage(&source) {
        let (path, source) = (path.to_owned(), source.into());
        return StoreError::DamagedFile { path, source };
    }
    doing("opening the file")(source)
}

/// True for SQLite's CORRUPT (11) and NOTADB (26), in their extended forms too.
fn is_damage(error: &sqlx::Error) -> bool {
    let code = error
        .as_database_error()
        .and_then(|error| error.code()?.parse::<i32>().ok());
    matches!(code.map(|code| code & 0xff), Some(11 | 26))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestStore;

    #[tokio::test]
    async fn a_file_is_opened_again_as_it_was() {
        let test = TestStore::new().await;
        test.store.close().await.unwrap();
        let again = Store::open(&test.path()).await.unwrap();
        assert_eq!(again.list_environments().await.unwrap().len(), 1);
        assert!(matches!(
            test.store.list_environments().await,
            Err(StoreError::Database { .. })
        ));
    }

    #[tokio::test]
    async fn closing_leaves_the_database_and_its_key() {
        let test = TestStore::new().await;
        test.store.close().await.unwrap();
        let files = std::fs::read_dir(test.folder.path()).unwrap();
        let mut files: Vec<_> = files.map(|entry| entry.unwrap().file_name()).collect();
        files.sort();
        assert_eq!(files, ["secrets.key", "sluice.db"]);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn only_the_owner_may_read_the_files() {
        use std::os::unix::fs::PermissionsExt;
        let test = TestStore::new().await;
        for entry in std::fs::read_dir(test.folder.path()).unwrap() {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{:?}", entry.file_name());
        }
    }

    #[tokio::test]
    async fn a_database_of_a_newer_version_is_refused() {
        let test = TestStore::new().await;
        test.sql(
            "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
             values (9000, 'from the future', true, x'00', 0)",
        )
        .await
        .unwrap();
        test.store.close().await.unwrap();
        let error = Store::open(&test.path()).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "this database was written by a newer version of Sluice (migration 9000); start that version again, or restore a backup from before the update"
        );
    }

    #[tokio::test]
    async fn a_database_of_every_earlier_version_is_brought_up_to_date() {
        let schema = async |store: &Store| -> Vec<String> {
            let sql = "select type || ' ' || name || ' ' || coalesce(sql, '') from sqlite_master order by 1";
            let schema = sqlx::query_scalar(sql).fetch_all(&store.readers);
            schema.await.unwrap()
        };
        let newest = schema(&TestStore::new().await.store).await;
        for migration in MIGRATIONS.iter() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("sluice.db");
            let options = SqliteConnectOptions::new()
                .filename(&path)
                .create_if_missing(true);
            let pool = SqlitePool::connect_with(options).await.unwrap();
            let older = MIGRATIONS.run_to(migration.version, &pool).await;
            older.unwrap();
            pool.close().await;
            let store = Store::open(&path).await.unwrap();
            assert_eq!(schema(&store).await, newest, "{}", migration.version);
            store.check_integrity().await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_migration_that_was_edited_is_refused() {
        let test = TestStore::new().await;
        test.sql("update _sqlx_migrations set checksum = x'00' where version = 1")
            .await
            .unwrap();
        assert!(matches!(
            Store::open(&test.path()).await,
            Err(StoreError::Migrate(MigrateError::VersionMismatch(1)))
        ));
    }

    #[tokio::test]
    async fn a_file_that_is_no_database_is_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sluice.db");
        std::fs::write(
            &path,
            "not a database, but long enough for a header".repeat(100),
        )
        .unwrap();
        let error = Store::open(&path).await.unwrap_err();
        assert!(matches!(error, StoreError::DamagedFile { .. }), "{error:?}");
        let error = Store::open(&folder.path().join("missing/sluice.db")).await;
        assert!(matches!(error, Err(StoreError::File { .. })));
    }

    #[tokio::test]
    async fn readers_do_not_wait_for_a_writer() {
        let test = TestStore::new().await;
        let mut writing = test
            .store
            .writer
            .begin_with("begin exclusive")
            .await
            .unwrap();
        sqlx::query("delete from environment")
            .execute(&mut *writing)
            .await
            .unwrap();
        let reads = (0..16).map(|_| test.store.list_environments());
        for environments in futures::future::join_all(reads).await {
            assert_eq!(environments.unwrap().len(), 1);
        }
        writing.commit().await.unwrap();
        assert!(test.store.list_environments().await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_reader_cannot_write() {
        let test = TestStore::new().await;
        let write = sqlx::query("delete from environment").execute(&test.store.readers);
        assert!(write.await.is_err());
    }
}
