//! Credentials: what callers of an API with App authentication prove who they are by. The vendor
//! also calls them apps.

use std::collections::HashSet;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::env_vars::Secret;
use crate::id::{AppCodeId, CredentialId, hex_text};
use crate::parsed::parsed_string;
use crate::policy::AccessControl;
use crate::publication::BoundApi;
use crate::time::Timestamp;
use crate::trigger::{ApiName, InvalidApiName};

/// Name of a credential, by the same rule as the name of an API: 3 to 64
/// characters, a letter first, then letters, digits and underscores.
/// Source: APIG user guide, "Creating a Credential".
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CredentialName(String);

impl CredentialName {
    /// Parses the name of a credential.
    pub fn parse(text: &str) -> Result<Self, InvalidApiName> {
        ApiName::parse(text).map(|name| Self(name.into()))
    }
}

parsed_string!(CredentialName, InvalidApiName);

/// By which callers name a credential: `Access=` of a signature. 8 to 200 letters, digits,
/// underscores and hyphens. Source: APIG user guide, "Creating a Credential".
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AppKey(String);

/// Why a text is no [`AppKey`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAppKey {
    /// It has fewer than 8 or more than 200 characters.
    #[error("must have 8 to 200 characters, has {0}")]
    Length(usize),
    /// It has a character that is not allowed.
    #[error("may contain only letters, digits, underscores and hyphens, not {0:?}")]
    Character(char),
}

impl AppKey {
    /// Parses a key that a user chose, or one that was drawn.
    pub fn parse(text: &str) -> Result<Self, InvalidAppKey> {
        let is_allowed = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        match (text.chars().count(), text.chars().find(|c| !is_allowed(c))) {
            (8..=200, None) => Ok(Self(text.to_owned())),
            (8..=200, Some(c)) => Err(InvalidAppKey::Character(c)),
            (count, _) => Err(InvalidAppKey::Length(count)),
        }
    }

    /// The key of these bytes, which are drawn at random: 32 hexadecimal digits.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(hex_text(&bytes))
    }
}

parsed_string!(AppKey, InvalidAppKey);

/// A secret that a user chose for a credential: 8 to 128 letters, digits and any of `_-!@#$%`.
/// Source: APIG user guide, "Creating a Credential".
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ChosenSecret(String);

/// Why a text is no [`ChosenSecret`]. It does not repeat any of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidChosenSecret {
    /// It has fewer than 8 or more than 128 characters.
    #[error("must have 8 to 128 characters, has {0}")]
    Length(usize),
    /// It has a character that is not allowed.
    #[error("may contain only letters, digits and _ - ! @ # $ %")]
    Character,
}

impl ChosenSecret {
    /// Parses what a user chose.
    pub fn parse(text: &str) -> Result<Self, InvalidChosenSecret> {
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_-!@#$%".contains(c);
        match (text.chars().count(), text.chars().all(is_allowed)) {
            (8..=128, true) => Ok(Self(text.to_owned())),
            (8..=128, false) => Err(InvalidChosenSecret::Character),
            (count, _) => Err(InvalidChosenSecret::Length(count)),
        }
    }

    /// The secret, to be kept.
    pub fn into_secret(self) -> Secret {
        Secret::new(self.0)
    }
}

impl TryFrom<String> for ChosenSecret {
    type Error = InvalidChosenSecret;

    fn try_from(text: String) -> Result<Self, InvalidChosenSecret> {
        Self::parse(&text)
    }
}

impl From<ChosenSecret> for String {
    fn from(secret: ChosenSecret) -> Self {
        secret.0
    }
}

impl std::fmt::Debug for ChosenSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// The key and the secret that a user chose for a new credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChosenKey {
    /// Unique on the gateway.
    pub app_key: AppKey,
    /// Another than that of any other credential.
    pub app_secret: ChosenSecret,
}

/// Most AppCodes that a credential may have. Source: APIG user guide, AppCodes.
pub const MAX_APP_CODES: usize = 5;

/// Most credentials. Source: APIG quotas.
pub const MAX_CREDENTIALS: usize = 50;

/// A credential as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// Its id.
    pub credential_id: CredentialId,
    /// Its name, unique on the gateway.
    pub name: CredentialName,
    /// By which callers name it; it never changes.
    pub app_key: AppKey,
    /// When it was created.
    pub created_at: Timestamp,
    /// Its AppCodes, oldest first.
    pub app_codes: Vec<AppCode>,
    /// The APIs that it may call, each in an environment.
    pub apis: Vec<BoundApi>,
    /// From which addresses it may be used; none: from any.
    pub access: Option<AccessControl>,
}

/// An AppCode as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppCode {
    /// Its id.
    pub app_code_id: AppCodeId,
    /// Its last four characters, to tell it from others.
    pub ending: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A credential with all that the gateway has to know to check its callers.
#[derive(Debug, Clone)]
pub struct CredentialSecrets {
    /// Its id.
    pub credential_id: CredentialId,
    /// Its name.
    pub name: CredentialName,
    /// By which callers name it.
    pub app_key: AppKey,
    /// What they sign with.
    pub app_secret: Secret,
    /// What they may send instead, where an API allows it.
    pub app_codes: Vec<Secret>,
    /// The APIs that they may call.
    pub apis: HashSet<BoundApi>,
    /// From which addresses they may call; none: from any.
    pub access: Option<AccessControl>,
}

impl CredentialSecrets {
    /// True when a caller with this address may use it.
    pub fn allows(&self, address: Option<IpAddr>) -> bool {
        let access = self.access.as_ref();
        access.is_none_or(|access| access.allows(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_what_the_vendor_allows() {
        let check = |text: &str| match AppKey::parse(text) {
            Ok(key) => key.to_string(),
            Err(error) => error.to_string(),
        };
        assert_eq!(check("Partner-7_x"), "Partner-7_x");
        assert_eq!(check("a234567"), "must have 8 to 200 characters, has 7");
        assert_eq!(check(&"a".repeat(200)), "a".repeat(200));
        assert_eq!(
            check(&"é".repeat(201)),
            "must have 8 to 200 characters, has 201"
        );
        for (text, wrong) in [("12345678 ", ' '), ("1234567é", 'é'), ("1234,678", ',')] {
            let refused = AppKey::parse(text);
            assert_eq!(refused, Err(InvalidAppKey::Character(wrong)));
        }
        let drawn = AppKey::from_bytes([0xab; 16]);
        assert_eq!(AppKey::parse(drawn.as_str()), Ok(drawn));
    }

    #[test]
    fn a_chosen_secret_is_what_the_vendor_allows_and_is_told_to_nobody() {
        let secret = ChosenSecret::parse("aZ09_-!@#$%").unwrap();
        assert_eq!(format!("{secret:?}"), "***");
        assert_eq!(secret.into_secret().expose(), "aZ09_-!@#$%");
        assert!(ChosenSecret::parse(&"a".repeat(128)).is_ok());
        for count in [0, 7, 129] {
            let refused = ChosenSecret::parse(&"a".repeat(count));
            assert_eq!(refused, Err(InvalidChosenSecret::Length(count)));
        }
        for text in ["12345678 ", "1234567é", "1234567&", "1234567\n"] {
            let refused = ChosenSecret::parse(text);
            assert_eq!(refused, Err(InvalidChosenSecret::Character));
        }
        let refused = serde_json::from_str::<ChosenSecret>(r#""hunter2""#).unwrap_err();
        assert!(!refused.to_string().contains("hunter2"), "{refused}");
    }
}
