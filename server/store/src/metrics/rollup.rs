//! What a batch of records adds to the minutes and hours that its calls began in. It is added in
//! the transaction of the records themselves, so that the metrics never tell of others.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use sluice_domain::id::FunctionId;
use sluice_domain::invocation::{InvocationRecord, Origin};
use sluice_domain::time::Timestamp;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::{Calls, HOUR_MS, Histogram, MINUTE_MS, RawCalls, Sum, began, integer};
use crate::StoreError;
use crate::error::{damaged, doing};

/// A row: of which function, the length of its span, and when that began.
type Key = (FunctionId, i64, i64);

/// Rows of one statement: at most 2500, by what SQLite takes of values.
const ROWS_AT_ONCE: usize = 1000;

/// What is added to each row.
pub(crate) struct Rollups(BTreeMap<Key, Calls>);

impl Rollups {
    /// Of these records. What runs before an instance is stopped is no call.
    pub(crate) fn of(records: &[Arc<InvocationRecord>]) -> Self {
        // Most of a batch are of one function and minute: nothing is copied for each.
        let mut minutes: HashMap<(&FunctionId, i64), Calls> = HashMap::new();
        for record in records.iter().filter(|it| it.origin != Origin::PreStop) {
            let began = began(record.started_at, MINUTE_MS);
            let calls = minutes.entry((&record.function_id, began));
            calls.or_insert_with(Calls::none).add_record(record);
        }
        let mut rollups = Self(BTreeMap::new());
        for ((function_id, minute), calls) in minutes {
            let hour = began(Timestamp(minute), HOUR_MS);
            rollups.add((function_id.clone(), HOUR_MS, hour), calls.clone());
            rollups.add((function_id.clone(), MINUTE_MS, minute), calls);
        }
        rollups
    }

    fn add(&mut self, key: Key, calls: Calls) {
        match self.0.entry(key) {
            Entry::Occupied(mut kept) => kept.get_mut().add(&calls),
            Entry::Vacant(place) => drop(place.insert(calls)),
        }
    }

    /// Adds them to what is kept.
    pub(crate) async fn keep(mut self, tx: &mut SqliteConnection) -> Result<(), StoreError> {
        let keys: Vec<_> = self.0.keys().cloned().collect();
        for keys in keys.chunks(ROWS_AT_ONCE) {
            for (key, calls) in kept(tx, keys).await? {
                self.add(key, calls);
            }
        }
        let rows: Vec<_> = self.0.into_iter().collect();
        for rows in rows.chunks(ROWS_AT_ONCE) {
            write(tx, rows).await?;
        }
        Ok(())
    }
}

impl Calls {
    fn none() -> Self {
        Self {
            count: 0,
            failures: 0,
            cold_starts: 0,
            duration_us: Sum::NONE,
            memory_bytes: Sum::NONE,
            durations: Histogram::default(),
        }
    }

    fn add_record(&mut self, record: &InvocationRecord) {
        let duration_us = u64::try_from(record.duration.as_micros()).unwrap_or(u64::MAX);
        self.count += 1;
        self.failures += u64::from(!record.cause.is_success());
        self.cold_starts += u64::from(record.cold_start.is_some());
        self.duration_us.add_number(duration_us);
        self.memory_bytes.add_number(record.memory_used_bytes);
        self.durations.add(duration_us);
    }
}

/// What is kept already of these rows.
async fn kept(tx: &mut SqliteConnection, keys: &[Key]) -> Result<Vec<(Key, Calls)>, StoreError> {
    let mut select =
        QueryBuilder::<Sqlite>::new("with wanted (function_id, span_ms, began_ms) as (");
    select.push_values(keys, |mut values, (function_id, span_ms, began_ms)| {
        values
            .push_bind(function_id.as_str())
            .push_bind(span_ms)
            .push_bind(began_ms);
    });
    // The rows are looked up one by one: in the other order all would be read.
    select.push(
        ") select metric.function_id, metric.span_ms, metric.began_ms, calls, failures, cold_starts,
             duration_sum_us, duration_min_us, duration_max_us,
             memory_sum_bytes, memory_min_bytes, memory_max_bytes, durations
         from wanted cross join metric using (function_id, span_ms, began_ms)",
    );
    type Row = (
        String,
        i64,
        i64,
        i64,
        i64,
        i64,
        i64,
        i64,
        i64,
        i64,
        i64,
        i64,
        String,
    );
    let rows: Vec<Row> = select
        .build_query_as()
        .persistent(keys.len() == 2) // one function that was called within a minute
        .fetch_all(tx)
        .await
        .map_err(doing("reading metrics"))?;
    rows.into_iter()
        .map(|row| {
            let function_id = row.0.parse();
            let function_id = function_id.map_err(damaged("metric", "function_id"))?;
            let calls = RawCalls {
                at: row.2,
                calls: row.3,
                failures: row.4,
                cold_starts: row.5,
                duration_sum_us: row.6,
                duration_min_us: row.7,
                duration_max_us: row.8,
                memory_sum_bytes: row.9,
                memory_min_bytes: row.10,
                memory_max_bytes: row.11,
                durations: row.12,
            };
            Ok(((function_id, row.1, row.2), calls.parse()?))
        })
        .collect()
}

async fn write(tx: &mut SqliteConnection, rows: &[(Key, Calls)]) -> Result<(), StoreError> {
    let mut insert = QueryBuilder::<Sqlite>::new(
        "insert or replace into metric (function_id, span_ms, began_ms, calls, failures,
             cold_starts, duration_sum_us, duration_min_us, duration_max_us,
             memory_sum_bytes, memory_min_bytes, memory_max_bytes, durations) ",
    );
    insert.push_values(
        rows,
        |mut values, ((function_id, span_ms, began_ms), calls)| {
            values
                .push_bind(function_id.as_str())
                .push_bind(span_ms)
                .push_bind(began_ms)
                .push_bind(integer(calls.count))
                .push_bind(integer(calls.failures))
                .push_bind(integer(calls.cold_starts))
                .push_bind(integer(calls.duration_us.sum))
                .push_bind(integer(calls.duration_us.min))
                .push_bind(integer(calls.duration_us.max))
                .push_bind(integer(calls.memory_bytes.sum))
                .push_bind(integer(calls.memory_bytes.min))
                .push_bind(integer(calls.memory_bytes.max))
                .push_bind(calls.durations.to_string());
        },
    );
    let insert = insert.build().persistent(rows.len() == 2);
    let written = insert.execute(tx).await;
    written.map(drop).map_err(doing("writing metrics"))
}
