//! What callers of an API with App authentication may send instead of a signature, each where the
//! gateway's settings have it on. Source: APIG user guide, gateway parameters `app_secret`,
//! `app_basic`, `app_api_key` and `app_jwt`.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use sha2::{Digest as _, Sha256};
use sluice_domain::credential::CredentialSecrets;
use sluice_domain::gateway_settings::GatewaySettings;
use sluice_domain::time::Timestamp;
use sluice_domain::trigger::Authentication;
use subtle::ConstantTimeEq as _;

use super::credentials::Credentials;
use super::refused::{AppRefused, SignatureRefused};
use super::{Caller, is_signature, only, shown};
use crate::encode::query_pairs;

/// Has an AppKey.
const APP_ID: &str = "x-hw-id";

/// Has an AppSecret. It never reaches a function.
pub(crate) const APP_SECRET: &str = "x-hw-appkey";

/// The header, and the parameter of the query, that has an AppSecret.
pub(crate) const API_KEY: &str = "apikey";

/// How far the time of a digest may be from ours. Source: 15 minutes.
const SKEW_MS: u64 = 15 * 60 * 1000;

/// Numbers from here on are milliseconds, those below seconds: it is the year 5138, or 1973.
const FIRST_MILLIS: i64 = 100_000_000_000;

/// What the function behind an API does not get, as it proves who calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Withheld {
    basic: bool,
    digest: bool,
    pub(crate) api_key: bool,
    /// `X-Auth-Token`.
    pub(crate) token: bool,
}

impl Withheld {
    /// What is kept from a function whose API has this authentication. Where a mode is off, what it
    /// would be is the function's own.
    pub(crate) fn of(authentication: Authentication, settings: GatewaySettings) -> Self {
        let is_app = authentication == Authentication::App;
        Self {
            basic: is_app && settings.app_basic,
            digest: is_app && settings.app_jwt,
            api_key: is_app && settings.app_api_key,
            token: authentication == Authentication::Iam,
        }
    }

    /// True where `Authorization` is kept from the function.
    pub(crate) fn authorization(self, headers: &HeaderMap) -> bool {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        values.any(|value| {
            let value = value.as_bytes();
            (self.basic && basic(value).is_some()) || (self.digest && digest(value).is_some())
        })
    }
}

/// The credential that the caller proves to have by something else than a signature; none where it
/// sends no such thing that is on.
pub(super) fn find(
    caller: &Caller<'_>,
    credentials: &Credentials,
) -> Result<Option<Arc<CredentialSecrets>>, AppRefused> {
    let settings = credentials.settings();
    let headers = &caller.request.headers;
    if is_signature(headers) {
        return Ok(None);
    }
    if settings.app_secret && (headers.contains_key(APP_ID) || headers.contains_key(APP_SECRET)) {
        return by_secret(caller, credentials).map(Some);
    }
    let authorization = only(headers, AUTHORIZATION.as_str(), "Authorization")?;
    if settings.app_basic
        && let Some(both) = authorization.and_then(basic)
    {
        return by_basic(caller, credentials, both).map(Some);
    }
    if settings.app_jwt && headers.contains_key("timestamp") {
        return by_digest(caller, credentials, authorization).map(Some);
    }
    if settings.app_api_key
        && let Some(key) = api_key(caller)?
    {
        over_https(caller, "apikey")?;
        let credential = credentials.of_secret(&key);
        return Ok(Some(Arc::clone(
            credential.ok_or(AppRefused::UnknownApiKey)?,
        )));
    }
    Ok(None)
}

fn by_secret(
    caller: &Caller<'_>,
    credentials: &Credentials,
) -> Result<Arc<CredentialSecrets>, AppRefused> {
    let headers = &caller.request.headers;
    let key = only(headers, APP_ID, "X-HW-ID")?.ok_or(AppRefused::Missing("X-HW-ID"))?;
    let secret = only(headers, APP_SECRET, "X-HW-AppKey")?;
    let secret = secret.ok_or(AppRefused::Missing("X-HW-AppKey"))?;
    over_https(caller, "X-HW-AppKey")?;
    known(credentials, key, secret)
}

fn by_basic(
    caller: &Caller<'_>,
    credentials: &Credentials,
    both: &[u8],
) -> Result<Arc<CredentialSecrets>, AppRefused> {
    over_https(caller, "Authorization: Basic")?;
    let both = BASE64.decode(both).map_err(|_| AppRefused::BasicForm)?;
    let colon = both.iter().position(|byte| *byte == b':');
    let (key, secret) = both.split_at(colon.ok_or(AppRefused::BasicForm)?);
    known(credentials, key, &secret[1..])
}

/// The credential with this key, whose secret has to be this one.
fn known(
    credentials: &Credentials,
    key: &[u8],
    secret: &[u8],
) -> Result<Arc<CredentialSecrets>, AppRefused> {
    let key = String::from_utf8_lossy(key);
    let credential = credentials
        .of_key(&key)
        .ok_or_else(|| AppRefused::UnknownKey(shown(&key)))?;
    match bool::from(credential.app_secret.expose().as_bytes().ct_eq(secret)) {
        true => Ok(Arc::clone(credential)),
        false => Err(AppRefused::WrongSecret),
    }
}

/// The digest names no credential: it is compared with that of each, of which there are 50 at most.
fn by_digest(
    caller: &Caller<'_>,
    credentials: &Credentials,
    authorization: Option<&[u8]>,
) -> Result<Arc<CredentialSecrets>, AppRefused> {
    let given = authorization.ok_or(SignatureRefused::Missing)?;
    let given = digest(given).ok_or(AppRefused::DigestForm)?;
    let written = only(&caller.request.headers, "timestamp", "Timestamp")?.unwrap_or_default();
    let at = timestamp(written).ok_or(AppRefused::Timestamp)?;
    if at.millis().abs_diff(caller.now.millis()) > SKEW_MS {
        return Err(AppRefused::Expired);
    }
    let mut found = None;
    for credential in credentials.all() {
        let mut hash = Sha256::new();
        hash.update(credential.app_key.as_str());
        hash.update(credential.app_secret.expose());
        hash.update(written);
        if bool::from(hash.finalize().as_slice().ct_eq(&given)) {
            found = Some(Arc::clone(credential));
        }
    }
    found.ok_or(AppRefused::WrongDigest)
}

/// What follows `Basic`, if that is what it is.
fn basic(authorization: &[u8]) -> Option<&[u8]> {
    let (scheme, both) = authorization.split_at_checked(6)?;
    scheme
        .eq_ignore_ascii_case(b"basic ")
        .then(|| both.trim_ascii())
}

/// The digest, if it is one.
fn digest(authorization: &[u8]) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(authorization, &mut bytes).ok()?;
    Some(bytes)
}

/// Seconds or milliseconds since 1970.
fn timestamp(text: &[u8]) -> Option<Timestamp> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number: i64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    Some(Timestamp(match number < FIRST_MILLIS {
        true => number * 1000,
        false => number,
    }))
}

/// `apikey` of the headers, or else of the query.
fn api_key(caller: &Caller<'_>) -> Result<Option<Vec<u8>>, SignatureRefused> {
    if let Some(key) = only(&caller.request.headers, API_KEY, "apikey")? {
        return Ok(Some(key.to_vec()));
    }
    let query = caller.request.uri.query().unwrap_or_default();
    let mut keys = query_pairs(query).filter(|(name, _)| name == API_KEY);
    let key = keys.next().map(|(_, key)| key.into_owned().into_bytes());
    match keys.next() {
        Some(_) => Err(SignatureRefused::Twice("apikey")),
        None => Ok(key),
    }
}

/// Refuses what anybody on the way can read.
fn over_https(caller: &Caller<'_>, what: &'static str) -> Result<(), AppRefused> {
    match caller.tls {
        true => Ok(()),
        false => Err(AppRefused::InPlainText(what)),
    }
}
