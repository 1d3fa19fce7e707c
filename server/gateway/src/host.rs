//! Which API group a request is for, and by which address it came.

use http::header::HOST;
use http::request::Parts;
use http::uri::Authority;
use http::{Method, Version};
use sluice_domain::id::ApiGroupId;

use crate::error::GatewayError;

/// What begins a path that names its group, for callers without a name for
/// the group's host: `/_group/<group id>/path/of/the/api`.
const GROUP_PATH: &str = "/_group/";

/// The host of a request: the one that a trusted proxy says, or the authority of
/// its URI, which HTTP/2 always and HTTP/1.1 with an absolute URI has, or else its
/// `Host`. HTTP/1.0 may have none.
pub(crate) fn authority(
    request: &Parts,
    forwarded: Option<&[u8]>,
) -> Result<Option<Authority>, GatewayError> {
    let malformed = |what| Err(GatewayError::Malformed(what));
    if request.method == Method::CONNECT {
        return malformed("CONNECT asks for a tunnel, which the gateway is not");
    }
    let mut hosts = request.headers.get_all(HOST).iter();
    let host = hosts.next();
    if hosts.next().is_some() {
        return malformed("the request has more than one Host");
    }
    let authority = match (request.uri.authority(), host) {
        // HTTP/1.1 has it that the target counts, HTTP/2 that they do not differ.
        (Some(authority), Some(host))
            if request.version == Version::HTTP_2
                && !host
                    .as_bytes()
                    .eq_ignore_ascii_case(authority.as_str().as_bytes()) =>
        {
            return malformed("the Host is another than the authority");
        }
        (Some(authority), _) => Some(checked(authority.clone())?),
        (None, Some(host)) => Some(parsed(host.as_bytes())?),
        (None, None) if request.version >= Version::HTTP_11 => {
            return malformed("the request has no Host");
        }
        (None, None) => None,
    };
    forwarded.map_or(Ok(authority), |host| parsed(host).map(Some))
}

fn parsed(host: &[u8]) -> Result<Authority, GatewayError> {
    let authority = Authority::try_from(host).map_err(|_| NOT_A_HOST)?;
    checked(authority)
}

fn checked(authority: Authority) -> Result<Authority, GatewayError> {
    let host = authority.host();
    let port_right = authority.as_str() == host || authority.port_u16().is_some();
    if authority.as_str().contains('@') || host.is_empty() || !port_right {
        return Err(NOT_A_HOST);
    }
    Ok(authority)
}

const NOT_A_HOST: GatewayError =
    GatewayError::Malformed("the Host is not a name or address with an optional port");

/// The group that a request is for, and the path within it as it came.
///
/// The group's own host (`<group id>.<base domain>`) decides. On any other
/// host the path may: `/_group/<group id>`, which is then taken off. Nothing
/// is decoded for that, so there is one way to write it.
pub(crate) fn group<'a>(
    authority: Option<&Authority>,
    path: &'a str,
    base_domain: &str,
) -> Option<(ApiGroupId, &'a str)> {
    if let Some(group_id) = authority.and_then(|it| group_of_host(it.host(), base_domain)) {
        return Some((group_id, path));
    }
    let rest = path.strip_prefix(GROUP_PATH)?;
    let (id, path) = match rest.find('/') {
        Some(end) => rest.split_at(end),
        None => (rest, "/"),
    };
    Some((group_id(id)?, path))
}

/// True for the own host of a group.
pub(crate) fn is_of_group(host: &str, base_domain: &str) -> bool {
    group_of_host(host, base_domain).is_some()
}

fn group_of_host(host: &str, base_domain: &str) -> Option<ApiGroupId> {
    // A name may be written with the root's dot at its end.
    let host = host.strip_suffix('.').unwrap_or(host);
    let (label, domain) = host.split_once('.')?;
    if !domain.eq_ignore_ascii_case(base_domain) {
        return None;
    }
    group_id(label)
}

fn group_id(text: &str) -> Option<ApiGroupId> {
    // Names of hosts have no case; ids are written in lower case.
    (text.len() == 32).then(|| ApiGroupId::parse(&text.to_ascii_lowercase()).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;
    use insta::assert_snapshot;

    const ID: &str = "0123456789abcdef0123456789abcdef";

    /// Both names and ids shorten to `<id>` so that they can be read.
    fn check(host: &str, path: &str) -> String {
        let host = host.replace("<id>", ID).replace("<ID>", &ID.to_uppercase());
        let path = path.replace("<id>", ID);
        let authority = Authority::try_from(host.as_str()).ok();
        match group(authority.as_ref(), &path, "apig.localhost") {
            Some((group_id, path)) => format!("{group_id} {path}").replace(ID, "<id>"),
            None => "none".to_owned(),
        }
    }

    #[test]
    fn the_groups_host_decides() {
        assert_snapshot!(check("<id>.apig.localhost", "/a"), @"<id> /a");
        assert_snapshot!(check("<id>.apig.localhost:8443", "/a"), @"<id> /a");
        assert_snapshot!(check("<ID>.APIG.localhost", "/a"), @"<id> /a");
        assert_snapshot!(check("<id>.apig.localhost.", "/a"), @"<id> /a");
        assert_snapshot!(check("<id>.apig.localhost", "/_group/<id>/a"), @"<id> /_group/<id>/a");
        assert_snapshot!(check("x.<id>.apig.localhost", "/a"), @"none");
        assert_snapshot!(check("<id>.apig.localhost.example", "/a"), @"none");
        assert_snapshot!(check("<id>xapig.localhost", "/a"), @"none");
        assert_snapshot!(check("abc.apig.localhost", "/a"), @"none");
    }

    #[test]
    fn on_another_host_the_path_may_name_the_group() {
        assert_snapshot!(check("192.168.1.5:8443", "/_group/<id>/a/b"), @"<id> /a/b");
        assert_snapshot!(check("[::1]:8443", "/_group/<id>/"), @"<id> /");
        assert_snapshot!(check("localhost", "/_group/<id>"), @"<id> /");
        assert_snapshot!(check("apig.localhost", "/_group/<id>/a"), @"<id> /a");
        assert_snapshot!(check("localhost", "/_group/abc/a"), @"none");
        assert_snapshot!(check("localhost", "/_group/<id>x/a"), @"none");
        assert_snapshot!(check("localhost", "/%5fgroup/<id>/a"), @"none");
        assert_snapshot!(check("localhost", "/"), @"none");
    }

    #[test]
    fn the_host_is_one_name_or_address() {
        let check = |hosts: &[&[u8]], uri: &str| {
            let mut request = Request::get(uri);
            for host in hosts {
                request = request.header(HOST, *host);
            }
            let request = request.body(()).unwrap().into_parts().0;
            match authority(&request, None) {
                Ok(authority) => authority.map_or("none".into(), |it| it.to_string()),
                Err(error) => error.to_string(),
            }
        };
        assert_snapshot!(check(&[b"a:1"], "/"), @"a:1");
        assert_snapshot!(check(&[b"[::1]:80"], "/"), @"[::1]:80");
        assert_snapshot!(check(&[b"a"], "http://b:2/"), @"b:2");
        assert_snapshot!(check(&[], "/"), @"the request has no Host");
        assert_snapshot!(check(&[b"a", b"b"], "/"), @"the request has more than one Host");
        let odd = "the Host is not a name or address with an optional port";
        for host in ["", "a b", "a/b", "u@a", "a:b", ":80", "[::1", "a,b:1:2"] {
            assert_eq!(check(&[host.as_bytes()], "/"), odd, "{host}");
        }
        assert_eq!(check(&[b"\xff"], "/"), odd);
    }
}
