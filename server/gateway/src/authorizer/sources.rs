//! Looks for an authorizer's identity sources in a request.

use std::borrow::Cow;

use http::HeaderName;
use http::request::Parts;
use regex::bytes::{Regex, RegexBuilder};
use sha2::Sha256;
use sluice_domain::authorizer::{IdentityLocation, IdentitySource, IdentitySources};

use super::add_part;
use super::refused::IdentityRefused;
use crate::encode::{named_by_connection, query_pairs};

/// Bytes that a compiled regular expression may have, and as many that it may use to match. It
/// takes time by the length of what it is matched with, whatever it says.
const REGEX_BYTES: usize = 1024 * 1024;

/// How deep parentheses may stand in each other.
const REGEX_DEPTH: u32 = 50;

/// What a request must have.
#[derive(Debug)]
pub(super) struct Sources(Vec<Source>);

#[derive(Debug)]
struct Source {
    place: Place,
    validation: Option<Regex>,
    /// As callers are told of it: `header Authorization`.
    shown: String,
}

#[derive(Debug)]
enum Place {
    Header(HeaderName),
    Query(String),
}

/// A validation that is no regular expression, or one that is too large.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the validation of {name} is no regular expression that can be used: {why}")]
pub struct InvalidValidation {
    /// Name of the identity source.
    pub name: String,
    /// What is wrong, in one line.
    pub why: String,
}

/// Looks at whether all validations can be compiled.
pub fn check_validations(sources: &IdentitySources) -> Result<(), InvalidValidation> {
    Sources::new(sources).map(drop)
}

impl Sources {
    pub(super) fn new(sources: &IdentitySources) -> Result<Self, InvalidValidation> {
        let sources: Result<_, _> = sources.iter().map(Source::new).collect();
        Ok(Self(sources?))
    }

    /// Looks for all of them, and adds what they are to `key`.
    pub(super) fn identify(
        &self,
        request: &Parts,
        key: &mut Sha256,
    ) -> Result<(), IdentityRefused> {
        // What ends at the gateway does not reach the function, so it proves nothing to it.
        let ends_here = named_by_connection(&request.headers);
        for source in &self.0 {
            let mut count: u64 = 0;
            let mut look = |value: &[u8]| {
                count += 1;
                source.check(value, key)
            };
            match &source.place {
                Place::Header(name) if ends_here.contains(name.as_str()) => {}
                Place::Header(name) => {
                    let mut values = request.headers.get_all(name).iter();
                    values.try_for_each(|value| look(value.as_bytes()))?;
                }
                Place::Query(name) => {
                    let query = request.uri.query().unwrap_or_default();
                    let mut pairs = query_pairs(query).filter(|(this, _)| this == name);
                    pairs.try_for_each(|(_, value): (_, Cow<'_, str>)| look(value.as_bytes()))?;
                }
            }
            if count == 0 {
                return Err(IdentityRefused::Missing(source.shown.clone()));
            }
            add_part(key, &count.to_le_bytes());
        }
        Ok(())
    }
}

impl Source {
    fn new(source: &IdentitySource) -> Result<Self, InvalidValidation> {
        let name = source.name();
        let invalid = |why: String| InvalidValidation {
            name: name.to_owned(),
            why,
        };
        let place = match source.location() {
            IdentityLocation::Header => {
                let name = HeaderName::from_bytes(name.as_bytes());
                Place::Header(name.map_err(|error| invalid(error.to_string()))?)
            }
            IdentityLocation::Query => Place::Query(name.to_owned()),
        };
        let validation = match source.validation() {
            "" => None,
            text => {
                let compiled = RegexBuilder::new(text)
                    .size_limit(REGEX_BYTES)
                    .dfa_size_limit(REGEX_BYTES)
                    .nest_limit(REGEX_DEPTH)
                    .build();
                Some(compiled.map_err(|error| invalid(last_line(&error.to_string())))?)
            }
        };
        let what = match place {
            Place::Header(_) => "header",
            Place::Query(_) => "parameter",
        };
        Ok(Self {
            place,
            validation,
            shown: format!("{what} {name}"),
        })
    }

    /// Looks at one value, and adds it to `key`.
    fn check(&self, value: &[u8], key: &mut Sha256) -> Result<(), IdentityRefused> {
        if value.is_empty() {
            return Err(IdentityRefused::Missing(self.shown.clone()));
        }
        add_part(key, value);
        match &self.validation {
            Some(validation) if !validation.is_match(value) => {
                Err(IdentityRefused::Invalid(self.shown.clone()))
            }
            _ => Ok(()),
        }
    }
}

/// What is wrong, without the lines that show where.
fn last_line(error: &str) -> String {
    let line = error.lines().last().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;
    use insta::assert_snapshot;
    use proptest::prelude::*;
    use sha2::Digest as _;
    use sluice_domain::authorizer::IdentitySourceFields;

    /// Sources written as `HEADER name validation`, one a line.
    fn sources(text: &str) -> IdentitySources {
        let source = |line: &str| {
            let [location, name, validation] = line.splitn(3, ' ').collect::<Vec<_>>()[..] else {
                panic!("{line}");
            };
            let fields = IdentitySourceFields {
                name: name.to_owned(),
                location: location.parse().unwrap(),
                validation: validation.to_owned(),
            };
            fields.try_into().unwrap()
        };
        text.lines()
            .map(source)
            .collect::<Vec<_>>()
            .try_into()
            .unwrap()
    }

    /// What becomes of a request with this query and these headers: the key's first digits, or why
    /// not.
    fn check(text: &str, query: &str, headers: &[(&str, &str)]) -> String {
        let sources = Sources::new(&sources(text)).unwrap();
        let mut request = Request::get(format!("/a?{query}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut key = Sha256::new();
        match sources.identify(&request.body(()).unwrap().into_parts().0, &mut key) {
            Ok(()) => hex::encode(&key.finalize()[..8]),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn every_source_has_to_be_there_and_valid() {
        let bearer = "HEADER Authorization ^Bearer [\\w-]+\\.[\\w-]+\\.[\\w-]+$\nQUERY tenant ";
        let token = ("authorization", "Bearer a.b.c-d");
        let found = check(bearer, "tenant=1", &[token]);
        assert_eq!(found.len(), 16, "{found}");
        assert_snapshot!(check(bearer, "tenant=1", &[]), @"the header Authorization is missing");
        assert_snapshot!(check(bearer, "tenant=1", &[("authorization", "")]), @"the header Authorization is missing");
        assert_snapshot!(check(bearer, "tenant=1", &[("authorization", "Basic eA==")]), @"the header Authorization is not valid");
        assert_snapshot!(check(bearer, "Tenant=1", &[token]), @"the parameter tenant is missing");
        assert_snapshot!(check(bearer, "tenant=&tenant=1", &[token]), @"the parameter tenant is missing");
        // All of several values, or it would be left to the function which one counts.
        assert_snapshot!(check(bearer, "tenant=1", &[token, ("authorization", "x")]), @"the header Authorization is not valid");
        // What ends at the gateway is not there for the function.
        assert_snapshot!(check(bearer, "tenant=1", &[token, ("connection", "close, Authorization")]), @"the header Authorization is missing");
        // A part is enough, unless the expression says otherwise.
        assert_eq!(check("QUERY a [0-9]", "a=x1", &[]).len(), 16);
        assert_eq!(check("QUERY a ^ä$", "a=%C3%A4", &[]).len(), 16);
    }

    #[test]
    fn other_values_are_another_identity() {
        let both = "HEADER a \nQUERY b ";
        let first = check(both, "b=2", &[("a", "1")]);
        assert_eq!(check(both, "c=3&b=%32", &[("A", "1"), ("x", "y")]), first);
        for (query, headers) in [
            ("b=1", &[("a", "1")][..]),
            ("b=2", &[("a", "2")]),
            ("b=2&b=2", &[("a", "1")]),
            ("b=2", &[("a", "1"), ("a", "1")]),
            ("b=22", &[("a", "1")]),
        ] {
            assert_ne!(check(both, query, headers), first, "{query} {headers:?}");
        }
        // Values are not shifted from one to the next.
        let check = |values: [&str; 2]| check("HEADER a ", "", &values.map(|it| ("a", it)));
        assert_ne!(check(["1", "23"]), check(["12", "3"]));
    }

    #[test]
    fn a_validation_is_a_regular_expression_of_bounded_size() {
        let check = |text: &str| check_validations(&sources(text)).unwrap_err().to_string();
        assert_snapshot!(check("HEADER a ("), @"the validation of a is no regular expression that can be used: unclosed group");
        assert_snapshot!(check("QUERY b (a)\\1"), @"the validation of b is no regular expression that can be used: backreferences are not supported");
        assert_snapshot!(check("HEADER a \\w{1000}{1000}"), @"the validation of a is no regular expression that can be used: Compiled regex exceeds size limit of 1048576 bytes.");
        let deep = format!("HEADER a {}{}", "(".repeat(100), ")".repeat(100));
        assert_snapshot!(check(&deep), @"the validation of a is no regular expression that can be used: exceed the maximum number of nested parentheses/brackets (50)");
    }

    #[test]
    fn what_takes_other_engines_forever_takes_no_time() {
        let value = format!("{}!", "a".repeat(32_000));
        assert_snapshot!(check("HEADER a ^(a+)+$", "", &[("a", &value)]), @"the header a is not valid");
    }

    proptest! {
        #[test]
        fn any_validation_is_compiled_or_refused(text in "\\PC{0,256}|[a-z()\\[\\]{}*+?|\\\\.^$0-9]{0,64}", value in "[ -~]{1,64}") {
            let text: String = text.chars().filter(|c| *c != '\n').take(256).collect();
            if check_validations(&sources(&format!("HEADER a {text}"))).is_ok() {
                check(&format!("HEADER a {text}"), "", &[("a", &value)]);
            }
        }
    }
}
