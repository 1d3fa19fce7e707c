//! How often an API may be called: a token bucket for all callers, and one for each credential,
//! each user and each address where those are limited too. Who has a limit of their own has that
//! one instead of what each credential or user has. A bucket begins full and fills evenly, so that
//! callers who come evenly are never refused at the edge of a period.

use std::collections::HashMap;
use std::convert::Infallible;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::{StateInformationMiddleware, StateSnapshot};
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed, StateStore};
use governor::{DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter};
use sluice_domain::id::{CredentialId, UserId};
use sluice_domain::policy::{CallerId, Throttling};

/// After so many calls, buckets that are full again are forgotten.
const TIDY_AFTER: u32 = 4096;

/// The buckets of one policy, for one API or for all that share it.
#[derive(Debug)]
pub struct Throttle {
    rule: Throttling,
    all: RateLimiter<Look, Bucket, DefaultClock, StateInformationMiddleware>,
    users: Option<Buckets<UserId>>,
    credentials: Option<Buckets<CredentialId>>,
    addresses: Option<Buckets<IpAddr>>,
    /// Of those who have a limit of their own, with that limit.
    excluded: HashMap<CallerId, (u32, OneBucket)>,
    calls: AtomicU32,
}

/// The bucket of one caller, which tells what is left in it.
type OneBucket = RateLimiter<NotKeyed, InMemoryState, DefaultClock, StateInformationMiddleware>;

/// Those of each caller or each address, which tell what is left in them.
type Buckets<K> = DefaultKeyedRateLimiter<K, StateInformationMiddleware>;

/// How many more calls there may be at once, after one that was let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Left {
    all: u32,
    /// Of the credential or the user, whose limit may be their own.
    caller: Option<LeftOfCaller>,
    address: Option<u32>,
}

/// What one caller has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct LeftOfCaller {
    /// `app` or `user`.
    of: &'static str,
    remain: u32,
    limit: u32,
}

/// A call that came too often.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("policy {of} over ratelimit,limit:{limit},time:{period}")]
pub struct Throttled {
    /// What was counted: `api`, `user`, `app` or `ip`.
    pub of: &'static str,
    /// How many calls there may be.
    pub limit: u32,
    /// In which period: `1 minute`.
    pub period: String,
    /// When there is room for a call.
    pub retry_after: Duration,
}

impl Throttled {
    /// What is left of the limit, as answers of the gateway have it.
    pub(crate) fn left(&self) -> String {
        format!("remain:0,limit:{},time:{}", self.limit, self.period)
    }
}

impl Throttle {
    /// Full buckets.
    pub fn new(rule: &Throttling) -> Self {
        let fields = rule.fields();
        let quota = |requests| quota(rule.seconds(), requests);
        Self {
            rule: rule.clone(),
            all: RateLimiter::new(
                quota(fields.requests),
                Bucket::default(),
                DefaultClock::default(),
            ),
            users: fields.user_requests.map(quota).map(buckets),
            credentials: fields.credential_requests.map(quota).map(buckets),
            addresses: fields.address_requests.map(quota).map(buckets),
            excluded: {
                let excluded = fields.excluded.iter().map(|it| {
                    let bucket = RateLimiter::direct(quota(it.requests)).with_middleware();
                    (it.caller.clone(), (it.requests, bucket))
                });
                excluded.collect()
            },
            calls: AtomicU32::new(0),
        }
    }

    /// What it was made for.
    pub fn rule(&self) -> &Throttling {
        &self.rule
    }

    /// Counts a call.
    pub(crate) fn take(
        &self,
        caller: Option<CallerId>,
        address: Option<IpAddr>,
    ) -> Result<Left, Throttled> {
        if self.calls.fetch_add(1, Ordering::Relaxed) % TIDY_AFTER == TIDY_AFTER - 1 {
            self.tidy();
        }
        // The narrower ones first: who is refused there takes nothing from others.
        let fields = self.rule.fields();
        let addresses = self.addresses.as_ref().zip(fields.address_requests);
        let addresses = addresses.zip(address.map(counted));
        let of_address = addresses.map(|((buckets, limit), address)| {
            self.told_of("ip", limit, buckets.check_key(&address))
        });
        let address = of_address.transpose()?;
        let caller = caller
            .and_then(|caller| self.take_of(&caller))
            .transpose()?;
        let all = self.all.check_key(&Look::Takes);
        Ok(Left {
            all: self.told_of("api", fields.requests, all)?,
            caller,
            address,
        })
    }

    /// Counts a call of one caller, if their calls are limited.
    fn take_of(&self, caller: &CallerId) -> Option<Result<LeftOfCaller, Throttled>> {
        let fields = self.rule.fields();
        let own = self.excluded.get(caller);
        let of = match caller {
            CallerId::User(_) => "user",
            CallerId::Credential(_) => "app",
        };
        let (limit, checked) = match (own, caller) {
            (Some((limit, bucket)), _) => (*limit, bucket.check()),
            (None, CallerId::User(id)) => {
                (fields.user_requests?, self.users.as_ref()?.check_key(id))
            }
            (None, CallerId::Credential(id)) => {
                let buckets = self.credentials.as_ref()?;
                (fields.credential_requests?, buckets.check_key(id))
            }
        };
        let remain = self.told_of(of, limit, checked);
        Some(remain.map(|remain| LeftOfCaller { of, remain, limit }))
    }

    /// What is left in a bucket of this limit, or the refusal.
    fn told_of(&self, of: &'static str, limit: u32, checked: Checked) -> Result<u32, Throttled> {
        match checked {
            Ok(state) => Ok(state.remaining_burst_capacity()),
            Err(until) => Err(Throttled {
                of,
                limit,
                period: self.rule.period(),
                retry_after: until.wait_time_from(DefaultClock::default().now()),
            }),
        }
    }

    /// What is left after a call: of what, and how much, as answers of the gateway have it.
    pub(crate) fn told(&self, left: &Left) -> Vec<(&'static str, String)> {
        let fields = self.rule.fields();
        let period = self.rule.period();
        let limits = [
            Some(("api", left.all, fields.requests)),
            left.caller.map(|it| (it.of, it.remain, it.limit)),
            left.address
                .zip(fields.address_requests)
                .map(|(remain, limit)| ("ip", remain, limit)),
        ];
        let told = limits.into_iter().flatten().map(|(of, remain, limit)| {
            (of, format!("remain:{remain},limit:{limit},time:{period}"))
        });
        told.collect()
    }

    /// What is left for all callers together, without taking any of it; told as after a call.
    pub(crate) fn left_of_all(&self) -> String {
        // What is told is what a call that was let in now would leave.
        let remain = match self.all.check_key(&Look::Only) {
            Ok(state) => state.remaining_burst_capacity() + 1,
            Err(_) => 0,
        };
        let (limit, period) = (self.rule.fields().requests, self.rule.period());
        format!("remain:{remain},limit:{limit},time:{period}")
    }

    fn tidy(&self) {
        if let Some(buckets) = &self.users {
            buckets.retain_recent();
        }
        if let Some(buckets) = &self.credentials {
            buckets.retain_recent();
        }
        if let Some(buckets) = &self.addresses {
            buckets.retain_recent();
        }
    }
}

type Checked = Result<StateSnapshot, NotUntil<<DefaultClock as Clock>::Instant>>;

/// What is done to the bucket of all callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Look {
    /// A call is taken from it.
    Takes,
    /// It stays as it is.
    Only,
}

/// The bucket of all callers, which can be looked at without a call.
#[derive(Debug, Default)]
struct Bucket(InMemoryState);

impl StateStore for Bucket {
    type Key = Look;

    fn measure_and_replace<T, F, E>(&self, look: &Look, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let state = &self.0;
        match look {
            Look::Takes => state.measure_and_replace(&NotKeyed::NonKey, decide),
            Look::Only => {
                // What is refused replaces nothing.
                let refuse = |before| {
                    let decided = decide(before).map(|(decided, _)| decided);
                    Err::<(Infallible, Nanos), _>(decided)
                };
                match state.measure_and_replace(&NotKeyed::NonKey, refuse) {
                    Ok(never) => match never {},
                    Err(decided) => decided,
                }
            }
        }
    }
}

/// Full ones, each with this quota.
fn buckets<K: Clone + Hash + Eq>(quota: Quota) -> Buckets<K> {
    RateLimiter::keyed(quota).with_middleware()
}

/// So many at once, and one more each part of the period.
fn quota(seconds: u64, requests: u32) -> Quota {
    let requests = NonZeroU32::new(requests).unwrap_or(NonZeroU32::MIN);
    let each = Duration::from_secs(seconds) / requests.get();
    let quota = Quota::with_period(each.max(Duration::from_nanos(1)));
    quota
        .unwrap_or(Quota::per_second(requests))
        .allow_burst(requests)
}

/// The address that is counted: who has an IPv6 address has the whole network around it.
fn counted(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(network))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_domain::policy::{Exclusion, PeriodUnit, ThrottlingFields};

    /// So many calls of all callers a day.
    fn fields(all: u32) -> ThrottlingFields {
        ThrottlingFields {
            period: 1,
            unit: PeriodUnit::Day,
            requests: all,
            user_requests: None,
            credential_requests: None,
            address_requests: None,
            excluded: Vec::new(),
            is_shared: false,
        }
    }

    fn throttle(all: u32, credential: Option<u32>, address: Option<u32>) -> Throttle {
        let fields = ThrottlingFields {
            credential_requests: credential,
            address_requests: address,
            ..fields(all)
        };
        Throttle::new(&fields.try_into().unwrap())
    }

    fn credential(n: u8) -> CallerId {
        CallerId::Credential(CredentialId::from_bytes([n; 16]))
    }

    fn user(n: u8) -> CallerId {
        CallerId::User(UserId::from_bytes([n; 16]))
    }

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    /// How many of many calls are let in.
    fn let_in(throttle: &Throttle, caller: Option<&CallerId>, address: Option<IpAddr>) -> usize {
        (0..100)
            .filter(|_| throttle.take(caller.cloned(), address).is_ok())
            .count()
    }

    #[test]
    fn all_callers_have_one_limit() {
        let throttle = throttle(10, None, None);
        assert_eq!(let_in(&throttle, None, address("1.1.1.1")), 10);
        assert_eq!(
            let_in(&throttle, Some(&credential(1)), address("1.1.1.2")),
            0
        );
        let refused = throttle.take(None, None).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "policy api over ratelimit,limit:10,time:1 day"
        );
        let tenth = Duration::from_secs(24 * 60 * 60 / 10);
        assert!(refused.retry_after <= tenth && refused.retry_after > tenth / 2);
    }

    #[test]
    fn each_credential_and_each_address_has_its_own() {
        let throttle = throttle(12, Some(5), Some(3));
        let (one, other) = (credential(1), credential(2));
        assert_eq!(let_in(&throttle, Some(&one), address("1.1.1.1")), 3);
        assert_eq!(let_in(&throttle, Some(&one), address("1.1.1.2")), 2);
        assert_eq!(
            throttle
                .take(Some(one.clone()), address("1.1.1.3"))
                .unwrap_err()
                .of,
            "app"
        );
        assert_eq!(
            throttle
                .take(Some(other.clone()), address("1.1.1.1"))
                .unwrap_err()
                .of,
            "ip"
        );
        // Neighbours in a network of IPv6 are one caller.
        assert_eq!(let_in(&throttle, Some(&other), address("2001:db8::1")), 3);
        assert_eq!(let_in(&throttle, Some(&other), address("2001:db8::2")), 0);
        assert_eq!(
            let_in(&throttle, Some(&other), address("2001:db8:0:1::1")),
            2
        );
        // What is not known is not limited, but for the limit of all.
        assert_eq!(let_in(&throttle, None, None), 2);
    }

    #[test]
    fn what_is_left_is_told_after_a_call() {
        let fields = ThrottlingFields {
            user_requests: Some(5),
            credential_requests: Some(4),
            address_requests: Some(3),
            excluded: vec![Exclusion {
                caller: credential(2),
                requests: 9,
            }],
            ..fields(12)
        };
        let throttle = Throttle::new(&fields.try_into().unwrap());
        let check = |caller: Option<&CallerId>, address| {
            let left = throttle.take(caller.cloned(), address).unwrap();
            let told = throttle.told(&left);
            told.into_iter()
                .map(|(of, left)| format!("{of} {left}"))
                .collect::<Vec<_>>()
                .join("; ")
        };
        assert_eq!(throttle.left_of_all(), "remain:12,limit:12,time:1 day");
        assert_eq!(
            check(Some(&user(1)), address("1.1.1.1")),
            "api remain:11,limit:12,time:1 day; user remain:4,limit:5,time:1 day; ip remain:2,limit:3,time:1 day"
        );
        assert_eq!(
            check(Some(&credential(1)), None),
            "api remain:10,limit:12,time:1 day; app remain:3,limit:4,time:1 day"
        );
        assert_eq!(
            check(Some(&credential(2)), None),
            "api remain:9,limit:12,time:1 day; app remain:8,limit:9,time:1 day"
        );
        assert_eq!(check(None, None), "api remain:8,limit:12,time:1 day");
        // A look takes nothing.
        for _ in 0..20 {
            assert_eq!(throttle.left_of_all(), "remain:8,limit:12,time:1 day");
        }
        assert_eq!(let_in(&throttle, None, None), 8);
        assert_eq!(throttle.left_of_all(), "remain:0,limit:12,time:1 day");
        let refused = throttle.take(None, None).unwrap_err();
        assert_eq!(refused.left(), "remain:0,limit:12,time:1 day");
    }

    #[test]
    fn each_caller_has_the_limit_of_their_kind_or_their_own() {
        let exclusion = |caller, requests| Exclusion { caller, requests };
        let check = |caller: CallerId| {
            let fields = ThrottlingFields {
                user_requests: Some(4),
                credential_requests: Some(2),
                excluded: vec![exclusion(credential(9), 7), exclusion(user(9), 1)],
                ..fields(10)
            };
            let throttle = Throttle::new(&fields.try_into().unwrap());
            let let_in = let_in(&throttle, Some(&caller), None);
            let refused = throttle.take(Some(caller), None).unwrap_err();
            format!("{let_in} of {}, {refused}", refused.of)
        };
        for (caller, said) in [
            (
                user(1),
                "4 of user, policy user over ratelimit,limit:4,time:1 day",
            ),
            (
                credential(1),
                "2 of app, policy app over ratelimit,limit:2,time:1 day",
            ),
            (
                credential(9),
                "7 of app, policy app over ratelimit,limit:7,time:1 day",
            ),
            (
                user(9),
                "1 of user, policy user over ratelimit,limit:1,time:1 day",
            ),
        ] {
            assert_eq!(check(caller), said);
        }
    }

    #[test]
    fn one_kind_of_callers_is_limited_without_the_other() {
        let check = |user_requests, credential_requests, caller: CallerId| {
            let fields = ThrottlingFields {
                user_requests,
                credential_requests,
                ..fields(10)
            };
            let throttle = Throttle::new(&fields.try_into().unwrap());
            let_in(&throttle, Some(&caller), None)
        };
        assert_eq!(check(Some(4), None, user(1)), 4);
        assert_eq!(check(Some(4), None, credential(1)), 10);
        assert_eq!(check(None, Some(2), user(1)), 10);
        assert_eq!(check(None, Some(2), credential(1)), 2);
    }

    #[test]
    fn who_has_a_limit_of_their_own_counts_among_all() {
        let exclusion = |caller| Exclusion {
            caller,
            requests: 6,
        };
        let fields = ThrottlingFields {
            credential_requests: Some(1),
            address_requests: Some(8),
            excluded: vec![exclusion(credential(1)), exclusion(credential(2))],
            ..fields(10)
        };
        let throttle = Throttle::new(&fields.try_into().unwrap());
        let here = address("1.1.1.1");
        assert_eq!(let_in(&throttle, Some(&credential(1)), here), 6);
        let refused = throttle.take(Some(credential(2)), here).unwrap_err();
        assert_eq!(refused.of, "ip");
        assert_eq!(let_in(&throttle, Some(&credential(2)), None), 4);
        assert_eq!(throttle.take(None, None).unwrap_err().of, "api");
    }

    #[test]
    fn full_buckets_are_forgotten() {
        let fields = ThrottlingFields {
            unit: PeriodUnit::Second,
            address_requests: Some(1_000_000),
            ..fields(1_000_000)
        };
        let throttle = Throttle::new(&fields.try_into().unwrap());
        for n in 0..TIDY_AFTER * 4 {
            let address = IpAddr::from(n.to_be_bytes());
            throttle.take(None, Some(address)).unwrap();
        }
        let kept = throttle.addresses.as_ref().unwrap().len();
        assert!(kept <= TIDY_AFTER as usize, "{kept}");
    }
}
