//! How often an API may be called: a token bucket for all callers, and one for each credential and
//! each address where those are limited too. A bucket begins full and fills evenly, so that
//! callers who come evenly are never refused at the edge of a period.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter};
use sluice_domain::id::CredentialId;
use sluice_domain::policy::Throttling;

/// After so many calls, buckets that are full again are forgotten.
const TIDY_AFTER: u32 = 4096;

/// The buckets of one policy, for one API or for all that share it.
#[derive(Debug)]
pub struct Throttle {
    rule: Throttling,
    all: DefaultDirectRateLimiter,
    credentials: Option<DefaultKeyedRateLimiter<CredentialId>>,
    addresses: Option<DefaultKeyedRateLimiter<IpAddr>>,
    calls: AtomicU32,
}

/// A call that came too often.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("policy {of} over ratelimit,limit:{limit},time:{period}")]
pub struct Throttled {
    /// What was counted: `api`, `app` or `ip`.
    pub of: &'static str,
    /// How many calls there may be.
    pub limit: u32,
    /// In which period: `1 minute`.
    pub period: String,
    /// When there is room for a call.
    pub retry_after: Duration,
}

impl Throttle {
    /// Full buckets.
    pub fn new(rule: &Throttling) -> Self {
        let fields = rule.fields();
        let quota = |requests| quota(rule.seconds(), requests);
        Self {
            rule: rule.clone(),
            all: RateLimiter::direct(quota(fields.requests)),
            credentials: fields
                .credential_requests
                .map(quota)
                .map(RateLimiter::keyed),
            addresses: fields.address_requests.map(quota).map(RateLimiter::keyed),
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
        credential: Option<&CredentialId>,
        address: Option<IpAddr>,
    ) -> Result<(), Throttled> {
        let fields = self.rule.fields();
        if self.calls.fetch_add(1, Ordering::Relaxed) % TIDY_AFTER == TIDY_AFTER - 1 {
            self.tidy();
        }
        let checked = |of, limit: Option<u32>, result: Option<Result<(), Until>>| match result {
            Some(Err(until)) => Err(Throttled {
                of,
                limit: limit.unwrap_or(fields.requests),
                period: self.rule.period(),
                retry_after: until.wait_time_from(DefaultClock::default().now()),
            }),
            _ => Ok(()),
        };
        // The narrower ones first: who is refused there takes nothing from others.
        let addresses = self.addresses.as_ref().zip(address.map(counted));
        let of_address = addresses.map(|(buckets, address)| buckets.check_key(&address));
        checked("ip", fields.address_requests, of_address)?;
        let credentials = self.credentials.as_ref().zip(credential);
        let of_credential = credentials.map(|(buckets, credential)| buckets.check_key(credential));
        checked("app", fields.credential_requests, of_credential)?;
        checked("api", None, Some(self.all.check()))
    }

    fn tidy(&self) {
        if let Some(buckets) = &self.credentials {
            buckets.retain_recent();
        }
        if let Some(buckets) = &self.addresses {
            buckets.retain_recent();
        }
    }
}

type Until = NotUntil<<DefaultClock as Clock>::Instant>;

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
    use sluice_domain::policy::{PeriodUnit, ThrottlingFields};

    fn throttle(all: u32, credential: Option<u32>, address: Option<u32>) -> Throttle {
        let fields = ThrottlingFields {
            period: 1,
            unit: PeriodUnit::Day,
            requests: all,
            credential_requests: credential,
            address_requests: address,
            is_shared: false,
        };
        Throttle::new(&fields.try_into().unwrap())
    }

    fn credential(n: u8) -> CredentialId {
        CredentialId::from_bytes([n; 16])
    }

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    /// How many of many calls are let in.
    fn let_in(
        throttle: &Throttle,
        credential: Option<&CredentialId>,
        address: Option<IpAddr>,
    ) -> usize {
        (0..100)
            .filter(|_| throttle.take(credential, address).is_ok())
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
                .take(Some(&one), address("1.1.1.3"))
                .unwrap_err()
                .of,
            "app"
        );
        assert_eq!(
            throttle
                .take(Some(&other), address("1.1.1.1"))
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
    fn full_buckets_are_forgotten() {
        let fields = ThrottlingFields {
            period: 1,
            unit: PeriodUnit::Second,
            requests: 1_000_000,
            credential_requests: None,
            address_requests: Some(1_000_000),
            is_shared: false,
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
