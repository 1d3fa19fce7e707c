//! Why a call of a trigger URL is not answered by the function, and what the
//! caller then gets. Codes and messages are literal. Source: APIG user guide,
//! Error Codes; FunctionGraph API reference, Error Codes.

use std::borrow::Cow;
use std::time::Duration;

use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};
use serde::Serialize;
use sluice_domain::domain_name::TlsVersion;
use sluice_domain::id::ApiRequestId;
use sluice_domain::invocation::Failure;
use sluice_domain::trigger::Protocol;
use sluice_executor::{Refused, ResponseRefused};

use crate::auth::{AppRefused, IamRefused};
use crate::authorizer::AuthorizerRefused;
use crate::parameters::ParameterRefused;
use crate::throttle::Throttled;

/// Why a call of a trigger URL is not answered by the function. The text is
/// for the server's log; callers get [`GatewayError::response`].
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// Nothing is published under this host, path and environment.
    #[error("no API is published there")]
    NotPublished,
    /// The path is published, but not for this method.
    #[error("the path is published for other methods only")]
    MethodNotPublished,
    /// The function has no deployment.
    #[error("the function behind the API has no deployment")]
    NoDeployment,
    /// The API is not published for this protocol.
    #[error("the API is to be called by {0} only")]
    ProtocolNotAllowed(Protocol),
    /// The domain name demands a newer version of TLS.
    #[error("the domain name is not called with {0}")]
    TlsTooOld(TlsVersion),
    /// The caller has not proved which credential it has.
    #[error("the caller is not authenticated")]
    App(#[from] AppRefused),
    /// The credential may not call this API.
    #[error("the credential is not authorized for the API")]
    AppNotAuthorized,
    /// The caller has not proved which access key it has.
    #[error("the caller has not proved to be a user")]
    Iam(#[from] IamRefused),
    /// The API's authorizer has not let in the caller.
    #[error("the caller is not let in by the authorizer")]
    Authorizer(#[from] AuthorizerRefused),
    /// The API, or with this credential, may not be called from this address.
    #[error("the address of the caller is not allowed")]
    AddressRefused,
    /// The API was called too often.
    #[error("the API was called too often")]
    Throttled(#[from] Throttled),
    /// A parameter of the request is not what the API declares.
    #[error("the request breaks what the API declares")]
    Parameter(#[from] ParameterRefused),
    /// More numbers that are used once are in use than are remembered.
    #[error("too many signed requests with X-Sdk-Nonce")]
    TooManyNonces,
    /// The request cannot be understood.
    #[error("{0}")]
    Malformed(&'static str),
    /// The URI is longer than 32 KB.
    #[error("the URI has {bytes} bytes or more")]
    UriTooLarge {
        /// How many it has at least.
        bytes: usize,
    },
    /// A header is longer than 32 KB, or all together than 128 KB, or there are more than 100.
    #[error("the headers are too large")]
    HeadersTooLarge,
    /// The body is larger than 4 MB.
    #[error("the body is larger than 4 MB")]
    BodyTooLarge,
    /// The body ended before its time, or is not encoded as its headers say.
    #[error("the body could not be read")]
    BodyUnreadable(#[source] axum::Error),
    /// The body, or its next piece, did not come.
    #[error("the body did not come within {} ms", .0.as_millis())]
    BodyTooSlow(Duration),
    /// The body came, but more slowly than is waited for.
    #[error("the body came too slowly")]
    BodyTooThin(#[source] axum::Error),
    /// The caller's address has as many connections as one may have.
    #[error("the address of the caller has too many connections")]
    TooManyConnections,
    /// There is no room for the request.
    #[error("there is no room for the request: {0}")]
    Overloaded(&'static str),
    /// The API's timeout was over before the function answered.
    #[error("the function did not answer within {} ms", .0.as_millis())]
    BackendTimeout(Duration),
    /// The function was not called at all.
    #[error("the function was not called")]
    NotCalled(#[source] Refused),
    /// The function failed.
    #[error("the function failed with {}", .0.error_type)]
    FunctionFailed(Failure),
    /// The function gave a result that is no response.
    #[error("the function's result is no response")]
    ResponseRefused(#[source] ResponseRefused),
    /// The gateway itself failed.
    #[error("the gateway panicked: {0}")]
    Panicked(String),
}

/// The body of an answer that is the gateway's own.
#[derive(Serialize)]
struct ErrorBody<'a> {
    error_msg: &'a str,
    error_code: &'static str,
    request_id: &'a str,
}

impl GatewayError {
    /// What the caller gets: status, `X-Request-Id` and the JSON body.
    pub fn response(&self, request_id: &ApiRequestId) -> Response<Vec<u8>> {
        let (status, error_code, error_msg) = self.status_code_message();
        let body = match self {
            // The caller of a function that raised gets the failure itself.
            Self::FunctionFailed(failure) => serde_json::to_vec(failure),
            _ => serde_json::to_vec(&ErrorBody {
                error_msg: &error_msg,
                error_code: error_code.unwrap_or_default(),
                request_id: request_id.as_str(),
            }),
        };
        let mut response = Response::new(body.expect("strings can be written as JSON"));
        *response.status_mut() = status;
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        response
            .headers_mut()
            .insert("x-request-id", request_id_value(request_id));
        if let Some(seconds) = self.retry_after() {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }

    /// After how many seconds the request may be let in.
    pub(crate) fn retry_after(&self) -> Option<u64> {
        match self {
            // Rounded up: sooner it is refused again.
            Self::Throttled(Throttled { retry_after, .. }) => Some(retry_after.as_secs() + 1),
            Self::TooManyConnections
            | Self::Overloaded(_)
            | Self::NotCalled(Refused::Throttled { .. } | Refused::Stopping) => Some(1),
            _ => None,
        }
    }

    /// True where what follows on the connection need not be what it seems: the request was not
    /// understood, or not taken whole.
    pub(crate) fn ends_connection(&self) -> bool {
        matches!(
            self,
            Self::Malformed(_)
                | Self::UriTooLarge { .. }
                | Self::HeadersTooLarge
                | Self::BodyUnreadable(_)
                | Self::BodyTooSlow(_)
                | Self::BodyTooThin(_)
        )
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        self.status_code_message().0
    }

    /// The code of the answer, for example `APIG.0101`. None when the function
    /// itself failed: its caller gets the failure.
    pub fn code(&self) -> Option<&'static str> {
        self.status_code_message().1
    }

    /// The message of the answer.
    pub(crate) fn message(&self) -> Cow<'static, str> {
        self.status_code_message().2
    }

    fn status_code_message(&self) -> (StatusCode, Option<&'static str>, Cow<'static, str>) {
        let (status, code, message) = match self {
            Self::NotPublished => (
                404,
                "APIG.0101",
                "The API does not exist or has not been published in the environment.",
            ),
            Self::MethodNotPublished => (404, "APIG.0101", "The API does not exist."),
            Self::NoDeployment => (500, "APIG.0103", "The backend does not exist."),
            Self::ProtocolNotAllowed(protocol) => {
                return (
                    StatusCode::BAD_REQUEST,
                    Some("APIG.0607"),
                    format!("The following protocol is supported: {}", protocol.label()).into(),
                );
            }
            Self::TlsTooOld(spoken) => {
                return (
                    StatusCode::BAD_REQUEST,
                    Some("APIG.0204"),
                    format!("SSL protocol is not supported: {}", spoken.name()).into(),
                );
            }
            Self::Iam(refused) => {
                return (
                    StatusCode::UNAUTHORIZED,
                    Some("APIG.0301"),
                    format!(
                        "Incorrect IAM authentication information: {}",
                        refused.told()
                    )
                    .into(),
                );
            }
            Self::App(refused) => {
                return (
                    StatusCode::UNAUTHORIZED,
                    Some("APIG.0303"),
                    format!(
                        "Incorrect app authentication information: {}",
                        refused.told()
                    )
                    .into(),
                );
            }
            Self::Authorizer(refused) => {
                let (status, code, message) = refused.answer();
                return (status, Some(code), message);
            }
            Self::AppNotAuthorized => (
                403,
                "APIG.0304",
                "The app is not authorized to access the API.",
            ),
            Self::AddressRefused => (
                403,
                "APIG.0402",
                "The IP address is not authorized to access the API.",
            ),
            Self::Throttled(throttled) => {
                return (
                    StatusCode::TOO_MANY_REQUESTS,
                    Some("APIG.0308"),
                    format!("The throttling threshold has been reached: {throttled}").into(),
                );
            }
            Self::Parameter(refused) => {
                let message = refused.to_string().into();
                return (StatusCode::BAD_REQUEST, Some("APIG.0201"), message);
            }
            Self::TooManyNonces => (
                429,
                "APIG.0308",
                "The throttling threshold has been reached.",
            ),
            Self::Malformed(_) | Self::BodyUnreadable(_) => {
                (400, "APIG.0201", "API request error.")
            }
            Self::BodyTooSlow(_) | Self::BodyTooThin(_) => (408, "APIG.0201", "API request error."),
            Self::UriTooLarge { .. } => (414, "APIG.0201", "Request URI too large."),
            Self::HeadersTooLarge => (494, "APIG.0201", "Request headers too large."),
            Self::BodyTooLarge | Self::NotCalled(Refused::EventTooLarge { .. }) => {
                (413, "FSS.1201", "The request body is too large.")
            }
            Self::TooManyConnections => (
                429,
                "APIG.0308",
                "The throttling threshold has been reached: too many connections",
            ),
            Self::Overloaded(_) => (503, "APIG.0201", "Backend unavailable."),
            Self::BackendTimeout(_) => (504, "APIG.0201", "Backend timeout."),
            Self::NotCalled(Refused::Throttled { .. }) => (429, "FSS.0429", "Too many requests."),
            Self::NotCalled(Refused::Stopping) => (503, "APIG.0201", "Backend unavailable."),
            Self::FunctionFailed(_) => {
                return (StatusCode::INTERNAL_SERVER_ERROR, None, "".into());
            }
            Self::ResponseRefused(_) => (
                500,
                "FSS.1202",
                "The response body or callback body is invalid because they do not contain any status code.",
            ),
            Self::NotCalled(Refused::Fault) | Self::Panicked(_) => {
                (500, "APIG.0601", "Internal server error.")
            }
        };
        let status = StatusCode::from_u16(status).expect("the table has valid statuses only");
        (status, Some(code), message.into())
    }
}

/// A request id as the value of a header.
pub(crate) fn request_id_value(request_id: &ApiRequestId) -> HeaderValue {
    HeaderValue::from_str(request_id.as_str()).expect("hexadecimal digits are a valid value")
}
