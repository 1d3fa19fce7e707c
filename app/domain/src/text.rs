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
