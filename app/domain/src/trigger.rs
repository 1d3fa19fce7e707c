//! The API Gateway (Dedicated) trigger. Source: seed, Table 2.

use serde::{Deserialize, Serialize};

use crate::id::{ApiGroupId, ApiId, AuthorizerId, ResponseSetId, TriggerId};
use crate::parsed::{named_enum, parsed_string};
use crate::path::ApiPath;
use crate::request_parameter::RequestParameters;
use crate::target::Target;
use crate::time::Timestamp;

/// Name of the API a trigger publishes: 3 to 64 characters, a letter first,
/// then letters, digits and underscores. Source: seed, Table 2, "API Name".
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ApiName(String);

/// Why a text is not an [`ApiName`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidApiName {
    /// It has fewer than 3 or more than 64 characters.
    #[error("must have 3 to 64 characters, has {0}")]
    Length(usize),
    /// It starts with something other than a letter.
    #[error("must start with a letter")]
    Start,
    /// It has a character that is not allowed.
    #[error("may contain only letters, digits and underscores, not {0:?}")]
    Character(char),
}

impl ApiName {
    /// Parses the name of an API.
    pub fn parse(text: &str) -> Result<Self, InvalidApiName> {
        use InvalidApiName as Invalid;
        let chars = text.chars().count();
        if !(3..=64).contains(&chars) {
            return Err(Invalid::Length(chars));
        }
        if !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Err(Invalid::Start);
        }
        if let Some(c) = text
            .chars()
            .find(|&c| !(c.is_ascii_alphanumeric() || c == '_'))
        {
            return Err(Invalid::Character(c));
        }
        Ok(Self(text.to_owned()))
    }

    /// The name that the dialog suggests: `API_` and the function's name, with
    /// hyphens, which API names do not allow, as underscores.
    pub fn suggested(function: &crate::function::FunctionName) -> Self {
        Self(
            format!("API_{}", function.as_str().replace('-', "_"))
                .chars()
                .take(64)
                .collect(),
        )
    }
}

parsed_string!(ApiName, InvalidApiName);

named_enum! {
    /// How the path of a request is compared with the path of the API.
    pub enum Matching ("the matching") {
        /// The whole path has to be the same.
        Exact = "NORMAL", "Exact match";
        /// The path has to start with the API's, up to a segment's end.
        Prefix = "SWA", "Prefix match";
    }
}

named_enum! {
    /// Who may call the API.
    pub enum Authentication ("the security authentication") {
        /// Callers with the AppKey and AppSecret of a credential.
        App = "APP", "App";
        /// Users of the console, by an access key.
        Iam = "IAM", "IAM";
        /// Whom a function lets in.
        Custom = "AUTHORIZER", "Custom";
        /// Everyone.
        None = "NONE", "None";
    }
}

named_enum! {
    /// Protocol by which the API can be called.
    pub enum Protocol ("the protocol") {
        /// Not encrypted.
        Http = "HTTP", "HTTP";
        /// Encrypted.
        Https = "HTTPS", "HTTPS";
        /// Either.
        Both = "BOTH", "HTTP&HTTPS";
    }
}

impl Protocol {
    /// True when a request over TLS (`tls`) or without it is allowed.
    pub fn allows(self, tls: bool) -> bool {
        match self {
            Self::Http => !tls,
            Self::Https => tls,
            Self::Both => true,
        }
    }
}

named_enum! {
    /// Method by which the API can be called.
    pub enum Method ("the method") {
        /// `GET`.
        Get = "GET", "GET";
        /// `POST`.
        Post = "POST", "POST";
        /// `DELETE`.
        Delete = "DELETE", "DELETE";
        /// `PUT`.
        Put = "PUT", "PUT";
        /// `PATCH`.
        Patch = "PATCH", "PATCH";
        /// `HEAD`.
        Head = "HEAD", "HEAD";
        /// `OPTIONS`.
        Options = "OPTIONS", "OPTIONS";
        /// Any of the seven.
        Any = "ANY", "ANY";
    }
}

/// How long the gateway waits for the function, in milliseconds: 1 to 60,000.
/// Source: seed, Table 2, "Timeout (ms)".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct BackendTimeout(u32);

/// A number of milliseconds out of range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 60,000 ms, not {0}")]
pub struct InvalidBackendTimeout(pub u32);

impl BackendTimeout {
    /// The number of milliseconds.
    pub fn millis(self) -> u32 {
        self.0
    }

    /// The same as a duration.
    pub fn duration(self) -> std::time::Duration {
        std::time::Duration::from_millis(u64::from(self.0))
    }
}

impl Default for BackendTimeout {
    fn default() -> Self {
        Self(5000)
    }
}

impl TryFrom<u32> for BackendTimeout {
    type Error = InvalidBackendTimeout;

    fn try_from(millis: u32) -> Result<Self, InvalidBackendTimeout> {
        (1..=60_000)
            .contains(&millis)
            .then_some(Self(millis))
            .ok_or(InvalidBackendTimeout(millis))
    }
}

impl From<BackendTimeout> for u32 {
    fn from(timeout: BackendTimeout) -> u32 {
        timeout.0
    }
}

/// The definition of an API: what the Create Trigger dialog asks for besides the environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApigTriggerSettings {
    /// Name of the API to publish.
    pub api_name: ApiName,
    /// Group the API belongs to; decides the host.
    pub group_id: ApiGroupId,
    /// What of the function it calls; `latest` where nothing is said.
    #[serde(default)]
    pub target: Target,
    /// Who may call it.
    pub authentication: Authentication,
    /// With App: whether an AppCode is enough, over HTTPS. Source: "Simple Authentication".
    #[serde(default)]
    pub simple_authentication: bool,
    /// With Custom: what decides.
    #[serde(default)]
    pub authorizer_id: Option<AuthorizerId>,
    /// By which protocol.
    pub protocol: Protocol,
    /// Under which path.
    pub path: ApiPath,
    /// How paths are compared.
    pub matching: Matching,
    /// By which method.
    pub method: Method,
    /// How long the gateway waits for the function.
    pub timeout: BackendTimeout,
    /// What requests must have, and what may stand in it. Those of the path are in it.
    #[serde(default)]
    pub request_parameters: RequestParameters,
    /// By which set of its group's gateway responses callers are refused; none is the default one.
    #[serde(default)]
    pub response_id: Option<ResponseSetId>,
}

/// A trigger of type API Gateway (Dedicated) as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApigTrigger {
    /// The trigger's id.
    pub trigger_id: TriggerId,
    /// Id of its API.
    pub api_id: ApiId,
    /// The API's definition: the latest one, or the one that is published.
    pub settings: ApigTriggerSettings,
    /// When it was created.
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::function::FunctionName;

    #[test]
    fn an_api_name_follows_the_dialogs_rule() {
        use InvalidApiName::*;
        for right in ["API_apig", "abc", &"a".repeat(64)] {
            assert!(ApiName::parse(right).is_ok(), "{right}");
        }
        assert_eq!(ApiName::parse("ab"), Err(Length(2)));
        assert_eq!(ApiName::parse(&"a".repeat(65)), Err(Length(65)));
        assert_eq!(ApiName::parse("_abc"), Err(Start));
        assert_eq!(ApiName::parse("a-bc"), Err(Character('-')));
    }

    #[test]
    fn the_suggested_name_is_a_valid_one() {
        for name in ["a", "apig-demo", &"x".repeat(60)] {
            let suggested = ApiName::suggested(&FunctionName::parse(name).unwrap());
            assert_eq!(ApiName::parse(suggested.as_str()), Ok(suggested));
        }
    }

    #[test]
    fn a_protocol_allows_what_it_says() {
        let check = |protocol: Protocol| (protocol.allows(false), protocol.allows(true));
        assert_eq!(check(Protocol::Http), (true, false));
        assert_eq!(check(Protocol::Https), (false, true));
        assert_eq!(check(Protocol::Both), (true, true));
    }

    #[test]
    fn an_unknown_name_is_told_what_is_allowed() {
        let error = "get".parse::<Method>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "the method must be one of GET, POST, DELETE, PUT, PATCH, HEAD, OPTIONS, ANY, not \"get\""
        );
    }
}
