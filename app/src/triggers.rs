//! Configuration > Triggers and the Create Trigger dialog.

mod api;
mod card;
mod create;
mod page;

pub(crate) use api::{create_trigger, delete_trigger, find_trigger_choices, list_triggers};
pub(crate) use page::TriggersPage;

use serde::{Deserialize, Serialize};
use sluice_domain::api_group::{ApiGroup, ApiGroupName};
use sluice_domain::authorizer::AuthorizerName;
use sluice_domain::environment::Environment;
use sluice_domain::id::AuthorizerId;
use sluice_domain::trigger::ApigTrigger;

use crate::apis::PublishedApi;

/// What the card of a trigger shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TriggerCardView {
    /// The trigger, with the latest definition of its API.
    pub trigger: ApigTrigger,
    /// What is published of the API, RELEASE first; nothing while it is offline.
    pub published: Vec<PublishedApi>,
    /// The gateway's name.
    pub api_instance: String,
    /// The name of its API group.
    pub group_name: ApiGroupName,
}

impl TriggerCardView {
    /// The name of its API as it is published; the latest one where it is offline.
    pub(crate) fn name(&self) -> String {
        let published = self.published.first().map(|api| &api.settings);
        published
            .unwrap_or(&self.trigger.settings)
            .api_name
            .to_string()
    }
}

/// What the Create Trigger dialog offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TriggerChoices {
    /// The gateway's name; there is one.
    pub api_instance: String,
    /// The API groups, in the order of their names.
    pub groups: Vec<ApiGroup>,
    /// The environments, RELEASE first.
    pub environments: Vec<Environment>,
    /// The custom authorizers, oldest first.
    pub authorizers: Vec<(AuthorizerId, AuthorizerName)>,
}
