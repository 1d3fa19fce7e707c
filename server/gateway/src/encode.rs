//! Encodes a request as the event of the APIG contract, JSON text.
//! Source: FunctionGraph user guide, "APIG example event", and a capture of one.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, HeaderName, header};
use serde::ser::{SerializeMap as _, SerializeStruct as _};
use serde::{Serialize, Serializer};
use sluice_domain::id::ApiRequestId;
use sluice_domain::stage_variables::StageVariables;

use crate::auth::{API_KEY, APP_CODE, APP_SECRET, AUTH_TOKEN, Withheld, is_signature};
use crate::authorizer::AuthorizerContext;
use crate::parameters::Declared;
use crate::route_table::{PublishedApi, decoded};

/// Headers that are about one connection only and end at the gateway.
/// `Connection` may name more. Source: RFC 9110, section 7.6.1.
pub(crate) const HOP_BY_HOP: [HeaderName; 8] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Headers that the gateway sets itself; what the caller sent under these
/// names is dropped, so that a function can rely on them. (Of `x-forwarded-for`
/// the gateway only vouches for the last address.)
const SET_BY_GATEWAY: [&str; 7] = [
    "host",
    "x-real-ip",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-request-id",
];

/// True for a header that the gateway sets itself, however it is written: in CGI's and WSGI's
/// environments `x_real_ip` is the same as `x-real-ip`.
fn is_the_gateways(name: &str) -> bool {
    SET_BY_GATEWAY.iter().any(|own| is_taken_for(name, own))
}

/// True for the name of a header that is `own`, or is taken for it in CGI's and WSGI's environments.
pub(crate) fn is_taken_for(name: &str, own: &str) -> bool {
    own.len() == name.len()
        && own
            .bytes()
            .zip(name.bytes())
            .all(|(own, byte)| byte == own || (byte == b'_' && own == b'-'))
}

/// By which way a request came.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// Over TLS.
    pub tls: bool,
    /// The host and port as the caller wrote them; none with HTTP/1.0 only.
    pub authority: Option<Authority>,
    /// The caller; none where there is no connection.
    pub client_ip: Option<IpAddr>,
    /// The other end of the connection: the caller, or a proxy in front.
    pub peer: Option<IpAddr>,
    /// The id of this call.
    pub request_id: ApiRequestId,
    /// Name of the console's session cookie, which is kept from functions:
    /// browsers send it to every port of the console's host.
    pub console_cookie: &'static str,
    /// What else is kept from the function.
    pub withheld: Withheld,
    /// What the API declares of the request, once it was looked at.
    pub declared: Option<Declared>,
}

/// The event for a request. `variables` are those of the group in the API's environment; `path` is
/// the request's path within the group, not decoded; `body` is encoded straight into the text;
/// `context` is what the API's authorizer says of the caller.
pub fn apig_event<D>(
    api: &PublishedApi<D>,
    variables: Option<&StageVariables>,
    arrival: &Arrival,
    request: &Parts,
    path: &str,
    body: &[u8],
    context: Option<&AuthorizerContext>,
) -> String {
    let head = Head {
        api,
        variables,
        arrival,
        request,
        path,
        context,
        user_data: None,
    };
    head.event(Some(body))
}

/// The event by which an authorizer is asked about a request: the same with
/// `user_data`, and without `body` and `isBase64Encoded` where it gets no body.
pub(crate) fn authorizer_event<D>(
    api: &PublishedApi<D>,
    arrival: &Arrival,
    request: &Parts,
    path: &str,
    body: Option<&[u8]>,
    user_data: &str,
) -> String {
    let head = Head {
        api,
        variables: None,
        arrival,
        request,
        path,
        context: None,
        user_data: Some(user_data),
    };
    head.event(body)
}

/// The event without its body.
struct Head<'a, D> {
    api: &'a PublishedApi<D>,
    variables: Option<&'a StageVariables>,
    arrival: &'a Arrival,
    request: &'a Parts,
    path: &'a str,
    context: Option<&'a AuthorizerContext>,
    user_data: Option<&'a str>,
}

impl<D> Head<'_, D> {
    /// The whole event, as JSON text.
    fn event(&self, body: Option<&[u8]>) -> String {
        let body_bytes = body.map_or(0, |body| body.len().div_ceil(3) * 4);
        let mut text = Vec::with_capacity(2048 + body_bytes);
        serde_json::to_writer(&mut text, self)
            .expect("maps with string keys can be written as JSON");
        let mut text = String::from_utf8(text).expect("JSON text is UTF-8");
        if let Some(body) = body {
            // The body needs no escaping, so it goes in without a detour.
            text.pop();
            text.push_str(r#","isBase64Encoded":true,"body":""#);
            BASE64.encode_string(body, &mut text);
            text.push_str(r#""}"#);
        }
        text
    }
}

impl<D> Serialize for Head<'_, D> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut event = serializer.serialize_struct("ApigEvent", 7)?;
        event.serialize_field(
            "requestContext",
            &RequestContext {
                request_id: self.arrival.request_id.as_str(),
                api_id: self.api.api.api_id.as_str(),
                stage: self.api.environment.as_str(),
                stage_variables: self.variables.filter(|it| !it.is_empty()).map(ByName),
                source_ip: self.arrival.client_ip.map(Shown),
                authorizer: self.context,
            },
        )?;
        let headers = EventHeaders {
            headers: &self.request.headers,
            arrival: self.arrival,
        };
        event.serialize_field("headers", &headers)?;
        event.serialize_field("httpMethod", self.request.method.as_str())?;
        let parameters = PathParameters(self.api.path_parameters(self.path));
        event.serialize_field("pathParameters", &parameters)?;
        let query = Query {
            text: self.request.uri.query().unwrap_or_default(),
            is_withheld: self.arrival.withheld.api_key,
            declared: self.arrival.declared.as_ref(),
        };
        event.serialize_field("queryStringParameters", &query)?;
        event.serialize_field("path", &decoded(self.path))?;
        if let Some(user_data) = self.user_data {
            event.serialize_field("user_data", user_data)?;
        }
        event.end()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext<'a> {
    request_id: &'a str,
    api_id: &'a str,
    stage: &'a str,
    /// An addition of ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    stage_variables: Option<ByName<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_ip: Option<Shown<IpAddr>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorizer: Option<&'a AuthorizerContext>,
}

/// Variables as an object, their values by their names.
struct ByName<'a>(&'a StageVariables);

impl Serialize for ByName<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|it| (&it.name, &it.value)))
    }
}

/// Anything as the string it shows as, without a string in between.
struct Shown<T>(T);

impl<T: fmt::Display> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

struct PathParameters<'a>(Vec<(&'a str, Cow<'a, str>)>);

impl Serialize for PathParameters<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// Values of one name: a string, or an array when there are several.
struct Values<'a, T>(&'a [T]);

impl<T: Serialize> Serialize for Values<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            [value] => value.serialize(serializer),
            values => serializer.collect_seq(values),
        }
    }
}

/// The query, decoded as forms are: `+` is a space, escapes are decoded once,
/// and one that is none stays as it is. Sorted by name; the values of one name
/// keep their order.
struct Query<'a> {
    text: &'a str,
    /// Whether `apikey` is kept from the function.
    is_withheld: bool,
    declared: Option<&'a Declared>,
}

impl Serialize for Query<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let sent = query_pairs(self.text);
        let sent = sent.filter(|(name, _)| {
            let is_secret = self.is_withheld && name == API_KEY;
            !is_secret && !self.declared.is_some_and(|it| it.withholds_query(name))
        });
        let filled = self.declared.into_iter().flat_map(Declared::filled_query);
        let filled = filled.map(|(name, value)| (name.into(), value.into()));
        let mut pairs: Vec<(Cow<'_, str>, Cow<'_, str>)> = sent.chain(filled).collect();
        pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut map = serializer.serialize_map(None)?;
        for same_name in pairs.chunk_by(|(one, _), (other, _)| one == other) {
            let values: Vec<_> = same_name.iter().map(|(_, value)| value).collect();
            map.serialize_entry(&same_name[0].0, &Values(&values))?;
        }
        map.end()
    }
}

/// The names and values of a query, decoded, in their order.
pub(crate) fn query_pairs(query: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (form_decoded(name), form_decoded(value)))
}

fn form_decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('+') {
        return decoded(text);
    }
    Cow::Owned(decoded(&text.replace('+', " ")).into_owned())
}

/// The request's headers with lower-case names, and those the gateway sets.
struct EventHeaders<'a> {
    headers: &'a HeaderMap,
    arrival: &'a Arrival,
}

impl Serialize for EventHeaders<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Arrival {
            tls,
            authority,
            client_ip,
            request_id,
            console_cookie,
            withheld,
            declared,
            ..
        } = self.arrival;
        let mut map = serializer.serialize_map(None)?;
        let ends_here = named_by_connection(self.headers);
        for name in self.headers.keys() {
            if is_the_gateways(name.as_str())
                || HOP_BY_HOP.contains(name)
                || ends_here.contains(name.as_str())
                || declared
                    .as_ref()
                    .is_some_and(|it| it.withholds_header(name.as_str()))
                || name == APP_CODE
                || name == APP_SECRET
                || (withheld.api_key && name == API_KEY)
                || (withheld.token && name == AUTH_TOKEN)
                || (name == header::AUTHORIZATION
                    && (is_signature(self.headers) || withheld.authorization(self.headers)))
            {
                continue;
            }
            let values: Vec<_> = self.headers.get_all(name).iter().map(text_of).collect();
            if name == header::COOKIE {
                if let Some(cookies) = cookies_without(console_cookie, &values) {
                    map.serialize_entry(name.as_str(), &cookies)?;
                }
            } else {
                map.serialize_entry(name.as_str(), &Values(&values))?;
            }
        }
        for (name, value) in declared.iter().flat_map(Declared::filled_headers) {
            map.serialize_entry(name, value)?;
        }
        if let Some(authority) = authority {
            map.serialize_entry("host", authority.as_str())?;
            map.serialize_entry("x-forwarded-host", authority.host())?;
        }
        if let Some(ip) = client_ip {
            map.serialize_entry("x-real-ip", &Shown(ip))?;
        }
        if let Some(addresses) = self.forwarded_for() {
            map.serialize_entry("x-forwarded-for", &addresses)?;
        }
        let (protocol, default_port) = if *tls { ("https", 443) } else { ("http", 80) };
        let port = authority.as_ref().and_then(Authority::port_u16);
        map.serialize_entry("x-forwarded-port", &Shown(port.unwrap_or(default_port)))?;
        map.serialize_entry("x-forwarded-proto", protocol)?;
        map.serialize_entry("x-request-id", request_id.as_str())?;
        map.end()
    }
}

impl EventHeaders<'_> {
    /// The addresses that came, and the other end's after them.
    fn forwarded_for(&self) -> Option<String> {
        let mut addresses: Vec<Cow<'_, str>> = self
            .headers
            .get_all("x-forwarded-for")
            .iter()
            .map(text_of)
            .collect();
        if let Some(ip) = self.arrival.peer {
            addresses.push(ip.to_string().into());
        }
        (!addresses.is_empty()).then(|| addresses.join(", "))
    }
}

/// The names that `Connection` says end here, in lower case.
pub(crate) fn named_by_connection(headers: &HeaderMap) -> HashSet<String> {
    headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|names| names.to_str().ok())
        .flat_map(|names| names.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect()
}

/// All cookies but the one of this name, as one text: HTTP/2 may split them,
/// but functions get what HTTP/1.1 would have sent. None when none is left.
fn cookies_without(withheld: &str, values: &[Cow<'_, str>]) -> Option<String> {
    let cookies: Vec<&str> = values
        .iter()
        .flat_map(|value| value.split(';'))
        .map(str::trim)
        .filter(|cookie| !cookie.is_empty() && cookie_name(cookie) != withheld)
        .collect();
    (!cookies.is_empty()).then(|| cookies.join("; "))
}

/// The name in `name=value; attributes`. Of a cookie without a name, `=a=b`, it
/// is `a`: browsers send such a one back as `a=b`.
pub(crate) fn cookie_name(cookie: &str) -> &str {
    let named = cookie.trim_start_matches(|c: char| c == '=' || c.is_whitespace());
    named.split(['=', ';']).next().unwrap_or_default().trim()
}

/// A header's value; bytes that are no UTF-8 become replacement characters.
pub(crate) fn text_of(value: &http::HeaderValue) -> Cow<'_, str> {
    String::from_utf8_lossy(value.as_bytes())
}

#[cfg(test)]
mod tests;
