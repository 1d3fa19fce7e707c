//! Which answers are the gateway's own, and what they are when nobody changes them.

use crate::parsed::named_enum;

named_enum! {
    /// A type of answers that are the gateway's own. Source: APIG user guide, "Customizing
    /// Responses": of its types those that this gateway sends.
    pub enum ResponseType ("the response type") {
        /// The caller's address is not let in, or the authorizer denies access.
        AccessDenied = "ACCESS_DENIED", "Access denied";
        /// What the caller sent to prove who they are is wrong.
        AuthFailure = "AUTH_FAILURE", "Authentication failed";
        /// The caller sent nothing to prove who they are.
        AuthHeaderMissing = "AUTH_HEADER_MISSING", "Identity source missing";
        /// The API has no authorizer that can be asked.
        AuthorizerConfFailure = "AUTHORIZER_CONF_FAILURE", "Incorrect authorizer configuration";
        /// The authorizer's function did not decide.
        AuthorizerFailure = "AUTHORIZER_FAILURE", "Authorizer failed";
        /// The request lacks what the authorizer decides by.
        AuthorizerIdentitiesFailure = "AUTHORIZER_IDENTITIES_FAILURE", "Incorrect authorizer identity";
        /// The function did not answer in time.
        BackendTimeout = "BACKEND_TIMEOUT", "Backend timed out";
        /// There is no room for the call, or the server stops.
        BackendUnavailable = "BACKEND_UNAVAILABLE", "Backend unavailable";
        /// The group has no such API in the environment.
        NotFound = "NOT_FOUND", "No match found";
        /// The request lacks a parameter that the API declares, or has one that it does not allow.
        RequestParametersFailure = "REQUEST_PARAMETERS_FAILURE", "Incorrect request parameters";
        /// The API is called too often, or too many calls of the function run.
        Throttled = "THROTTLED", "Request throttled";
        /// The credential is not bound to the API.
        Unauthorized = "UNAUTHORIZED", "App unauthorized";
        /// Any other fault of the caller.
        Default4xx = "DEFAULT_4XX", "Other 4XX";
        /// Any other fault of the function or the gateway.
        Default5xx = "DEFAULT_5XX", "Other 5XX";
    }
}

/// What a caller gets of a type, for example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Example {
    /// The status.
    pub status: u16,
    /// The code of the error.
    pub code: &'static str,
    /// Its message.
    pub message: &'static str,
}

impl ResponseType {
    /// The status that all answers of the type have when it is not changed; none where each has
    /// its own.
    pub fn default_status(self) -> Option<u16> {
        match self {
            Self::Default4xx | Self::Default5xx => None,
            _ => Some(self.example().status),
        }
    }

    /// What a caller gets of the type when it is not changed.
    pub fn example(self) -> Example {
        let (status, code, message) = match self {
            Self::AccessDenied => (
                403,
                "APIG.0402",
                "The IP address is not authorized to access the API.",
            ),
            Self::AuthFailure => (
                401,
                "APIG.0303",
                "Incorrect app authentication information: app not found, appcode",
            ),
            Self::AuthHeaderMissing => (
                401,
                "APIG.0303",
                "Incorrect app authentication information: the header Authorization is missing",
            ),
            Self::AuthorizerConfFailure | Self::AuthorizerFailure => {
                (500, "APIG.0601", "Internal server error: custom authorizer")
            }
            Self::AuthorizerIdentitiesFailure => (
                401,
                "APIG.0305",
                "Incorrect authentication information: the header X-Token is missing",
            ),
            Self::BackendTimeout => (504, "APIG.0201", "Backend timeout."),
            Self::BackendUnavailable => (503, "APIG.0201", "Backend unavailable."),
            Self::NotFound => (
                404,
                "APIG.0101",
                "The API does not exist or has not been published in the environment.",
            ),
            Self::RequestParametersFailure => (
                400,
                "APIG.0201",
                "Parameter page in the query: must be at least 1",
            ),
            Self::Throttled => (
                429,
                "APIG.0308",
                "The throttling threshold has been reached.",
            ),
            Self::Unauthorized => (
                403,
                "APIG.0304",
                "The app is not authorized to access the API.",
            ),
            Self::Default4xx => (413, "FSS.1201", "The request body is too large."),
            Self::Default5xx => (500, "APIG.0601", "Internal server error."),
        };
        Example {
            status,
            code,
            message,
        }
    }
}
