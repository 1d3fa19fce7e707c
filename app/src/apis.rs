//! API Gateway > APIs: the APIs of all functions, the page of one, and publishing.

mod api;
mod binding;
mod call_it;
mod definition;
mod difference;
mod fields;
mod list;
mod page;
mod parameters;
mod place;
mod publish;
mod records;

pub(crate) use api::{
    find_api, list_apis, list_publications, publish_api, switch_version, take_offline, update_api,
};
pub use binding::BindableApi;
pub(crate) use binding::{BindForm, BoundApis};
pub(crate) use definition::{Facts, facts};
pub(crate) use difference::differences;
pub(crate) use fields::{ApiFields, ApiInputs, ApiNameField, ResponseSetField, parsed};
pub(crate) use list::{ApisPage, PublishedBadges};
pub(crate) use page::ApiPage;
pub(crate) use place::PublishedFacts;

use serde::{Deserialize, Serialize};
use sluice_domain::api_group::ApiGroupName;
use sluice_domain::authorizer::AuthorizerName;
use sluice_domain::environment::{Environment, EnvironmentName};
use sluice_domain::function::FunctionName;
use sluice_domain::gateway_response::ResponseSetName;
use sluice_domain::id::{AuthorizerId, ResponseSetId};
use sluice_domain::target::Target;
use sluice_domain::text::ShortDescription;
use sluice_domain::time::Timestamp;
use sluice_domain::trigger::{ApigTrigger, ApigTriggerSettings};

/// The custom authorizers that there are.
pub(crate) type Authorizers = [(AuthorizerId, AuthorizerName)];

/// The sets of gateway responses that there are besides the default one.
pub(crate) type ResponseSets = [(ResponseSetId, ResponseSetName)];

/// What definitions name by ids.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names<'a> {
    pub(crate) authorizers: &'a Authorizers,
    pub(crate) response_sets: &'a ResponseSets,
}

/// A row of the list of APIs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiRow {
    /// The API with its latest definition.
    pub api: ApigTrigger,
    /// The name of its group.
    pub group_name: ApiGroupName,
    /// The function behind it.
    pub function_name: FunctionName,
    /// Where it is published, RELEASE first.
    pub published: Vec<PublishedIn>,
}

/// An environment in which an API is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedIn {
    /// Its name.
    pub environment_name: EnvironmentName,
    /// Whether what is published is the latest definition.
    pub is_latest: bool,
}

/// What the page of an API shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiDetails {
    /// The API with its latest definition.
    pub api: ApigTrigger,
    /// The name of its group.
    pub group_name: ApiGroupName,
    /// The function behind it.
    pub function_name: FunctionName,
    /// All environments, RELEASE first.
    pub environments: Vec<Environment>,
    /// What is published of it, RELEASE first.
    pub published: Vec<PublishedApi>,
    /// The custom authorizers, oldest first.
    pub authorizers: Vec<(AuthorizerId, AuthorizerName)>,
    /// What of the function it can call.
    pub targets: Vec<Target>,
    /// The sets of gateway responses that its group has besides the default one, oldest first.
    pub response_sets: Vec<(ResponseSetId, ResponseSetName)>,
}

impl ApiDetails {
    /// What its definitions name by ids.
    pub(crate) fn names(&self) -> Names<'_> {
        Names {
            authorizers: &self.authorizers,
            response_sets: &self.response_sets,
        }
    }

    /// What is published in an environment.
    pub(crate) fn published_in(&self, environment: &Environment) -> Option<&PublishedApi> {
        let of = |api: &&PublishedApi| api.environment.environment_id == environment.environment_id;
        self.published.iter().find(of)
    }
}

/// An API as callers reach it in one environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedApi {
    /// The environment.
    pub environment: Environment,
    /// The definition that is published.
    pub settings: ApigTriggerSettings,
    /// The address to call.
    pub url: String,
    /// The same in the form without a host name of its own, for machines
    /// without wildcard names.
    pub path_url: String,
    /// The same by the domain names of its API group.
    pub domain_urls: Vec<String>,
    /// The name of its authorizer, with Custom authentication.
    pub authorizer_name: Option<AuthorizerName>,
    /// The name of its set of gateway responses, unless that is the default one.
    pub response_name: Option<ResponseSetName>,
    /// Which publication this is of the API in the environment.
    pub number: u32,
    /// What was said of it.
    pub description: ShortDescription,
    /// When it was published.
    pub published_at: Timestamp,
}
