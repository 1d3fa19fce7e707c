//! Certificates that were uploaded for domain names.

use serde::{Deserialize, Serialize};

use crate::domain_name::DomainName;
use crate::env_vars::Secret;
use crate::id::CertificateId;
use crate::parsed::parsed_string;
use crate::time::Timestamp;
use crate::trigger::{ApiName, InvalidApiName};

/// Name of a certificate, by the same rule as the name of an API: 3 to 64
/// characters, a letter first, then letters, digits and underscores.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CertificateName(String);

impl CertificateName {
    /// Parses the name of a certificate.
    pub fn parse(text: &str) -> Result<Self, InvalidApiName> {
        ApiName::parse(text).map(|name| Self(name.into()))
    }
}

parsed_string!(CertificateName, InvalidApiName);

/// Most certificates: every one is read at each start.
pub const MAX_CERTIFICATES: usize = 100;

/// Most bytes of a chain in PEM form, and of a private key: more than any that is in use has.
pub const MAX_PEM_BYTES: usize = 64 * 1024;

/// How long before its end a certificate is warned of.
const ENDS_SOON_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// A certificate as it is kept, without its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Its id.
    pub certificate_id: CertificateId,
    /// Its name, unique on the gateway.
    pub name: CertificateName,
    /// It and those that lead to its authority, in PEM form.
    pub chain: String,
    /// When it was uploaded.
    pub created_at: Timestamp,
    /// The domain names that it is bound to.
    pub used_by: Vec<DomainName>,
}

/// A certificate with its key, for the gateway.
#[derive(Debug, Clone)]
pub struct CertificateSecrets {
    /// Its id.
    pub certificate_id: CertificateId,
    /// It and those that lead to its authority, in PEM form.
    pub chain: String,
    /// Its private key in PEM form.
    pub key: Secret,
}

/// What a certificate says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateFacts {
    /// The names and addresses that it is for.
    pub names: Vec<String>,
    /// Who issued it.
    pub issuer: String,
    /// From when on it is valid.
    pub valid_from: Timestamp,
    /// Until when it is valid.
    pub valid_to: Timestamp,
}

/// Whether a certificate is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// It is not valid yet.
    NotYet,
    /// It is, and for more than 30 days to come.
    Valid,
    /// It is, but ends within 30 days.
    EndsSoon,
    /// It has ended.
    Ended,
}

impl CertificateFacts {
    /// Whether it is valid at `now`.
    pub fn validity(&self, now: Timestamp) -> Validity {
        match now {
            _ if now >= self.valid_to => Validity::Ended,
            _ if now < self.valid_from => Validity::NotYet,
            _ if now >= self.valid_to.minus_millis(ENDS_SOON_MS) => Validity::EndsSoon,
            _ => Validity::Valid,
        }
    }

    /// True when it is for this domain name: one of its names is the same, or a wildcard that
    /// covers it.
    pub fn covers(&self, name: &DomainName) -> bool {
        let covers = |own: &DomainName| own == name || own.covers(name.as_str());
        let names = self.names.iter();
        names.flat_map(|own| own.parse()).any(|own| covers(&own))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 60 * 60 * 1000;

    fn facts(names: &[&str]) -> CertificateFacts {
        CertificateFacts {
            names: names.iter().map(|&name| name.to_owned()).collect(),
            issuer: "An authority".to_owned(),
            valid_from: Timestamp(100 * DAY),
            valid_to: Timestamp(200 * DAY),
        }
    }

    #[test]
    fn its_end_is_warned_of_for_30_days() {
        let check = |days: i64| facts(&[]).validity(Timestamp(days * DAY));
        assert_eq!(check(99), Validity::NotYet);
        assert_eq!((check(100), check(169)), (Validity::Valid, Validity::Valid));
        assert_eq!(
            (check(170), check(199)),
            (Validity::EndsSoon, Validity::EndsSoon)
        );
        assert_eq!(check(200), Validity::Ended);
    }

    #[test]
    fn it_covers_its_names() {
        let check = |names: &[&str], name: &str| facts(names).covers(&name.parse().unwrap());
        let wildcard = ["10.0.0.1", "*.Example.com"];
        for name in ["a.example.com", "*.example.com"] {
            assert!(check(&wildcard, name), "{name}");
        }
        for name in ["example.com", "a.b.example.com", "*.b.example.com"] {
            assert!(!check(&wildcard, name), "{name}");
        }
        assert!(check(&["a.example.com"], "a.example.com"));
        assert!(!check(&["a.example.com"], "*.example.com"));
        assert!(!check(&["10.0.0.1"], "a.example.com"));
    }
}
