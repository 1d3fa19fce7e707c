//! Invocations and their logs: Monitoring > Logs.

use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt;
use sluice_domain::id::{ApiRequestId, FunctionId, RequestId};
use sluice_domain::invocation::{Cause, InvocationRecord, LogLevel, LogLine, Origin};
use sluice_domain::log_query::LogQuery;
use sluice_domain::time::Timestamp;
use sqlx::{QueryBuilder, Sqlite};

use crate::error::{damaged, doing};
use crate::events::NewEvents;
use crate::metrics::Rollups;
use crate::{Store, StoreError};

/// Most bytes of log that one search reads: about a second's work. A search
/// that ends here says where to go on.
const SEARCH_BYTES: usize = 128 * 1024 * 1024;

/// A range of time, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// From when on.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
}

/// A place in the Request List, which goes from the newest to the oldest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// When the invocation at this place began.
    pub started_at: Timestamp,
    /// Its id, because several can begin in one millisecond.
    pub request_id: RequestId,
}

/// What the Request List is filtered by.
#[derive(Debug, Clone)]
pub struct RequestListQuery {
    /// Whose invocations.
    pub function_id: FunctionId,
    /// When they began.
    pub period: Period,
    /// Only this one.
    pub request_id: Option<RequestId>,
    /// Only those that succeeded, or only those that failed.
    pub success: Option<bool>,
    /// Only those that ended in this way.
    pub cause: Option<Cause>,
    /// Only those with a line of log that matches.
    pub keyword: LogQuery,
    /// Only those further down than this place.
    pub after: Option<Cursor>,
    /// Most rows of the page.
    pub limit: usize,
}

/// A row of the Request List.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestRow {
    /// Id of the invocation.
    pub request_id: RequestId,
    /// Id of the call at the gateway, where it came from there.
    pub api_request_id: Option<ApiRequestId>,
    /// When it began.
    pub started_at: Timestamp,
    /// How long the handler ran.
    pub duration: Duration,
    /// How long it took to make the instance, where one was made.
    pub cold_start: Option<Duration>,
    /// Most memory the instance had, in bytes.
    pub memory_used_bytes: u64,
    /// The version that ran.
    pub version: String,
    /// How it ended.
    pub cause: Cause,
}

/// A page of the Request List.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestPage {
    /// Newest first.
    pub rows: Vec<RequestRow>,
    /// Where to go on, when there may be more. A keyword search can end before
    /// the page is full, because it reads a bounded amount of log at once.
    pub next: Option<Cursor>,
}

/// What the Request Logs are filtered by.
#[derive(Debug, Clone)]
pub struct RequestLogsQuery {
    /// Whose invocations.
    pub function_id: FunctionId,
    /// When they began.
    pub period: Period,
    /// Only this one.
    pub request_id: Option<RequestId>,
    /// Only lines that match.
    pub keyword: LogQuery,
    /// Only lines of these levels.
    pub levels: Vec<LogLevel>,
    /// Most lines; the console shows and downloads 5000.
    pub limit: usize,
}

/// Lines of the Request Logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLines {
    /// Newest first, each with the invocation that wrote it.
    pub lines: Vec<(RequestId, LogLine)>,
    /// True when older lines were left out or not looked at.
    pub more: bool,
}

/// Rows of one statement: at most 2340, by what SQLite takes of values.
const ROWS_AT_ONCE: usize = 500;

impl Store {
    /// Keeps invocations, and counts them among the metrics, all or, on an error, none.
    pub async fn insert_invocations(
        &self,
        records: &[Arc<InvocationRecord>],
    ) -> Result<(), StoreError> {
        // Few statements for all: each costs a change of threads and back, which is dearer than a
        // row. Encoded before the lock is taken.
        let rows = records.iter().map(|record| NewRow::of(record));
        let rows: Vec<_> = rows.collect::<Result<_, _>>()?;
        let rollups = Rollups::of(records);
        let events = NewEvents::of(records);
        let mut tx = self.begin().await?;
        for rows in rows.chunks(ROWS_AT_ONCE) {
            let mut insert = QueryBuilder::<Sqlite>::new(
                "insert into invocation (request_id, function_id, function_name, version, origin,
                     trigger_id, api_request_id, started_at_ms, duration_us, cold_start_us,
                     memory_used_bytes, cause, log, hook) ",
            );
            insert.push_values(rows, |mut values, row| {
                values
                    .push_bind(row.request_id)
                    .push_bind(row.function_id)
                    .push_bind(row.function_name)
                    .push_bind(row.version)
                    .push_bind(row.origin)
                    .push_bind(row.trigger_id)
                    .push_bind(row.api_request_id)
                    .push_bind(row.started_at_ms)
                    .push_bind(row.duration_us)
                    .push_bind(row.cold_start_us)
                    .push_bind(row.memory_used_bytes)
                    .push_bind(row.cause)
                    .push_bind(row.log.as_str())
                    .push_bind(row.hook);
            });
            let insert = insert.build().persistent(rows.len() == ROWS_AT_ONCE);
            let inserted = insert.execute(&mut *tx).await;
            inserted.map_err(doing("inserting invocations"))?;
        }
        rollups.keep(&mut tx).await?;
        events.keep(&mut tx).await?;
        tx.commit().await.map_err(doing("inserting invocations"))
    }

    /// The Request List: invocations of a function, newest first.
    pub async fn request_list(&self, query: &RequestListQuery) -> Result<RequestPage, StoreError> {
        let filter = Filter {
            function_id: &query.function_id,
            period: query.period,
            request_id: query.request_id.as_ref(),
            success: query.success,
            cause: query.cause,
            after: query.after.as_ref(),
            with_log: !query.keyword.is_empty(),
        };
        let mut page = RequestPage {
            rows: Vec::new(),
            next: None,
        };
        page.next = self
            .search(&filter, |row, log| {
                if filter.with_log && !log.iter().any(|line| query.keyword.matches(&line.text)) {
                    return Step::Next;
                }
                if page.rows.len() == query.limit {
                    return Step::Full;
                }
                page.rows.push(row);
                Step::Next
            })
            .await?;
        Ok(page)
    }

    /// The Request Logs: lines of a function's invocations, newest first.
    pub async fn request_logs(&self, query: &RequestLogsQuery) -> Result<LogLines, StoreError> {
        let filter = Filter {
            function_id: &query.function_id,
            period: query.period,
            request_id: query.request_id.as_ref(),
            success: None,
            cause: None,
            after: None,
            with_log: true,
        };
        let mut lines = Vec::new();
        let stopped_at = self
            .search(&filter, |row, log| {
                for line in log.into_iter().rev() {
                    let wanted =
                        query.levels.contains(&line.level) && query.keyword.matches(&line.text);
                    if wanted && lines.len() == query.limit {
                        return Step::Full;
                    }
                    if wanted {
                        lines.push((row.request_id.clone(), line));
                    }
                }
                Step::Next
            })
            .await?;
        let more = stopped_at.is_some();
        Ok(LogLines { lines, more })
    }

    /// All that is kept of one invocation of a function, its event with it.
    pub async fn request_log(
        &self,
        function_id: &FunctionId,
        request_id: &RequestId,
    ) -> Result<Option<InvocationRecord>, StoreError> {
        let (function, request) = (function_id.as_str(), request_id.as_str());
        let row = sqlx::query!(
            "select function_name, version, trigger_id, api_request_id, started_at_ms,
                 duration_us, cold_start_us, memory_used_bytes, cause, log, hook
             from invocation where request_id = ? and function_id = ?",
            request,
            function
        )
        .fetch_optional(&self.readers)
        .await
        .map_err(doing("reading an invocation"))?;
        let Some(row) = row else { return Ok(None) };
        let origin = match (row.trigger_id, row.api_request_id) {
            (Some(trigger_id), Some(api_request_id)) => Origin::Trigger {
                trigger_id: trigger_id.parse().map_err(wrong("trigger_id"))?,
                api_request_id: api_request_id.parse().map_err(wrong("api_request_id"))?,
            },
            _ if row.hook.is_some() => Origin::PreStop,
            _ => Origin::Test,
        };
        Ok(Some(InvocationRecord {
            request_id: request_id.clone(),
            function_id: function_id.clone(),
            function_name: row.function_name.parse().map_err(wrong("function_name"))?,
            version: row.version,
            origin,
            started_at: Timestamp(row.started_at_ms),
            duration: duration(row.duration_us),
            cold_start: row.cold_start_us.map(duration),
            memory_used_bytes: row.memory_used_bytes.unsigned_abs(),
            cause: row.cause.parse().map_err(wrong("cause"))?,
            log: decode(&row.log)?,
            event: self.kept_event(function_id, request_id).await?,
        }))
    }

    /// Hands each invocation that the filter lets through to `step`, newest
    /// first, until that is full or enough log was read. Rows are streamed: a
    /// handful is in memory at once, whatever the range. Tells where it
    /// stopped, if it did: the last row that was dealt with.
    async fn search(
        &self,
        filter: &Filter<'_>,
        mut step: impl FnMut(RequestRow, Vec<LogLine>) -> Step,
    ) -> Result<Option<Cursor>, StoreError> {
        let function_id = filter.function_id.as_str();
        let request_id = filter.request_id.map(RequestId::as_str);
        let cause = filter.cause.map(Cause::name);
        let (cold, warm) = (Cause::ColdStart.name(), Cause::Success.name());
        let from = filter.period.from.millis();
        let (to, after_at, after_id) = match filter.after {
            Some(cursor) => {
                let at = cursor.started_at.millis();
                (
                    filter.period.to.millis().min(at),
                    at,
                    cursor.request_id.as_str(),
                )
            }
            None => (filter.period.to.millis(), i64::MAX, ""),
        };
        let mut rows = sqlx::query_as!(
            RawRequest,
            r#"select request_id, api_request_id, started_at_ms, duration_us, cold_start_us,
                   memory_used_bytes, version, cause, case when ?1 then log end as "log: String"
               from invocation
               where function_id = ?2 and started_at_ms between ?3 and ?4
                   and (started_at_ms, request_id) < (?5, ?6)
                   and (?7 is null or request_id = ?7)
                   and (?8 is null or (cause in (?9, ?10)) = ?8)
                   and (?11 is null or cause = ?11)
               order by started_at_ms desc, request_id desc"#,
            filter.with_log,
            function_id,
            from,
            to,
            after_at,
            after_id,
            request_id,
            filter.success,
            cold,
            warm,
            cause
        )
        .fetch(&self.readers);
        let mut last = None;
        let mut read_bytes = 0;
        while let Some(raw) = rows
            .try_next()
            .await
            .map_err(doing("searching invocations"))?
        {
            if read_bytes > SEARCH_BYTES {
                return Ok(last);
            }
            let log = raw.log.as_deref().unwrap_or("[]");
            read_bytes += log.len();
            let log = decode(log)?;
            let row = raw.parse()?;
            let here = Cursor {
                started_at: row.started_at,
                request_id: row.request_id.clone(),
            };
            if let Step::Full = step(row, log) {
                // With a limit of 0 nothing was dealt with: begin here again.
                return Ok(last.or(filter.after.cloned()).or(Some(here)));
            }
            last = Some(here);
            tokio::task::yield_now().await; // rows can come without a pause: let others run
        }
        Ok(None)
    }
}

/// What a search looks for in the columns.
struct Filter<'a> {
    function_id: &'a FunctionId,
    period: Period,
    request_id: Option<&'a RequestId>,
    success: Option<bool>,
    cause: Option<Cause>,
    after: Option<&'a Cursor>,
    /// False when nobody looks at the log: then it is not read.
    with_log: bool,
}

/// How a search goes on after a row.
enum Step {
    Next,
    /// The row was wanted but there is no room for it.
    Full,
}

struct RawRequest {
    request_id: String,
    api_request_id: Option<String>,
    started_at_ms: i64,
    duration_us: i64,
    cold_start_us: Option<i64>,
    memory_used_bytes: i64,
    version: String,
    cause: String,
    log: Option<String>,
}

impl RawRequest {
    fn parse(self) -> Result<RequestRow, StoreError> {
        let api_request_id = self.api_request_id.as_deref().map(str::parse).transpose();
        Ok(RequestRow {
            request_id: self.request_id.parse().map_err(wrong("request_id"))?,
            api_request_id: api_request_id.map_err(wrong("api_request_id"))?,
            started_at: Timestamp(self.started_at_ms),
            duration: duration(self.duration_us),
            cold_start: self.cold_start_us.map(duration),
            memory_used_bytes: self.memory_used_bytes.unsigned_abs(),
            version: self.version,
            cause: self.cause.parse().map_err(wrong("cause"))?,
        })
    }
}

fn wrong<E>(column: &'static str) -> impl FnOnce(E) -> StoreError
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    damaged("invocation", column)
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

fn duration(micros: i64) -> Duration {
    Duration::from_micros(micros.unsigned_abs())
}

/// A log as its column has it: `[[1783070947123,"INFO","Hello"]]`.
/// A record as its row, by the names of the columns.
struct NewRow<'a> {
    request_id: &'a str,
    function_id: &'a str,
    function_name: &'a str,
    version: &'a str,
    origin: &'static str,
    trigger_id: Option<&'a str>,
    api_request_id: Option<&'a str>,
    started_at_ms: i64,
    duration_us: i64,
    cold_start_us: Option<i64>,
    memory_used_bytes: i64,
    cause: &'static str,
    log: String,
    hook: Option<&'static str>,
}

impl<'a> NewRow<'a> {
    fn of(record: &'a InvocationRecord) -> Result<Self, StoreError> {
        let (origin, trigger_id, api_request_id) = match &record.origin {
            Origin::Test | Origin::PreStop => ("TEST", None, None),
            Origin::Trigger {
                trigger_id,
                api_request_id,
            } => (
                "TRIGGER",
                Some(trigger_id.as_str()),
                Some(api_request_id.as_str()),
            ),
        };
        let line = |line: &'a LogLine| (line.at.millis(), line.level.name(), line.text.as_str());
        let log: Vec<_> = record.log.iter().map(line).collect();
        Ok(Self {
            request_id: record.request_id.as_str(),
            function_id: record.function_id.as_str(),
            function_name: record.function_name.as_str(),
            version: &record.version,
            origin,
            trigger_id,
            api_request_id,
            started_at_ms: record.started_at.millis(),
            duration_us: micros(record.duration),
            cold_start_us: record.cold_start.map(micros),
            memory_used_bytes: i64::try_from(record.memory_used_bytes).unwrap_or(i64::MAX),
            cause: record.cause.name(),
            log: serde_json::to_string(&log).map_err(wrong("log"))?,
            hook: (record.origin == Origin::PreStop).then_some("PRE_STOP"),
        })
    }
}

fn decode(log: &str) -> Result<Vec<LogLine>, StoreError> {
    let lines: Vec<(i64, &str, String)> = serde_json::from_str(log).map_err(wrong("log"))?;
    lines
        .into_iter()
        .map(|(at, level, text)| {
            let (at, level) = (Timestamp(at), level.parse().map_err(wrong("log"))?);
            Ok(LogLine { at, level, text })
        })
        .collect()
}

#[cfg(test)]
mod tests;
