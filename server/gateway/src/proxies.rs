//! Who called, where proxies that are trusted stand in between.
//!
//! Anybody can write `X-Forwarded-For`. What it says is believed as far as a
//! trusted proxy wrote it: the other end of the connection, if it is trusted,
//! has written the last address; where that is a trusted proxy's too, it has
//! written the one before; and so on. The caller is the first, from the right,
//! that is not trusted. `X-Forwarded-Proto` and `X-Forwarded-Host` are believed
//! when the other end is trusted: it has to set them, or to take them off.

use std::net::{IpAddr, SocketAddr};

use http::HeaderValue;
use http::request::Parts;
use ipnet::IpNet;

use crate::error::GatewayError;

/// The networks of proxies that are believed what they say of callers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

/// Who called, as far as it can be known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sender<'a> {
    /// The other end of the connection; none where there is no connection.
    pub(crate) peer: Option<IpAddr>,
    /// The caller: the other end, or whom trusted proxies name.
    pub(crate) address: Option<IpAddr>,
    /// By TLS, to here or to the proxy.
    pub(crate) tls: bool,
    /// The host that the caller asked a trusted proxy for.
    pub(crate) host: Option<&'a [u8]>,
}

impl TrustedProxies {
    /// Proxies with addresses in these networks.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Who sent a request that came from `peer`, by TLS or not.
    pub(crate) fn sender<'a>(
        &self,
        request: &'a Parts,
        peer: Option<IpAddr>,
        tls: bool,
    ) -> Result<Sender<'a>, GatewayError> {
        let direct = Sender {
            peer,
            address: peer,
            tls,
            host: None,
        };
        let Some(proxy) = peer.filter(|peer| self.trusts(*peer)) else {
            return Ok(direct);
        };
        let last = |name| request.headers.get_all(name).iter().next_back();
        // A proxy behind another may add to its list: the last word is the one of the nearest.
        let last_of = |value: &'a HeaderValue| {
            let words = value.as_bytes().rsplit(|byte| *byte == b',');
            words.map(<[u8]>::trim_ascii).next().unwrap_or_default()
        };
        let tls = match last("x-forwarded-proto").map(last_of) {
            None => tls,
            Some(protocol) if protocol.eq_ignore_ascii_case(b"https") => true,
            Some(protocol) if protocol.eq_ignore_ascii_case(b"http") => false,
            Some(_) => {
                return Err(GatewayError::Malformed(
                    "X-Forwarded-Proto is neither http nor https",
                ));
            }
        };
        Ok(Sender {
            address: Some(self.caller(request, proxy)),
            tls,
            host: last("x-forwarded-host").map(last_of),
            ..direct
        })
    }

    /// The caller of a request that a trusted proxy sent on. Where the addresses end, or one cannot
    /// be read, it is the last one that was found: a proxy that is known.
    fn caller(&self, request: &Parts, proxy: IpAddr) -> IpAddr {
        let headers = request.headers.get_all("x-forwarded-for").iter().rev();
        let addresses = headers.flat_map(|header| header.as_bytes().rsplit(|byte| *byte == b','));
        let mut found = proxy;
        for address in addresses {
            let Some(address) = read_address(address) else {
                break;
            };
            found = address;
            if !self.trusts(address) {
                break;
            }
        }
        found
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// An address of `X-Forwarded-For`. Some proxies write the port too, or IPv6 in brackets.
fn read_address(text: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(text).ok()?.trim_matches([' ', '\t']);
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let address: Option<IpAddr> = text.parse().ok().or_else(in_brackets);
    let with_port = || text.parse::<SocketAddr>().ok().map(|it| it.ip());
    Some(address.or_else(with_port)?.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;
    use proptest::prelude::*;

    const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));

    fn proxies() -> TrustedProxies {
        let networks = ["10.0.0.0/8", "2001:db8::/32"];
        TrustedProxies::new(networks.iter().map(|it| it.parse().unwrap()).collect())
    }

    fn request(headers: &[(&str, &[u8])]) -> Parts {
        let mut request = Request::get("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn caller(peer: IpAddr, forwarded_for: &[&str]) -> String {
        let headers: Vec<_> = forwarded_for
            .iter()
            .map(|it| ("x-forwarded-for", it.as_bytes()))
            .collect();
        let request = request(&headers);
        let sender = proxies().sender(&request, Some(peer), false).unwrap();
        sender.address.unwrap().to_string()
    }

    #[test]
    fn the_caller_is_the_last_one_who_is_no_trusted_proxy() {
        let cases: [(&[&str], &str); 13] = [
            (&[], "10.0.0.1"),
            (&["1.1.1.1"], "1.1.1.1"),
            (&["1.1.1.1, 2.2.2.2"], "2.2.2.2"),
            (&["1.1.1.1, 2.2.2.2,10.9.9.9 ,\t10.0.0.7"], "2.2.2.2"),
            (&["1.1.1.1", "2.2.2.2", "10.9.9.9"], "2.2.2.2"),
            (&["1.1.1.1, 2001:DB8::7"], "1.1.1.1"),
            (&["10.1.1.1, 10.2.2.2"], "10.1.1.1"),
            (&["1.1.1.1:80, [2001:db8::7]:1, [2001:db8::8]"], "1.1.1.1"),
            (&["::ffff:1.1.1.1"], "1.1.1.1"),
            (&["1.1.1.1, ::ffff:10.1.1.1"], "1.1.1.1"),
            // What stands left of what cannot be read is nobody's word.
            (&["1.1.1.1, unknown"], "10.0.0.1"),
            (&["1.1.1.1, , 10.2.2.2"], "10.2.2.2"),
            (&["1.1.1.1, 10.2.2.02"], "10.0.0.1"),
        ];
        for (forwarded_for, expected) in cases {
            assert_eq!(caller(PEER, forwarded_for), expected, "{forwarded_for:?}");
        }
        assert_eq!(caller([9, 9, 9, 9].into(), &["1.1.1.1"]), "9.9.9.9");
    }

    #[test]
    fn the_protocol_and_the_host_are_what_a_trusted_proxy_says() {
        let check = |peer: [u8; 4], headers: &[(&str, &[u8])]| {
            let request = request(headers);
            match proxies().sender(&request, Some(peer.into()), false) {
                Ok(sender) => {
                    let host = sender.host.map(String::from_utf8_lossy);
                    format!("{} {:?}", sender.tls, host)
                }
                Err(error) => error.to_string(),
            }
        };
        let https: (&str, &[u8]) = ("x-forwarded-proto", b"https");
        let host: (&str, &[u8]) = ("x-forwarded-host", b"a:1");
        assert_eq!(check([10, 0, 0, 1], &[https, host]), r#"true Some("a:1")"#);
        assert_eq!(
            check([10, 0, 0, 1], &[("x-forwarded-proto", b"HTTP")]),
            "false None"
        );
        assert_eq!(check([9, 9, 9, 9], &[https, host]), "false None");
        // One proxy behind another adds its own words.
        let lists: [(&str, &[u8]); 2] = [
            ("x-forwarded-proto", b"http , https"),
            ("x-forwarded-host", b"b, a:1"),
        ];
        assert_eq!(check([10, 0, 0, 1], &lists), r#"true Some("a:1")"#);
        for wrong in ["", "https,", "wss", "\u{e4}"] {
            let told = check([10, 0, 0, 1], &[("x-forwarded-proto", wrong.as_bytes())]);
            assert_eq!(
                told, "X-Forwarded-Proto is neither http nor https",
                "{wrong}"
            );
        }
    }

    fn address() -> impl Strategy<Value = IpAddr> {
        prop_oneof![
            any::<[u8; 3]>().prop_map(|[a, b, c]| IpAddr::from([10, a, b, c])),
            any::<[u8; 4]>().prop_map(IpAddr::from),
            any::<[u8; 16]>().prop_map(IpAddr::from),
        ]
    }

    proptest! {
        #[test]
        fn what_a_caller_writes_itself_changes_nothing(
            written in prop::collection::vec(any::<u8>(), 0..40),
            outside in any::<[u8; 4]>().prop_filter("untrusted", |it| it[0] != 10),
            hops in prop::collection::vec(any::<[u8; 3]>(), 0..4),
        ) {
            let mut line = [&written[..], b","].concat();
            line.retain(|byte| *byte >= b' ' && *byte != 0x7f);
            line.extend(IpAddr::from(outside).to_string().bytes());
            for [a, b, c] in hops {
                line.extend(format!(", 10.{a}.{b}.{c}").bytes());
            }
            let request = request(&[("x-forwarded-for", &line)]);
            let sender = proxies().sender(&request, Some(PEER), false).unwrap();
            prop_assert_eq!(sender.address, Some(outside.into()));
        }

        #[test]
        fn addresses_are_read_as_they_are_written(addresses in prop::collection::vec(address(), 1..6)) {
            let texts: Vec<_> = addresses.iter().map(IpAddr::to_string).collect();
            let canonical: Vec<_> = addresses.iter().map(IpAddr::to_canonical).collect();
            let trusted = proxies();
            let expected = canonical.iter().rev().find(|it| !trusted.trusts(**it));
            let found = caller(PEER, &[&texts.join(", ")]);
            prop_assert_eq!(found, expected.unwrap_or(&canonical[0]).to_string());
        }
    }
}
