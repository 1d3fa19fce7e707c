use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use sluice_domain::audit::AuditQuery;

use super::AuditPage;
use crate::console::ConsoleError;

/// Tells who changed what, newest first.
#[server(prefix = "/api", endpoint = "audit/list", input = Json)]
pub async fn list_changes(query: AuditQuery) -> Result<AuditPage, ConsoleError> {
    crate::console::ask(|console| async move { console.list_changes(query).await }).await
}
