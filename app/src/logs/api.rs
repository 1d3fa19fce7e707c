use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use super::{LogQueryView, RequestList, RequestLog, RequestLogs};
use crate::code::TestResult;
use crate::console::ConsoleError;

/// Lists requests of a function, the newest first.
#[server(prefix = "/api", endpoint = "logs/requests", input = Json)]
pub async fn list_requests(name: String, query: LogQueryView) -> Result<RequestList, ConsoleError> {
    use crate::console::{ask, parse};

    let name = parse("name", "FSS.1002", &name)?;
    ask(|console| async move { console.list_requests(name, query).await }).await
}

/// Finds one request with its log lines.
#[server(prefix = "/api", endpoint = "logs/request", input = Json)]
pub async fn find_request(name: String, request_id: String) -> Result<RequestLog, ConsoleError> {
    use crate::console::{ask, parse};

    let name = parse("name", "FSS.1002", &name)?;
    let request_id = parse("id", "", &request_id)?;
    ask(|console| async move { console.find_request(name, request_id).await }).await
}

/// Runs the deployed code with the event of a request.
#[server(prefix = "/api", endpoint = "logs/replay", input = Json)]
pub async fn replay_request(name: String, request_id: String) -> Result<TestResult, ConsoleError> {
    use crate::console::{ask, parse};

    let name = parse("name", "FSS.1002", &name)?;
    let request_id = parse("id", "", &request_id)?;
    ask(|console| async move { console.replay_request(name, request_id).await }).await
}

/// Lists log lines of a function, the newest request first.
#[server(prefix = "/api", endpoint = "logs/lines", input = Json)]
pub async fn list_log_lines(
    name: String,
    query: LogQueryView,
) -> Result<RequestLogs, ConsoleError> {
    use crate::console::{ask, parse};

    let name = parse("name", "FSS.1002", &name)?;
    ask(|console| async move { console.list_log_lines(name, query).await }).await
}
