//! Sets of gateway responses: a group has the default one, and up to three with names, of which each
//! of its APIs chooses one. Source: APIG user guide, "Customizing Responses".

use serde::{Deserialize, Serialize};

use super::GatewayResponses;
use crate::id::ResponseSetId;
use crate::parsed::parsed_string;

/// Most sets that a group may have, with the default one. Source: APIG quotas.
pub const MAX_RESPONSE_SETS: usize = 4;

/// Responses of a group, for those of its APIs that choose them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseSet {
    /// Its id.
    pub response_id: ResponseSetId,
    /// Its name, unique in the group.
    pub name: ResponseSetName,
    /// The responses that are changed, by their types.
    pub responses: GatewayResponses,
}

/// Name of a set of responses: 1 to 64 letters, digits, hyphens and underscores; not `default`,
/// which is the group's own set.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ResponseSetName(String);

/// Why a text is no [`ResponseSetName`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidResponseSetName {
    /// It has none or too many characters.
    #[error("must have 1 to 64 characters, has {0}")]
    Length(usize),
    /// It has a character that is not allowed.
    #[error("may contain only letters, digits, hyphens and underscores, not {0:?}")]
    Character(char),
    /// It is that of the group's own set.
    #[error("must not be {default}, which is there already", default = ResponseSetName::DEFAULT)]
    Default,
}

impl ResponseSetName {
    /// What the group's own set is called, which is always there.
    pub const DEFAULT: &'static str = "default";

    /// Parses the name of a set.
    pub fn parse(text: &str) -> Result<Self, InvalidResponseSetName> {
        use InvalidResponseSetName as Invalid;
        let chars = text.chars().count();
        if !(1..=64).contains(&chars) {
            return Err(Invalid::Length(chars));
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if let Some(c) = text.chars().find(|&c| !allowed(c)) {
            return Err(Invalid::Character(c));
        }
        match text {
            Self::DEFAULT => Err(Invalid::Default),
            _ => Ok(Self(text.to_owned())),
        }
    }
}

parsed_string!(ResponseSetName, InvalidResponseSetName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_responses_follows_the_rule() {
        use InvalidResponseSetName::*;
        let check = |text: &str| ResponseSetName::parse(text).err();
        for right in ["a", "Default", "-1_", &"x".repeat(64)] {
            assert_eq!(check(right), None, "{right}");
        }
        assert_eq!(check(""), Some(Length(0)));
        assert_eq!(check(&"x".repeat(65)), Some(Length(65)));
        assert_eq!(check("a b"), Some(Character(' ')));
        assert_eq!(check("ü"), Some(Character('ü')));
        assert_eq!(check("default"), Some(Default));
    }
}
