//! How often an API may be called, by all callers and by each of them. Source: APIG user guide,
//! "Request Throttling".

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::id::{CredentialId, UserId};
use crate::parsed::named_enum;

/// Most credentials, and most users, that have a limit of their own. Source: APIG quotas.
pub const MAX_EXCLUSIONS: usize = 30;

named_enum! {
    /// In what a period is counted.
    pub enum PeriodUnit ("the unit of the period") {
        /// Seconds.
        Second = "SECOND", "second";
        /// Minutes.
        Minute = "MINUTE", "minute";
        /// Hours.
        Hour = "HOUR", "hour";
        /// Days.
        Day = "DAY", "day";
    }
}

impl PeriodUnit {
    /// Seconds of one.
    pub fn seconds(self) -> u64 {
        match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 60 * 60,
            Self::Day => 24 * 60 * 60,
        }
    }
}

/// What the calls of one caller are counted by: the access keys and tokens of a user are one
/// caller.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CallerId {
    /// Who has the credential.
    Credential(CredentialId),
    /// A user of the console, with IAM authentication.
    User(UserId),
}

impl CallerId {
    /// The id of the credential or of the user.
    pub fn id(&self) -> &str {
        match self {
            Self::Credential(id) => id.as_str(),
            Self::User(id) => id.as_str(),
        }
    }
}

/// A caller who has a limit of their own instead of that of each credential or user. They count
/// among all callers, and their address is limited as those of others are. Source: excluded
/// applications and tenants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exclusion {
    /// Who it is.
    pub caller: CallerId,
    /// Most requests of this caller in a period: not more than of all.
    pub requests: u32,
}

/// How often an API may be called in a period. Source: request throttling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ThrottlingFields", into = "ThrottlingFields")]
pub struct Throttling(ThrottlingFields);

/// What a [`Throttling`] is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThrottlingFields {
    /// How many units the period has: 1 to 999.
    pub period: u32,
    /// Which ones.
    pub unit: PeriodUnit,
    /// Most requests of all callers: 1 to 1,000,000.
    pub requests: u32,
    /// Most requests of one user, with IAM authentication, if that is limited; not more than of
    /// all.
    pub user_requests: Option<u32>,
    /// Most requests of one credential, with App authentication, if that is limited; not more than
    /// of one user, or of all where users are not limited.
    pub credential_requests: Option<u32>,
    /// Most requests of one IP address, if that is limited; not more than of all.
    pub address_requests: Option<u32>,
    /// Who has a limit of their own: at most 30 credentials and 30 users, each once.
    #[serde(default)]
    pub excluded: Vec<Exclusion>,
    /// Whether all APIs that it is bound to count together.
    pub is_shared: bool,
}

/// Why fields are no [`Throttling`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidThrottling {
    /// The period is too short or too long.
    #[error("the period must be 1 to 999, not {0}")]
    Period(u32),
    /// The limit of all callers is out of range.
    #[error("the limit must be 1 to 1,000,000 requests, not {0}")]
    Requests(u32),
    /// A narrower limit is none, or wider than that of all callers.
    #[error("must be 1 to {most}, what all callers have together, not {given}")]
    Part {
        /// The limit of all callers.
        most: u32,
        /// What was given.
        given: u32,
    },
    /// The limit of a credential is none, or wider than that of a user.
    #[error("must be 1 to {most}, what one user has, not {given}")]
    OfUser {
        /// The limit of a user.
        most: u32,
        /// What was given.
        given: u32,
    },
    /// Too many have a limit of their own.
    #[error("must be at most {MAX_EXCLUSIONS} credentials and {MAX_EXCLUSIONS} users")]
    Exclusions,
    /// One caller has two limits of their own.
    #[error("each credential and each user may stand there once")]
    ExcludedTwice,
}

impl Throttling {
    /// Its numbers.
    pub fn fields(&self) -> &ThrottlingFields {
        &self.0
    }

    /// The period in seconds.
    pub fn seconds(&self) -> u64 {
        u64::from(self.0.period) * self.0.unit.seconds()
    }

    /// The period in words: `10 second`, as answers of the gateway have it.
    pub fn period(&self) -> String {
        format!("{} {}", self.0.period, self.0.unit.label())
    }
}

impl TryFrom<ThrottlingFields> for Throttling {
    type Error = InvalidThrottling;

    fn try_from(fields: ThrottlingFields) -> Result<Self, InvalidThrottling> {
        use InvalidThrottling as Invalid;
        let most = fields.requests;
        if !(1..=999).contains(&fields.period) {
            return Err(Invalid::Period(fields.period));
        }
        if !(1..=1_000_000).contains(&most) {
            return Err(Invalid::Requests(most));
        }
        let of_excluded = fields.excluded.iter().map(|it| Some(it.requests));
        let parts = [fields.user_requests, fields.address_requests];
        for given in parts.into_iter().chain(of_excluded).flatten() {
            if !(1..=most).contains(&given) {
                return Err(Invalid::Part { most, given });
            }
        }
        match (fields.credential_requests, fields.user_requests) {
            (Some(given), Some(most)) if !(1..=most).contains(&given) => {
                return Err(Invalid::OfUser { most, given });
            }
            (Some(given), None) if !(1..=most).contains(&given) => {
                return Err(Invalid::Part { most, given });
            }
            _ => {}
        }
        let is_user = |it: &&Exclusion| matches!(it.caller, CallerId::User(_));
        let users = fields.excluded.iter().filter(is_user).count();
        if users > MAX_EXCLUSIONS || fields.excluded.len() - users > MAX_EXCLUSIONS {
            return Err(Invalid::Exclusions);
        }
        let callers: HashSet<_> = fields.excluded.iter().map(|it| &it.caller).collect();
        if callers.len() < fields.excluded.len() {
            return Err(Invalid::ExcludedTwice);
        }
        Ok(Self(fields))
    }
}

impl From<Throttling> for ThrottlingFields {
    fn from(throttling: Throttling) -> Self {
        throttling.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten calls in ten minutes, without any other limit.
    fn plain() -> ThrottlingFields {
        ThrottlingFields {
            period: 10,
            unit: PeriodUnit::Minute,
            requests: 10,
            user_requests: None,
            credential_requests: None,
            address_requests: None,
            excluded: Vec::new(),
            is_shared: false,
        }
    }

    fn check(change: impl FnOnce(&mut ThrottlingFields)) -> Option<InvalidThrottling> {
        let mut fields = plain();
        change(&mut fields);
        Throttling::try_from(fields).err()
    }

    fn credential(n: u8) -> CallerId {
        CallerId::Credential(CredentialId::from_bytes([n; 16]))
    }

    fn user(n: u8) -> CallerId {
        CallerId::User(UserId::from_bytes([n; 16]))
    }

    #[test]
    fn a_throttling_keeps_to_its_rules() {
        use InvalidThrottling as Invalid;
        for requests in [0, 1_000_001] {
            let invalid = Some(Invalid::Requests(requests));
            assert_eq!(check(|it| it.requests = requests), invalid);
        }
        for period in [0, 1000] {
            assert_eq!(
                check(|it| it.period = period),
                Some(Invalid::Period(period))
            );
        }
        let part = |given| Some(Invalid::Part { most: 10, given });
        let of_user = |given| Some(Invalid::OfUser { most: 7, given });
        // The limits of a user, of a credential and of an address.
        for (user, credential, address, invalid) in [
            (None, Some(10), Some(1), None),
            (Some(7), Some(7), Some(10), None),
            (Some(11), None, None, part(11)),
            (Some(0), None, None, part(0)),
            (None, Some(11), None, part(11)),
            (None, Some(0), None, part(0)),
            (Some(7), Some(8), None, of_user(8)),
            (Some(7), Some(0), None, of_user(0)),
            (None, None, Some(0), part(0)),
            (None, None, Some(11), part(11)),
        ] {
            let given = check(|it| {
                it.user_requests = user;
                it.credential_requests = credential;
                it.address_requests = address;
            });
            assert_eq!(given, invalid, "{user:?} {credential:?} {address:?}");
        }
    }

    #[test]
    fn callers_with_a_limit_of_their_own_keep_to_the_rules() {
        use InvalidThrottling as Invalid;
        let check = |excluded: &[(CallerId, u32)]| {
            let exclusion = |(caller, requests): &(CallerId, u32)| Exclusion {
                caller: caller.clone(),
                requests: *requests,
            };
            check(|it| {
                it.credential_requests = Some(1);
                it.user_requests = Some(1);
                it.excluded = excluded.iter().map(exclusion).collect();
            })
        };
        // More than others have, but not more than all.
        assert_eq!(check(&[(credential(1), 10), (user(1), 2)]), None);
        for given in [0, 11] {
            let part = Invalid::Part { most: 10, given };
            assert_eq!(check(&[(user(1), given)]), Some(part));
        }
        let twice = [(user(1), 1), (user(2), 1), (user(1), 2)];
        assert_eq!(check(&twice), Some(Invalid::ExcludedTwice));
        let of_each: Vec<_> = (0..30)
            .flat_map(|n| [(credential(n), 1), (user(n), 1)])
            .collect();
        assert_eq!(check(&of_each), None);
        for one_more in [credential(31), user(31)] {
            let excluded = [&of_each[..], &[(one_more, 1)]].concat();
            assert_eq!(check(&excluded), Some(Invalid::Exclusions));
        }
    }

    #[test]
    fn a_throttling_is_stored_as_it_is() {
        let fields = ThrottlingFields {
            excluded: vec![Exclusion {
                caller: user(1),
                requests: 3,
            }],
            ..plain()
        };
        let throttling = Throttling::try_from(fields).unwrap();
        assert_eq!(
            (throttling.seconds(), throttling.period().as_str()),
            (600, "10 minute")
        );
        let json = serde_json::to_string(&throttling).unwrap();
        let stored: Throttling = serde_json::from_str(&json).unwrap();
        assert_eq!(stored, throttling);
        assert!(serde_json::from_str::<Throttling>(&json.replace(":10,", ":0,")).is_err());
        // What was stored before there were such callers has none.
        let older = json.replace(r#""excluded":"#, r#""was":"#);
        let older: Throttling = serde_json::from_str(&older).unwrap();
        assert_eq!(older.fields(), &plain());
    }
}
