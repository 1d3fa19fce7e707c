//! API groups: sets of APIs that share a host.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::environment::EnvironmentName;
use crate::gateway_response::{GatewayResponses, ResponseSet};
use crate::id::{ApiGroupId, ResponseSetId};
use crate::parsed::parsed_string;
use crate::stage_variables::StageVariables;

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

/// What an API group is for: 0 to 255 characters. Source: APIG user guide, "Creating an API Group".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GroupDescription(String);

/// Why a text is not a [`GroupDescription`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidGroupDescription {
    /// It is longer than 255 characters.
    #[error("must have at most 255 characters, has {0}")]
    Length(usize),
    /// It has a control character other than a line break or a tab.
    #[error("must not contain control characters")]
    Control,
}

impl GroupDescription {
    /// Most characters a description may have.
    pub const MAX_CHARS: usize = 255;

    /// Parses a description; white space around it is dropped.
    pub fn parse(text: &str) -> Result<Self, InvalidGroupDescription> {
        use InvalidGroupDescription as Invalid;
        let text = text.trim();
        let chars = text.chars().count();
        if chars > Self::MAX_CHARS {
            return Err(Invalid::Length(chars));
        }
        let is_wrong = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        if text.contains(is_wrong) {
            return Err(Invalid::Control);
        }
        Ok(Self(text.to_owned()))
    }
}

parsed_string!(GroupDescription, InvalidGroupDescription);

/// An API group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiGroup {
    /// Its id, the first label of its host.
    pub group_id: ApiGroupId,
    /// Its name, unique on the gateway.
    pub name: ApiGroupName,
}

/// What a group says about all of its APIs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupSettings {
    /// Whether its APIs can be called by the group's own host, the debugging domain name.
    pub has_debugging_domain: bool,
    /// Its variables in each environment that has any.
    pub variables: HashMap<EnvironmentName, StageVariables>,
    /// Those of the gateway's own answers that are changed: the default set.
    pub responses: GatewayResponses,
    /// Further sets, oldest first, for APIs that choose one of them.
    pub response_sets: Vec<ResponseSet>,
}

impl GroupSettings {
    /// The responses of a set. Where there is no such set any more, and without one, those of the
    /// default set.
    pub fn responses_of(&self, set: Option<&ResponseSetId>) -> &GatewayResponses {
        let chosen = self.response_sets.iter();
        let mut chosen = chosen.filter(|it| Some(&it.response_id) == set);
        chosen.next().map_or(&self.responses, |it| &it.responses)
    }
}

impl Default for GroupSettings {
    fn default() -> Self {
        Self {
            has_debugging_domain: true,
            variables: HashMap::new(),
            responses: GatewayResponses::new(),
            response_sets: Vec::new(),
        }
    }
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

    #[test]
    fn a_description_has_at_most_255_characters() {
        use InvalidGroupDescription::*;
        let parsed = |text: &str| GroupDescription::parse(text).map(String::from);
        assert_eq!(parsed(" of\tthe\nshop "), Ok("of\tthe\nshop".to_owned()));
        assert_eq!(parsed(&"é".repeat(255)), Ok("é".repeat(255)));
        assert_eq!(parsed(&"é".repeat(256)), Err(Length(256)));
        assert_eq!(parsed("a\0b"), Err(Control));
    }
}
