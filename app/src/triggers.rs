//! Configuration > Triggers and the Create Trigger dialog.

mod api;
mod call_it;
mod card;
mod create;
mod page;

pub(crate) use api::{
    create_api_group, create_environment, create_trigger, delete_trigger, find_trigger_choices,
    list_triggers,
};
pub(crate) use page::TriggersPage;

use serde::{Deserialize, Serialize};
use sluice_domain::api_group::{ApiGroup, ApiGroupName};
use sluice_domain::environment::{Environment, EnvironmentName};
use sluice_domain::trigger::ApigTrigger;

/// What the card of a trigger shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TriggerCardView {
    /// The trigger.
    pub trigger: ApigTrigger,
    /// The address to call.
    pub url: String,
    /// The same in the form without a host name of its own, for machines
    /// without wildcard names.
    pub path_url: String,
    /// The gateway's name.
    pub api_instance: String,
    /// The name of its API group.
    pub group_name: ApiGroupName,
    /// The name of its environment.
    pub environment_name: EnvironmentName,
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
}
