//! Which pages of other origins may read the answers of an API. Source: APIG user guide, plug-in
//! `cors`; Fetch standard, "CORS protocol".

use serde::{Deserialize, Serialize};
use url::Url;

use crate::parsed::parsed_string;
use crate::trigger::Method;

/// Longest that browsers may remember what a preflight told, in seconds. Source: the gateway's
/// built-in answer.
pub const MAX_CORS_AGE: u32 = 172_800;

/// Most entries of each list.
const MAX_ENTRIES: usize = 100;

/// A CORS policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "CorsFields", into = "CorsFields")]
pub struct Cors(CorsFields);

/// What a [`Cors`] is made of, by the vendor's names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorsFields {
    /// Whose pages may read.
    pub allow_origin: Origins,
    /// By which methods they may call.
    pub allow_methods: CorsMethods,
    /// Which headers they may send beyond those that any page may.
    pub allow_headers: HeaderNames,
    /// Which headers of an answer they may read beyond those that any page may.
    pub expose_headers: HeaderNames,
    /// How many seconds a browser remembers all this: 0 to 172,800.
    pub max_age: u32,
    /// Whether the browser may send cookies and the like along.
    pub allow_credentials: bool,
}

/// Why fields are no [`Cors`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCors {
    /// Every page could act as its visitor. Browsers refuse it.
    #[error("must list the origins where credentials are allowed: browsers refuse * then")]
    AnyOrigin,
    /// With credentials `*` is a name like others.
    #[error("must name the headers where credentials are allowed: * is no wildcard then")]
    AnyHeader,
    /// The same, of those that can be read.
    #[error("must name the headers where credentials are allowed: * is no wildcard then")]
    AnyExposed,
    /// The age is too long.
    #[error("must be 0 to 172,800 seconds, not {0}")]
    MaxAge(u32),
}

impl Cors {
    /// What it says.
    pub fn fields(&self) -> &CorsFields {
        &self.0
    }
}

impl TryFrom<CorsFields> for Cors {
    type Error = InvalidCors;

    fn try_from(fields: CorsFields) -> Result<Self, InvalidCors> {
        if fields.max_age > MAX_CORS_AGE {
            return Err(InvalidCors::MaxAge(fields.max_age));
        }
        if fields.allow_credentials {
            if fields.allow_origin == Origins::Any {
                return Err(InvalidCors::AnyOrigin);
            }
            if fields.allow_headers.has_any() {
                return Err(InvalidCors::AnyHeader);
            }
            if fields.expose_headers.has_any() {
                return Err(InvalidCors::AnyExposed);
            }
        }
        Ok(Self(fields))
    }
}

impl From<Cors> for CorsFields {
    fn from(cors: Cors) -> Self {
        cors.0
    }
}

/// Entries that stand in lines, or with commas between.
fn entries(text: &str) -> impl Iterator<Item = &str> {
    let entries = text.split([',', '\n']).map(str::trim);
    entries.filter(|entry| !entry.is_empty())
}

/// The start of a text that is shown in an error.
fn shown(text: &str) -> String {
    text.chars().take(64).collect()
}

/// Origins: every one (`*`), or 1 to 100.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Origins {
    /// Every one.
    Any,
    /// These.
    Listed(Vec<Origin>),
}

/// Why a text is not [`Origins`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOrigins {
    /// There are none, or more than 100.
    #[error("must be * or 1 to 100 origins, are {0}")]
    Count(usize),
    /// `*` stands among others.
    #[error("must be * alone, or origins without it")]
    AnyAmongOthers,
    /// One is none.
    #[error("{0}")]
    Origin(#[from] InvalidOrigin),
}

impl Origins {
    /// Parses `*`, or origins that stand in lines or with commas between.
    pub fn parse(text: &str) -> Result<Self, InvalidOrigins> {
        let texts: Vec<_> = entries(text).collect();
        if texts == ["*"] {
            return Ok(Self::Any);
        }
        if texts.contains(&"*") {
            return Err(InvalidOrigins::AnyAmongOthers);
        }
        if !(1..=MAX_ENTRIES).contains(&texts.len()) {
            return Err(InvalidOrigins::Count(texts.len()));
        }
        let origins: Result<Vec<_>, _> = texts.into_iter().map(Origin::parse).collect();
        Ok(Self::Listed(origins?))
    }
}

impl TryFrom<String> for Origins {
    type Error = InvalidOrigins;

    fn try_from(text: String) -> Result<Self, InvalidOrigins> {
        Self::parse(&text)
    }
}

impl From<Origins> for String {
    fn from(origins: Origins) -> Self {
        origins.to_string()
    }
}

impl std::fmt::Display for Origins {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Listed(origins) => {
                let origins: Vec<_> = origins.iter().map(Origin::as_str).collect();
                f.write_str(&origins.join(", "))
            }
        }
    }
}

/// The origin of a page, as browsers write it: scheme, host and, where it is not the scheme's
/// own, port: `https://www.example.com`, `http://localhost:3000`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

/// A text that is no [`Origin`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOrigin {
    /// It is something else.
    #[error("{0:?} is no origin such as https://www.example.com or http://localhost:3000")]
    Form(String),
    /// It goes on after the port.
    #[error("{0:?} must end after its host and port")]
    Path(String),
    /// It stands for many.
    #[error("{0:?} has a *: write down each origin")]
    Wildcard(String),
    /// What every page in a sandbox has, whoever made it.
    #[error("null is the origin of any page in a sandbox, so that it cannot be let in")]
    Null,
}

impl Origin {
    /// Parses an origin. Letter case, a slash at the end and a port that is the scheme's own are
    /// written as browsers do.
    pub fn parse(text: &str) -> Result<Self, InvalidOrigin> {
        use InvalidOrigin as Invalid;
        if text.eq_ignore_ascii_case("null") {
            return Err(Invalid::Null);
        }
        if text.contains('*') {
            return Err(Invalid::Wildcard(shown(text)));
        }
        let no_origin = || Invalid::Form(shown(text));
        let url = Url::parse(text).map_err(|_| no_origin())?;
        let host = url.host_str().unwrap_or_default();
        let is_host_char =
            |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '[' | ']');
        if host.is_empty() || !host.chars().all(is_host_char) || !text.contains("://") {
            return Err(no_origin());
        }
        let has_user = !url.username().is_empty() || url.password().is_some();
        let ends = matches!(url.path(), "" | "/") && url.query().is_none();
        if has_user || !ends || url.fragment().is_some() {
            return Err(Invalid::Path(shown(text)));
        }
        let port = url.port().map_or_else(String::new, |it| format!(":{it}"));
        Ok(Self(format!("{}://{host}{port}", url.scheme())))
    }
}

parsed_string!(Origin, InvalidOrigin);

/// Methods that pages may call by: at least one, and not ANY.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CorsMethods(Vec<Method>);

/// Why a text is not [`CorsMethods`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCorsMethods {
    /// There are none.
    #[error("must be at least one method")]
    None,
    /// One is none.
    #[error("{0:?} is none of GET, POST, DELETE, PUT, PATCH, HEAD and OPTIONS")]
    Method(String),
}

impl CorsMethods {
    /// Every method.
    pub fn all() -> Self {
        let methods = Method::ALL.iter().copied();
        Self(methods.filter(|&method| method != Method::Any).collect())
    }

    /// Parses methods that stand in lines, or with commas between.
    pub fn parse(text: &str) -> Result<Self, InvalidCorsMethods> {
        let mut methods = Vec::new();
        for entry in entries(text) {
            let method = entry.to_ascii_uppercase().parse().ok();
            let method = method.filter(|&method| method != Method::Any);
            let method = method.ok_or_else(|| InvalidCorsMethods::Method(shown(entry)))?;
            if !methods.contains(&method) {
                methods.push(method);
            }
        }
        match methods.is_empty() {
            true => Err(InvalidCorsMethods::None),
            false => Ok(Self(methods)),
        }
    }
}

impl TryFrom<String> for CorsMethods {
    type Error = InvalidCorsMethods;

    fn try_from(text: String) -> Result<Self, InvalidCorsMethods> {
        Self::parse(&text)
    }
}

impl From<CorsMethods> for String {
    fn from(methods: CorsMethods) -> Self {
        methods.to_string()
    }
}

impl std::fmt::Display for CorsMethods {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let methods: Vec<_> = self.0.iter().map(|method| method.name()).collect();
        f.write_str(&methods.join(", "))
    }
}

/// Names of headers, at most 100, each of at most 128 characters. `*` stands for every one but
/// `Authorization`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HeaderNames(Vec<String>);

/// Why a text is not [`HeaderNames`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHeaderNames {
    /// There are more than 100.
    #[error("must be at most 100 headers, are {0}")]
    Count(usize),
    /// One is none.
    #[error("{0:?} is no name of a header")]
    Name(String),
}

impl HeaderNames {
    /// Parses names that stand in lines, or with commas between.
    pub fn parse(text: &str) -> Result<Self, InvalidHeaderNames> {
        let names: Vec<_> = entries(text).collect();
        if names.len() > MAX_ENTRIES {
            return Err(InvalidHeaderNames::Count(names.len()));
        }
        if let Some(name) = names.iter().find(|name| !is_header_name(name)) {
            return Err(InvalidHeaderNames::Name(shown(name)));
        }
        Ok(Self(names.into_iter().map(str::to_owned).collect()))
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True when `*` is among them.
    pub fn has_any(&self) -> bool {
        self.0.iter().any(|name| name == "*")
    }
}

/// A token of HTTP, not longer than 128 characters. Source: RFC 9110, section 5.6.2.
fn is_header_name(text: &str) -> bool {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    (1..=128).contains(&text.len()) && text.chars().all(is_token)
}

impl TryFrom<String> for HeaderNames {
    type Error = InvalidHeaderNames;

    fn try_from(text: String) -> Result<Self, InvalidHeaderNames> {
        Self::parse(&text)
    }
}

impl From<HeaderNames> for String {
    fn from(names: HeaderNames) -> Self {
        names.to_string()
    }
}

impl std::fmt::Display for HeaderNames {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;
    use proptest::prelude::*;

    fn check<T: std::fmt::Display, E: std::fmt::Display>(parsed: Result<T, E>) -> String {
        match parsed {
            Ok(right) => right.to_string(),
            Err(error) => format!("! {error}"),
        }
    }

    #[test]
    fn an_origin_is_written_as_browsers_do() {
        let check = |text: &str| check(Origin::parse(text));
        assert_snapshot!(check("https://www.example.com"), @"https://www.example.com");
        assert_snapshot!(check("HTTPS://WWW.Example.com/"), @"https://www.example.com");
        assert_snapshot!(check("https://example.com:443"), @"https://example.com");
        assert_snapshot!(check("http://localhost:3000"), @"http://localhost:3000");
        assert_snapshot!(check("http://[::1]:3000"), @"http://[::1]:3000");
        assert_snapshot!(check("https://bücher.example"), @"https://xn--bcher-kva.example");
        assert_snapshot!(check("capacitor://localhost"), @"capacitor://localhost");
        assert_snapshot!(check("https://example.com/app"), @r#"! "https://example.com/app" must end after its host and port"#);
        assert_snapshot!(check("https://example.com?a"), @r#"! "https://example.com?a" must end after its host and port"#);
        assert_snapshot!(check("https://me@example.com"), @r#"! "https://me@example.com" must end after its host and port"#);
        assert_snapshot!(check("https://*.example.com"), @r#"! "https://*.example.com" has a *: write down each origin"#);
        assert_snapshot!(check("null"), @"! null is the origin of any page in a sandbox, so that it cannot be let in");
        let no_origin = "such as https://www.example.com or http://localhost:3000";
        for wrong in [
            "example.com",
            "localhost:3000",
            "https://",
            "https:example.com",
            "file:///a",
            "https://a%2Cb",
            "https://a b",
            "x://a\"b",
            "",
        ] {
            let expected = format!("! {wrong:?} is no origin {no_origin}");
            assert_eq!(check(wrong), expected);
        }
    }

    #[test]
    fn origins_are_all_or_a_list() {
        let check = |text: &str| check(Origins::parse(text));
        assert_snapshot!(check(" * "), @"*");
        assert_snapshot!(check("https://a.example\n\nhttp://b.example:81,"), @"https://a.example, http://b.example:81");
        assert_snapshot!(check("https://a.example, *"), @"! must be * alone, or origins without it");
        assert_snapshot!(check(" \n"), @"! must be * or 1 to 100 origins, are 0");
        assert_snapshot!(check(&"https://a.example,".repeat(101)), @"! must be * or 1 to 100 origins, are 101");
        assert_snapshot!(check("https://a.example, b"), @r#"! "b" is no origin such as https://www.example.com or http://localhost:3000"#);
    }

    #[test]
    fn methods_and_headers_are_named() {
        let methods = |text: &str| check(CorsMethods::parse(text));
        assert_snapshot!(methods("get, PUT\nGET"), @"GET, PUT");
        assert_snapshot!(methods("ANY"), @r#"! "ANY" is none of GET, POST, DELETE, PUT, PATCH, HEAD and OPTIONS"#);
        assert_snapshot!(methods("GET POST"), @r#"! "GET POST" is none of GET, POST, DELETE, PUT, PATCH, HEAD and OPTIONS"#);
        assert_snapshot!(methods(","), @"! must be at least one method");
        assert_snapshot!(CorsMethods::all(), @"GET, POST, DELETE, PUT, PATCH, HEAD, OPTIONS");
        let headers = |text: &str| check(HeaderNames::parse(text));
        assert_snapshot!(headers("X-Sdk-Date,Authorization\n*"), @"X-Sdk-Date, Authorization, *");
        assert_snapshot!(headers(""), @"");
        assert_snapshot!(headers("X-A: 1"), @r#"! "X-A: 1" is no name of a header"#);
        assert_snapshot!(headers("é"), @r#"! "é" is no name of a header"#);
        assert_snapshot!(headers(&"a,".repeat(101)), @"! must be at most 100 headers, are 101");
        assert!(HeaderNames::parse(&"a".repeat(128)).is_ok());
        assert!(HeaderNames::parse(&"a".repeat(129)).is_err());
    }

    fn fields(origin: &str, headers: &str, exposed: &str, with_credentials: bool) -> CorsFields {
        CorsFields {
            allow_origin: Origins::parse(origin).unwrap(),
            allow_methods: CorsMethods::all(),
            allow_headers: HeaderNames::parse(headers).unwrap(),
            expose_headers: HeaderNames::parse(exposed).unwrap(),
            max_age: 86_400,
            allow_credentials: with_credentials,
        }
    }

    #[test]
    fn a_wildcard_is_not_combined_with_credentials() {
        let check = |fields| Cors::try_from(fields).err();
        let one = "https://a.example";
        assert_eq!(check(fields("*", "*", "*", false)), None);
        assert_eq!(check(fields(one, "X-A", "X-B", true)), None);
        assert_eq!(
            check(fields("*", "", "", true)),
            Some(InvalidCors::AnyOrigin)
        );
        assert_eq!(
            check(fields(one, "X-A, *", "", true)),
            Some(InvalidCors::AnyHeader)
        );
        assert_eq!(
            check(fields(one, "", "*", true)),
            Some(InvalidCors::AnyExposed)
        );
        let age = |max_age| CorsFields {
            max_age,
            ..fields("*", "", "", false)
        };
        assert_eq!(check(age(172_800)), None);
        assert_eq!(check(age(172_801)), Some(InvalidCors::MaxAge(172_801)));
        // The wire does not get around it.
        let json = r#"{"allow_origin":"*","allow_methods":"GET","allow_headers":"","expose_headers":"","max_age":0,"allow_credentials":CREDENTIALS}"#;
        let check = |with: &str| serde_json::from_str::<Cors>(&json.replace("CREDENTIALS", with));
        let right = check("false").unwrap();
        assert_eq!(
            serde_json::to_string(&right).unwrap(),
            json.replace("CREDENTIALS", "false")
        );
        assert!(check("true").is_err());
    }

    proptest! {
        #[test]
        fn what_was_parsed_is_read_again_as_the_same(
            origins in r"(\PC{0,20}|https?://[a-z0-9.:%/\[\]-]{1,20}(,|\n|)){0,4}",
            headers in r"(\PC{0,10}|[!-~]{1,10}(,|\n|)){0,4}",
        ) {
            if let Ok(origins) = Origins::parse(&origins) {
                prop_assert!(origins.to_string().bytes().all(|b| matches!(b, b' '..=b'~')));
                prop_assert_eq!(Origins::parse(&origins.to_string()), Ok(origins));
            }
            if let Ok(headers) = HeaderNames::parse(&headers) {
                prop_assert!(headers.to_string().bytes().all(|b| matches!(b, b' '..=b'~')));
                prop_assert_eq!(HeaderNames::parse(&headers.to_string()), Ok(headers));
            }
        }
    }
}
