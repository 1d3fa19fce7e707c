//! Policies of the gateway: what callers of an API may do beyond being let in, and what its answers
//! say beside what the function does. An API has at most one of each kind. Source: APIG user guide, "API Policies".

mod cors;
mod response_headers;
mod throttling;

use std::net::IpAddr;

pub use cors::{
    Cors, CorsFields, CorsMethods, HeaderNames, InvalidCors, InvalidCorsMethods,
    InvalidHeaderNames, InvalidOrigin, InvalidOrigins, MAX_CORS_AGE, Origin, Origins,
};
pub(crate) use response_headers::is_the_gateways;
pub use response_headers::{
    HeaderAction, HeaderChange, HeaderChangeFields, InvalidHeaderChange, InvalidResponseHeaders,
    MAX_HEADER_CHANGES, ResponseHeaders,
};
pub use throttling::{
    CallerId, Exclusion, InvalidThrottling, MAX_EXCLUSIONS, PeriodUnit, Throttling,
    ThrottlingFields,
};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::id::PolicyId;
use crate::parsed::{named_enum, parsed_string};
use crate::publication::BoundApi;
use crate::time::Timestamp;
use crate::trigger::{ApiName, InvalidApiName};

/// Name of a policy, by the same rule as the name of an API: 3 to 64
/// characters, a letter first, then letters, digits and underscores.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PolicyName(String);

impl PolicyName {
    /// Parses the name of a policy.
    pub fn parse(text: &str) -> Result<Self, InvalidApiName> {
        ApiName::parse(text).map(|name| Self(name.into()))
    }
}

parsed_string!(PolicyName, InvalidApiName);

/// Most policies of each kind. Source: APIG quotas, access control policies.
pub const MAX_POLICIES: usize = 100;

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Its id.
    pub policy_id: PolicyId,
    /// Its name, unique among those of its kind.
    pub name: PolicyName,
    /// What it says.
    pub rule: PolicyRule,
    /// The APIs that it is bound to, each in an environment.
    pub apis: Vec<BoundApi>,
    /// When it was created.
    pub created_at: Timestamp,
}

/// What a policy says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PolicyRule {
    /// How often an API may be called.
    Throttling(Throttling),
    /// From which addresses.
    AccessControl(AccessControl),
    /// Which pages of other origins may read its answers.
    Cors(Cors),
    /// Which headers its answers have.
    ResponseHeaders(ResponseHeaders),
}

impl PolicyRule {
    /// Of which kind it is.
    pub fn kind(&self) -> PolicyKind {
        match self {
            Self::Throttling(_) => PolicyKind::Throttling,
            Self::AccessControl(_) => PolicyKind::AccessControl,
            Self::Cors(_) => PolicyKind::Cors,
            Self::ResponseHeaders(_) => PolicyKind::ResponseHeaders,
        }
    }
}

named_enum! {
    /// What a policy is about.
    pub enum PolicyKind ("the kind of the policy") {
        /// How often an API may be called.
        Throttling = "THROTTLING", "Request Throttling";
        /// From which addresses.
        AccessControl = "ACCESS_CONTROL", "Access Control";
        /// Which pages of other origins may read its answers.
        Cors = "CORS", "CORS";
        /// Which headers its answers have.
        ResponseHeaders = "RESPONSE_HEADERS", "Response Headers";
    }
}

named_enum! {
    /// What an access control does with the addresses it names.
    pub enum AccessEffect ("the effect") {
        /// They are let in, others are not.
        Permit = "PERMIT", "Permit";
        /// They are not let in, others are.
        Deny = "DENY", "Deny";
    }
}

/// From which addresses an API may be called. Source: access control, type IP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessControl {
    /// What is done with the addresses.
    pub effect: AccessEffect,
    /// The addresses.
    pub addresses: Addresses,
}

impl AccessControl {
    /// True when a caller with this address is let in. One whose address is not known is let in
    /// only where that cannot be wrong: nowhere.
    pub fn allows(&self, address: Option<IpAddr>) -> bool {
        let is_named = |address| self.addresses.0.iter().any(|rule| rule.matches(address));
        match (self.effect, address) {
            (_, None) => false,
            (AccessEffect::Permit, Some(address)) => is_named(address),
            (AccessEffect::Deny, Some(address)) => !is_named(address),
        }
    }
}

/// Addresses, networks and ranges: 1 to 100.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<AddressRule>", into = "Vec<AddressRule>")]
pub struct Addresses(Vec<AddressRule>);

/// Why a text is not [`Addresses`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAddresses {
    /// There are none, or more than 100.
    #[error("must be 1 to 100 entries, are {0}")]
    Count(usize),
    /// One is none.
    #[error("{0}")]
    Address(#[from] InvalidAddress),
}

impl Addresses {
    /// Parses entries that stand in lines, or with commas between.
    pub fn parse(text: &str) -> Result<Self, InvalidAddresses> {
        let entries = text.split([',', '\n']).map(str::trim);
        let entries = entries.filter(|entry| !entry.is_empty());
        let rules: Result<Vec<_>, _> = entries.map(AddressRule::parse).collect();
        rules?.try_into()
    }

    /// The entries.
    pub fn iter(&self) -> impl Iterator<Item = &AddressRule> {
        self.0.iter()
    }
}

impl TryFrom<Vec<AddressRule>> for Addresses {
    type Error = InvalidAddresses;

    fn try_from(rules: Vec<AddressRule>) -> Result<Self, InvalidAddresses> {
        match rules.len() {
            1..=100 => Ok(Self(rules)),
            count => Err(InvalidAddresses::Count(count)),
        }
    }
}

impl From<Addresses> for Vec<AddressRule> {
    fn from(addresses: Addresses) -> Self {
        addresses.0
    }
}

/// An IP address, a network (`10.0.0.0/8`) or a range (`10.0.0.1-10.0.0.9`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AddressRule {
    text: String,
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Network(IpNet),
    Range(IpAddr, IpAddr),
}

/// A text that is no [`AddressRule`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no IP address, network such as 10.0.0.0/8, or range such as 10.0.0.1-10.0.0.9")]
pub struct InvalidAddress(String);

impl AddressRule {
    /// Parses an entry.
    pub fn parse(text: &str) -> Result<Self, InvalidAddress> {
        let what = what(text).ok_or_else(|| InvalidAddress(text.chars().take(64).collect()))?;
        let text = text.to_owned();
        Ok(Self { text, what })
    }

    /// The entry as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn matches(&self, address: IpAddr) -> bool {
        match self.what {
            What::Network(network) => network.contains(&address),
            What::Range(first, last) => {
                first.is_ipv4() == address.is_ipv4() && (first..=last).contains(&address)
            }
        }
    }
}

fn what(text: &str) -> Option<What> {
    if let Some((first, last)) = text.split_once('-') {
        let (first, last) = (address(first)?, address(last)?);
        let right = first.is_ipv4() == last.is_ipv4() && first <= last;
        return right.then_some(What::Range(first, last));
    }
    match text.contains('/') {
        true => {
            let network: IpNet = text.parse().ok()?;
            // Callers by IPv4 are compared as such, whatever socket they came in by.
            let is_mapped = network.addr().to_canonical().is_ipv4() && network.addr().is_ipv6();
            (!is_mapped).then_some(What::Network(network))
        }
        false => Some(What::Network(IpNet::from(address(text)?))),
    }
}

fn address(text: &str) -> Option<IpAddr> {
    let address: IpAddr = text.trim().parse().ok()?;
    Some(address.to_canonical())
}

impl TryFrom<String> for AddressRule {
    type Error = InvalidAddress;

    fn try_from(text: String) -> Result<Self, InvalidAddress> {
        Self::parse(&text)
    }
}

impl From<AddressRule> for String {
    fn from(rule: AddressRule) -> Self {
        rule.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_access_control_knows_its_addresses() {
        let check = |effect, addresses: &str, address: &str| {
            let addresses = Addresses::parse(addresses).unwrap();
            AccessControl { effect, addresses }.allows(address.parse().ok())
        };
        for (addresses, inside, outside) in [
            ("10.0.0.1", "10.0.0.1", "10.0.0.2"),
            ("10.0.0.0/8, 1.2.3.4", "10.255.0.1", "11.0.0.1"),
            ("10.0.0.0/8\n1.2.3.4", "1.2.3.4", "::ffff:1.2.3.5"),
            ("10.0.0.5-10.0.1.5", "10.0.1.0", "10.0.1.6"),
            ("2001:db8::/32", "2001:db8::1", "2001:db9::1"),
            ("::1-::5", "::3", "0.0.0.3"),
            ("::ffff:1.2.3.4", "1.2.3.4", "1.2.3.5"),
            ("::ffff:1.2.3.4-1.2.3.9", "1.2.3.8", "1.2.3.10"),
        ] {
            assert!(
                check(AccessEffect::Permit, addresses, inside),
                "{addresses}"
            );
            assert!(
                !check(AccessEffect::Permit, addresses, outside),
                "{addresses}"
            );
            assert!(!check(AccessEffect::Deny, addresses, inside), "{addresses}");
            assert!(check(AccessEffect::Deny, addresses, outside), "{addresses}");
            assert!(
                !check(AccessEffect::Permit, addresses, "unknown"),
                "{addresses}"
            );
            assert!(
                !check(AccessEffect::Deny, addresses, "unknown"),
                "{addresses}"
            );
        }
        for wrong in [
            "10.0.0",
            "10.0.0.0/33",
            "10.0.0.2-10.0.0.1",
            "::1-10.0.0.1",
            "host",
            "1-2-3",
            "::ffff:10.0.0.0/104",
        ] {
            let invalid = InvalidAddress(wrong.to_owned());
            assert_eq!(Addresses::parse(wrong), Err(invalid.into()), "{wrong}");
        }
        assert_eq!(Addresses::parse(" \n,"), Err(InvalidAddresses::Count(0)));
        assert_eq!(
            Addresses::parse(&"1.1.1.1,".repeat(101)),
            Err(InvalidAddresses::Count(101))
        );
    }
}
