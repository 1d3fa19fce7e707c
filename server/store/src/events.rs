//! The events of invocations: what Monitoring > Logs shows and replays of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use sluice_domain::event::{KeptEvent, MAX_KEPT_EVENTS};
use sluice_domain::id::{FunctionId, RequestId};
use sluice_domain::invocation::InvocationRecord;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use crate::error::doing;
use crate::{Store, StoreError};

/// Rows of one statement.
const ROWS_AT_ONCE: usize = 100;

/// The events of a batch of records that are kept.
pub(crate) struct NewEvents<'a>(Vec<(&'a InvocationRecord, &'a KeptEvent)>);

impl<'a> NewEvents<'a> {
    pub(crate) fn of(records: &'a [Arc<InvocationRecord>]) -> Self {
        let with_event =
            |record: &'a Arc<InvocationRecord>| Some((&**record, record.event.as_ref()?));
        Self(records.iter().filter_map(with_event).collect())
    }

    /// Adds them, and deletes those of the same functions that are too many now.
    pub(crate) async fn keep(self, tx: &mut SqliteConnection) -> Result<(), StoreError> {
        for rows in self.0.chunks(ROWS_AT_ONCE) {
            let mut insert = QueryBuilder::<Sqlite>::new(
                "insert into invocation_event (request_id, function_id, event_bytes, event, answer) ",
            );
            insert.push_values(rows, |mut values, (record, kept)| {
                values
                    .push_bind(record.request_id.as_str())
                    .push_bind(record.function_id.as_str())
                    .push_bind(i64::try_from(kept.event_bytes).unwrap_or(i64::MAX))
                    .push_bind(kept.event.as_deref())
                    .push_bind(kept.answer.as_deref());
            });
            let inserted = insert.build().persistent(false).execute(&mut *tx).await;
            inserted.map_err(doing("inserting events"))?;
        }
        let functions: BTreeSet<_> = self
            .0
            .iter()
            .map(|(it, _)| it.function_id.as_str())
            .collect();
        let most = MAX_KEPT_EVENTS as i64;
        for function in functions {
            sqlx::query!(
                "delete from invocation_event where function_id = ? and event_id <= (
                     select event_id from invocation_event where function_id = ?
                     order by event_id desc limit 1 offset ?
                 )",
                function,
                function,
                most
            )
            .execute(&mut *tx)
            .await
            .map_err(doing("deleting old events"))?;
        }
        Ok(())
    }
}

impl Store {
    /// The event of an invocation of a function, where it is kept.
    pub async fn kept_event(
        &self,
        function_id: &FunctionId,
        request_id: &RequestId,
    ) -> Result<Option<KeptEvent>, StoreError> {
        let (function, request) = (function_id.as_str(), request_id.as_str());
        let row = sqlx::query!(
            "select event_bytes, event, answer from invocation_event
             where request_id = ? and function_id = ?",
            request,
            function
        )
        .fetch_optional(&self.readers)
        .await
        .map_err(doing("reading an event"))?;
        Ok(row.map(|row| KeptEvent {
            event: row.event,
            event_bytes: row.event_bytes.unsigned_abs(),
            answer: row.answer,
        }))
    }
}

#[cfg(test)]
mod tests {
    use sluice_domain::invocation::Cause;
    use sluice_domain::time::Timestamp;

    use super::*;
    use crate::testing::{TestStore, record, recorded_function};

    fn with_event(n: u32, event: Option<&str>) -> Arc<InvocationRecord> {
        let mut record = record(n, i64::from(n), Cause::Success, &[]);
        record.event = Some(KeptEvent {
            event: event.map(str::to_owned),
            event_bytes: 100_000,
            answer: Some("{}".to_owned()),
        });
        Arc::new(record)
    }

    #[tokio::test]
    async fn an_event_is_read_with_its_record_and_goes_with_it() {
        let test = TestStore::new().await;
        let records = [
            with_event(0, Some("{\"a\": 1}")),
            with_event(1, None),
            Arc::new(record(2, 2, Cause::Success, &[])),
        ];
        test.store.insert_invocations(&records).await.unwrap();
        for expected in &records {
            let id = &expected.request_id;
            let read = test.store.request_log(&recorded_function(), id).await;
            assert_eq!(read.unwrap().as_ref(), Some(&**expected));
        }
        let of_another = FunctionId::from_bytes([9; 16]);
        let id = &records[0].request_id;
        assert_eq!(test.store.kept_event(&of_another, id).await.unwrap(), None);
        test.store.delete_older_than(Timestamp(1)).await.unwrap();
        assert_eq!(test.count("invocation_event").await, 1);
    }

    #[tokio::test]
    async fn the_newest_events_of_a_function_are_kept() {
        let test = TestStore::new().await;
        let most = u32::try_from(MAX_KEPT_EVENTS).unwrap();
        let all: Vec<_> = (0..most + 7).map(|n| with_event(n, Some("{}"))).collect();
        let mut of_another = (*with_event(most + 7, Some("{}"))).clone();
        of_another.function_id = FunctionId::from_bytes([9; 16]);
        test.store
            .insert_invocations(&[Arc::new(of_another)])
            .await
            .unwrap();
        for some in all.chunks(450) {
            test.store.insert_invocations(some).await.unwrap();
        }
        assert_eq!(test.count("invocation_event").await, i64::from(most) + 1);
        assert_eq!(test.count("invocation").await, i64::from(most) + 8);
        for (n, is_kept) in [(6, false), (7, true), (most + 6, true)] {
            let id = &all[n as usize].request_id;
            let kept = test.store.kept_event(&recorded_function(), id).await;
            assert_eq!(kept.unwrap().is_some(), is_kept, "{n}");
        }
    }
}
