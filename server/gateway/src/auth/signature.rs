//! Signatures of requests: `SDK-HMAC-SHA256`. Source: APIG developer guide, "Signing a Request".
//!
//! What is signed is the request in one form, whatever way it was written: the method; the path,
//! decoded and encoded again, with a slash at its end; the query, decoded, sorted and encoded
//! again; the headers that the caller names; and the digest of the body.

use std::borrow::Cow;
use std::collections::HashSet;

use hmac::{Hmac, Mac};
use http::HeaderMap;
use http::header::HOST;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest, Sha256};
use sluice_domain::time::Timestamp;

use super::identity::Identity;
use super::nonces::{Full, Nonces};
use super::refused::SignatureRefused;
use super::{Caller, only};
use crate::encode::query_pairs;
use crate::error::GatewayError;

/// The algorithm, as it stands in `Authorization` and in what is signed.
const ALGORITHM: &str = "SDK-HMAC-SHA256";

/// How far the date of a signature may be from ours. Source: 15 minutes.
const SKEW_MS: i64 = 15 * 60 * 1000;

/// What stands for the digest of a body that is not signed.
const UNSIGNED: &[u8] = b"UNSIGNED-PAYLOAD";

/// Characters of a refused request that its caller is shown.
const SHOWN_CHARS: usize = 2000;

/// Headers whose values a caller is shown. Others can be secrets that its page does not know, such
/// as the cookies of another page.
const SHOWN_HEADERS: [&str; 6] = [
    "host",
    "content-type",
    "x-sdk-content-sha256",
    "x-sdk-date",
    "x-sdk-nonce",
    "x-stage",
];

/// All but the unreserved characters of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// A signature as it stands in the headers.
#[derive(Debug)]
pub(crate) struct Unverified<'a> {
    access: &'a str,
    names: &'a str,
    signature: [u8; 32],
    date: Timestamp,
    nonce: Option<&'a [u8]>,
    /// What the caller says of the body.
    content: Option<&'a [u8]>,
}

/// The same, whose it says it is, and what it is of but for the body.
pub(crate) struct Signed {
    identity: Identity,
    signature: [u8; 32],
    date: Timestamp,
    now: Timestamp,
    /// The request in its one form, up to the digest of the body.
    canonical: Vec<u8>,
    /// What the caller says of the body.
    content: Option<Vec<u8>>,
    nonce: Option<Vec<u8>>,
}

impl<'a> Unverified<'a> {
    /// Reads a signature from the headers of a request.
    pub(super) fn parse(
        authorization: &'a [u8],
        caller: &Caller<'a>,
    ) -> Result<Self, SignatureRefused> {
        let headers = &caller.request.headers;
        let authorization =
            std::str::from_utf8(authorization).map_err(|_| SignatureRefused::Form)?;
        let [access, names, signature] = fields(authorization).ok_or(SignatureRefused::Form)?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(signature, &mut bytes).map_err(|_| SignatureRefused::Form)?;
        let date = only(headers, "x-sdk-date", "X-Sdk-Date")?;
        let date = date.and_then(|date| Timestamp::parse_basic(std::str::from_utf8(date).ok()?));
        let date = date.ok_or(SignatureRefused::Date)?;
        if date.millis().abs_diff(caller.now.millis()) > SKEW_MS.unsigned_abs() {
            return Err(SignatureRefused::Expired {
                signed: date.basic_format(),
                now: caller.now.basic_format(),
            });
        }
        let nonce = only(headers, "x-sdk-nonce", "X-Sdk-Nonce")?;
        check_names(names, headers)?;
        Ok(Self {
            access,
            names,
            signature: bytes,
            date,
            nonce,
            content: only(headers, "x-sdk-content-sha256", "X-Sdk-Content-Sha256")?,
        })
    }

    /// By which it names whose it is to be.
    pub(super) fn access(&self) -> &'a str {
        self.access
    }

    /// Says whose it is to be.
    pub(super) fn of(
        self,
        identity: Identity,
        caller: &Caller<'_>,
    ) -> Result<Signed, SignatureRefused> {
        Ok(Signed {
            identity,
            signature: self.signature,
            date: self.date,
            now: caller.now,
            canonical: canonical_request(caller, self.names)?,
            content: self.content.map(<[u8]>::to_vec),
            nonce: self.nonce.map(<[u8]>::to_vec),
        })
    }
}

impl Signed {
    /// Compares the signature with that of the request, its body included. Whose it was to be
    /// learns of it.
    pub(super) fn settle(&self, body: &[u8]) -> Result<(), GatewayError> {
        let verified = self.verify(body);
        self.identity.tried(verified.is_ok(), self.now);
        verified.map_err(|why| self.identity.refused(why))
    }

    fn verify(&self, body: &[u8]) -> Result<(), SignatureRefused> {
        let digest = hex::encode(Sha256::digest(body));
        // Some signers leave what they say of the body out of account where there is none.
        let said = self.content.as_deref();
        let candidates = [
            said,
            (said.is_none() || body.is_empty()).then_some(digest.as_bytes()),
        ];
        let secret = self.identity.secret().ok_or(SignatureRefused::Form)?;
        let secret = secret.expose().as_bytes();
        let signs = |payload: &&[u8]| self.signs(secret, payload);
        if !candidates.iter().flatten().any(signs) {
            let payload = said.unwrap_or(digest.as_bytes());
            return Err(SignatureRefused::Signature(self.shown(payload)));
        }
        let is_right =
            |said: &[u8]| said == UNSIGNED || said.eq_ignore_ascii_case(digest.as_bytes());
        match said.is_none_or(is_right) {
            true => Ok(()),
            false => Err(SignatureRefused::Body),
        }
    }

    /// Takes the number that is used once, if there is one.
    pub(super) fn use_up(&self, nonces: &Nonces) -> Result<(), GatewayError> {
        let Some(nonce) = &self.nonce else {
            return Ok(());
        };
        let expires = Timestamp(self.date.millis().saturating_add(SKEW_MS));
        match nonces.take(self.identity.key(), nonce, expires, self.now) {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.identity.refused(SignatureRefused::Replayed)),
            Err(Full) => Err(GatewayError::TooManyNonces),
        }
    }

    /// Whether it is the signature by `secret` of the request with this digest of its body. The
    /// comparison takes as long for any wrong signature.
    fn signs(&self, secret: &[u8], payload: &[u8]) -> bool {
        let mut request = Sha256::new();
        request.update(&self.canonical);
        request.update(payload);
        let request = hex::encode(request.finalize());
        let date = self.date.basic_format();
        let mut signed = <Hmac<Sha256>>::new_from_slice(secret).expect("a key has any length");
        signed.update(format!("{ALGORITHM}\n{date}\n{request}").as_bytes());
        signed.verify_slice(&self.signature).is_ok()
    }

    /// The request in the form in which it had to be signed, for the caller.
    fn shown(&self, payload: &[u8]) -> String {
        let canonical = String::from_utf8_lossy(&self.canonical);
        // Method, path and query; the headers; an empty line and their names.
        let lines = canonical.split('\n').enumerate();
        let lines = lines.map(|(at, line)| match line.split_once(':') {
            Some((name, _)) if at >= 3 && !SHOWN_HEADERS.contains(&name) => {
                format!("{name}:***").into()
            }
            _ => Cow::Borrowed(line),
        });
        let text = lines.collect::<Vec<_>>().join("|") + &String::from_utf8_lossy(payload);
        text.chars().take(SHOWN_CHARS).collect()
    }
}

/// Looks at which headers are signed. Those that decide which API is called have to be.
fn check_names(names: &str, headers: &HeaderMap) -> Result<(), SignatureRefused> {
    let mut seen = HashSet::new();
    for name in names.split(';') {
        if !seen.insert(name.to_ascii_lowercase()) {
            return Err(SignatureRefused::SignedTwice(
                name.chars().take(64).collect(),
            ));
        }
    }
    for (name, shown) in [("x-stage", "X-Stage"), ("x-sdk-nonce", "X-Sdk-Nonce")] {
        if headers.contains_key(name) && !seen.contains(name) {
            return Err(SignatureRefused::NotSigned(shown));
        }
    }
    match seen.contains(HOST.as_str()) {
        true => Ok(()),
        false => Err(SignatureRefused::NotSigned("Host")),
    }
}

/// The three parts of `SDK-HMAC-SHA256 Access=…, SignedHeaders=…, Signature=…`.
fn fields(authorization: &str) -> Option<[&str; 3]> {
    let fields = authorization.strip_prefix(ALGORITHM)?.strip_prefix(' ')?;
    let mut found = [None; 3];
    for field in fields.split(',') {
        let (name, value) = field.trim().split_once('=')?;
        let place = ["Access", "SignedHeaders", "Signature"];
        let place = place.iter().position(|it| *it == name)?;
        if found[place].replace(value).is_some() {
            return None;
        }
    }
    let [access, names, signature] = found;
    Some([access?, names?, signature?])
}

/// The request in its one form, up to the digest of its body.
fn canonical_request(caller: &Caller<'_>, names: &str) -> Result<Vec<u8>, SignatureRefused> {
    let request = caller.request;
    // It would be signed as if it ended a segment, and does not when the API is found.
    if request.uri.path().to_ascii_lowercase().contains("%2f") {
        return Err(SignatureRefused::EscapedSlash);
    }
    let mut text = Vec::with_capacity(1024);
    let mut line = |part: &[u8]| {
        text.extend_from_slice(part);
        text.push(b'\n');
    };
    line(request.method.as_str().as_bytes());
    line(canonical_path(request.uri.path()).as_bytes());
    line(canonical_query(request.uri.query().unwrap_or_default()).as_bytes());
    for name in names.split(';') {
        for value in values(caller, &request.headers, name)? {
            line(&[name.as_bytes(), b":", value.trim_ascii()].concat());
        }
    }
    line(b"");
    line(names.as_bytes());
    Ok(text)
}

/// The values of a header in the order in which they are signed.
fn values<'a>(
    caller: &'a Caller<'_>,
    headers: &'a HeaderMap,
    name: &str,
) -> Result<Vec<&'a [u8]>, SignatureRefused> {
    if name.eq_ignore_ascii_case(HOST.as_str())
        && let Some(authority) = caller.authority
    {
        return Ok(vec![authority.as_str().as_bytes()]);
    }
    let mut values: Vec<_> = headers
        .get_all(name)
        .iter()
        .map(http::HeaderValue::as_bytes)
        .collect();
    if values.is_empty() {
        return Err(SignatureRefused::HeaderMissing(
            name.chars().take(64).collect(),
        ));
    }
    values.sort_unstable();
    Ok(values)
}

fn canonical_path(path: &str) -> String {
    let path = percent_decode_str(path).decode_utf8_lossy();
    let mut text: String = path.split('/').map(encoded).collect::<Vec<_>>().join("/");
    if !text.ends_with('/') {
        text.push('/');
    }
    text
}

fn canonical_query(query: &str) -> String {
    let mut pairs: Vec<(Cow<'_, str>, Cow<'_, str>)> = query_pairs(query).collect();
    pairs.sort_unstable();
    let pairs = pairs.iter();
    let pairs = pairs.map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
    pairs.collect::<Vec<_>>().join("&")
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}
