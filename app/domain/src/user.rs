//! Users of the console.

use serde::{Deserialize, Serialize};

use crate::id::UserId;
use crate::parsed::{named_enum, parsed_string};
use crate::time::Timestamp;

/// Name of a user: 1 to 64 characters, a letter first, then letters, digits
/// and `_`, `-`, `.`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserName(String);

/// Why a text is not a [`UserName`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUserName {
    /// It has none or more than 64 characters.
    #[error("must have 1 to 64 characters, has {0}")]
    Length(usize),
    /// It starts with something other than a letter.
    #[error("must start with a letter")]
    Start,
    /// It has a character that is not allowed.
    #[error("may contain only letters, digits, underscores, hyphens and dots, not {0:?}")]
    Character(char),
}

impl UserName {
    /// Parses the name of a user.
    pub fn parse(text: &str) -> Result<Self, InvalidUserName> {
        use InvalidUserName as Invalid;
        let chars = text.chars().count();
        if !(1..=64).contains(&chars) {
            return Err(Invalid::Length(chars));
        }
        if !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Err(Invalid::Start);
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if let Some(c) = text.chars().find(|&c| !allowed(c)) {
            return Err(Invalid::Character(c));
        }
        Ok(Self(text.to_owned()))
    }
}

parsed_string!(UserName, InvalidUserName);

named_enum! {
    /// What a user may do in the console.
    pub enum Role ("the role") {
        /// Everything, users and the server's own settings included.
        Administrator = "ADMINISTRATOR", "Administrator";
        /// Functions and all of the gateway but its settings.
        Developer = "DEVELOPER", "Developer";
        /// Looks at everything and changes nothing but their own account.
        Viewer = "VIEWER", "Viewer";
    }
}

impl Role {
    /// True when who has this role may do what needs the other one.
    pub fn includes(self, needed: Self) -> bool {
        match needed {
            Self::Administrator => self == Self::Administrator,
            Self::Developer => self != Self::Viewer,
            Self::Viewer => true,
        }
    }
}

/// A user as administrators see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The id.
    pub user_id: UserId,
    /// Unique, whatever the letter case.
    pub name: UserName,
    /// What they may do.
    pub role: Role,
    /// True when they cannot sign in, nor call the gateway.
    pub is_disabled: bool,
    /// When they were created.
    pub created_at: Timestamp,
    /// When they last signed in, if ever.
    pub last_signed_in_at: Option<Timestamp>,
}

/// A password as it was typed: 8 to 256 characters when it is set. It has no
/// `Serialize` and prints as `[redacted]`.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// Why a text cannot be set as a [`Password`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPassword {
    /// It has fewer than 8 or more than 256 characters.
    #[error("must have 8 to 256 characters, has {0}")]
    Length(usize),
}

impl Password {
    /// Parses a password that is to be set.
    pub fn parse(text: &str) -> Result<Self, InvalidPassword> {
        let chars = text.chars().count();
        if !(8..=256).contains(&chars) {
            return Err(InvalidPassword::Length(chars));
        }
        Ok(Self(text.to_owned()))
    }

    /// The password itself, for hashing only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_name_follows_the_rule() {
        use InvalidUserName::*;
        assert!(UserName::parse("admin").is_ok());
        assert_eq!(UserName::parse(""), Err(Length(0)));
        assert_eq!(UserName::parse("1a"), Err(Start));
        assert_eq!(UserName::parse("a b"), Err(Character(' ')));
    }

    #[test]
    fn a_role_includes_those_below_it() {
        let check = |role: Role| {
            let may = Role::ALL.iter().filter(|needed| role.includes(**needed));
            may.map(|needed| needed.label())
                .collect::<Vec<_>>()
                .join(", ")
        };
        assert_eq!(
            check(Role::Administrator),
            "Administrator, Developer, Viewer"
        );
        assert_eq!(check(Role::Developer), "Developer, Viewer");
        assert_eq!(check(Role::Viewer), "Viewer");
    }

    #[test]
    fn a_password_is_never_printed() {
        let password = Password::parse("correct horse").unwrap();
        assert_eq!(format!("{password:?}"), "[redacted]");
        assert_eq!(Password::parse("short"), Err(InvalidPassword::Length(5)));
    }
}
