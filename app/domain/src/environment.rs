//! Environments: where an API is published. (A function's variables are
//! `env_vars`, not this.)

use serde::{Deserialize, Serialize};

use crate::id::EnvironmentId;
use crate::parsed::parsed_string;
use crate::text::ShortDescription;

/// Name of an environment: 3 to 64 characters, a letter first, then letters,
/// digits and underscores. Callers name it in the header `X-Stage`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EnvironmentName(String);

/// Why a text is not an [`EnvironmentName`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEnvironmentName {
    /// It has fewer than 3 or more than 64 characters.
    #[error("must have 3 to 64 characters, has {0}")]
    Length(usize),
    /// It starts with something other than a letter.
    #[error("must start with a letter")]
    Start,
    /// It has a character that is not allowed.
    #[error("may contain only letters, digits and underscores, not {0:?}")]
    Character(char),
}

impl EnvironmentName {
    /// The environment that always exists and that a request without `X-Stage` means.
    pub const RELEASE: &'static str = "RELEASE";

    /// Parses the name of an environment.
    pub fn parse(text: &str) -> Result<Self, InvalidEnvironmentName> {
        use InvalidEnvironmentName as Invalid;
        let chars = text.chars().count();
        if !(3..=64).contains(&chars) {
            return Err(Invalid::Length(chars));
        }
        if !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Err(Invalid::Start);
        }
        if let Some(c) = text
            .chars()
            .find(|&c| !(c.is_ascii_alphanumeric() || c == '_'))
        {
            return Err(Invalid::Character(c));
        }
        Ok(Self(text.to_owned()))
    }
}

parsed_string!(EnvironmentName, InvalidEnvironmentName);

/// Most environments, RELEASE among them. Source: APIG quotas.
pub const MAX_ENVIRONMENTS: usize = 10;

/// An environment of the gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Its id.
    pub environment_id: EnvironmentId,
    /// Its name, unique on the gateway.
    pub name: EnvironmentName,
    /// What it is for.
    #[serde(default)]
    pub description: ShortDescription,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_name_follows_the_rule() {
        use InvalidEnvironmentName::*;
        assert!(EnvironmentName::parse(EnvironmentName::RELEASE).is_ok());
        assert_eq!(EnvironmentName::parse("ab"), Err(Length(2)));
        assert_eq!(EnvironmentName::parse("1ab"), Err(Start));
        assert_eq!(EnvironmentName::parse("a-b"), Err(Character('-')));
    }
}
