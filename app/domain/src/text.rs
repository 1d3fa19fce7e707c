//! Free text with a limit, and names out of a fixed list.

use serde::{Deserialize, Serialize};

use crate::parsed::parsed_string;

/// A name that is not one of those allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} must be one of {}, not {given:?}", .allowed.join(", "))]
pub struct UnknownName {
    /// What was being named, for example "the method".
    pub what: &'static str,
    /// What was given, cut to 64 characters.
    pub given: String,
    /// The names that would have been right.
    pub allowed: &'static [&'static str],
}

/// A description: 0 to 512 characters. Source: `FSS.1019`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Description(String);

/// Why a text is not a [`Description`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDescription {
    /// It is longer than 512 characters.
    #[error("must have at most 512 characters, has {0}")]
    Length(usize),
    /// It has a control character other than a line break or a tab.
    #[error("must not contain control characters")]
    Control,
}

impl Description {
    /// Most characters a description may have.
    pub const MAX_CHARS: usize = 512;

    /// Parses a description; white space around it is dropped.
    pub fn parse(text: &str) -> Result<Self, InvalidDescription> {
        let text = text.trim();
        let chars = text.chars().count();
        if chars > Self::MAX_CHARS {
            return Err(InvalidDescription::Length(chars));
        }
        if text
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        {
            return Err(InvalidDescription::Control);
        }
        Ok(Self(text.to_owned()))
    }
}

parsed_string!(Description, InvalidDescription);

/// A description of something in the gateway: 0 to 255 characters. Source: APIG user guide,
/// "Creating an Environment", "Publishing an API".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ShortDescription(String);

/// Why a text is not a [`ShortDescription`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidShortDescription {
    /// It is longer than 255 characters.
    #[error("must have at most 255 characters, has {0}")]
    Length(usize),
    /// It has a control character other than a line break or a tab.
    #[error("must not contain control characters")]
    Control,
}

impl ShortDescription {
    /// Most characters it may have.
    pub const MAX_CHARS: usize = 255;

    /// Parses a description; white space around it is dropped.
    pub fn parse(text: &str) -> Result<Self, InvalidShortDescription> {
        use InvalidShortDescription as Invalid;
        let description = Description::parse(text).map_err(|error| match error {
            InvalidDescription::Length(chars) => Invalid::Length(chars),
            InvalidDescription::Control => Invalid::Control,
        })?;
        match description.0.chars().count() {
            0..=Self::MAX_CHARS => Ok(Self(description.0)),
            chars => Err(Invalid::Length(chars)),
        }
    }
}

parsed_string!(ShortDescription, InvalidShortDescription);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_description_has_its_own_limit() {
        use InvalidShortDescription::*;
        let check = |text: &str| ShortDescription::parse(text).map(String::from);
        assert_eq!(check(" a\nb "), Ok("a\nb".to_owned()));
        assert_eq!(check(&"ä".repeat(255)), Ok("ä".repeat(255)));
        assert_eq!(check(&"ä".repeat(256)), Err(Length(256)));
        assert_eq!(check(&"ä".repeat(600)), Err(Length(600)));
        assert_eq!(check("a\u{7}"), Err(Control));
    }
}
