//! Versions of functions: `latest`, which changes with every Deploy and every setting, and those that
//! were published of it and never change. Source: console, tab Version.

use serde::{Deserialize, Serialize};

use crate::alias::AliasName;
use crate::parsed::parsed_string;
use crate::text::Description;
use crate::time::Timestamp;

/// The version that every function has.
pub const LATEST: &str = "latest";

/// Most versions of a function, [`LATEST`] among them. Source: quotas.
pub const MAX_VERSIONS: usize = 20;

/// Name of a published version: 1 to 42 letters, digits, `-`, `_` and `.`, a letter or digit first and
/// last, and not `latest`. Source: **Publish New Version**, `FSS.1015`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VersionName(String);

/// Why a text is not a [`VersionName`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidVersionName {
    /// It has none, or more than 42 characters.
    #[error("must have 1 to 42 characters, has {0}")]
    Length(usize),
    /// It has a character that is not allowed.
    #[error("may contain only letters, digits, hyphens, underscores and dots, not {0:?}")]
    Character(char),
    /// It starts or ends with something other than a letter or digit.
    #[error("must start and end with a letter or digit")]
    Ends,
    /// It is the name of the version that every function has.
    #[error("must not be {LATEST}, which every function has")]
    Latest,
}

impl VersionName {
    /// Most characters a name may have.
    pub const MAX_CHARS: usize = 42;

    /// Parses the name of a version.
    pub fn parse(text: &str) -> Result<Self, InvalidVersionName> {
        use InvalidVersionName as Invalid;
        let chars = text.chars().count();
        if !(1..=Self::MAX_CHARS).contains(&chars) {
            return Err(Invalid::Length(chars));
        }
        let is_plain = |c: char| c.is_ascii_alphanumeric();
        if let Some(c) = text
            .chars()
            .find(|&c| !(is_plain(c) || matches!(c, '-' | '_' | '.')))
        {
            return Err(Invalid::Character(c));
        }
        if !(text.starts_with(is_plain) && text.ends_with(is_plain)) {
            return Err(Invalid::Ends);
        }
        match text {
            LATEST => Err(Invalid::Latest),
            text => Ok(Self(text.to_owned())),
        }
    }

    /// The name of a version that is given none: `v20260703-092907`, in UTC.
    pub fn of_moment(now: Timestamp) -> Self {
        let moment = now.basic_format();
        Self(format!("v{}", moment.replace('T', "-").replace('Z', "")))
    }
}

parsed_string!(VersionName, InvalidVersionName);

/// One version of a function: `latest` or a published one. As a text, in the database and on the
/// wire, it is the version's name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum VersionRef {
    /// The version that every function has.
    #[default]
    Latest,
    /// One that was published.
    Published(VersionName),
}

impl VersionRef {
    /// Its name.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Latest => LATEST,
            Self::Published(name) => name.as_str(),
        }
    }
}

impl std::str::FromStr for VersionRef {
    type Err = InvalidVersionName;

    fn from_str(text: &str) -> Result<Self, InvalidVersionName> {
        match text {
            LATEST => Ok(Self::Latest),
            text => text.parse().map(Self::Published),
        }
    }
}

impl TryFrom<String> for VersionRef {
    type Error = InvalidVersionName;

    fn try_from(text: String) -> Result<Self, InvalidVersionName> {
        text.parse()
    }
}

impl From<VersionRef> for String {
    fn from(version: VersionRef) -> Self {
        version.as_str().to_owned()
    }
}

impl std::fmt::Display for VersionRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A version as the list of them has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Which one it is.
    pub version: VersionRef,
    /// The aliases that call it.
    pub aliases: Vec<AliasName>,
    /// What was said of it.
    pub description: Description,
    /// When it was published; for `latest`, when its code or settings were last changed.
    pub modified_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_name_follows_the_dialogs_rule() {
        use InvalidVersionName::*;
        for right in ["1", "v1", "1.0.0-rc_1", "Latest", &"a".repeat(42)] {
            assert!(VersionName::parse(right).is_ok(), "{right}");
        }
        for (wrong, why) in [
            ("", Length(0)),
            (&*"a".repeat(43), Length(43)),
            ("a b", Character(' ')),
            ("!a", Character('!')),
            ("ä", Character('ä')),
            ("-a", Ends),
            ("a.", Ends),
            ("..", Ends),
            ("latest", Latest),
        ] {
            assert_eq!(VersionName::parse(wrong), Err(why), "{wrong}");
        }
    }

    #[test]
    fn a_version_without_a_name_has_the_moments() {
        let name = VersionName::of_moment(Timestamp(1_783_070_947_123));
        assert_eq!(name.as_str(), "v20260703-092907");
        assert_eq!(VersionName::parse(name.as_str()), Ok(name));
    }

    #[test]
    fn a_version_is_its_name() {
        for text in ["latest", "v1"] {
            let version: VersionRef = text.parse().unwrap();
            assert_eq!(version.to_string(), text);
            assert_eq!(version == VersionRef::Latest, text == LATEST);
        }
        assert!("!v1".parse::<VersionRef>().is_err());
    }
}
