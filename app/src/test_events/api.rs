use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, Json};
use sluice_domain::test_event::{TestEvent, TestEventName};

use crate::console::ConsoleError;

/// Lists the test events of a function, by name.
#[server(prefix = "/api", endpoint = "test-events/list", input = GetUrl)]
pub async fn list_test_events(name: String) -> Result<Vec<TestEvent>, ConsoleError> {
    use crate::console::{ask, parse};

    let name = parse("name", "FSS.1002", &name)?;
    ask(|console| async move { console.list_test_events(name).await }).await
}

/// Adds a test event to a function.
#[server(prefix = "/api", endpoint = "test-events/create", input = Json)]
pub async fn create_test_event(name: String, event: TestEvent) -> Result<(), ConsoleError> {
    use crate::console::{ask, parse};

    let name = parse("name", "FSS.1002", &name)?;
    ask(|console| async move { console.create_test_event(name, event).await }).await
}

/// Changes what a test event hands over.
#[server(prefix = "/api", endpoint = "test-events/update", input = Json)]
pub async fn update_test_event(name: String, event: TestEvent) -> Result<(), ConsoleError> {
    use crate::console::{ask, parse};

    let name = parse("name", "FSS.1002", &name)?;
    ask(|console| async move { console.update_test_event(name, event).await }).await
}

/// Deletes a test event.
#[server(prefix = "/api", endpoint = "test-events/delete", input = Json)]
pub async fn delete_test_event(name: String, event: TestEventName) -> Result<(), ConsoleError> {
    use crate::console::{ask, parse};

    let name = parse("name", "FSS.1002", &name)?;
    ask(|console| async move { console.delete_test_event(name, event).await }).await
}
