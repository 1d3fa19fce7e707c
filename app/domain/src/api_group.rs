//! API groups: sets of APIs that share a host.

use serde::{Deserialize, Serialize};

use crate::id::ApiGroupId;
use crate::parsed::parsed_string;

/// Name of an API group: 3 to 255 characters, a letter or digit first, then
/// letters, digits and `-_./():`. Source: APIG user guide, "Creating an API Group".
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ApiGroupName(String);

/// Why a text is not an [`ApiGroupName`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidApiGroupName {
    /// It has fewer than 3 or more than 255 characters.
    #[error("must have 3 to 255 characters, has {0}")]
    Length(usize),
    /// It starts with a sign.
    #[error("must start with a letter or digit")]
    Start,
    /// It has a character that is not allowed.
    #[error("may contain only letters, digits and - _ . / ( ) :, not {0:?}")]
    Character(char),
}

impl ApiGroupName {
    /// Parses the name of an API group.
    pub fn parse(text: &str) -> Result<Self, InvalidApiGroupName> {
        use InvalidApiGroupName as Invalid;
        let chars = text.chars().count();
        if !(3..=255).contains(&chars) {
            return Err(Invalid::Length(chars));
        }
        if !text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return Err(Invalid::Start);
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_./():".contains(c);
        if let Some(c) = text.chars().find(|&c| !allowed(c)) {
            return Err(Invalid::Character(c));
        }
        Ok(Self(text.to_owned()))
    }
}

parsed_string!(ApiGroupName, InvalidApiGroupName);

/// An API group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiGroup {
    /// Its id, the first label of its host.
    pub group_id: ApiGroupId,
    /// Its name, unique on the gateway.
    pub name: ApiGroupName,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_name_follows_the_rule() {
        use InvalidApiGroupName::*;
        assert!(ApiGroupName::parse("APIGroup_test").is_ok());
        assert!(ApiGroupName::parse("1-_./():").is_ok());
        assert_eq!(ApiGroupName::parse("ab"), Err(Length(2)));
        assert_eq!(ApiGroupName::parse("-ab"), Err(Start));
        assert_eq!(ApiGroupName::parse("a b"), Err(Character(' ')));
    }
}
