//! How long invocations are kept, and how large the file may become.

use std::time::Duration;

use sluice_domain::time::Timestamp;

use crate::error::doing;
use crate::{Store, StoreError};

/// Most invocations that one statement deletes, and about how many bytes of
/// log: a few milliseconds' work, so that other writers get their turn.
const BATCH_ROWS: i64 = 500;
const BATCH_BYTES: u64 = 16 * 1024 * 1024;

/// Free pages that stay in the file for the next records. Giving all back
/// would only make the file grow again.
const SPARE_BYTES: u64 = 16 * 1024 * 1024;

/// What is kept of the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Invocations that began longer ago are deleted.
    pub max_age: Duration,
    /// While the database is larger, the oldest invocations are deleted.
    pub max_bytes: u64,
}

/// What the file is made of.
struct Size {
    page: u64,
    pages: u64,
    free: u64,
}

impl Store {
    /// Deletes what `retention` does not keep, and the sessions that are over.
    pub async fn tidy(&self, retention: Retention, now: Timestamp) -> Result<(), StoreError> {
        let age = i64::try_from(retention.max_age.as_millis()).unwrap_or(i64::MAX);
        let by_age = self.delete_older_than(now.minus_millis(age)).await?;
        self.delete_throttles_before(now.minus_millis(age)).await?;
        self.delete_metrics_before(now.minus_millis(age)).await?;
        let by_size = self.shrink_to(retention.max_bytes).await?;
        let sessions = self.delete_expired_sessions(now).await?;
        tracing::debug!(by_age, by_size, sessions, "deleted old records");
        Ok(())
    }

    /// Deletes the invocations that began before `moment`; tells how many.
    pub async fn delete_older_than(&self, moment: Timestamp) -> Result<u64, StoreError> {
        let mut deleted = 0;
        loop {
            match self.delete_oldest(moment, BATCH_BYTES).await? {
                0 => return Ok(deleted),
                batch => deleted += batch,
            }
        }
    }

    /// Deletes the oldest invocations until the database has at most
    /// `max_bytes`, or until none is left, and then the oldest metrics; tells how many
    /// invocations. Gives the space back.
    pub async fn shrink_to(&self, max_bytes: u64) -> Result<u64, StoreError> {
        let mut deleted = 0;
        loop {
            let size = self.size().await?;
            let excess = ((size.pages - size.free) * size.page).saturating_sub(max_bytes);
            if excess == 0 {
                break;
            }
            match self
                .delete_oldest(Timestamp(i64::MAX), excess.min(BATCH_BYTES))
                .await?
            {
                0 if self.delete_oldest_metrics(i64::MAX).await? == 0 => break,
                batch => deleted += batch,
            }
        }
        self.give_space_back(max_bytes).await?;
        Ok(deleted)
    }

    /// Bytes of the database file.
    pub async fn database_bytes(&self) -> Result<u64, StoreError> {
        let size = self.size().await?;
        Ok(size.pages * size.page)
    }

    /// Deletes one batch of the oldest invocations that began before `moment`,
    /// ending with the one that makes it `bytes`.
    async fn delete_oldest(&self, moment: Timestamp, bytes: u64) -> Result<u64, StoreError> {
        let (moment, bytes) = (moment.millis(), i64::try_from(bytes).unwrap_or(i64::MAX));
        // 512 is about what a row has besides its log, with its places in the indexes.
        let deleted = sqlx::query!(
            "delete from invocation where invocation_id in (
                 select invocation_id from (
                     select invocation_id, bytes,
                         sum(bytes) over (order by started_at_ms, invocation_id) as bytes_so_far
                     from (
                         select invocation_id, started_at_ms, octet_length(log) + 512 as bytes
                         from invocation where started_at_ms < ?
                         order by started_at_ms, invocation_id limit ?
                     )
                 ) where bytes_so_far - bytes < ?
             )",
            moment,
            BATCH_ROWS,
            bytes
        )
        .execute(&self.writer)
        .await
        .map_err(doing("deleting old invocations"))?;
        Ok(deleted.rows_affected())
    }

    /// Makes the file smaller by its free pages, in small steps.
    async fn give_space_back(&self, max_bytes: u64) -> Result<(), StoreError> {
        let mut free_before = u64::MAX;
        loop {
            let Size { page, pages, free } = self.size().await?;
            let small_enough = pages * page <= max_bytes && free * page <= SPARE_BYTES;
            if small_enough || free == 0 || free >= free_before {
                return Ok(());
            }
            free_before = free;
            sqlx::query("pragma incremental_vacuum(1000)")
                .execute(&self.writer)
                .await
                .map_err(doing("giving space back"))?;
        }
    }

    async fn size(&self) -> Result<Size, StoreError> {
        // On the writer: with a reader's snapshot the loops above might not see their own work.
        let size = sqlx::query!(
            r#"select cast(page_size as integer) as "page!: i64",
                   cast(page_count as integer) as "pages!: i64",
                   cast(freelist_count as integer) as "free!: i64"
               from pragma_page_size, pragma_page_count, pragma_freelist_count"#
        )
        .fetch_one(&self.writer)
        .await
        .map_err(doing("measuring the database"))?;
        Ok(Size {
            page: size.page.unsigned_abs(),
            pages: size.pages.unsigned_abs(),
            free: size.free.unsigned_abs(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use sluice_domain::invocation::{Cause, LogLevel};

    use super::*;
    use crate::testing::{TestStore, record, records};

    async fn oldest(test: &TestStore) -> Option<i64> {
        sqlx::query_scalar("select min(started_at_ms) from invocation")
            .fetch_one(&test.store.readers)
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn what_is_older_is_deleted_and_nothing_else() {
        let test = TestStore::new().await;
        test.store.insert_invocations(&records(1500)).await.unwrap(); // three batches
        for (moment, deleted, left) in
            [(0, 0, Some(0)), (1200, 1200, Some(1200)), (9000, 300, None)]
        {
            let result = test.store.delete_older_than(Timestamp(moment)).await;
            assert_eq!(result.unwrap(), deleted);
            assert_eq!(oldest(&test).await, left);
        }
    }

    /// A database with 64 logs of 512 kB.
    async fn large() -> TestStore {
        let test = TestStore::new().await;
        let text = "x".repeat(512 * 1024);
        let log = [(LogLevel::Info, text.as_str())];
        let records = (0..64).map(|n| record(n, i64::from(n), Cause::Success, &log));
        let records: Vec<_> = records.map(Arc::new).collect();
        test.store.insert_invocations(&records).await.unwrap();
        test
    }

    #[tokio::test]
    async fn a_database_that_is_too_large_loses_its_oldest_invocations() {
        let test = large().await;
        let before = test.store.database_bytes().await.unwrap();
        assert!(before > 32 * 1024 * 1024);
        assert_eq!(test.store.shrink_to(before).await.unwrap(), 0);
        let max_bytes = 8 * 1024 * 1024;
        let deleted = test.store.shrink_to(max_bytes).await.unwrap();
        assert!((48..=50).contains(&deleted), "{deleted}"); // no more than it takes
        assert_eq!(oldest(&test).await, Some(i64::try_from(deleted).unwrap()));
        assert!(test.store.database_bytes().await.unwrap() <= max_bytes);
        test.store.close().await.unwrap();
        assert!(std::fs::metadata(test.path()).unwrap().len() <= max_bytes);
    }

    #[tokio::test]
    async fn the_oldest_go_first_when_there_are_more_than_a_batch() {
        let test = TestStore::new().await;
        let text = "x".repeat(8 * 1024);
        let log = [(LogLevel::Info, text.as_str())];
        let count = u32::try_from(BATCH_ROWS).unwrap() * 2;
        let records = (0..count).map(|n| record(n, i64::from(n), Cause::Success, &log));
        let records: Vec<_> = records.map(Arc::new).collect();
        test.store.insert_invocations(&records).await.unwrap();
        let max_bytes = test.store.database_bytes().await.unwrap() / 2;
        let deleted = test.store.shrink_to(max_bytes).await.unwrap();
        assert!(deleted > 0 && deleted < u64::from(count));
        assert_eq!(oldest(&test).await, Some(i64::try_from(deleted).unwrap()));
    }

    #[tokio::test]
    async fn shrinking_below_what_is_left_ends() {
        let test = large().await;
        assert_eq!(test.store.shrink_to(0).await.unwrap(), 64);
        assert_eq!(test.store.shrink_to(0).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn tidying_keeps_to_age_and_size() {
        let test = large().await;
        let check = async |max_age: u64, max_bytes: u64| {
            let retention = Retention {
                max_age: Duration::from_millis(max_age),
                max_bytes,
            };
            test.store.tidy(retention, Timestamp(100)).await.unwrap();
            test.count("invocation").await
        };
        assert_eq!(check(u64::MAX, u64::MAX).await, 64);
        assert_eq!(check(90, u64::MAX).await, 54);
        assert_eq!(check(90, 0).await, 0);
    }
}
