//! Monitoring > Metrics.

use sluice_app::console::ConsoleError;
use sluice_app::metrics::MetricsQuery;
use sluice_domain::function::FunctionName;
use sluice_domain::metrics::Metrics;

use super::{RequestConsole, refused};
use crate::drawn;

impl RequestConsole {
    pub(super) async fn metrics(
        &self,
        name: FunctionName,
        query: MetricsQuery,
    ) -> Result<Metrics, ConsoleError> {
        let function = self.function(&name).await?;
        let span = query.span(drawn::now()).ok_or_else(|| {
            ConsoleError::refused(
                "",
                400,
                "The range has to begin before it ends, and before now.",
            )
        })?;
        let found = self.shared.store.find_metrics(&function.function_id, span);
        found.await.map_err(refused)
    }
}
