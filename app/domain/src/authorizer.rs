//! Custom authorizers: functions that decide who may call an API. Source: APIG user guide, "Custom
//! Authorizers".

mod identity;

pub use identity::{
    IdentityLocation, IdentitySource, IdentitySourceFields, IdentitySources, InvalidIdentitySource,
    InvalidIdentitySources, MAX_IDENTITY_SOURCES,
};

use serde::{Deserialize, Serialize};

use crate::function::FunctionName;
use crate::id::AuthorizerId;
use crate::parsed::parsed_string;
use crate::publication::BoundApi;
use crate::time::Timestamp;
use crate::trigger::{ApiName, InvalidApiName};

/// Most authorizers of the gateway. Source: APIG quotas, `APIG.3116`.
pub const MAX_AUTHORIZERS: usize = 50;

/// Name of an authorizer, by the same rule as the name of an API: 3 to 64
/// characters, a letter first, then letters, digits and underscores.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AuthorizerName(String);

impl AuthorizerName {
    /// Parses the name of an authorizer.
    pub fn parse(text: &str) -> Result<Self, InvalidApiName> {
        ApiName::parse(text).map(|name| Self(name.into()))
    }
}

parsed_string!(AuthorizerName, InvalidApiName);

/// An authorizer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorizer {
    /// Its id.
    pub authorizer_id: AuthorizerId,
    /// Its name, unique on the gateway.
    pub name: AuthorizerName,
    /// The function that decides; none once that was deleted, and nobody is let in then.
    pub function: Option<FunctionName>,
    /// How it is asked.
    pub rule: AuthorizerRule,
    /// The APIs whose callers it decides on.
    pub apis: Vec<BoundApi>,
    /// When it was created.
    pub created_at: Timestamp,
}

/// How an authorizer's function is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizerRule {
    /// What a request must have for the function to be asked at all.
    pub identity_sources: IdentitySources,
    /// How long a decision is kept.
    pub max_cache_age: CacheAge,
    /// Whether the function gets the body of the request.
    pub sends_body: bool,
    /// What the function gets with each request.
    pub user_data: UserData,
}

impl AuthorizerRule {
    /// Whether decisions are kept. Without an identity source all callers would be one.
    pub fn keeps_decisions(&self) -> bool {
        self.max_cache_age.seconds() > 0 && !self.identity_sources.is_empty()
    }
}

/// For how many seconds a decision is kept: 0 to 3600, 0 for not at all. Source: `ttl`, "Max. Cache
/// Age (s)".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct CacheAge(u32);

/// A number of seconds out of range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 0 to 3600 s, not {0}")]
pub struct InvalidCacheAge(pub u32);

impl CacheAge {
    /// The number of seconds.
    pub fn seconds(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for CacheAge {
    type Error = InvalidCacheAge;

    fn try_from(seconds: u32) -> Result<Self, InvalidCacheAge> {
        (seconds <= 3600)
            .then_some(Self(seconds))
            .ok_or(InvalidCacheAge(seconds))
    }
}

impl From<CacheAge> for u32 {
    fn from(age: CacheAge) -> u32 {
        age.0
    }
}

/// What an authorizer's function gets with each request, as `user_data`: any text of at most 2048
/// characters. Whoever may see the authorizer may see it, so it is no place for secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserData(String);

/// A text of too many characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have at most 2048 characters, has {0}")]
pub struct InvalidUserData(pub usize);

impl UserData {
    /// Takes a text as it is.
    pub fn parse(text: &str) -> Result<Self, InvalidUserData> {
        let chars = text.chars().count();
        (chars <= 2048)
            .then(|| Self(text.to_owned()))
            .ok_or(InvalidUserData(chars))
    }
}

parsed_string!(UserData, InvalidUserData);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_the_forms() {
        assert_eq!(CacheAge::try_from(3600).map(CacheAge::seconds), Ok(3600));
        assert_eq!(CacheAge::try_from(3601), Err(InvalidCacheAge(3601)));
        let text = " ä\n".repeat(2048 / 3);
        assert_eq!(
            UserData::parse(&text).map(String::from).as_deref(),
            Ok(&*text)
        );
        assert_eq!(
            UserData::parse(&"a".repeat(2049)),
            Err(InvalidUserData(2049))
        );
    }

    #[test]
    fn decisions_are_kept_of_callers_that_can_be_told_apart() {
        let check = |age: u32, sources: &[&str]| {
            let sources = sources.iter().map(|name| {
                let fields = IdentitySourceFields {
                    name: (*name).to_owned(),
                    location: IdentityLocation::Header,
                    validation: String::new(),
                };
                fields.try_into().unwrap()
            });
            let rule = AuthorizerRule {
                identity_sources: sources.collect::<Vec<_>>().try_into().unwrap(),
                max_cache_age: age.try_into().unwrap(),
                ..AuthorizerRule::default()
            };
            rule.keeps_decisions()
        };
        assert!(check(60, &["Authorization"]));
        assert!(!check(60, &[]));
        assert!(!check(0, &["Authorization"]));
    }
}
