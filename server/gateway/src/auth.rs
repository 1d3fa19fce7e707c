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
use signature::Signed;

use crate::error::GatewayError;

/// Has an AppCode. It is kept from functions: who has one can call the API.
pub(crate) const APP_CODE: &str = "x-apig-appcode";

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
    /// The number that is to be used once is not part of what is signed.
    #[error("X-Sdk-Nonce is not among the signed headers")]
    NonceNotSigned,
    /// The body is another than the one that the signature speaks of.
    #[error("the body is not the one of X-Sdk-Content-Sha256")]
    Body,
    /// The signature is of another request, or made with another secret.
    #[error("signature verification failed, canonicalRequest:{0}")]
    Signature(String),
    /// The same signed request came before.
    #[error("X-Sdk-Nonce was used before")]
    Replayed,
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
        Authentication::App => {
            let (signature, credential) = app(api, caller, credentials)?;
            match credential.apis.contains(&api.trigger_id) {
                true => Ok(Admission {
                    credential: Some(Arc::clone(credential)),
                    signature,
                }),
                false => Err(GatewayError::AppNotAuthorized),
            }
        }
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
    pub(crate) fn settle(&mut self, body: &[u8], nonces: &Nonces) -> Result<(), GatewayError> {
        match self.signature.take() {
            None => Ok(()),
            Some(signed) => signed.verify(body, nonces),
        }
    }
}

fn app<'a>(
    api: &ApigTrigger,
    caller: &Caller<'_>,
    credentials: &'a Credentials,
) -> Result<(Option<Box<Signed>>, &'a Arc<CredentialSecrets>), GatewayError> {
    let headers = &caller.request.headers;
    if let Some(code) = only(headers, APP_CODE, "X-Apig-AppCode")? {
        let refused = match (api.settings.simple_authentication, caller.tls) {
            (false, _) => AppRefused::CodeNotAllowed,
            (true, false) => AppRefused::CodeInPlainText,
            (true, true) => match credentials.of_code(code) {
                Some(credential) => return Ok((None, credential)),
                None => AppRefused::UnknownCode,
            },
        };
        return Err(refused.into());
    }
    let authorization = only(headers, AUTHORIZATION.as_str(), "Authorization")?;
    let authorization = authorization.ok_or(AppRefused::Missing)?;
    let signed = Signed::parse(authorization, caller)?;
    let credential = credentials
        .of_key(signed.access())
        .ok_or_else(|| AppRefused::UnknownKey(signed.access().chars().take(64).collect()))?;
    let signed = signed.of(Arc::clone(credential));
    Ok((Some(Box::new(signed)), credential))
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
