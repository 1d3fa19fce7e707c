//! Domain names of users' own, by which the APIs of a group are called besides
//! the group's host.

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::id::{ApiGroupId, CertificateId, DomainNameId};
use crate::parsed::{named_enum, parsed_string};
use crate::time::Timestamp;

/// Most domain names that an API group may have. Source: APIG quotas.
pub const MAX_DOMAIN_NAMES: usize = 5;

/// A domain name: `api.example.com`, or `*.example.com` for all names one label
/// below. It has a dot, is in lower case, has no dot at its end, and what is
/// beyond ASCII is in the form of IDNA (`xn--…`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DomainName(String);

/// Why a text is not a [`DomainName`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDomainName {
    /// It is empty, or longer than names may be.
    #[error("must have 1 to 253 characters, has {0}")]
    Length(usize),
    /// It is an address of a page, or has a port.
    #[error("must be a name alone, without https://, a port and a path")]
    Url,
    /// It is an IP address.
    #[error("must be a name, not an IP address")]
    Address,
    /// It has one label only.
    #[error("must have a dot in it, as api.example.com")]
    Single,
    /// It is all of a top-level domain.
    #[error("must have a name with a dot in it after *., as *.example.com")]
    TooWide,
    /// Its `*` stands somewhere else.
    #[error("may have * as its whole first part only, as *.example.com")]
    Wildcard,
    /// It is no name of a host.
    #[error(
        "is not a domain name: its parts have 1 to 63 letters, digits and hyphens, no hyphen first or last"
    )]
    Name,
}

impl DomainName {
    /// Most characters of a name. Source: RFC 1035, section 2.3.4.
    const MAX_CHARS: usize = 253;

    /// Parses a domain name; white space around it is dropped.
    pub fn parse(text: &str) -> Result<Self, InvalidDomainName> {
        use InvalidDomainName as Invalid;
        let text = text.trim();
        let chars = text.chars().count();
        if !(1..=Self::MAX_CHARS).contains(&chars) {
            return Err(Invalid::Length(chars));
        }
        let bare = text.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
        if bare.unwrap_or(text).parse::<IpAddr>().is_ok() {
            return Err(Invalid::Address);
        }
        if text.contains(['/', ':', '?', '#', '@']) {
            return Err(Invalid::Url);
        }
        let below = text.strip_prefix("*.");
        let name = below.unwrap_or(text);
        if name.contains('*') {
            return Err(Invalid::Wildcard);
        }
        // What is percent-encoded would be decoded: there is one way to write a name.
        if name.contains('%') {
            return Err(Invalid::Name);
        }
        let name = match url::Host::parse(name) {
            Ok(url::Host::Domain(name)) => name,
            Ok(url::Host::Ipv4(_) | url::Host::Ipv6(_)) => return Err(Invalid::Address),
            Err(_) => return Err(Invalid::Name),
        };
        let name = name.strip_suffix('.').unwrap_or(&name);
        if !name.split('.').all(is_label) {
            return Err(Invalid::Name);
        }
        let wildcard = if below.is_some() { "*." } else { "" };
        if !name.contains('.') {
            return Err(match below {
                Some(_) => Invalid::TooWide,
                None => Invalid::Single,
            });
        }
        let whole = format!("{wildcard}{name}");
        match whole.len() <= Self::MAX_CHARS {
            true => Ok(Self(whole)),
            false => Err(Invalid::Length(whole.len())),
        }
    }

    /// What stands after `*.`, for a name that is a wildcard.
    pub fn below(&self) -> Option<&str> {
        self.0.strip_prefix("*.")
    }

    /// True for the hosts that it names: its own, or all one label below. Letters match in either
    /// case.
    pub fn covers(&self, host: &str) -> bool {
        match self.below() {
            None => host.eq_ignore_ascii_case(&self.0),
            Some(parent) => parent_of(host).is_some_and(|it| it.eq_ignore_ascii_case(parent)),
        }
    }

    /// True when one of the hosts that it names is `domain` or below it.
    pub fn reaches(&self, domain: &str) -> bool {
        let name = self.below().unwrap_or(&self.0);
        let domain = domain.to_ascii_lowercase();
        let above = name.strip_suffix(&domain);
        self.covers(&domain) || above.is_some_and(|it| it.is_empty() || it.ends_with('.'))
    }
}

parsed_string!(DomainName, InvalidDomainName);

/// The rule of DNS for the labels of hosts.
fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// What stands after the first label of a host.
fn parent_of(host: &str) -> Option<&str> {
    let (label, parent) = host.split_once('.')?;
    (!label.is_empty()).then_some(parent)
}

/// What belongs to hosts, by their domain names. A name counts before a wildcard that covers it.
#[derive(Debug, Clone)]
pub struct ByHost<T> {
    names: HashMap<String, T>,
    /// By what stands after `*.`.
    wildcards: HashMap<String, T>,
}

impl<T> Default for ByHost<T> {
    fn default() -> Self {
        Self {
            names: HashMap::new(),
            wildcards: HashMap::new(),
        }
    }
}

impl<T> ByHost<T> {
    /// What belongs to `host`, in letters of either case and with the root's dot or without it.
    pub fn find(&self, host: &str) -> Option<&T> {
        let host = host.strip_suffix('.').unwrap_or(host);
        let host = match host.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => Cow::Owned(host.to_ascii_lowercase()),
            false => Cow::Borrowed(host),
        };
        let named = self.names.get(host.as_ref());
        // Most have no wildcard: then one look is enough.
        let wildcard = || match self.wildcards.is_empty() {
            true => None,
            false => self.wildcards.get(parent_of(&host)?),
        };
        named.or_else(wildcard)
    }
}

impl<T> FromIterator<(DomainName, T)> for ByHost<T> {
    fn from_iter<I: IntoIterator<Item = (DomainName, T)>>(pairs: I) -> Self {
        let mut by_host = Self::default();
        for (name, value) in pairs {
            match name.below() {
                Some(parent) => by_host.wildcards.insert(parent.to_owned(), value),
                None => by_host.names.insert(name.into(), value),
            };
        }
        by_host
    }
}

named_enum! {
    /// A version of TLS that connections by a domain name may have at least. Older ones than 1.2 are
    /// spoken to nobody.
    #[derive(Default, PartialOrd, Ord)]
    pub enum TlsVersion ("the TLS version") {
        /// TLS 1.2.
        #[default]
        V1_2 = "TLSv1.2", "TLS 1.2";
        /// TLS 1.3.
        V1_3 = "TLSv1.3", "TLS 1.3";
    }
}

/// Which certificate a domain name has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DomainCertificate {
    /// None: what comes over HTTPS gets the gateway's own, which is for other names.
    #[default]
    None,
    /// One that the local authority issues, and renews.
    Issued,
    /// One that an ACME server issues, and renews. Not for a wildcard, which would need a record in DNS.
    Acme,
    /// One that was uploaded.
    Uploaded(CertificateId),
}

/// What a domain name is set to; see [`DomainSettings`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainSettingsFields {
    /// Its certificate.
    pub certificate: DomainCertificate,
    /// The version of TLS that connections have at least.
    pub min_tls: TlsVersion,
    /// Whether requests over HTTP are sent to HTTPS.
    pub redirect: bool,
}

/// What a domain name is set to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "DomainSettingsFields", into = "DomainSettingsFields")]
pub struct DomainSettings(DomainSettingsFields);

/// Why a domain name cannot be set to that: without a certificate a redirect would lead to a page
/// that no browser shows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("needs a certificate")]
pub struct RedirectWithoutCertificate;

impl DomainSettings {
    /// What it is set to.
    pub fn fields(&self) -> &DomainSettingsFields {
        &self.0
    }
}

impl TryFrom<DomainSettingsFields> for DomainSettings {
    type Error = RedirectWithoutCertificate;

    fn try_from(fields: DomainSettingsFields) -> Result<Self, RedirectWithoutCertificate> {
        match fields.redirect && fields.certificate == DomainCertificate::None {
            true => Err(RedirectWithoutCertificate),
            false => Ok(Self(fields)),
        }
    }
}

impl From<DomainSettings> for DomainSettingsFields {
    fn from(settings: DomainSettings) -> Self {
        settings.0
    }
}

/// A domain name that is bound to an API group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoundDomainName {
    /// Its id.
    pub domain_name_id: DomainNameId,
    /// The name; it is bound to one group at a time.
    pub name: DomainName,
    /// The group whose APIs are called by it.
    pub group_id: ApiGroupId,
    /// What it is set to.
    pub settings: DomainSettings,
    /// When it was bound.
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_domain_name_follows_the_rule() {
        use InvalidDomainName::*;
        let check = |text: &str| DomainName::parse(text).map(String::from);
        let long = format!("{}.example", "a".repeat(64));
        let right = [
            ("api.example.com", "api.example.com"),
            (" API.Example.COM. ", "api.example.com"),
            ("*.Example.com", "*.example.com"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("*.bücher.example", "*.xn--bcher-kva.example"),
            ("1.2.3.example", "1.2.3.example"),
            ("shop.localhost", "shop.localhost"),
        ];
        for (text, name) in right {
            assert_eq!(check(text).as_deref(), Ok(name), "{text}");
        }
        let wrong = [
            ("", Length(0)),
            ("https://api.example.com", Url),
            ("api.example.com:8443", Url),
            ("api.example.com/path", Url),
            ("user@example.com", Url),
            ("192.168.1.5", Address),
            ("0x7f.1", Address),
            ("[::1]", Address),
            ("::1", Address),
            ("localhost", Single),
            ("*.com", TooWide),
            ("*", Wildcard),
            ("a*.example.com", Wildcard),
            ("a.*.example.com", Wildcard),
            ("*.*.example.com", Wildcard),
            ("a b.example.com", Name),
            ("a_b.example.com", Name),
            ("-a.example.com", Name),
            ("a..example.com", Name),
            (".example.com", Name),
            ("ex%61mple.com", Name),
            ("xn--.example.com", Name),
            (&long, Name),
        ];
        for (text, error) in wrong {
            assert_eq!(check(text), Err(error), "{text}");
        }
        let almost = format!("{}.example", ["a".repeat(60).as_str(); 4].join("."));
        assert_eq!(check(&almost).map(|name| name.len()), Ok(251));
        assert_eq!(check(&format!("aaa.{almost}")), Err(Length(255)));
    }

    #[test]
    fn a_wildcard_covers_one_label() {
        let check = |name: &str, host: &str| DomainName::parse(name).unwrap().covers(host);
        for host in ["a.example.com", "A.EXAMPLE.com"] {
            assert!(check("*.example.com", host), "{host}");
            assert!(check("a.example.com", host), "{host}");
        }
        for host in [
            "example.com",
            "a.b.example.com",
            ".example.com",
            "aexample.com",
        ] {
            assert!(!check("*.example.com", host), "{host}");
            assert!(!check("a.example.com", host), "{host}");
        }
    }

    #[test]
    fn a_name_reaches_what_it_is_and_what_is_above_it() {
        let check = |name: &str| DomainName::parse(name).unwrap().reaches("Apig.example.com");
        for name in [
            "apig.example.com",
            "x.apig.example.com",
            "*.apig.example.com",
            "*.example.com",
        ] {
            assert!(check(name), "{name}");
        }
        for name in [
            "example.com",
            "xapig.example.com",
            "apig.example.com.org",
            "*.other.example.com",
        ] {
            assert!(!check(name), "{name}");
        }
    }

    #[test]
    fn hosts_are_found_by_name_before_wildcard() {
        let names = ["a.example.com", "*.example.com", "*.a.example.com"];
        let by_host: ByHost<&str> = names
            .map(|it| (it.parse().unwrap(), it))
            .into_iter()
            .collect();
        let check = |host: &str| by_host.find(host).copied().unwrap_or("none");
        assert_eq!(check("a.example.com"), "a.example.com");
        assert_eq!(check("A.Example.com."), "a.example.com");
        assert_eq!(check("b.example.com"), "*.example.com");
        assert_eq!(check("B.a.example.com"), "*.a.example.com");
        for host in [
            "example.com",
            "c.b.example.com",
            ".example.com",
            "",
            ".",
            "[::1]",
        ] {
            assert_eq!(check(host), "none", "{host}");
        }
    }

    #[test]
    fn a_redirect_needs_a_certificate() {
        let fields = |certificate| DomainSettingsFields {
            certificate,
            redirect: true,
            ..Default::default()
        };
        assert!(DomainSettings::try_from(fields(DomainCertificate::Issued)).is_ok());
        let refused = DomainSettings::try_from(fields(DomainCertificate::None));
        assert_eq!(refused, Err(RedirectWithoutCertificate));
    }

    proptest! {
        #[test]
        fn what_is_parsed_is_parsed_again(text in "(\\*\\.)?[-a-zA-Z0-9.üß%_ ]{0,12}\\.[a-z]{1,4}|\\PC{0,40}") {
            if let Ok(name) = DomainName::parse(&text) {
                prop_assert_eq!(DomainName::parse(name.as_str()), Ok(name));
            }
        }

        #[test]
        fn what_covers_a_host_is_found_by_it(name in "(\\*\\.)?[a-c]{1,2}\\.[a-c]{1,2}(\\.[a-c])?", host in "[a-cA-C]{1,2}(\\.[a-c]{1,2}){0,3}") {
            let name: DomainName = name.parse().unwrap();
            let by_host: ByHost<()> = [(name.clone(), ())].into_iter().collect();
            prop_assert_eq!(by_host.find(&host).is_some(), name.covers(&host));
        }
    }
}
