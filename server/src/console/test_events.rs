//! Test events of functions.

use sluice_app::console::ConsoleError;
use sluice_domain::function::FunctionName;
use sluice_domain::test_event::{TestEvent, TestEventName};

use super::{RequestConsole, refused};

impl RequestConsole {
    pub(super) async fn test_events(
        &self,
        name: FunctionName,
    ) -> Result<Vec<TestEvent>, ConsoleError> {
        let row = self.function(&name).await?;
        let events = self.shared.store.test_events_of(&row.function_id).await;
        events.map_err(refused)
    }

    pub(super) async fn add_test_event(
        &self,
        name: FunctionName,
        event: TestEvent,
    ) -> Result<(), ConsoleError> {
        let row = self.function(&name).await?;
        let store = &self.shared.store;
        let created = store.create_test_event(&row.function_id, &event).await;
        created.map_err(refused)
    }

    pub(super) async fn set_test_event(
        &self,
        name: FunctionName,
        event: TestEvent,
    ) -> Result<(), ConsoleError> {
        let row = self.function(&name).await?;
        let store = &self.shared.store;
        let updated = store.update_test_event(&row.function_id, &event).await;
        updated.map_err(refused)
    }

    pub(super) async fn remove_test_event(
        &self,
        name: FunctionName,
        event: TestEventName,
    ) -> Result<(), ConsoleError> {
        let row = self.function(&name).await?;
        let store = &self.shared.store;
        let deleted = store.delete_test_event(&row.function_id, &event).await;
        deleted.map_err(refused)
    }
}
