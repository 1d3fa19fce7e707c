//! Calls that were refused for want of an instance, counted by minute.

use sluice_domain::id::FunctionId;
use sluice_domain::time::Timestamp;

use crate::error::doing;
use crate::{Store, StoreError};

const MINUTE_MS: i64 = 60_000;

impl Store {
    /// Adds to the counts of the minute of `now`.
    pub async fn add_throttles(
        &self,
        counts: &[(FunctionId, u64)],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let minute = now.millis().div_euclid(MINUTE_MS) * MINUTE_MS;
        let mut tx = self.begin().await?;
        for (function_id, count) in counts {
            let (id, count) = (
                function_id.as_str(),
                i64::try_from(*count).unwrap_or(i64::MAX),
            );
            sqlx::query!(
                "insert into throttle (function_id, minute_ms, count) values (?, ?, ?)
                 on conflict do update set count = count + excluded.count",
                id,
                minute,
                count
            )
            .execute(&mut *tx)
            .await
            .map_err(doing("counting throttled calls"))?;
        }
        tx.commit().await.map_err(doing("counting throttled calls"))
    }

    /// How many calls of a function were refused since `from`, in whole minutes.
    pub async fn throttles_since(
        &self,
        function_id: &FunctionId,
        from: Timestamp,
    ) -> Result<u64, StoreError> {
        let (id, from) = (function_id.as_str(), from.millis() - MINUTE_MS);
        let row = sqlx::query!(
            r#"select coalesce(sum(count), 0) as "count!: i64" from throttle
               where function_id = ? and minute_ms > ?"#,
            id,
            from
        )
        .fetch_one(&self.readers)
        .await
        .map_err(doing("reading throttled calls"))?;
        Ok(row.count.unsigned_abs())
    }

    /// Deletes the counts of minutes that began before `moment`.
    pub(crate) async fn delete_throttles_before(
        &self,
        moment: Timestamp,
    ) -> Result<(), StoreError> {
        let moment = moment.millis();
        sqlx::query!("delete from throttle where minute_ms < ?", moment)
            .execute(&self.writer)
            .await
            .map_err(doing("deleting old counts"))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestStore, id};

    #[tokio::test]
    async fn throttled_calls_are_counted_by_function_and_minute() {
        let test = TestStore::new().await;
        let store = &test.store;
        let (one, other) = (FunctionId::from_bytes(id(1)), FunctionId::from_bytes(id(2)));
        for (at, counts) in [
            (10 * MINUTE_MS + 5, [(one.clone(), 2), (other.clone(), 7)]),
            (10 * MINUTE_MS + 9, [(one.clone(), 1), (other.clone(), 1)]),
            (11 * MINUTE_MS, [(one.clone(), 4), (other.clone(), 1)]),
        ] {
            store.add_throttles(&counts, Timestamp(at)).await.unwrap();
        }
        let since = async |from: i64| store.throttles_since(&one, Timestamp(from)).await.unwrap();
        assert_eq!(since(0).await, 7);
        assert_eq!(since(10 * MINUTE_MS + 30_000).await, 7, "its minute counts");
        assert_eq!(since(11 * MINUTE_MS).await, 4);
        let moment = Timestamp(11 * MINUTE_MS);
        store.delete_throttles_before(moment).await.unwrap();
        assert_eq!(since(0).await, 4);
    }
}
