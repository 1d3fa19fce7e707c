//! Reads certificates and private keys that users upload. Whoever uploads them
//! is told what is wrong; nothing of a key is ever told.

use std::net::IpAddr;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{PemObject, SectionKind};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use sluice_domain::certificate::{CertificateFacts, MAX_PEM_BYTES};
use sluice_domain::env_vars::Secret;
use sluice_domain::time::Timestamp;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::x509::X509Name;

/// Most certificates of a chain: each is sent with every handshake.
const MAX_CHAIN: usize = 10;

/// Most names that are shown of a certificate.
const MAX_NAMES: usize = 100;

/// Why a certificate cannot be served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCertificate {
    /// There is none.
    #[error("There is no certificate in PEM form: it begins with -----BEGIN CERTIFICATE-----")]
    NoCertificate,
    /// A text is larger than any that is of use.
    #[error("Must have at most 64 KB")]
    TooLarge,
    /// The form is broken.
    #[error("Is not in PEM form: {0}")]
    Pem(String),
    /// Something else stands there.
    #[error("Has {0} in it; certificates alone belong here")]
    OtherSection(&'static str),
    /// A certificate cannot be read.
    #[error("Certificate {0} of the chain cannot be read")]
    Unreadable(usize),
    /// There are too many.
    #[error("Must have at most {MAX_CHAIN} certificates")]
    TooMany,
    /// A certificate does not lead to the one before.
    #[error(
        "Certificate {0} of the chain has not issued the one before it: the server's stands first, then the one that issued it, and so on"
    )]
    Order(usize),
    /// It is for no name.
    #[error("Is for no name: it has no Subject Alternative Name, which clients look at")]
    NoName,
    /// It has ended.
    #[error("Ended on {}", .0.console_format())]
    Ended(Timestamp),
    /// The key is encrypted. Source: `APIG.2105`.
    #[error("Encrypted private keys are not supported")]
    EncryptedKey,
    /// There is no key.
    #[error("There is no private key in PEM form: it begins with -----BEGIN PRIVATE KEY-----")]
    NoKey,
    /// There are several keys.
    #[error("Has more than one private key")]
    SeveralKeys,
    /// The key cannot be read, or not be used.
    #[error(
        "Cannot be used: RSA keys of 2048 to 8192 bits, ECDSA keys on P-256 and P-384, and Ed25519 keys can"
    )]
    Key,
    /// The key is another one's.
    #[error("Does not belong to the certificate")]
    OtherKey,
}

impl InvalidCertificate {
    /// Whether it is the key that is wrong.
    pub fn is_of_key(&self) -> bool {
        use InvalidCertificate as It;
        matches!(
            self,
            It::EncryptedKey | It::NoKey | It::SeveralKeys | It::Key | It::OtherKey
        )
    }
}

/// A chain and what its first certificate says of itself.
pub struct Chain {
    certificates: Vec<CertificateDer<'static>>,
    /// What it says.
    pub facts: CertificateFacts,
}

impl Chain {
    /// Reads a chain in PEM form.
    pub fn read(pem: &str) -> Result<Self, InvalidCertificate> {
        use InvalidCertificate as Invalid;
        if pem.len() > MAX_PEM_BYTES {
            return Err(Invalid::TooLarge);
        }
        let mut certificates = Vec::new();
        for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(pem.as_bytes()) {
            let (kind, der) = section.map_err(|error| Invalid::Pem(shown(&error)))?;
            match kind {
                SectionKind::Certificate => certificates.push(CertificateDer::from(der)),
                other => return Err(Invalid::OtherSection(name_of(other))),
            }
            if certificates.len() > MAX_CHAIN {
                return Err(Invalid::TooMany);
            }
        }
        let mut read: Vec<X509Certificate<'_>> = Vec::new();
        for (position, der) in certificates.iter().enumerate() {
            let certificate = match X509Certificate::from_der(der) {
                Ok(([], certificate)) => certificate,
                _ => return Err(Invalid::Unreadable(position + 1)),
            };
            let leads = |before: &X509Certificate<'_>| {
                before.issuer().as_raw() == certificate.subject().as_raw()
            };
            if !read.last().is_none_or(leads) {
                return Err(Invalid::Order(position + 1));
            }
            read.push(certificate);
        }
        let first = read.first().ok_or(Invalid::NoCertificate)?;
        let facts = facts(first).ok_or(Invalid::Unreadable(1))?;
        if facts.names.is_empty() {
            return Err(Invalid::NoName);
        }
        drop(read);
        Ok(Self {
            certificates,
            facts,
        })
    }

    /// It with its private key in PEM form, ready to be served.
    pub fn with_key(
        self,
        pem: &Secret,
        provider: &CryptoProvider,
    ) -> Result<CertifiedKey, InvalidCertificate> {
        use InvalidCertificate as Invalid;
        let key = private_key(pem)?;
        CertifiedKey::from_der(self.certificates, key, provider).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => Invalid::OtherKey,
            rustls::Error::InvalidCertificate(_) => Invalid::Unreadable(1),
            _ => Invalid::Key,
        })
    }
}

/// Checks what is uploaded at `now`.
pub fn check(
    chain: &str,
    key: &Secret,
    now: Timestamp,
    provider: &CryptoProvider,
) -> Result<(), InvalidCertificate> {
    let chain = Chain::read(chain)?;
    let valid_to = chain.facts.valid_to;
    if valid_to <= now {
        return Err(InvalidCertificate::Ended(valid_to));
    }
    chain.with_key(key, provider).map(drop)
}

fn private_key(pem: &Secret) -> Result<PrivateKeyDer<'static>, InvalidCertificate> {
    use InvalidCertificate as Invalid;
    let pem = pem.expose();
    if pem.len() > MAX_PEM_BYTES {
        return Err(Invalid::TooLarge);
    }
    // PKCS #8, and the older form of OpenSSL.
    if pem.contains("ENCRYPTED PRIVATE KEY") || pem.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(Invalid::EncryptedKey);
    }
    // What the parser says of a broken one may have a part of it.
    let mut keys = PrivateKeyDer::pem_slice_iter(pem.as_bytes());
    let key = keys
        .next()
        .ok_or(Invalid::NoKey)?
        .map_err(|_| Invalid::Key)?;
    match keys.next() {
        None => Ok(key),
        Some(_) => Err(Invalid::SeveralKeys),
    }
}

fn name_of(kind: SectionKind) -> &'static str {
    match kind {
        SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey => {
            "a private key"
        }
        SectionKind::Csr => "a signing request",
        SectionKind::Crl => "a revocation list",
        SectionKind::PublicKey => "a public key",
        _ => "something else",
    }
}

/// The beginning of what the parser says.
fn shown(error: &dyn std::fmt::Display) -> String {
    error.to_string().chars().take(120).collect()
}

fn facts(certificate: &X509Certificate<'_>) -> Option<CertificateFacts> {
    let millis = |seconds: i64| Timestamp(seconds.saturating_mul(1000));
    let validity = certificate.validity();
    let names = certificate.subject_alternative_name().ok()?;
    let names = names
        .map(|it| &it.value.general_names[..])
        .unwrap_or_default();
    Some(CertificateFacts {
        names: names.iter().filter_map(name).take(MAX_NAMES).collect(),
        issuer: issuer(certificate.issuer()),
        valid_from: millis(validity.not_before.timestamp()),
        valid_to: millis(validity.not_after.timestamp()),
    })
}

/// A name that clients look for.
fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(name.chars().take(253).collect()),
        GeneralName::IPAddress(bytes) => {
            let v4 = || <[u8; 4]>::try_from(*bytes).ok().map(IpAddr::from);
            let v6 = || <[u8; 16]>::try_from(*bytes).ok().map(IpAddr::from);
            v4().or_else(v6).map(|address| address.to_string())
        }
        _ => None,
    }
}

/// The common name of an issuer, or else its organization, or all of it.
fn issuer(name: &X509Name<'_>) -> String {
    let common = name.iter_common_name().next();
    let short = common.or_else(|| name.iter_organization().next());
    let text = short.and_then(|it| it.as_str().ok()).map(str::to_owned);
    let text = text.filter(|it| !it.trim().is_empty());
    let text = text.unwrap_or_else(|| name.to_string());
    text.chars().take(100).collect()
}

#[cfg(test)]
mod tests;
