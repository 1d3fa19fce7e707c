use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, Json};
use sluice_domain::id::{EnvironmentId, TriggerId};
use sluice_domain::trigger::ApigTriggerSettings;

use super::{TriggerCardView, TriggerChoices};
use crate::console::ConsoleError;

/// Lists the triggers of a function, the newest first.
#[server(prefix = "/api", endpoint = "triggers/list", input = GetUrl)]
pub async fn list_triggers(name: String) -> Result<Vec<TriggerCardView>, ConsoleError> {
    use crate::console::{ask, parse};

    let name = parse("name", "FSS.1002", &name)?;
    ask(|console| async move { console.list_triggers(name).await }).await
}

/// Says what the Create Trigger dialog offers.
#[server(prefix = "/api", endpoint = "triggers/choices", input = GetUrl)]
pub async fn find_trigger_choices() -> Result<TriggerChoices, ConsoleError> {
    crate::console::ask(|console| async move { console.trigger_choices().await }).await
}

/// Creates a trigger and publishes its API in an environment.
#[server(prefix = "/api", endpoint = "triggers/create", input = Json)]
pub async fn create_trigger(
    name: String,
    settings: ApigTriggerSettings,
    environment_id: EnvironmentId,
) -> Result<(), ConsoleError> {
    use crate::console::{ask, parse};

    let name = parse("name", "FSS.1002", &name)?;
    ask(|console| async move { console.create_trigger(name, settings, environment_id).await }).await
}

/// Deletes a trigger and its API.
#[server(prefix = "/api", endpoint = "triggers/delete", input = Json)]
pub async fn delete_trigger(name: String, trigger_id: TriggerId) -> Result<(), ConsoleError> {
    use crate::console::{ask, parse};

    let name = parse("name", "FSS.1002", &name)?;
    ask(|console| async move { console.delete_trigger(name, trigger_id).await }).await
}
