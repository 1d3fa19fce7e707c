//! Calls that were refused with 429, counted by minute, hour and reason.

use sluice_domain::id::FunctionId;
use sluice_domain::metrics::Throttles;
use sluice_domain::time::Timestamp;

use crate::error::doing;
use crate::metrics::{MINUTE_MS, SPANS, began};
use crate::{Store, StoreError};

impl Store {
    /// Adds to the counts of the minute and the hour of `now`, all or, on an error, none.
    pub async fn add_throttles(
        &self,
        throttles: &[Throttles],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let spans = |throttles| SPANS.map(|span| (throttles, span));
        for (throttles, span) in throttles.iter().flat_map(spans) {
            let (id, reason) = (throttles.function_id.as_str(), throttles.reason.name());
            let count = i64::try_from(throttles.count).unwrap_or(i64::MAX);
            let began = began(now, span);
            sqlx::query!(
                "insert into throttle (function_id, span_ms, began_ms, reason, count)
                 values (?, ?, ?, ?, ?)
                 on conflict do update set count = count + excluded.count",
                id,
                span,
                began,
                reason,
                count
            )
            .execute(&mut *tx)
            .await
            .map_err(doing("counting throttled calls"))?;
        }
        tx.commit().await.map_err(doing("counting throttled calls"))
    }

    /// How many calls of a function were refused for want of an instance since `from`, in whole
    /// minutes.
    pub async fn throttles_since(
        &self,
        function_id: &FunctionId,
        from: Timestamp,
    ) -> Result<u64, StoreError> {
        let (id, from) = (function_id.as_str(), from.millis() - MINUTE_MS);
        let row = sqlx::query!(
            r#"select coalesce(sum(count), 0) as "count!: i64" from throttle
               where function_id = ? and span_ms = ? and began_ms > ? and reason = 'INSTANCES'"#,
            id,
            MINUTE_MS,
            from
        )
        .fetch_one(&self.readers)
        .await
        .map_err(doing("reading throttled calls"))?;
        Ok(row.count.unsigned_abs())
    }

    /// Deletes the counts of minutes and hours that began before `moment`.
    pub(crate) async fn delete_throttles_before(
        &self,
        moment: Timestamp,
    ) -> Result<(), StoreError> {
        let moment = moment.millis();
        sqlx::query!("delete from throttle where began_ms < ?", moment)
            .execute(&self.writer)
            .await
            .map_err(doing("deleting old counts"))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use sluice_domain::metrics::ThrottleReason;

    use super::*;
    use crate::testing::{TestStore, id};

    #[tokio::test]
    async fn throttled_calls_are_counted_by_function_minute_and_reason() {
        let test = TestStore::new().await;
        let store = &test.store;
        let (one, other) = (FunctionId::from_bytes(id(1)), FunctionId::from_bytes(id(2)));
        let throttles = |function_id: &FunctionId, reason, count| Throttles {
            function_id: function_id.clone(),
            reason,
            count,
        };
        for (at, of_one, of_other) in [
            (10 * MINUTE_MS + 5, 2, 7),
            (10 * MINUTE_MS + 9, 1, 1),
            (11 * MINUTE_MS, 4, 1),
        ] {
            let counts = [
                throttles(&one, ThrottleReason::Instances, of_one),
                throttles(&one, ThrottleReason::Policy, 100),
                throttles(&other, ThrottleReason::Instances, of_other),
            ];
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
