//! What a request must have before an authorizer's function is asked.

use serde::{Deserialize, Serialize};

use crate::parsed::named_enum;

/// Most identity sources of an authorizer. The vendor has a limit too (`APIG.3117`) and does not
/// say which.
pub const MAX_IDENTITY_SOURCES: usize = 10;

named_enum! {
    /// Where an identity source stands in a request.
    pub enum IdentityLocation ("the location") {
        /// A header; letters of its name match in either case.
        Header = "HEADER", "Header";
        /// A parameter of the query.
        Query = "QUERY", "Query";
    }
}

/// A header or parameter that a request must have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "IdentitySourceFields", into = "IdentitySourceFields")]
pub struct IdentitySource(IdentitySourceFields);

/// What an [`IdentitySource`] is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentitySourceFields {
    /// Its name: 1 to 64 letters, digits, hyphens, underscores and dots.
    pub name: String,
    /// Where it stands.
    pub location: IdentityLocation,
    /// The regular expression that is to be found in each value of it; at most 256 characters, and
    /// empty where any text will do. That it is one is looked at where it is compiled: browsers
    /// need not load the crate for it.
    #[serde(default)]
    pub validation: String,
}

/// Why fields are no [`IdentitySource`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidIdentitySource {
    /// The name is none.
    #[error("{0:?} must have 1 to 64 letters, digits, hyphens, underscores and dots")]
    Name(String),
    /// The expression is too long.
    #[error("the validation of {name} must have at most 256 characters, has {chars}")]
    Validation {
        /// Name of the source.
        name: String,
        /// How many it has.
        chars: usize,
    },
}

impl IdentitySource {
    /// Its name, as it was given.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Where it stands.
    pub fn location(&self) -> IdentityLocation {
        self.0.location
    }

    /// The regular expression; empty where any text will do.
    pub fn validation(&self) -> &str {
        &self.0.validation
    }

    fn is_the_same(&self, other: &Self) -> bool {
        let same_name = match self.location() {
            IdentityLocation::Header => self.name().eq_ignore_ascii_case(other.name()),
            IdentityLocation::Query => self.name() == other.name(),
        };
        self.location() == other.location() && same_name
    }
}

impl TryFrom<IdentitySourceFields> for IdentitySource {
    type Error = InvalidIdentitySource;

    fn try_from(fields: IdentitySourceFields) -> Result<Self, InvalidIdentitySource> {
        use InvalidIdentitySource as Invalid;
        let name = fields.name.trim().to_owned();
        let is_name_char = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if !(1..=64).contains(&name.len()) || !name.chars().all(is_name_char) {
            return Err(Invalid::Name(name.chars().take(64).collect()));
        }
        let chars = fields.validation.chars().count();
        if chars > 256 {
            return Err(Invalid::Validation { name, chars });
        }
        Ok(Self(IdentitySourceFields { name, ..fields }))
    }
}

impl From<IdentitySource> for IdentitySourceFields {
    fn from(source: IdentitySource) -> Self {
        source.0
    }
}

/// What a request must have: at most 10 sources, each named once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<IdentitySource>", into = "Vec<IdentitySource>")]
pub struct IdentitySources(Vec<IdentitySource>);

/// Why sources are not [`IdentitySources`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidIdentitySources {
    /// There are more than 10.
    #[error("must be at most 10 identity sources, are {0}")]
    Count(usize),
    /// One stands twice. Source: `APIG.3212`.
    #[error("{0} is given twice")]
    Twice(String),
}

impl IdentitySources {
    /// The sources.
    pub fn iter(&self) -> impl Iterator<Item = &IdentitySource> {
        self.0.iter()
    }

    /// True where a request need not have any.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl TryFrom<Vec<IdentitySource>> for IdentitySources {
    type Error = InvalidIdentitySources;

    fn try_from(sources: Vec<IdentitySource>) -> Result<Self, InvalidIdentitySources> {
        if sources.len() > MAX_IDENTITY_SOURCES {
            return Err(InvalidIdentitySources::Count(sources.len()));
        }
        for (at, source) in sources.iter().enumerate() {
            if sources[..at].iter().any(|other| other.is_the_same(source)) {
                let name = source.name().to_owned();
                return Err(InvalidIdentitySources::Twice(name));
            }
        }
        Ok(Self(sources))
    }
}

impl From<IdentitySources> for Vec<IdentitySource> {
    fn from(sources: IdentitySources) -> Self {
        sources.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;

    fn source(text: &str) -> Result<IdentitySource, InvalidIdentitySource> {
        let [location, name, validation] = text.splitn(3, ' ').collect::<Vec<_>>()[..] else {
            panic!("{text}");
        };
        let fields = IdentitySourceFields {
            name: name.to_owned(),
            location: location.parse().unwrap(),
            validation: validation.to_owned(),
        };
        fields.try_into()
    }

    #[test]
    fn a_source_says_what_is_wrong_with_it() {
        let check = |text: &str| source(text).unwrap_err().to_string();
        assert_snapshot!(check("HEADER  "), @r#""" must have 1 to 64 letters, digits, hyphens, underscores and dots"#);
        assert_snapshot!(check("QUERY a[] "), @r#""a[]" must have 1 to 64 letters, digits, hyphens, underscores and dots"#);
        assert_snapshot!(check(&format!("QUERY a {}", "x".repeat(257))), @"the validation of a must have at most 256 characters, has 257");
        assert!(source(&format!("QUERY {} {}", "a".repeat(64), "x".repeat(256))).is_ok());
    }

    #[test]
    fn each_source_is_named_once() {
        let check = |texts: &[&str]| {
            let sources: Result<Vec<_>, _> = texts.iter().map(|text| source(text)).collect();
            match IdentitySources::try_from(sources.unwrap()) {
                Ok(_) => "right".to_owned(),
                Err(error) => error.to_string(),
            }
        };
        assert_snapshot!(check(&["HEADER a ", "QUERY a ", "QUERY A "]), @"right");
        assert_snapshot!(check(&["HEADER X-A ^b", "HEADER x-a "]), @"x-a is given twice");
        assert_snapshot!(check(&["HEADER a "; 11]), @"must be at most 10 identity sources, are 11");
        assert_snapshot!(check(&[]), @"right");
    }
}
