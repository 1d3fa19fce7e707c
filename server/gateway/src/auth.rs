//! Who may call an API.

mod credentials;
mod nonces;
mod signature;

use std::sync::Arc;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::uri::Authority;
use sluice_domain::credential::CredentialSecrets;
use sluice_domain::id::CredentialId;
use sluice_domain::time::Timestamp;
use sluice_domain::trigger::{ApigTrigger, Authentication};

pub use credentials::Credentials;
pub(crate) use nonces::Nonces;
use signature::{Signed, Unverified};

use crate::error::GatewayError;

/// Has an AppCode. It is kept from functions: who has one can call the API.
pub(crate) const APP_CODE: &str = "x-apig-appcode";

/// True where `Authorization` is a signature. It is kept from functions too: for a quarter of an
/// hour, who has one can send the request again.
pub(crate) fn is_signature(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    values.any(|value| value.as_bytes().starts_with(b"SDK-HMAC-SHA256"))
}

/// Why a caller is not let through, for the caller. None of it tells a secret.
#[derive(Debug, thiserror::Error)]
pub enum AppRefused {
    /// There is neither a signature nor an AppCode.
    #[error("the header Authorization is missing")]
    Missing,
    /// There is something else.
    #[error("Authorization must be SDK-HMAC-SHA256 Access=…, SignedHeaders=…, Signature=…")]
    Form,
    /// A header that belongs to a signature is there twice.
    #[error("the header {0} is given more than once")]
    Twice(&'static str),
    /// No credential has this AppKey.
    #[error("app not found, appkey {0}")]
    UnknownKey(String),
    /// No credential has this AppCode.
    #[error("app not found, appcode")]
    UnknownCode,
    /// An AppCode that anybody on the way can read is no secret.
    #[error("an AppCode is accepted over HTTPS only")]
    CodeInPlainText,
    /// The API wants a signature.
    #[error("the API has no simple authentication")]
    CodeNotAllowed,
    /// The date of the signature cannot be read.
    #[error("X-Sdk-Date must have the form YYYYMMDDTHHMMSSZ")]
    Date,
    /// The signature is too old, or of the future.
    #[error("signature expired, signature time:{signed},server time:{now}")]
    Expired {
        /// When it was made, as it says.
        signed: String,
        /// The time here.
        now: String,
    },
    /// A header that was signed did not come.
    #[error("the signed header {0} is missing")]
    HeaderMissing(String),
    /// A header that has to be is not part of what is signed.
    #[error("{0} is not among the signed headers")]
    NotSigned(&'static str),
    /// A header is named several times.
    #[error("SignedHeaders names {0} more than once")]
    SignedTwice(String),
    /// The path is not the same for the signature and for the API.
    #[error("a signed path must not have %2F")]
    EscapedSlash,
    /// The body is another than the one that the signature speaks of.
    #[error("the body is not the one of X-Sdk-Content-Sha256")]
    Body,
    /// The signature is of another request, or made with another secret. The request as it had to
    /// be signed is for the caller alone, and not for the server's log.
    #[error("signature verification failed")]
    Signature(String),
    /// The same signed request came before.
    #[error("X-Sdk-Nonce was used before")]
    Replayed,
}

impl AppRefused {
    /// What the caller is told.
    pub(crate) fn told(&self) -> String {
        match self {
            Self::Signature(request) => format!("{self}, canonicalRequest:{request}"),
            _ => self.to_string(),
        }
    }
}

/// What a check looks at.
pub(crate) struct Caller<'a> {
    pub(crate) request: &'a Parts,
    pub(crate) authority: Option<&'a Authority>,
    pub(crate) tls: bool,
    pub(crate) now: Timestamp,
}

/// Who is let in, if what is still to be looked at proves right.
pub(crate) struct Admission {
    /// Whom the caller says to be; nobody where everybody is let in.
    credential: Option<Arc<CredentialSecrets>>,
    /// What can be looked at only with the body.
    signature: Option<Box<Signed>>,
}

/// Looks at all that can be looked at without the body.
pub(crate) fn begin(
    api: &ApigTrigger,
    caller: &Caller<'_>,
    credentials: &Credentials,
) -> Result<Admission, GatewayError> {
    match api.settings.authentication {
        Authentication::None => Ok(Admission {
            credential: None,
            signature: None,
        }),
        Authentication::App => app(api, caller, credentials),
        // What the gateway cannot check it refuses: a trigger that came into the database by
        // another way must not stand open.
        Authentication::Iam => Err(GatewayError::IamRefused),
    }
}

impl Admission {
    /// True when nothing is left to be looked at.
    pub(crate) fn is_settled(&self) -> bool {
        self.signature.is_none()
    }

    /// Whom the caller says to be.
    pub(crate) fn credential(&self) -> Option<&CredentialId> {
        let credential = self.credential.as_ref()?;
        Some(&credential.credential_id)
    }

    /// Looks at the rest.
    pub(crate) fn settle(&self, body: &[u8]) -> Result<(), AppRefused> {
        self.signature.as_ref().map_or(Ok(()), |it| it.verify(body))
    }

    /// Takes the number that is used once, if the call has one: the last thing before the call, as
    /// what is refused may be sent again.
    pub(crate) fn use_up(&self, nonces: &Nonces) -> Result<(), GatewayError> {
        self.signature
            .as_ref()
            .map_or(Ok(()), |it| it.use_up(nonces))
    }
}

fn app(
    api: &ApigTrigger,
    caller: &Caller<'_>,
    credentials: &Credentials,
) -> Result<Admission, GatewayError> {
    let headers = &caller.request.headers;
    let bound =
        |credential: &Arc<CredentialSecrets>| match credential.apis.contains(&api.trigger_id) {
            true => Ok(Arc::clone(credential)),
            false => Err(GatewayError::AppNotAuthorized),
        };
    if let Some(code) = only(headers, APP_CODE, "X-Apig-AppCode")? {
        let refused = match (api.settings.simple_authentication, caller.tls) {
            (false, _) => AppRefused::CodeNotAllowed,
            (true, false) => AppRefused::CodeInPlainText,
            (true, true) => match credentials.of_code(code) {
                Some(credential) => {
                    return Ok(Admission {
                        credential: Some(bound(credential)?),
                        signature: None,
                    });
                }
                None => AppRefused::UnknownCode,
            },
        };
        return Err(refused.into());
    }
    let authorization = only(headers, AUTHORIZATION.as_str(), "Authorization")?;
    let authorization = authorization.ok_or(AppRefused::Missing)?;
    let unverified = Unverified::parse(authorization, caller)?;
    let credential = credentials
        .of_key(unverified.access())
        .ok_or_else(|| AppRefused::UnknownKey(unverified.access().chars().take(64).collect()))?;
    let credential = bound(credential)?;
    let signed = unverified.of(Arc::clone(&credential), caller)?;
    Ok(Admission {
        credential: Some(credential),
        signature: Some(Box::new(signed)),
    })
}

/// The one value of a header.
fn only<'a>(
    headers: &'a HeaderMap,
    name: &str,
    shown: &'static str,
) -> Result<Option<&'a [u8]>, AppRefused> {
    let mut values = headers.get_all(name).iter();
    let value = values.next();
    match values.next() {
        Some(_) => Err(AppRefused::Twice(shown)),
        None => Ok(value.map(http::HeaderValue::as_bytes)),
    }
}
