use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use sluice_domain::metrics::Metrics;

use super::MetricsQuery;
use crate::console::ConsoleError;

/// Finds what is measured of a function within a range of time.
#[server(prefix = "/api", endpoint = "metrics/find", input = Json)]
pub async fn find_metrics(name: String, query: MetricsQuery) -> Result<Metrics, ConsoleError> {
    use crate::console::{ask, parse};

    let name = parse("name", "FSS.1002", &name)?;
    ask(|console| async move { console.find_metrics(name, query).await }).await
}
