//! Monitoring > Logs.

use sluice_app::code::TestResult;
use sluice_app::console::ConsoleError;
use sluice_app::logs::{
    LogQueryView, LogResult, RequestList, RequestLog, RequestLogs, RequestRow as RequestRowView,
};
use sluice_domain::function::FunctionName;
use sluice_domain::id::RequestId;
use sluice_domain::invocation::{InvocationRecord, LogLevel, Origin};
use sluice_domain::log_query::LogQuery;
use sluice_store::{Period, RequestListQuery, RequestLogsQuery, RequestRow};

use super::{RequestConsole, refused};
use crate::drawn;

/// Most rows of the Request List.
const MAX_REQUESTS: usize = 200;

/// Most lines of Request Logs. Source: Download Log.
const MAX_LINES: usize = 5000;

/// The parts of a query that can be wrong, parsed.
struct Parsed {
    period: Period,
    keyword: LogQuery,
    request_id: Option<RequestId>,
}

fn parse(query: &LogQueryView) -> Result<Parsed, ConsoleError> {
    let (from, to) = query.bounds(drawn::now());
    let keyword = LogQuery::parse(&query.keyword)
        .map_err(|error| ConsoleError::refused("", 400, format!("The keyword search {error}.")))?;
    let request_id = match query.request_id.as_str() {
        "" => None,
        text => Some(
            RequestId::parse(text)
                .map_err(|error| ConsoleError::refused("", 400, format!("{error}.")))?,
        ),
    };
    Ok(Parsed {
        period: Period { from, to },
        keyword,
        request_id,
    })
}

fn row(row: RequestRow) -> RequestRowView {
    RequestRowView {
        request_id: row.request_id,
        api_request_id: row.api_request_id,
        started_at: row.started_at,
        duration_us: micros(row.duration),
        cold_start_us: row.cold_start.map(micros),
        memory_used_bytes: row.memory_used_bytes,
        version: row.version,
        cause: row.cause,
    }
}

fn micros(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

impl RequestConsole {
    pub(super) async fn requests(
        &self,
        name: FunctionName,
        query: LogQueryView,
    ) -> Result<RequestList, ConsoleError> {
        let function = self.function(&name).await?;
        let Parsed {
            period,
            keyword,
            request_id,
        } = parse(&query)?;
        let page = RequestListQuery {
            function_id: function.function_id,
            period,
            request_id,
            success: match query.result {
                LogResult::All => None,
                LogResult::Successful => Some(true),
                LogResult::Failed => Some(false),
            },
            cause: query.cause,
            keyword,
            after: None,
            limit: MAX_REQUESTS,
        };
        let page = self
            .shared
            .store
            .request_list(&page)
            .await
            .map_err(refused)?;
        Ok(RequestList {
            rows: page.rows.into_iter().map(row).collect(),
            more: page.next.is_some(),
            lost: self.shared.lost.get(),
        })
    }

    pub(super) async fn request(
        &self,
        name: FunctionName,
        request_id: RequestId,
    ) -> Result<RequestLog, ConsoleError> {
        let function = self.function(&name).await?;
        let found = self
            .shared
            .store
            .request_log(&function.function_id, &request_id)
            .await
            .map_err(refused)?;
        let record: InvocationRecord = found.ok_or_else(|| {
            ConsoleError::refused(
                "FSS.0404",
                404,
                "There is no such request, or its record was too old and is deleted.",
            )
        })?;
        Ok(RequestLog {
            row: RequestRowView {
                request_id: record.request_id,
                api_request_id: match record.origin {
                    Origin::Test | Origin::PreStop => None,
                    Origin::Trigger { api_request_id, .. } => Some(api_request_id),
                },
                started_at: record.started_at,
                duration_us: micros(record.duration),
                cold_start_us: record.cold_start.map(micros),
                memory_used_bytes: record.memory_used_bytes,
                version: record.version,
                cause: record.cause,
            },
            lines: record.log,
            event: record.event,
        })
    }

    /// Runs what is deployed now with the event of an earlier request.
    pub(super) async fn replay(
        &self,
        name: FunctionName,
        request_id: RequestId,
    ) -> Result<TestResult, ConsoleError> {
        let row = self.function(&name).await?;
        let store = &self.shared.store;
        let kept = store.kept_event(&row.function_id, &request_id);
        let event = kept.await.map_err(refused)?.and_then(|kept| kept.event);
        let event = event.ok_or_else(|| {
            let message = "The event of this request is not kept, so that it cannot be replayed.";
            ConsoleError::refused("", 404, message)
        })?;
        self.run(row, event).await
    }

    pub(super) async fn log_lines(
        &self,
        name: FunctionName,
        query: LogQueryView,
    ) -> Result<RequestLogs, ConsoleError> {
        let function = self.function(&name).await?;
        let Parsed {
            period,
            keyword,
            request_id,
        } = parse(&query)?;
        let wanted = RequestLogsQuery {
            function_id: function.function_id,
            period,
            request_id,
            keyword,
            levels: match query.levels {
                all if all.is_empty() => LogLevel::ALL.to_vec(),
                some => some,
            },
            limit: MAX_LINES,
        };
        let found = self
            .shared
            .store
            .request_logs(&wanted)
            .await
            .map_err(refused)?;
        // They come newest first; the lines of one request read in their order.
        let mut lines = found.lines;
        for of_request in lines.chunk_by_mut(|(one, _), (other, _)| one == other) {
            of_request.reverse();
        }
        Ok(RequestLogs {
            lines,
            more: found.more,
        })
    }
}
