//! Domain names of users' own: which group is called by them, and on which conditions.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, HeaderValue, LOCATION};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, StatusCode};
use sluice_domain::domain_name::{ByHost, DomainName, TlsVersion};
use sluice_domain::id::ApiGroupId;

use crate::decode::FunctionResponse;
use crate::error::GatewayError;
use crate::host;

/// How long a browser may go to HTTPS by itself after it was sent there once: what is changed back
/// is to count some time.
const REDIRECT_LIFE: HeaderValue = HeaderValue::from_static("max-age=3600");

/// A domain name as it is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedDomainName {
    /// The name.
    pub name: DomainName,
    /// The group whose APIs are called by it.
    pub group_id: ApiGroupId,
    /// The version of TLS that connections have at least.
    pub min_tls: TlsVersion,
    /// Whether requests over HTTP are sent to HTTPS.
    pub redirect: bool,
}

/// The ports that the gateway's doors have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ports {
    /// For HTTP.
    pub http: u16,
    /// For HTTPS.
    pub https: u16,
}

/// All domain names, arranged for finding one by the host of a request.
#[derive(Debug, Default)]
pub struct DomainNames {
    by_host: ByHost<Arc<ServedDomainName>>,
    ports: Ports,
}

impl DomainNames {
    /// These names and no others.
    pub fn new(names: impl IntoIterator<Item = ServedDomainName>, ports: Ports) -> Self {
        let named = |served: ServedDomainName| (served.name.clone(), Arc::new(served));
        Self {
            by_host: names.into_iter().map(named).collect(),
            ports,
        }
    }

    /// The name that a request is for. The hosts of API groups come first.
    pub(crate) fn find(
        &self,
        authority: Option<&Authority>,
        base_domain: &str,
    ) -> Option<Arc<ServedDomainName>> {
        let host = authority?.host();
        if host::is_of_group(host, base_domain) {
            return None;
        }
        self.by_host.find(host).cloned()
    }

    /// The answer that sends a request to the same address over HTTPS: 308, which keeps method and body.
    pub(crate) fn redirect(
        &self,
        authority: &Authority,
        request: &Parts,
    ) -> Result<FunctionResponse, GatewayError> {
        let port = match authority.port_u16() {
            // Something in front has the usual ports.
            None if self.ports.http != 80 => String::new(),
            _ if self.ports.https == 443 => String::new(),
            _ => format!(":{}", self.ports.https),
        };
        let host = authority.host();
        // `OPTIONS *` has no path.
        let target = request.uri.path_and_query().map(|it| it.as_str());
        let target = target.filter(|it| it.starts_with('/')).unwrap_or("/");
        let location = HeaderValue::try_from(format!("https://{host}{port}{target}"));
        // What came as a target can be sent as one.
        let location = location.map_err(|_| GatewayError::Malformed("the target is no address"))?;
        let headers = [(LOCATION, location), (CACHE_CONTROL, REDIRECT_LIFE)];
        Ok(FunctionResponse {
            status: StatusCode::PERMANENT_REDIRECT,
            headers: HeaderMap::from_iter(headers),
            body: Bytes::new(),
        })
    }
}

/// Refuses a request that came with an older version of TLS than its name demands. Connections by
/// that name have the version; but one by another name, or by none, can have requests for this one too.
pub(crate) fn check_tls(
    named: &ServedDomainName,
    spoken: Option<TlsVersion>,
) -> Result<(), GatewayError> {
    match spoken {
        Some(spoken) if spoken < named.min_tls => Err(GatewayError::TlsTooOld(spoken)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;
    use insta::assert_snapshot;

    fn names(ports: Ports) -> DomainNames {
        let names = ["api.example.com", "*.example.com"].map(|name| ServedDomainName {
            name: name.parse().unwrap(),
            group_id: ApiGroupId::from_bytes([7; 16]),
            min_tls: TlsVersion::V1_2,
            redirect: true,
        });
        DomainNames::new(names, ports)
    }

    #[test]
    fn the_groups_host_comes_before_names() {
        let check = |host: &str, base_domain: &str| {
            let authority = Authority::try_from(host).unwrap();
            let found = names(Ports::default()).find(Some(&authority), base_domain);
            found.map_or("none".to_owned(), |found| found.name.to_string())
        };
        assert_snapshot!(check("API.example.com:8080", "apig.localhost"), @"api.example.com");
        assert_snapshot!(check("other.example.com.", "apig.localhost"), @"*.example.com");
        assert_snapshot!(check("example.com", "apig.localhost"), @"none");
        assert_snapshot!(check("[::1]:80", "apig.localhost"), @"none");
        // The server was started with another base domain since.
        let group = ApiGroupId::from_bytes([7; 16]);
        assert_snapshot!(check(&format!("{group}.example.com"), "example.com"), @"none");
    }

    #[test]
    fn a_redirect_keeps_the_path_and_the_query() {
        let check = |ports: (u16, u16), host: &str, target: &str| {
            let (http, https) = ports;
            let request = Request::post(target).body(()).unwrap().into_parts().0;
            let authority = Authority::try_from(host).unwrap();
            let names = names(Ports { http, https });
            let answer = names.redirect(&authority, &request).unwrap();
            let location = answer.headers[LOCATION].to_str().unwrap();
            format!("{} {location}", answer.status.as_u16())
        };
        let ours = (8080, 8443);
        assert_snapshot!(check(ours, "api.example.com:8080", "/a%2Fb/?c=d&e"), @"308 https://api.example.com:8443/a%2Fb/?c=d&e");
        assert_snapshot!(check(ours, "api.example.com", "/"), @"308 https://api.example.com/");
        assert_snapshot!(check(ours, "API.example.com:9", "http://x/?q"), @"308 https://API.example.com:8443/?q");
        assert_snapshot!(check(ours, "api.example.com:8080", "*"), @"308 https://api.example.com:8443/");
        assert_snapshot!(check((80, 443), "api.example.com", "/a"), @"308 https://api.example.com/a");
        assert_snapshot!(check((80, 8443), "api.example.com", "/a"), @"308 https://api.example.com:8443/a");
        assert_snapshot!(check((8080, 443), "api.example.com:8080", "//evil.example"), @"308 https://api.example.com//evil.example");
    }
}
