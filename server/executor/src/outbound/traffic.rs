//! How much goes through the connections of an instance: bounded, and told in the log.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{MAX_BYTES, MAX_CONNECTIONS, OutboundError};

/// Hosts that the log names; what others had is told together.
const MAX_NAMED: usize = 10;

/// What stands for the hosts that are not named.
const OTHERS: &str = "other hosts";

/// Counts the connections of an instance and their bytes.
#[derive(Debug, Default)]
pub struct Traffic {
    open: AtomicUsize,
    /// Whether there ever was one, or a try.
    any: AtomicBool,
    counts: Mutex<Counts>,
}

/// What an invocation has had until now.
#[derive(Debug, Default)]
struct Counts {
    sent: u64,
    received: u64,
    hosts: BTreeMap<String, HostCounts>,
    /// Why the last request to a host failed, until somebody asks.
    failures: BTreeMap<String, String>,
}

#[derive(Debug, Default)]
struct HostCounts {
    opened: u32,
    refused: u32,
    sent: u64,
    received: u64,
}

/// One open connection among those that an instance may have, and whom it is to.
#[derive(Debug)]
pub struct Place {
    traffic: Arc<Traffic>,
    host: String,
}

impl Traffic {
    /// True while a connection is open.
    pub fn any_open(&self) -> bool {
        self.open.load(Ordering::Relaxed) > 0
    }

    /// True if there was a connection, or a try at one.
    pub fn any_ever(&self) -> bool {
        self.any.load(Ordering::Relaxed)
    }

    /// A place for a connection to `host`, a host with its port.
    pub fn place(self: &Arc<Self>, host: String) -> Result<Place, OutboundError> {
        // It is there before the limit is looked at; dropping it takes it back.
        let open = self.open.fetch_add(1, Ordering::Relaxed);
        self.any.store(true, Ordering::Relaxed);
        let traffic = Arc::clone(self);
        let place = Place { traffic, host };
        match open < MAX_CONNECTIONS {
            true => Ok(place),
            false => Err(OutboundError::Limit(format!(
                "{MAX_CONNECTIONS} connections are open, and a function may have no more"
            ))),
        }
    }

    /// Counts a connection that the rules did not allow.
    pub fn refused(&self, host: &str) {
        self.lock().of(host).refused += 1;
    }

    /// Keeps the reason why a request to `host` failed, which `wasi:http` has no words for.
    pub fn failed(&self, host: &str, reason: String) {
        let failures = &mut self.lock().failures;
        if failures.len() < MAX_NAMED || failures.contains_key(host) {
            failures.insert(host.to_owned(), reason);
        }
    }

    /// Why the last request to `host` failed; told once.
    pub fn failure(&self, host: &str) -> Option<String> {
        self.lock().failures.remove(host)
    }

    /// A line that tells of all since the last one, if there was anything.
    pub fn told(&self) -> Option<String> {
        let counts = std::mem::take(&mut *self.lock());
        if counts.hosts.is_empty() {
            return None;
        }
        let mut parts = Vec::new();
        for (host, had) in &counts.hosts {
            if had.opened > 0 || had.sent > 0 || had.received > 0 {
                parts.push(format!(
                    "{} to {host}, sent {} bytes, received {} bytes",
                    connections(had.opened),
                    had.sent,
                    had.received
                ));
            }
            if had.refused > 0 {
                parts.push(format!("refused {} to {host}", connections(had.refused)));
            }
        }
        Some(format!("Outbound: {}", parts.join("; ")))
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn connections(count: u32) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} connection{plural}")
}

impl Counts {
    fn of(&mut self, host: &str) -> &mut HostCounts {
        let named = self.hosts.contains_key(host) || self.hosts.len() < MAX_NAMED;
        let host = if named { host } else { OTHERS };
        self.hosts.entry(host.to_owned()).or_default()
    }
}

impl Place {
    /// Counts the connection as made.
    pub fn opened(&self) {
        self.traffic.lock().of(&self.host).opened += 1;
    }

    /// How many bytes may still come, at least one.
    pub fn may_receive(&self) -> Result<usize, OutboundError> {
        left(self.traffic.lock().received, "received")
    }

    /// Counts bytes that came.
    pub fn received(&self, bytes: usize) {
        let mut counts = self.traffic.lock();
        counts.received += bytes as u64;
        counts.of(&self.host).received += bytes as u64;
    }

    /// How many bytes may still go, at least one.
    pub fn may_send(&self) -> Result<usize, OutboundError> {
        left(self.traffic.lock().sent, "sent")
    }

    /// Counts bytes that are about to go, if they may.
    pub fn sends(&self, bytes: usize) -> Result<(), OutboundError> {
        let mut counts = self.traffic.lock();
        if bytes > 0 && left(counts.sent, "sent")? < bytes {
            return Err(beyond("sent"));
        }
        counts.sent += bytes as u64;
        counts.of(&self.host).sent += bytes as u64;
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.traffic.open.fetch_sub(1, Ordering::Relaxed);
    }
}

fn left(used: u64, doing: &str) -> Result<usize, OutboundError> {
    match usize::try_from(MAX_BYTES.saturating_sub(used)) {
        Ok(0) => Err(beyond(doing)),
        Ok(left) => Ok(left),
        Err(_) => Ok(usize::MAX),
    }
}

fn beyond(doing: &str) -> OutboundError {
    let megabytes = MAX_BYTES / (1024 * 1024);
    OutboundError::Limit(format!(
        "the connections of an invocation have {doing} {megabytes} MB, and may do no more"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_tells_of_each_host_once() {
        let traffic = Arc::new(Traffic::default());
        assert_eq!(traffic.told(), None);
        for _ in 0..2 {
            let place = traffic.place("a.com:443".to_owned()).unwrap();
            place.opened();
            place.sends(256).unwrap();
            place.received(100);
        }
        traffic.refused("b.com:80");
        assert_eq!(
            traffic.told().unwrap(),
            "Outbound: 2 connections to a.com:443, sent 512 bytes, received 200 bytes; \
             refused 1 connection to b.com:80"
        );
        assert_eq!(traffic.told(), None);
        for n in 0..100 {
            traffic.refused(&format!("{n}.com:443"));
        }
        let line = traffic.told().unwrap();
        assert!(
            line.ends_with("refused 90 connections to other hosts"),
            "{line}"
        );
    }

    #[test]
    fn places_and_bytes_are_bounded() {
        let traffic = Arc::new(Traffic::default());
        let places: Vec<_> = (0..MAX_CONNECTIONS)
            .map(|_| traffic.place(String::new()).unwrap())
            .collect();
        assert!(traffic.place(String::new()).is_err());
        assert!(traffic.any_open());
        places[0].received(MAX_BYTES as usize - 1);
        assert_eq!(places[1].may_receive(), Ok(1));
        places[0].received(1);
        assert!(places[1].may_receive().is_err());
        assert!(places[0].sends(MAX_BYTES as usize + 1).is_err());
        assert!(places[0].sends(MAX_BYTES as usize).is_ok());
        assert!(places[1].sends(1).is_err());
        drop(places);
        assert!(!traffic.any_open());
        traffic.told();
        assert!(traffic.place(String::new()).unwrap().may_receive().is_ok());
    }
}
