//! Lets pages of other origins read what an API answers, as its CORS policy says. The browser
//! enforces it: a call of another page is answered like any other, and only kept from the page.
//!
//! # Preflights
//!
//! Before some calls a browser asks whether the page may make them: `OPTIONS` with `Origin` and
//! `Access-Control-Request-Method`. That is answered here, for the API that has this method at the
//! same host and path, if it has a policy: without authentication, which a browser cannot bring
//! along, without the function, and without being counted. An API whose method is OPTIONS or ANY
//! gets all other OPTIONS requests.
//!
//! # Answers
//!
//! Every answer of the API has the headers, those of the gateway too: a page could otherwise not
//! tell 401 from a network that is down. What the function sends under one of these names stands;
//! and where it says itself which origin may read, it also says whether with credentials.

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderValue, ORIGIN, VARY,
};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use sluice_domain::policy::{self, HeaderNames, Origins};
use sluice_domain::trigger::Method;

use crate::decode::FunctionResponse;

/// A CORS policy, with its headers written.
#[derive(Debug)]
pub struct Cors {
    /// None where every origin may read.
    origins: Option<Vec<HeaderValue>>,
    methods: HeaderValue,
    headers: Option<HeaderValue>,
    exposed: Option<HeaderValue>,
    max_age: HeaderValue,
    with_credentials: bool,
}

impl Cors {
    /// What the policy says, written once for all answers.
    pub fn new(rule: &policy::Cors) -> Self {
        let fields = rule.fields();
        let names = |names: &HeaderNames| (!names.is_empty()).then(|| written(&names.to_string()));
        Self {
            origins: match &fields.allow_origin {
                Origins::Any => None,
                Origins::Listed(origins) => {
                    Some(origins.iter().map(|it| written(it.as_str())).collect())
                }
            },
            methods: written(&fields.allow_methods.to_string()),
            headers: names(&fields.allow_headers),
            exposed: names(&fields.expose_headers),
            max_age: fields.max_age.into(),
            with_credentials: fields.allow_credentials,
        }
    }

    /// What `Access-Control-Allow-Origin` says to a page of this origin, if it may read. Only an
    /// origin that is listed is ever sent back.
    fn allowed(&self, origin: Option<&HeaderValue>) -> Option<HeaderValue> {
        match &self.origins {
            None => Some(HeaderValue::from_static("*")),
            Some(listed) => origin.filter(|origin| listed.contains(origin)).cloned(),
        }
    }

    /// The answer to a preflight, but for what every answer has. A page that may not call is not
    /// told what others may.
    pub(crate) fn preflight(&self, origin: Option<&HeaderValue>) -> FunctionResponse {
        let mut headers = HeaderMap::new();
        if self.allowed(origin).is_some() {
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, self.methods.clone());
            if let Some(names) = &self.headers {
                headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
            }
            headers.insert(ACCESS_CONTROL_MAX_AGE, self.max_age.clone());
        }
        FunctionResponse {
            status: StatusCode::OK,
            headers,
            body: Bytes::new(),
        }
    }

    /// Adds to an answer what lets a page of this origin read it.
    pub(crate) fn add_to(&self, headers: &mut HeaderMap, origin: Option<&HeaderValue>) {
        if self.origins.is_some() && !varies_by_origin(headers) {
            // A cache must not give one origin's answer to another, nor to who has none.
            headers.append(VARY, HeaderValue::from_static("Origin"));
        }
        let Some(allowed) = self.allowed(origin) else {
            return;
        };
        if !headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
            if self.with_credentials && !headers.contains_key(ACCESS_CONTROL_ALLOW_CREDENTIALS) {
                let yes = HeaderValue::from_static("true");
                headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
            }
        }
        if let Some(exposed) = &self.exposed
            && !headers.contains_key(ACCESS_CONTROL_EXPOSE_HEADERS)
        {
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed.clone());
        }
    }
}

/// The method that a preflight asks for. None for a request that is no preflight, and for a method
/// that no API can have.
pub(crate) fn asked_method(request: &Parts) -> Option<Method> {
    if request.method != http::Method::OPTIONS || !request.headers.contains_key(ORIGIN) {
        return None;
    }
    let asked = request.headers.get(ACCESS_CONTROL_REQUEST_METHOD)?;
    let method = asked.to_str().ok()?.parse().ok();
    method.filter(|&method| method != Method::Any)
}

fn varies_by_origin(headers: &HeaderMap) -> bool {
    let varied = headers.get_all(VARY).iter();
    let mut varied = varied.flat_map(|value| value.as_bytes().split(|&byte| byte == b','));
    varied.any(|name| {
        let name = name.trim_ascii();
        name == b"*" || name.eq_ignore_ascii_case(b"origin")
    })
}

fn written(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("the domain lets printable ASCII through only")
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::HeaderName;
    use insta::assert_snapshot;
    use sluice_domain::policy::CorsFields;

    fn cors(origins: &str, with_credentials: bool) -> Cors {
        let fields = CorsFields {
            allow_origin: origins.parse_into(),
            allow_methods: "GET, PUT".parse_into(),
            allow_headers: "X-A, X-B".parse_into(),
            expose_headers: "X-C".parse_into(),
            max_age: 60,
            allow_credentials: with_credentials,
        };
        Cors::new(&fields.try_into().unwrap())
    }

    trait ParseInto {
        fn parse_into<T: TryFrom<String, Error: std::fmt::Debug>>(self) -> T;
    }

    impl ParseInto for &str {
        fn parse_into<T: TryFrom<String, Error: std::fmt::Debug>>(self) -> T {
            self.to_owned().try_into().unwrap()
        }
    }

    const ONE: &str = "https://one.example";
    const TWO: &str = "https://one.example, https://two.example:81";

    fn shown(headers: &HeaderMap) -> String {
        let shown = headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()));
        shown.collect::<Vec<_>>().join("\n")
    }

    /// The headers of an answer to a page of `origin`; the function sent `sent`.
    fn check(cors: &Cors, origin: &str, sent: &[(&str, &str)]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in sent {
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, value.parse().unwrap());
        }
        let origin = (!origin.is_empty()).then(|| origin.parse().unwrap());
        cors.add_to(&mut headers, origin.as_ref());
        shown(&headers)
    }

    #[test]
    fn an_origin_that_is_listed_is_sent_back() {
        let two = cors(TWO, true);
        assert_snapshot!(check(&two, ONE, &[]), @r"
        vary: Origin
        access-control-allow-origin: https://one.example
        access-control-allow-credentials: true
        access-control-expose-headers: X-C
        ");
        for other in [
            "",
            "null",
            "https://two.example",
            "https://one.example.evil",
            "HTTPS://ONE.EXAMPLE",
            "https://one.example, https://two.example:81",
        ] {
            assert_eq!(check(&two, other, &[]), "vary: Origin", "{other}");
        }
    }

    #[test]
    fn every_origin_is_answered_alike_where_all_may_read() {
        let any = cors("*", false);
        for origin in ["", "null", ONE] {
            assert_eq!(
                check(&any, origin, &[]),
                "access-control-allow-origin: *\naccess-control-expose-headers: X-C"
            );
        }
    }

    #[test]
    fn what_the_function_sends_stands() {
        let one = cors(ONE, true);
        // It does not get credentials for an origin that it named itself.
        assert_snapshot!(check(&one, ONE, &[("access-control-allow-origin", "https://other")]), @r"
        access-control-allow-origin: https://other
        vary: Origin
        access-control-expose-headers: X-C
        ");
        assert_snapshot!(check(&one, ONE, &[("access-control-expose-headers", "X-D")]), @r"
        access-control-expose-headers: X-D
        vary: Origin
        access-control-allow-origin: https://one.example
        access-control-allow-credentials: true
        ");
        assert_snapshot!(check(&one, "", &[("vary", "Accept, ORIGIN")]), @"vary: Accept, ORIGIN");
        assert_snapshot!(check(&one, "", &[("vary", "*")]), @"vary: *");
        assert_snapshot!(check(&one, "", &[("vary", "Accept")]), @r"
        vary: Accept
        vary: Origin
        ");
    }

    #[test]
    fn a_preflight_tells_what_the_policy_allows() {
        let check = |origin: &'static str| {
            let origin = HeaderValue::from_static(origin);
            let answer = cors(ONE, false).preflight(Some(&origin));
            assert_eq!((answer.status, answer.body.len()), (StatusCode::OK, 0));
            shown(&answer.headers)
        };
        assert_snapshot!(check(ONE), @r"
        access-control-allow-methods: GET, PUT
        access-control-allow-headers: X-A, X-B
        access-control-max-age: 60
        ");
        assert_eq!(check("https://other"), "");
    }

    #[test]
    fn a_preflight_asks_for_a_method() {
        let check = |method: &str, headers: &[(&str, &str)]| {
            let mut request = http::Request::builder().method(method);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            asked_method(&request.body(()).unwrap().into_parts().0)
        };
        let (origin, asks) = (("origin", "null"), "access-control-request-method");
        assert_eq!(
            check("OPTIONS", &[origin, (asks, "PUT")]),
            Some(Method::Put)
        );
        assert_eq!(
            check("OPTIONS", &[origin, (asks, "OPTIONS")]),
            Some(Method::Options)
        );
        for wrong in ["put", "ANY", "PROPFIND", "", "PUT, GET"] {
            assert_eq!(check("OPTIONS", &[origin, (asks, wrong)]), None, "{wrong}");
        }
        assert_eq!(check("OPTIONS", &[origin]), None);
        assert_eq!(check("OPTIONS", &[(asks, "PUT")]), None);
        assert_eq!(check("GET", &[origin, (asks, "PUT")]), None);
    }
}
