//! The path of an API, as it is written in the Create Trigger dialog.

use serde::{Deserialize, Serialize};

use crate::parsed::parsed_string;

/// Path of an API: starts with `/`, at most 512 characters, case-sensitive;
/// parameters in braces: `{name}` stands for one segment and `{name+}`, as the
/// last segment, for one or more. A trailing slash is part of the path.
/// Source: seed, Table 2, "Path"; APIG user guide, "Creating an API".
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ApiPath(String);

/// Why a text is not an [`ApiPath`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidApiPath {
    /// It has none or more than 512 characters.
    #[error("must have 1 to 512 characters, has {0}")]
    Length(usize),
    /// It does not start with a slash.
    #[error("must start with a slash (/)")]
    Start,
    /// It has two slashes in a row.
    #[error("must not contain an empty segment (//)")]
    EmptySegment,
    /// It has a character that is not allowed.
    #[error("may contain only letters, digits and * % - _ . ~ : {{ }} + /, not {0:?}")]
    Character(char),
    /// A brace stands where it has no meaning.
    #[error(
        "must enclose a parameter as a whole segment, for example /a/{{b}} or /a/{{b+}}, not {0:?}"
    )]
    Braces(String),
    /// A parameter's name is wrong.
    #[error(
        "parameter {0:?} must have 1 to 32 letters, digits, hyphens, underscores or dots, a letter first"
    )]
    Parameter(String),
    /// A parameter's name stands twice.
    #[error("parameter {0:?} is given twice")]
    Twice(String),
    /// `{name+}` is not the last segment.
    #[error("{{{0}+}} takes all that is left and must be the last segment")]
    NotLast(String),
    /// A segment `.` or `..`, which no client sends as written.
    #[error("must not contain a segment that is . or ..")]
    DotSegment,
    /// A percent sign that does not begin a valid escape.
    #[error("must encode a percent sign as %25")]
    Escape,
}

/// One segment of an [`ApiPath`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Segment<'a> {
    /// A text that has to be met as it is.
    Literal(&'a str),
    /// `{name}`: exactly one segment that is not empty.
    Parameter(&'a str),
    /// `{name+}`: all that is left, at least one segment that is not empty.
    Rest(&'a str),
}

impl ApiPath {
    /// Most characters a path may have.
    pub const MAX_CHARS: usize = 512;

    /// Parses the path of an API.
    pub fn parse(text: &str) -> Result<Self, InvalidApiPath> {
        use InvalidApiPath as Invalid;
        let chars = text.chars().count();
        if !(1..=Self::MAX_CHARS).contains(&chars) {
            return Err(Invalid::Length(chars));
        }
        let Some(inner) = text.strip_prefix('/') else {
            return Err(Invalid::Start);
        };
        let allowed = |c: char| {
            c.is_ascii_alphanumeric()
                || matches!(
                    c,
                    '*' | '%' | '-' | '_' | '.' | '~' | ':' | '{' | '}' | '+' | '/'
                )
        };
        if let Some(c) = text.chars().find(|&c| !allowed(c)) {
            return Err(Invalid::Character(c));
        }
        let escapes_right = text
            .split('%')
            .skip(1)
            .all(|rest| rest.len() >= 2 && rest.bytes().take(2).all(|b| b.is_ascii_hexdigit()));
        if !escapes_right {
            return Err(Invalid::Escape);
        }
        let path = Self(text.to_owned());
        let last = inner.split('/').count() - 1;
        let mut names: Vec<&str> = Vec::new();
        for (position, text) in inner.split('/').enumerate() {
            // An empty last segment is a trailing slash, or the path "/" itself.
            if text.is_empty() && position < last {
                return Err(Invalid::EmptySegment);
            }
            if text == "." || text == ".." {
                return Err(Invalid::DotSegment);
            }
            let name = match Segment::of(text) {
                Segment::Literal(literal) if literal.contains(['{', '}', '+']) => {
                    return Err(Invalid::Braces(literal.to_owned()));
                }
                Segment::Literal(_) => continue,
                Segment::Rest(name) if position < last => {
                    return Err(Invalid::NotLast(name.to_owned()));
                }
                Segment::Parameter(name) | Segment::Rest(name) => name,
            };
            let right = (1..=32).contains(&name.len())
                && name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
            if !right {
                return Err(Invalid::Parameter(name.to_owned()));
            }
            if names.contains(&name) {
                return Err(Invalid::Twice(name.to_owned()));
            }
            names.push(name);
        }
        Ok(path)
    }

    /// The segments between the slashes. `/` has one empty literal, and a
    /// trailing slash is an empty literal at the end.
    pub fn segments(&self) -> impl Iterator<Item = Segment<'_>> {
        self.0[1..].split('/').map(Segment::of)
    }

    /// True when the path has a parameter.
    pub fn has_parameters(&self) -> bool {
        self.0.contains('{')
    }

    /// The path with its parameters' names taken out: two paths with the same
    /// shape match the same requests, so they cannot both be published.
    pub fn shape(&self) -> String {
        let segment = |segment| match segment {
            Segment::Literal(text) => text.to_owned(),
            Segment::Parameter(_) => "{}".to_owned(),
            Segment::Rest(_) => "{+}".to_owned(),
        };
        format!(
            "/{}",
            self.segments().map(segment).collect::<Vec<_>>().join("/")
        )
    }
}

impl<'a> Segment<'a> {
    fn of(text: &'a str) -> Self {
        let Some(name) = text
            .strip_prefix('{')
            .and_then(|text| text.strip_suffix('}'))
        else {
            return Self::Literal(text);
        };
        match name.strip_suffix('+') {
            Some(name) => Self::Rest(name),
            None => Self::Parameter(name),
        }
    }
}

parsed_string!(ApiPath, InvalidApiPath);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_path_follows_the_dialogs_rule() {
        for right in [
            "/",
            "/ttest",
            "/a/",
            "/a/{b}",
            "/a/{b}/c",
            "/a/{b+}",
            "/{b+}",
            "/a%20b",
            "/v1.2/x-y_z/*",
        ] {
            assert_eq!(
                ApiPath::parse(right).map(String::from).as_deref(),
                Ok(right)
            );
        }
        let check = |text: &str| ApiPath::parse(text).unwrap_err();
        use InvalidApiPath::*;
        assert_eq!(check(""), Length(0));
        assert_eq!(check(&format!("/{}", "a".repeat(512))), Length(513));
        assert_eq!(check("a"), Start);
        assert_eq!(check("//"), EmptySegment);
        assert_eq!(check("/a//b"), EmptySegment);
        assert_eq!(check("/a?b"), Character('?'));
        assert_eq!(check("/a b"), Character(' '));
        assert_eq!(check("/ä"), Character('ä'));
        assert_eq!(check("/a%2"), Escape);
        assert_eq!(check("/x{b}"), Braces("x{b}".into()));
        assert_eq!(check("/a+b"), Braces("a+b".into()));
        assert_eq!(check("/{}"), Parameter(String::new()));
        assert_eq!(check("/{1}"), Parameter("1".into()));
        assert_eq!(check("/{a}/{a}"), Twice("a".into()));
        assert_eq!(check("/{a+}/b"), NotLast("a".into()));
        assert_eq!(check("/a/../b"), DotSegment);
    }

    #[test]
    fn paths_that_differ_only_in_parameter_names_have_one_shape() {
        let shape = |text: &str| ApiPath::parse(text).unwrap().shape();
        assert_eq!(shape("/a/{b}/{c+}"), "/a/{}/{+}");
        assert_eq!(shape("/a/{x}/{y+}"), "/a/{}/{+}");
        assert_eq!(shape("/a/"), "/a/");
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_kept_as_it_is(text in "\\PC{0,40}|/[a-z{}+/%.]{0,20}") {
            if let Ok(path) = ApiPath::parse(&text) {
                prop_assert_eq!(path.as_str(), text.as_str());
                prop_assert_eq!(path.segments().count(), text.matches('/').count());
            }
        }
    }
}
