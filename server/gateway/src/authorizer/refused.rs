//! Why an authorizer lets a caller not in, and what the caller is told.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use sluice_domain::invocation::Failure;
use sluice_executor::{Refused, ResponseRefused};

use super::decision::InvalidDecision;

/// Why a caller of an API with Custom authentication is not let in.
#[derive(Debug, thiserror::Error)]
pub enum AuthorizerRefused {
    /// The function was not asked: the request lacks an identity source. Response type
    /// `AUTHORIZER_IDENTITIES_FAILURE`.
    #[error(transparent)]
    Identity(#[from] IdentityRefused),
    /// The function decided so. Response type `ACCESS_DENIED`.
    #[error("the authorizer denies access")]
    Denied,
    /// The API has no authorizer that can be asked. Response type `AUTHORIZER_CONF_FAILURE`.
    #[error("the API has no authorizer")]
    NoAuthorizer,
    /// The function did not decide. Response type `AUTHORIZER_FAILURE`; without a deployment
    /// `AUTHORIZER_CONF_FAILURE`. Several callers may have waited for it.
    #[error("the authorizer did not decide")]
    Failed(#[from] Arc<AuthorizerFailed>),
}

/// Which identity source is not as it has to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityRefused {
    /// It is not there, or empty.
    #[error("the {0} is missing")]
    Missing(String),
    /// It does not satisfy its validation.
    #[error("the {0} is not valid")]
    Invalid(String),
}

/// Why an authorizer's function did not decide.
#[derive(Debug, thiserror::Error)]
pub enum AuthorizerFailed {
    /// It was deleted, or its code could not be deployed.
    #[error("its function has no deployment")]
    NoDeployment,
    /// It takes too long.
    #[error("its function did not answer within {} ms", .0.as_millis())]
    TooSlow(Duration),
    /// It was not called at all.
    #[error("its function was not called")]
    NotCalled(#[source] Refused),
    /// It failed.
    #[error("its function failed with {}", .0.error_type)]
    Raised(Failure),
    /// It gave a result that is no response.
    #[error("its function's result is no response")]
    NoResponse(#[source] ResponseRefused),
    /// It gave a response that is no decision.
    #[error("its function's response is no decision")]
    NoDecision(#[from] InvalidDecision),
}

impl AuthorizerRefused {
    /// Status, code and message of the answer. Source: APIG user guide, Error Codes and Gateway
    /// Responses, which leave open what a denial is: here it is 403, as the caller has shown who
    /// it is.
    pub(crate) fn answer(&self) -> (StatusCode, &'static str, Cow<'static, str>) {
        match self {
            Self::Identity(refused) => (
                StatusCode::UNAUTHORIZED,
                "APIG.0305",
                format!("Incorrect authentication information: {refused}").into(),
            ),
            Self::Denied => (
                StatusCode::FORBIDDEN,
                "APIG.0306",
                "API access denied.".into(),
            ),
            // Why is for the server's log: it is nothing that callers can mend.
            Self::NoAuthorizer | Self::Failed(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "APIG.0601",
                "Internal server error: custom authorizer".into(),
            ),
        }
    }
}
