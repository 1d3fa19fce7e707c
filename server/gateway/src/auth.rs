//! Who may call an API.

mod access_keys;
mod access_tokens;
mod credentials;
mod identity;
mod modes;
mod nonces;
mod refused;
mod signature;

use std::net::IpAddr;
use std::sync::Arc;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::uri::Authority;
use sluice_domain::credential::CredentialSecrets;
use sluice_domain::id::EnvironmentId;
use sluice_domain::publication::BoundApi;
use sluice_domain::time::Timestamp;
use sluice_domain::trigger::{ApigTrigger, Authentication};

pub(crate) use access_keys::AccessKeys;
pub(crate) use access_tokens::{AUTH_TOKEN, AccessTokens};
pub use credentials::Credentials;
pub(crate) use identity::Identity;
pub use modes::Withheld;
pub(crate) use modes::{API_KEY, APP_SECRET};
pub(crate) use nonces::Nonces;
pub use refused::{AppRefused, IamRefused, SignatureRefused};
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

/// What a check looks at.
pub(crate) struct Caller<'a> {
    pub(crate) request: &'a Parts,
    pub(crate) authority: Option<&'a Authority>,
    pub(crate) tls: bool,
    /// Where it is known.
    pub(crate) address: Option<IpAddr>,
    pub(crate) now: Timestamp,
}

/// Who is let in, if what is still to be looked at proves right.
pub(crate) struct Admission {
    /// Whom the caller says to be; nobody where everybody is let in.
    identity: Option<Identity>,
    /// What can be looked at only with the body.
    signature: Option<Box<Signed>>,
}

/// Looks at all that can be looked at without the body, of a call of an API in an environment.
pub(crate) fn begin(
    api: &ApigTrigger,
    environment_id: &EnvironmentId,
    caller: &Caller<'_>,
    credentials: &Credentials,
    access_keys: &AccessKeys,
    access_tokens: &AccessTokens,
) -> Result<Admission, GatewayError> {
    match api.settings.authentication {
        // Whom an authorizer decides on has proved nothing here; see `authorizer.rs`.
        Authentication::None | Authentication::Custom => Ok(Admission {
            identity: None,
            signature: None,
        }),
        Authentication::App => app(api, environment_id, caller, credentials),
        Authentication::Iam => Ok(iam(caller, access_keys, access_tokens)?),
    }
}

impl Admission {
    /// Of a user of Debug, who has signed in to the console.
    pub(crate) fn of_debug() -> Self {
        Self {
            identity: None,
            signature: None,
        }
    }

    /// True when nothing is left to be looked at.
    pub(crate) fn is_settled(&self) -> bool {
        self.signature.is_none()
    }

    /// Whom the caller says to be.
    pub(crate) fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// Looks at the rest.
    pub(crate) fn settle(&self, body: &[u8]) -> Result<(), GatewayError> {
        self.signature.as_ref().map_or(Ok(()), |it| it.settle(body))
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
    environment_id: &EnvironmentId,
    caller: &Caller<'_>,
    credentials: &Credentials,
) -> Result<Admission, GatewayError> {
    let headers = &caller.request.headers;
    let place = BoundApi {
        trigger_id: api.trigger_id.clone(),
        environment_id: environment_id.clone(),
    };
    let allowed = |credential: &Arc<CredentialSecrets>| {
        if !credential.apis.contains(&place) {
            return Err(GatewayError::AppNotAuthorized);
        }
        match credential.allows(caller.address) {
            true => Ok(Identity::Credential(Arc::clone(credential))),
            false => Err(GatewayError::AddressRefused),
        }
    };
    let code = only(headers, APP_CODE, "X-Apig-AppCode").map_err(AppRefused::from)?;
    if let Some(code) = code {
        let refused = match (api.settings.simple_authentication, caller.tls) {
            (false, _) => AppRefused::CodeNotAllowed,
            (true, false) => AppRefused::CodeInPlainText,
            (true, true) => match credentials.of_code(code) {
                Some(credential) => {
                    return Ok(Admission {
                        identity: Some(allowed(credential)?),
                        signature: None,
                    });
                }
                None => AppRefused::UnknownCode,
            },
        };
        return Err(refused.into());
    }
    if let Some(credential) = modes::find(caller, credentials)? {
        return Ok(Admission {
            identity: Some(allowed(&credential)?),
            signature: None,
        });
    }
    let unverified = unverified(caller).map_err(AppRefused::from)?;
    let credential = credentials
        .of_key(unverified.access())
        .ok_or_else(|| AppRefused::UnknownKey(shown(unverified.access())))?;
    let identity = allowed(credential)?;
    let signed = unverified.of(identity.clone(), caller);
    Ok(Admission {
        signature: Some(Box::new(signed.map_err(AppRefused::from)?)),
        identity: Some(identity),
    })
}

fn iam(
    caller: &Caller<'_>,
    access_keys: &AccessKeys,
    access_tokens: &AccessTokens,
) -> Result<Admission, IamRefused> {
    let headers = &caller.request.headers;
    if let Some(token) = only(headers, AUTH_TOKEN, "X-Auth-Token")? {
        if !caller.tls {
            return Err(IamRefused::TokenInPlainText);
        }
        let token = access_tokens.find(token, caller.now);
        let token = token.ok_or(IamRefused::UnknownToken)?;
        return Ok(Admission {
            identity: Some(Identity::AccessToken(Arc::clone(token))),
            signature: None,
        });
    }
    let unverified = unverified(caller)?;
    let key = access_keys
        .find(unverified.access())
        .ok_or_else(|| IamRefused::UnknownKey(shown(unverified.access())))?;
    if key.failures.are_too_many(caller.now) {
        return Err(IamRefused::Locked);
    }
    let identity = Identity::AccessKey(Arc::clone(key));
    let signed = unverified.of(identity.clone(), caller)?;
    Ok(Admission {
        signature: Some(Box::new(signed)),
        identity: Some(identity),
    })
}

/// The signature that the caller sent.
fn unverified<'a>(caller: &Caller<'a>) -> Result<Unverified<'a>, SignatureRefused> {
    let headers = &caller.request.headers;
    let authorization = only(headers, AUTHORIZATION.as_str(), "Authorization")?;
    Unverified::parse(authorization.ok_or(SignatureRefused::Missing)?, caller)
}

/// As much of a key that nobody has as is told.
fn shown(key: &str) -> String {
    key.chars().take(64).collect()
}

/// The one value of a header.
fn only<'a>(
    headers: &'a HeaderMap,
    name: &str,
    shown: &'static str,
) -> Result<Option<&'a [u8]>, SignatureRefused> {
    let mut values = headers.get_all(name).iter();
    let value = values.next();
    match values.next() {
        Some(_) => Err(SignatureRefused::Twice(shown)),
        None => Ok(value.map(http::HeaderValue::as_bytes)),
    }
}
