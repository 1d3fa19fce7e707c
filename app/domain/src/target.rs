//! What of a function an API calls: its latest version, a published one, or an alias.

use serde::{Deserialize, Serialize};

use crate::alias::{AliasName, InvalidAliasName};
use crate::version::{InvalidVersionName, LATEST, VersionName, VersionRef};

/// What of a function an API calls. As a text, in the database, in forms and on the wire, it is what
/// follows the colon of a function's address: `latest`, `v1`, or `!prod` for an alias. Source:
/// `func_info`, `version` and `alias_urn`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Target {
    /// What is deployed.
    #[default]
    Latest,
    /// A published version.
    Version(VersionName),
    /// What the alias calls at the time of the request.
    Alias(AliasName),
}

/// Why a text is not a [`Target`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTarget {
    /// It is no version.
    #[error("version: {0}")]
    Version(#[from] InvalidVersionName),
    /// It begins with `!`, but what follows is no alias.
    #[error("alias: {0}")]
    Alias(#[from] InvalidAliasName),
}

impl Target {
    /// Parses a target.
    pub fn parse(text: &str) -> Result<Self, InvalidTarget> {
        match text.strip_prefix('!') {
            Some(alias) => Ok(Self::Alias(alias.parse()?)),
            None if text == LATEST => Ok(Self::Latest),
            None => Ok(Self::Version(text.parse()?)),
        }
    }

    /// As the console shows it: the version, or `prod (alias)`.
    pub fn label(&self) -> String {
        match self {
            Self::Alias(alias) => format!("{alias} (alias)"),
            version => version.to_string(),
        }
    }
}

impl From<VersionRef> for Target {
    fn from(version: VersionRef) -> Self {
        match version {
            VersionRef::Latest => Self::Latest,
            VersionRef::Published(name) => Self::Version(name),
        }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Latest => f.write_str(LATEST),
            Self::Version(name) => write!(f, "{name}"),
            Self::Alias(name) => write!(f, "!{name}"),
        }
    }
}

impl std::str::FromStr for Target {
    type Err = InvalidTarget;

    fn from_str(text: &str) -> Result<Self, InvalidTarget> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Target {
    type Error = InvalidTarget;

    fn try_from(text: String) -> Result<Self, InvalidTarget> {
        Self::parse(&text)
    }
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        target.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_what_an_address_ends_with() {
        for (text, label) in [
            ("latest", "latest"),
            ("v1", "v1"),
            ("!prod", "prod (alias)"),
            ("!latest", "latest (alias)"),
        ] {
            let target = Target::parse(text).unwrap();
            assert_eq!(target.to_string(), text);
            assert_eq!(target.label(), label);
        }
        for wrong in ["", "!", "!!a", "a b", "!1a"] {
            assert!(Target::parse(wrong).is_err(), "{wrong}");
        }
    }
}
