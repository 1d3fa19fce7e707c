//! Which hosts a function may open connections to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use crate::parsed::parsed_string;

/// Ports of an entry that names none: those of HTTP and HTTPS.
pub const DEFAULT_PORTS: [u16; 2] = [80, 443];

/// One entry of the hosts that a function may reach: a host name
/// (`api.example.com`), all names below one (`*.example.com`), an IP address or
/// a network (`10.1.0.0/16`), each with a port of its own or without one
/// (`db.example.com:5432`, `[::1]:8080`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OutboundRule(String);

/// Why a text is not an [`OutboundRule`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOutboundRule {
    /// It is empty, or longer than names may be.
    #[error("must have 1 to 260 characters, has {0}")]
    Length(usize),
    /// It is an address of a page.
    #[error("{0:?} must be a host alone, without https:// and without a path")]
    Url(String),
    /// Its name is none.
    #[error(
        "{0:?} is not a host: write a name (api.example.com), *. and a name, an IP address or a network (10.1.0.0/16)"
    )]
    Host(String),
    /// It is every name, or all of a top-level domain.
    #[error("{0:?} allows too much: after *. a name with a dot in it is needed")]
    TooWide(String),
    /// Its port is none.
    #[error("{0:?} needs a port from 1 to 65535 after the colon")]
    Port(String),
    /// It is no network.
    #[error("{0:?} is not a network: an address, a slash and a number of bits are needed")]
    Network(String),
    /// Its address says more than its bits.
    #[error("the network of {given:?} is {network}")]
    HostBits {
        /// What was given.
        given: String,
        /// What it belongs to.
        network: String,
    },
    /// It has addresses of everybody in it.
    #[error("{given:?} is too large a network: at least /{least} is needed")]
    TooLarge {
        /// What was given.
        given: String,
        /// The number of bits that it needs.
        least: u8,
    },
}

/// What the host of a rule covers.
enum Covers<'a> {
    Name(&'a str),
    /// With its first dot.
    Below(&'a str),
    Network(IpAddr, u8),
}

impl OutboundRule {
    /// Most characters: those of a host name, and what may stand around it.
    pub const MAX_CHARS: usize = 260;
    /// Fewest bits of a network: IPv4's and IPv6's largest private ones have so many.
    const LEAST_BITS: (u8, u8) = (8, 7);

    /// Parses an entry. Names are kept in lower case.
    pub fn parse(text: &str) -> Result<Self, InvalidOutboundRule> {
        use InvalidOutboundRule as Invalid;
        let chars = text.chars().count();
        if !(1..=Self::MAX_CHARS).contains(&chars) {
            return Err(Invalid::Length(chars));
        }
        let given = || text.to_owned();
        if text.contains("://") {
            return Err(Invalid::Url(given()));
        }
        let lower = text.to_ascii_lowercase();
        let (host, port) = split(&lower);
        if let Some(port) = port
            && !(port.bytes().all(|b| b.is_ascii_digit())
                && port.parse::<u16>().is_ok_and(|port| port > 0))
        {
            return Err(Invalid::Port(given()));
        }
        match host.split_once('/') {
            Some((address, bits)) => {
                let Ok(address) = address.parse::<IpAddr>() else {
                    // A name before the slash: somebody meant a page.
                    return Err(match is_name(address) {
                        true => Invalid::Url(given()),
                        false => Invalid::Network(given()),
                    });
                };
                check_network(address, bits, text)?;
            }
            None if host.parse::<IpAddr>().is_ok() => {}
            None => match host.strip_prefix('*') {
                Some(below) => {
                    let name = below.strip_prefix('.').unwrap_or_default();
                    if below.is_empty() || (is_name(name) && !name.contains('.')) {
                        return Err(Invalid::TooWide(given()));
                    }
                    if !is_name(name) {
                        return Err(Invalid::Host(given()));
                    }
                }
                None if is_name(host) => {}
                None => return Err(Invalid::Host(given())),
            },
        }
        Ok(Self(lower))
    }

    /// True for a host that it names, by name or by address.
    fn allows(&self, host: &OutboundHost) -> bool {
        match (host, self.covers()) {
            (OutboundHost::Address(address), Covers::Network(network, bits)) => {
                contains(network, bits, *address)
            }
            (OutboundHost::Name(name), Covers::Name(allowed)) => name == allowed,
            (OutboundHost::Name(name), Covers::Below(suffix)) => {
                name.len() > suffix.len() && name.ends_with(suffix)
            }
            _ => false,
        }
    }

    /// True when it names this address itself: by address, by network, or this machine by
    /// the name that it has for itself.
    fn names(&self, address: IpAddr, port: u16) -> bool {
        let address = address.to_canonical();
        let named = match self.covers() {
            Covers::Network(network, bits) => contains(network, bits, address),
            Covers::Name(name) => name == "localhost" && address.is_loopback(),
            Covers::Below(_) => false,
        };
        named && self.has_port(port)
    }

    fn covers(&self) -> Covers<'_> {
        let host = split(&self.0).0;
        let (address, bits) = host.split_once('/').unwrap_or((host, ""));
        match address.parse::<IpAddr>() {
            Ok(address) => {
                let all = if address.is_ipv4() { 32 } else { 128 };
                Covers::Network(address, bits.parse().unwrap_or(all))
            }
            Err(_) => match host.strip_prefix('*') {
                Some(suffix) => Covers::Below(suffix),
                None => Covers::Name(host),
            },
        }
    }

    fn has_port(&self, port: u16) -> bool {
        match split(&self.0).1 {
            Some(own) => own.parse() == Ok(port),
            None => DEFAULT_PORTS.contains(&port),
        }
    }
}

parsed_string!(OutboundRule, InvalidOutboundRule);

/// Host and port. An IPv6 address with a port stands in brackets, and may without one.
fn split(text: &str) -> (&str, Option<&str>) {
    if let Some((host, rest)) = text.strip_prefix('[').and_then(|text| text.split_once(']')) {
        return match rest.strip_prefix(':') {
            Some(port) => (host, Some(port)),
            None if rest.is_empty() => (host, None),
            // Nothing that could be one.
            None => (text, None),
        };
    }
    match text.split_once(':') {
        Some((host, port)) if !port.contains(':') => (host, Some(port)),
        _ => (text, None),
    }
}

/// The rule of DNS for names of hosts, with underscores, which some have. Where the last part
/// is a number it would be an address in a form that not everybody reads alike.
fn is_name(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    let is_number = last.bytes().all(|b| b.is_ascii_digit())
        || (last.starts_with("0x") && last[2..].bytes().all(|b| b.is_ascii_hexdigit()));
    text.len() <= 253 && text.split('.').all(is_label) && !is_number
}

fn check_network(address: IpAddr, bits: &str, given: &str) -> Result<(), InvalidOutboundRule> {
    use InvalidOutboundRule as Invalid;
    let given = given.to_owned();
    let (all, least) = match address {
        IpAddr::V4(_) => (32, OutboundRule::LEAST_BITS.0),
        IpAddr::V6(_) => (128, OutboundRule::LEAST_BITS.1),
    };
    let is_number = !bits.is_empty() && bits.bytes().all(|b| b.is_ascii_digit());
    let Some(bits) = bits
        .parse::<u8>()
        .ok()
        .filter(|bits| is_number && *bits <= all)
    else {
        return Err(Invalid::Network(given));
    };
    if bits < least {
        return Err(Invalid::TooLarge { given, least });
    }
    let network = first_of(address, bits);
    if network != address {
        let network = format!("{network}/{bits}");
        return Err(Invalid::HostBits { given, network });
    }
    Ok(())
}

/// The first address of the network with so many bits that this one is in.
fn first_of(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            Ipv4Addr::from_bits(v4.to_bits() & mask).into()
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            Ipv6Addr::from_bits(v6.to_bits() & mask).into()
        }
    }
}

fn contains(network: IpAddr, bits: u8, address: IpAddr) -> bool {
    let (network, address) = match network.to_canonical() {
        // Only a whole address is written in a mapped form.
        short if bits == 128 => (short, address.to_canonical()),
        _ => (network, address),
    };
    let bits = if network.is_ipv4() {
        bits.min(32)
    } else {
        bits
    };
    network.is_ipv4() == address.is_ipv4() && first_of(address, bits) == network
}

/// The hosts that a function may reach: at most 50 entries, none by default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<OutboundRule>", into = "Vec<OutboundRule>")]
pub struct OutboundRules(Vec<OutboundRule>);

/// Why a list of entries is not [`OutboundRules`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOutboundRules {
    /// There are more than 50.
    #[error("must be at most 50 entries, are {0}")]
    Count(usize),
    /// An entry stands twice.
    #[error("{0:?} is given twice")]
    Twice(String),
    /// An entry is wrong.
    #[error("{0}")]
    Rule(#[from] InvalidOutboundRule),
}

impl OutboundRules {
    /// Most entries of a function.
    pub const MAX_COUNT: usize = 50;

    /// Parses a text with an entry a line. Empty lines say nothing.
    pub fn parse_lines(text: &str) -> Result<Self, InvalidOutboundRules> {
        let lines = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .take(Self::MAX_COUNT + 1);
        let rules = lines
            .map(OutboundRule::parse)
            .collect::<Result<Vec<_>, _>>();
        rules?.try_into()
    }

    /// The entries in the order in which they were given.
    pub fn iter(&self) -> impl Iterator<Item = &OutboundRule> {
        self.0.iter()
    }

    /// True when a function may reach nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True when an entry names this host with this port.
    pub fn allow(&self, host: &OutboundHost, port: u16) -> bool {
        let mut rules = self.0.iter();
        rules.any(|rule| rule.allows(host) && rule.has_port(port))
    }

    /// The same with any port.
    pub fn allow_some_port(&self, host: &OutboundHost) -> bool {
        self.0.iter().any(|rule| rule.allows(host))
    }

    /// True when an entry names the address itself, and not only a name that has it.
    pub fn name(&self, address: IpAddr, port: u16) -> bool {
        self.0.iter().any(|rule| rule.names(address, port))
    }
}

impl TryFrom<Vec<OutboundRule>> for OutboundRules {
    type Error = InvalidOutboundRules;

    fn try_from(rules: Vec<OutboundRule>) -> Result<Self, InvalidOutboundRules> {
        if rules.len() > Self::MAX_COUNT {
            return Err(InvalidOutboundRules::Count(rules.len()));
        }
        for (position, rule) in rules.iter().enumerate() {
            if rules[..position].contains(rule) {
                return Err(InvalidOutboundRules::Twice(rule.to_string()));
            }
        }
        Ok(Self(rules))
    }
}

impl From<OutboundRules> for Vec<OutboundRule> {
    fn from(rules: OutboundRules) -> Self {
        rules.0
    }
}

impl std::fmt::Display for OutboundRules {
    /// An entry a line.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let lines: Vec<_> = self.0.iter().map(OutboundRule::as_str).collect();
        f.write_str(&lines.join("\n"))
    }
}

/// A host that a function wants to reach.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OutboundHost {
    /// A name, in lower case and without a dot at its end.
    Name(String),
    /// An address; one of IPv4 in IPv6's clothes stands as itself.
    Address(IpAddr),
}

/// A text that is neither a name of a host nor an IP address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a host name or an IP address")]
pub struct InvalidOutboundHost(pub String);

impl OutboundHost {
    /// Parses what a function gives as a host.
    pub fn parse(text: &str) -> Result<Self, InvalidOutboundHost> {
        let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']'));
        if let Ok(address) = bare.unwrap_or(text).parse::<IpAddr>() {
            return Ok(Self::Address(address.to_canonical()));
        }
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        match is_name(&name) {
            true => Ok(Self::Name(name)),
            false => Err(InvalidOutboundHost(text.chars().take(80).collect())),
        }
    }

    /// It and a port, as an entry names them.
    pub fn with_port(&self, port: u16) -> String {
        match self {
            Self::Address(IpAddr::V6(v6)) => format!("[{v6}]:{port}"),
            other => format!("{other}:{port}"),
        }
    }

    /// The shortest entry that allows it with this port.
    pub fn entry(&self, port: u16) -> String {
        match DEFAULT_PORTS.contains(&port) {
            true => self.to_string(),
            false => self.with_port(port),
        }
    }
}

impl std::fmt::Display for OutboundHost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(address) => address.fmt(f),
        }
    }
}

/// What kind of address it is, in words, unless it is one of the public internet; those of
/// other kinds lead to this machine, to its network or nowhere. Source: IANA's registries of
/// special-purpose addresses, RFC 6890.
pub fn not_public(address: IpAddr) -> Option<&'static str> {
    match address.to_canonical() {
        IpAddr::V4(v4) => not_public_v4(v4),
        IpAddr::V6(v6) => not_public_v6(v6),
    }
}

fn not_public_v4(v4: Ipv4Addr) -> Option<&'static str> {
    match v4.octets() {
        [127, ..] => Some("of this machine itself"),
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Some("of a private network"),
        [100, 64..=127, ..] => Some("of a provider's own network"),
        [169, 254, ..] => Some("of the link alone"),
        [224..=239, ..] => Some("of a group"),
        [0, ..]
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _]
        | [240..=255, ..] => Some("that is reserved"),
        _ => None,
    }
}

fn not_public_v6(v6: Ipv6Addr) -> Option<&'static str> {
    let embedded = |high: u16, low: u16| {
        not_public_v4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
    };
    match v6.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Some("of this machine itself"),
        // Translated to IPv4 on the way, NAT64 and 6to4: what it is then decides.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        [0x2002, high, low, ..] => embedded(high, low),
        [0xfc00..=0xfdff, ..] | [0x64, 0xff9b, ..] => Some("of a private network"),
        [0xfe80..=0xfebf, ..] => Some("of the link alone"),
        [0xff00..=0xffff, ..] => Some("of a group"),
        // Teredo, benchmarks, documentation.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => {
            Some("that is reserved")
        }
        [0x2000..=0x3fff, ..] => None,
        _ => Some("that is reserved"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_entry_is_a_host_or_a_network_with_or_without_a_port() {
        use InvalidOutboundRule::*;
        for right in [
            "api.example.com",
            "*.example.com",
            "localhost",
            "db_1.internal:5432",
            "*.example.com:8443",
            "10.0.0.5",
            "10.0.0.5:5432",
            "10.0.0.0/8",
            "10.1.0.0/16:5432",
            "::1",
            "[::1]",
            "[::1]:8080",
            "fc00::/7",
            "[fd00:1::/32]:443",
        ] {
            assert_eq!(
                OutboundRule::parse(right).map(String::from),
                Ok(right.to_owned())
            );
        }
        let kept = OutboundRule::parse("API.Example.com").unwrap();
        assert_eq!(kept.as_str(), "api.example.com");
        let check = |text: &str, expected: fn(String) -> InvalidOutboundRule| {
            assert_eq!(
                OutboundRule::parse(text),
                Err(expected(text.to_owned())),
                "{text}"
            );
        };
        assert_eq!(OutboundRule::parse(""), Err(Length(0)));
        check("https://api.example.com", Url);
        check("api.example.com/v1", Url);
        check("*", TooWide);
        check("*.com", TooWide);
        for host in [
            "a b",
            "a..b",
            "-a.b",
            "a.b-",
            "ex*mple.com",
            "*a.example.com",
            "grüße.de",
            "1.2.3",
            "127.1",
            "0x7f.1",
            "1.2.3.4.5",
            "[::1",
            "::1]",
            "fe80::1%eth0",
            "a@b",
            ".",
            "*.127.1",
        ] {
            check(host, Host);
        }
        for port in [
            "a.com:",
            "a.com:0",
            "a.com:65536",
            "a.com:+80",
            "[::1]:http",
        ] {
            check(port, Port);
        }
        for network in ["10.0.0.0/", "10.0.0.0/33", "10.0.0.0/+8", "::/129"] {
            check(network, Network);
        }
        let too_large = |given: &str, least| {
            Err(TooLarge {
                given: given.to_owned(),
                least,
            })
        };
        assert_eq!(OutboundRule::parse("0.0.0.0/0"), too_large("0.0.0.0/0", 8));
        assert_eq!(OutboundRule::parse("::/0"), too_large("::/0", 7));
        assert_eq!(
            OutboundRule::parse("10.0.0.1/8").unwrap_err().to_string(),
            "the network of \"10.0.0.1/8\" is 10.0.0.0/8"
        );
    }

    #[test]
    fn entries_allow_the_hosts_that_they_name() {
        let check = |entry: &str, host: &str, port: u16, allowed: bool| {
            let rules = OutboundRules::parse_lines(entry).unwrap();
            let host = OutboundHost::parse(host).unwrap();
            assert_eq!(rules.allow(&host, port), allowed, "{entry} {host}:{port}");
        };
        check("api.example.com", "API.example.com.", 443, true);
        check("api.example.com", "api.example.com", 80, true);
        check("api.example.com", "api.example.com", 8080, false);
        check("api.example.com:8080", "api.example.com", 8080, true);
        check("api.example.com:8080", "api.example.com", 443, false);
        check("api.example.com", "v2.api.example.com", 443, false);
        check("*.example.com", "a.b.example.com", 443, true);
        check("*.example.com", "example.com", 443, false);
        check("*.example.com", "evil-example.com", 443, false);
        check("*.example.com", "example.com.evil.net", 443, false);
        check("10.0.0.0/8", "10.255.0.1", 443, true);
        check("10.0.0.0/8", "11.0.0.1", 443, false);
        check("10.0.0.0/8", "::ffff:10.0.0.1", 443, true);
        check("10.0.0.5", "[::ffff:a00:5]", 443, true);
        check("::ffff:10.0.0.5", "10.0.0.5", 443, true);
        check("fd00::/8", "fd12::1", 443, true);
        check("fd00::/8", "fc12::1", 443, false);
        // A name is not its address.
        check("localhost", "127.0.0.1", 80, false);
        check("127.0.0.1", "localhost", 80, false);
    }

    #[test]
    fn an_address_is_named_by_itself_by_a_network_or_as_localhost() {
        let check = |entry: &str, address: &str, port: u16, named: bool| {
            let rules = OutboundRules::parse_lines(entry).unwrap();
            let address = address.parse().unwrap();
            assert_eq!(rules.name(address, port), named, "{entry} {address}");
        };
        check("10.0.0.5", "10.0.0.5", 443, true);
        check("10.0.0.5", "10.0.0.6", 443, false);
        check("10.0.0.0/8:5432", "10.9.0.6", 5432, true);
        check("10.0.0.0/8:5432", "10.9.0.6", 443, false);
        check("localhost:8080", "127.0.0.1", 8080, true);
        check("localhost:8080", "::1", 8080, true);
        check("localhost:8080", "::ffff:127.0.0.1", 8080, true);
        check("localhost:8080", "10.0.0.1", 8080, false);
        check("*.localhost.test", "127.0.0.1", 80, false);
    }

    #[test]
    fn only_addresses_of_the_internet_are_public() {
        for public in [
            "1.1.1.1",
            "172.32.0.1",
            "100.128.0.1",
            "2606:4700::1111",
            "64:ff9b::101:101",
            "2002:101:101::1",
            "::ffff:1.1.1.1",
        ] {
            assert_eq!(not_public(public.parse().unwrap()), None, "{public}");
        }
        for other in [
            "0.0.0.0",
            "127.0.0.1",
            "127.255.255.254",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.8",
            "192.0.2.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "::",
            "::1",
            "::127.0.0.1",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::1",
            "2002:a9fe:a9fe::",
            "2001::1",
            "2001:db8::1",
            "100::1",
            "5f00::1",
        ] {
            assert!(not_public(other.parse().unwrap()).is_some(), "{other}");
        }
    }

    #[test]
    fn a_list_has_each_entry_once() {
        let rules = OutboundRules::parse_lines(" a.com \n\n10.0.0.0/8\n").unwrap();
        assert_eq!(rules.to_string(), "a.com\n10.0.0.0/8");
        assert_eq!(
            OutboundRules::parse_lines("a.com\nA.com"),
            Err(InvalidOutboundRules::Twice("a.com".to_owned()))
        );
        let many: String = (0..51).map(|n| format!("a{n}.com\n")).collect();
        assert_eq!(
            OutboundRules::parse_lines(&many),
            Err(InvalidOutboundRules::Count(51))
        );
        let wire = serde_json::to_string(&rules).unwrap();
        assert_eq!(wire, r#"["a.com","10.0.0.0/8"]"#);
        assert_eq!(serde_json::from_str::<OutboundRules>(&wire).unwrap(), rules);
        assert!(serde_json::from_str::<OutboundRules>(r#"["*"]"#).is_err());
    }

    #[test]
    fn the_entry_for_a_host_allows_it() {
        for (host, port, entry) in [
            ("api.example.com", 443, "api.example.com"),
            ("api.example.com", 8080, "api.example.com:8080"),
            ("::1", 80, "::1"),
            ("::1", 8080, "[::1]:8080"),
        ] {
            let host = OutboundHost::parse(host).unwrap();
            assert_eq!(host.entry(port), entry);
            assert!(
                OutboundRules::parse_lines(entry)
                    .unwrap()
                    .allow(&host, port)
            );
        }
    }

    proptest! {
        #[test]
        fn what_parses_is_kept_and_nothing_panics(text in "[a-zA-Z0-9*./:\\[\\]_-]{0,40}|\\PC{0,20}") {
            if let Ok(rule) = OutboundRule::parse(&text) {
                prop_assert_eq!(OutboundRule::parse(rule.as_str()), Ok(rule));
            }
            let _ = OutboundHost::parse(&text);
        }

        #[test]
        fn an_address_as_an_entry_names_itself_alone(bits in any::<u128>(), other in any::<u128>(), port in 1u16..) {
            let address = IpAddr::from(Ipv6Addr::from_bits(bits));
            let host = OutboundHost::Address(address.to_canonical());
            let rules = OutboundRules::parse_lines(&host.entry(port)).unwrap();
            prop_assert!(rules.allow(&host, port) && rules.name(address, port));
            let another = IpAddr::from(Ipv6Addr::from_bits(other));
            prop_assert_eq!(rules.name(another, port), another == address);
        }
    }
}
