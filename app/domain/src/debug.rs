//! The request that Debug sends to an API.

use serde::{Deserialize, Serialize};

use crate::path::{ApiPath, Segment};
use crate::trigger::{Matching, Method};

/// Most rows of a query, and most of headers.
pub const MAX_DEBUG_ROWS: usize = 50;

/// Most bytes of an answer's body that Debug shows.
pub const MAX_SHOWN_BYTES: usize = 256 * 1024;

/// Headers that say where a request goes and how it is sent, which Debug does itself.
const NOT_GIVEN: [&str; 11] = [
    "host",
    "x-stage",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "upgrade",
    "expect",
];

/// A request as it was filled in, which can be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "DebugFields", into = "DebugFields")]
pub struct DebugRequest(DebugFields);

/// What a [`DebugRequest`] is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DebugFields {
    /// The method; one of the seven.
    pub method: Method,
    /// The path below the group's host, encoded: see [`debug_path`].
    pub path: String,
    /// Names and values of the query, not encoded; at most 50.
    pub query: Vec<(String, String)>,
    /// Names and values of the headers; at most 50.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

/// Why fields are no [`DebugRequest`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDebugRequest {
    /// ANY is no method that a request has.
    #[error("choose a method")]
    Method,
    /// The path is none.
    #[error("the path must start with a slash (/) and be encoded, not {0:?}")]
    Path(String),
    /// There are too many rows.
    #[error("at most {MAX_DEBUG_ROWS} rows of a query, and as many headers")]
    Rows,
    /// The name of a header is none.
    #[error("the name of a header may contain only letters, digits and !#$%&'*+-.^_`|~, not {0:?}")]
    HeaderName(String),
    /// The value of a header has a control character.
    #[error("the header {0} must not contain line breaks or other control characters")]
    HeaderValue(String),
    /// The header is not the user's to give.
    #[error("the header {0} is set by Debug itself")]
    NotGiven(String),
}

impl DebugRequest {
    /// Its fields.
    pub fn fields(&self) -> &DebugFields {
        &self.0
    }

    /// The path and the query, as they stand in a request.
    pub fn target(&self) -> String {
        let DebugFields { path, query, .. } = &self.0;
        let pairs = query.iter().map(|(name, value)| {
            let (name, value) = (escaped(name, false), escaped(value, false));
            format!("{name}={value}")
        });
        let pairs: Vec<_> = pairs.collect();
        match pairs.is_empty() {
            true => path.clone(),
            false => format!("{path}?{}", pairs.join("&")),
        }
    }
}

impl TryFrom<DebugFields> for DebugRequest {
    type Error = InvalidDebugRequest;

    fn try_from(fields: DebugFields) -> Result<Self, InvalidDebugRequest> {
        use InvalidDebugRequest as Invalid;
        if fields.method == Method::Any {
            return Err(Invalid::Method);
        }
        let right = |byte: u8| byte.is_ascii_graphic() && !b"?#\"<>\\^`{|}".contains(&byte);
        if !fields.path.starts_with('/') || !fields.path.bytes().all(right) {
            return Err(Invalid::Path(fields.path.chars().take(64).collect()));
        }
        if fields.query.len() > MAX_DEBUG_ROWS || fields.headers.len() > MAX_DEBUG_ROWS {
            return Err(Invalid::Rows);
        }
        for (name, value) in &fields.headers {
            let shown = || name.chars().take(64).collect();
            let in_token =
                |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
            if name.is_empty() || !name.bytes().all(in_token) {
                return Err(Invalid::HeaderName(shown()));
            }
            if NOT_GIVEN.iter().any(|ours| name.eq_ignore_ascii_case(ours)) {
                return Err(Invalid::NotGiven(shown()));
            }
            if value
                .bytes()
                .any(|byte| byte.is_ascii_control() && byte != b'\t')
            {
                return Err(Invalid::HeaderValue(shown()));
            }
        }
        Ok(Self(fields))
    }
}

impl From<DebugRequest> for DebugFields {
    fn from(request: DebugRequest) -> Self {
        request.0
    }
}

/// The path of a request to an API: its own, with these values for its parameters, encoded; and,
/// where prefixes match, with what stands `below` it, written as in an address.
pub fn debug_path(
    path: &ApiPath,
    matching: Matching,
    value_of: impl Fn(&str) -> String,
    below: &str,
) -> String {
    let segment = |segment| match segment {
        Segment::Literal(text) => text.to_owned(),
        Segment::Parameter(name) => escaped(&value_of(name), false),
        Segment::Rest(name) => escaped(&value_of(name), true),
    };
    let segments: Vec<_> = path.segments().map(segment).collect();
    let whole = format!("/{}", segments.join("/"));
    let below = match matching {
        Matching::Exact => "",
        Matching::Prefix => below.trim_start_matches('/'),
    };
    match (below, whole.ends_with('/')) {
        ("", _) => whole,
        (below, true) => format!("{whole}{}", as_in_an_address(below)),
        (below, false) => format!("{whole}/{}", as_in_an_address(below)),
    }
}

/// All but letters, digits and `-_.~` as `%XX`; slashes too, unless they are kept.
fn escaped(text: &str, keeps_slashes: bool) -> String {
    let plain = |byte: u8| {
        byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) || (byte == b'/' && keeps_slashes)
    };
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match plain(byte) {
            true => escaped.push(char::from(byte)),
            false => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

/// A path as it may be typed: what is encoded stays so, and only what no address may have is.
fn as_in_an_address(text: &str) -> String {
    let bytes = text.as_bytes();
    let is_escape = |at: usize| {
        let digits = bytes.get(at + 1..at + 3);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"?#\"<>\\^`{|}%".contains(&byte);
    let mut written = String::with_capacity(text.len());
    for (at, &byte) in bytes.iter().enumerate() {
        match plain(byte) || (byte == b'%' && is_escape(at)) {
            true => written.push(char::from(byte)),
            false => written.push_str(&format!("%{byte:02X}")),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fields(headers: &[(&str, &str)]) -> DebugFields {
        let owned = |(name, value): &(&str, &str)| (name.to_string(), value.to_string());
        DebugFields {
            method: Method::Get,
            path: "/a".to_owned(),
            query: Vec::new(),
            headers: headers.iter().map(owned).collect(),
            body: String::new(),
        }
    }

    #[test]
    fn a_request_keeps_to_its_rules() {
        use InvalidDebugRequest as Invalid;
        let check = |fields: DebugFields| DebugRequest::try_from(fields).unwrap_err();
        assert!(DebugRequest::try_from(fields(&[("X-A", "ü\t1"), ("x-a", "")])).is_ok());
        let method = Method::Any;
        assert_eq!(
            check(DebugFields {
                method,
                ..fields(&[])
            }),
            Invalid::Method
        );
        for path in ["", "a", "/a b", "/a?b", "/a#b", "/ä", "/a\nb", "/{id}"] {
            let wrong = DebugFields {
                path: path.to_owned(),
                ..fields(&[])
            };
            assert_eq!(check(wrong), Invalid::Path(path.to_owned()));
        }
        for name in ["", "a b", "a:", "ä", "a\r\nb"] {
            assert_eq!(
                check(fields(&[(name, "")])),
                Invalid::HeaderName(name.to_owned())
            );
        }
        for value in ["a\r\nb", "\0", "\u{7f}"] {
            assert_eq!(
                check(fields(&[("a", value)])),
                Invalid::HeaderValue("a".to_owned())
            );
        }
        for name in ["Host", "x-stage", "Transfer-Encoding", "Content-Length"] {
            assert_eq!(
                check(fields(&[(name, "1")])),
                Invalid::NotGiven(name.to_owned())
            );
        }
        assert_eq!(
            check(fields(&[("a", "b"); MAX_DEBUG_ROWS + 1])),
            Invalid::Rows
        );
    }

    #[test]
    fn a_path_is_filled_in() {
        let check = |path: &str, matching, value: &str, below: &str| {
            let path = ApiPath::parse(path).unwrap();
            debug_path(&path, matching, |_| value.to_owned(), below)
        };
        use Matching::{Exact, Prefix};
        assert_eq!(check("/a", Exact, "", "b"), "/a");
        assert_eq!(check("/a", Prefix, "", ""), "/a");
        assert_eq!(
            check("/a", Prefix, "", "/b c/%2F?%zz/ü"),
            "/a/b%20c/%2F%3F%25zz/%C3%BC"
        );
        assert_eq!(check("/a/", Prefix, "", "b"), "/a/b");
        assert_eq!(check("/", Prefix, "", "b/"), "/b/");
        assert_eq!(check("/a/{id}/c", Exact, "1/2 %", ""), "/a/1%2F2%20%25/c");
        assert_eq!(check("/a/{rest+}", Exact, "1/2 3", ""), "/a/1/2%203");
    }

    #[test]
    fn a_query_is_encoded() {
        let mut fields = fields(&[]);
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        fields.query = vec![pair("a b", "1&2=3"), pair("a b", "ü+"), pair("", "")];
        let request = DebugRequest::try_from(fields).unwrap();
        assert_eq!(request.target(), "/a?a%20b=1%262%3D3&a%20b=%C3%BC%2B&=");
    }

    proptest! {
        #[test]
        fn what_is_typed_below_a_path_can_be_sent(below in ".*", value in ".*") {
            for path in ["/a", "/a/{b}", "/{b+}"] {
                let path = ApiPath::parse(path).unwrap();
                let path = debug_path(&path, Matching::Prefix, |_| value.clone(), &below);
                let fields = DebugFields { path, ..fields(&[]) };
                prop_assert!(DebugRequest::try_from(fields).is_ok());
            }
        }
    }
}
