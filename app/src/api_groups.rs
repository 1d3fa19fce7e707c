//! API Gateway > API Groups, and the page of a group: its APIs, and what it says about all of them.

mod api;
mod apis;
mod form;
mod group;
mod information;
mod list;
mod pairs;
mod responses;
mod variables;

pub(crate) use api::{
    create_api_group, create_response_set, delete_api_group, delete_response_set,
    enable_debugging_domain, find_api_group, list_api_groups, rename_response_set,
    update_api_group, update_gateway_response, update_stage_variables,
};
pub(crate) use apis::GroupApisPage;
pub(crate) use group::ApiGroupPage;
pub(crate) use information::GroupInformationPage;
pub(crate) use list::ApiGroupsPage;
pub(crate) use responses::GatewayResponsesPage;
pub(crate) use variables::StageVariablesPage;

use serde::{Deserialize, Serialize};
use sluice_domain::api_group::{ApiGroup, GroupDescription, GroupSettings};
use sluice_domain::environment::Environment;
use sluice_domain::time::Timestamp;

use crate::apis::ApiRow;

/// A row of the list of API groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRow {
    /// Its id and name.
    pub group: ApiGroup,
    /// What it is for.
    pub description: GroupDescription,
    /// Its own host, the debugging domain name.
    pub host: String,
    /// Whether its APIs can be called by that host.
    pub has_debugging_domain: bool,
    /// How many APIs it has.
    pub api_count: usize,
    /// When it was created.
    pub created_at: Timestamp,
    /// The moment the row was read, to say how long ago that is.
    pub now: Timestamp,
}

/// What the page of an API group shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupView {
    /// What stands in the list too.
    pub row: GroupRow,
    /// What the addresses of its APIs begin with.
    pub url: String,
    /// The same in the form without a host name of its own.
    pub path_url: String,
    /// Its APIs, oldest first.
    pub apis: Vec<ApiRow>,
    /// All environments, RELEASE first.
    pub environments: Vec<Environment>,
    /// What it says about its APIs.
    pub settings: GroupSettings,
}
