//! Debug: sends a request to an API, and shows the answer and what the call went through.

mod answer;
mod api;
mod curl;
mod form;
mod page;
mod pretty;
mod recent;
mod rows;
mod waterfall;

pub(crate) use api::{debug_api, find_debug_target};
pub(crate) use page::DebugPage;
pub(crate) use pretty::pretty;

use serde::{Deserialize, Serialize};
use sluice_domain::environment::EnvironmentName;
use sluice_domain::function::FunctionName;
use sluice_domain::id::{ApiId, RequestId};
use sluice_domain::path::ApiPath;
use sluice_domain::request_parameter::RequestParameters;
use sluice_domain::trace::Step;
use sluice_domain::trigger::{ApiName, Authentication, Matching, Method};

/// The API that requests go to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DebugTarget {
    /// Its id.
    pub api_id: ApiId,
    /// Its name.
    pub api_name: ApiName,
    /// Where it is published; at least in one environment.
    pub published: Vec<PublishedIn>,
}

/// An API as it is published in one environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedIn {
    /// The environment.
    pub environment: EnvironmentName,
    /// Its method.
    pub method: Method,
    /// Its path.
    pub path: ApiPath,
    /// How paths are compared.
    pub matching: Matching,
    /// What its requests must have.
    pub parameters: RequestParameters,
    /// Who may call it.
    pub authentication: Authentication,
    /// Its address without the path, by the host of its group.
    pub base_url: String,
    /// The same in the form without a host name of its own.
    pub base_path_url: String,
    /// The function behind it, where that has code that runs.
    pub function: Option<FunctionName>,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DebugAnswer {
    /// The status.
    pub status: u16,
    /// What the status means; may be empty.
    pub reason: String,
    /// Names and values of the headers; of what is no UTF-8, something like it.
    pub headers: Vec<(String, String)>,
    /// The body, or its beginning.
    pub body: BodyView,
    /// Bytes of the whole body.
    pub body_bytes: u64,
    /// Until the answer was there, in microseconds.
    pub took_us: u64,
    /// What the call went through, in the order in which it began.
    pub steps: Vec<Step>,
    /// The API that was found: another one may be closer to the path.
    pub called_api: Option<ApiName>,
    /// The function that was called, and the id of its invocation.
    pub log: Option<(FunctionName, RequestId)>,
}

/// The body of an answer as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum BodyView {
    /// A text; may be empty.
    Text {
        /// It, or its beginning.
        text: String,
        /// True where the rest is left out.
        is_cut: bool,
    },
    /// A picture.
    Image {
        /// All of it.
        data_url: String,
    },
    /// Anything else.
    Bytes {
        /// The first ones.
        beginning: Vec<u8>,
    },
}
