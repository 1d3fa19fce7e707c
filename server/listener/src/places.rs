//! How many connections there may be, in all and of each address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::StatusCode;
use ipnet::IpNet;

/// The places for connections. Clones share them, so that doors can.
#[derive(Debug, Clone)]
pub struct Places(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    all: usize,
    of_address: usize,
    exempt: Vec<IpNet>,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    of_address: HashMap<IpAddr, usize>,
    /// When the log was last told that all are taken.
    told: Option<Instant>,
}

/// How often the log is told that all places are taken.
const TOLD_EVERY: Duration = Duration::from_secs(60);

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    /// All are taken.
    #[error("there are too many connections")]
    All,
    /// The address has as many as one may have.
    #[error("there are too many connections of one address")]
    OfAddress,
}

impl Full {
    /// What who finds none is answered with.
    pub fn status(self) -> StatusCode {
        match self {
            Self::All => StatusCode::SERVICE_UNAVAILABLE,
            Self::OfAddress => StatusCode::TOO_MANY_REQUESTS,
        }
    }
}

/// How many places are taken at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occupancy {
    /// In all.
    pub taken: usize,
    /// Most in all.
    pub most: usize,
    /// The addresses with the most of them, and how many each has; of IPv6, networks of 64 bits.
    pub busiest: Vec<(IpAddr, usize)>,
    /// Most of one address.
    pub most_of_address: usize,
}

/// A place that is taken, until it is dropped.
#[derive(Debug)]
pub struct Place {
    places: Places,
    address: IpAddr,
}

impl Places {
    /// So many places in all, and so many for each address; of IPv6, for each network of 64 bits,
    /// which is what one caller has. Addresses in the `exempt` networks, those of proxies, may have all.
    pub fn new(all: usize, of_address: usize, exempt: Vec<IpNet>) -> Self {
        Self(Arc::new(Shared {
            all,
            of_address,
            exempt,
            taken: Mutex::default(),
        }))
    }

    /// Takes a place for a connection of this address.
    pub fn take(&self, address: IpAddr) -> Result<Place, Full> {
        let address = address.to_canonical();
        let is_exempt = self.0.exempt.iter().any(|net| net.contains(&address));
        let address = counted(address);
        let mut taken = self.taken();
        if taken.all >= self.0.all {
            if taken.told.is_none_or(|told| told.elapsed() > TOLD_EVERY) {
                taken.told = Some(Instant::now());
                tracing::warn!(connections = taken.all, "{}", Full::All);
            }
            return Err(Full::All);
        }
        let of_address = taken.of_address.entry(address).or_default();
        if *of_address >= self.0.of_address && !is_exempt {
            return Err(Full::OfAddress);
        }
        *of_address += 1;
        taken.all += 1;
        Ok(Place {
            places: self.clone(),
            address,
        })
    }

    /// How many are taken now, with so many of the addresses that have the most.
    pub fn occupancy(&self, addresses: usize) -> Occupancy {
        let taken = self.taken();
        let mut busiest: Vec<_> = taken.of_address.iter().map(|(a, n)| (*a, *n)).collect();
        let all = taken.all;
        drop(taken); // whoever connects waits for it
        busiest.sort_unstable_by(|(a, few), (b, many)| many.cmp(few).then_with(|| a.cmp(b)));
        busiest.truncate(addresses);
        Occupancy {
            taken: all,
            most: self.0.all,
            busiest,
            most_of_address: self.0.of_address,
        }
    }

    fn taken(&self) -> std::sync::MutexGuard<'_, Taken> {
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.all -= 1;
        if let Some(of_address) = taken.of_address.get_mut(&self.address) {
            *of_address -= 1;
            if *of_address == 0 {
                taken.of_address.remove(&self.address);
            }
        }
    }
}

/// The address under which a connection counts.
fn counted(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from(u128::from(address) & !u128::from(u64::MAX)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Takes places in turn and keeps them: `.` where there was one.
    fn check(places: &Places, addresses: &str) -> String {
        let mut kept = Vec::new();
        let mut shown = String::new();
        for address in addresses.split(' ') {
            match places.take(address.parse().unwrap()) {
                Ok(place) => {
                    kept.push(place);
                    shown.push('.');
                }
                Err(full) => shown.push_str(&format!(" {} ", full.status().as_u16())),
            }
        }
        shown
    }

    #[test]
    fn an_address_has_so_many_places_and_all_have_so_many() {
        let places = Places::new(4, 2, vec!["10.0.0.0/8".parse().unwrap()]);
        let cases = [
            ("1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.2", ".. 429 ."),
            ("1.1.1.1 1.1.1.2 1.1.1.3 1.1.1.4 1.1.1.5", ".... 503 "),
            // By a socket of IPv6.
            ("1.1.1.1 ::ffff:1.1.1.1 1.1.1.1", ".. 429 "),
            // One network of IPv6 is one caller.
            (
                "2001:db8::1 2001:db8::2 2001:db8::3 2001:db8:0:1::1",
                ".. 429 .",
            ),
            // A proxy has the connections of many callers.
            ("10.0.0.1 10.0.0.1 10.0.0.1 10.0.0.1 10.0.0.1", ".... 503 "),
        ];
        for (addresses, shown) in cases {
            assert_eq!(check(&places, addresses), shown, "{addresses}");
        }
    }

    #[test]
    fn the_busiest_addresses_come_first() {
        let places = Places::new(10, 5, Vec::new());
        let addresses = ["10.0.0.2", "2001:db8::1", "10.0.0.1", "2001:db8::2"];
        let kept = addresses.map(|address| places.take(address.parse().unwrap()).unwrap());
        let occupancy = places.occupancy(2);
        let network: IpAddr = "2001:db8::".parse().unwrap();
        let first: IpAddr = "10.0.0.1".parse().unwrap();
        assert_eq!(occupancy.busiest, [(network, 2), (first, 1)]);
        assert_eq!((occupancy.taken, occupancy.most), (4, 10));
        drop(kept);
        assert_eq!(places.occupancy(2).taken, 0);
    }

    proptest! {
        #[test]
        fn what_is_given_back_is_free_again(addresses in prop::collection::vec(0u8..4, 0..50)) {
            let places = Places::new(10, 5, Vec::new());
            let kept: Vec<_> = addresses.iter().map(|n| places.take([1, 1, 1, *n].into())).collect();
            prop_assert!(kept.iter().flatten().count() <= 10);
            drop(kept);
            prop_assert_eq!(places.taken().all, 0);
            prop_assert!(places.taken().of_address.is_empty());
        }
    }
}
