//! The monotonic clock of all instances. It goes on where the last executor in the same folder
//! ended: an instance can begin with what another has read from it, and a snapshot outlives a server.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use wasmtime_wasi::HostMonotonicClock;

/// The file with the time at which the clock began.
const FILE: &str = "clock";

/// Nanoseconds since the first executor began to work in the folder.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// When it began, in nanoseconds of the Unix epoch. Readings of clocks that began at other
    /// times cannot be compared.
    pub began: u64,
    /// What it had reached when this process started, and when that was.
    reached: u64,
    started: Instant,
}

impl Clock {
    /// The clock of `folder`. Where none can be read, another one begins.
    pub fn in_folder(folder: &Path) -> io::Result<Self> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = now.map_or(0, |now| u64::try_from(now.as_nanos()).unwrap_or(u64::MAX));
        let file = folder.join(FILE);
        let known = fs::read_to_string(&file).ok();
        let known = known.and_then(|text| text.trim().parse().ok());
        let began = match known.filter(|began| *began <= now) {
            Some(began) => began,
            None => {
                fs::write(&file, now.to_string())?;
                now
            }
        };
        Ok(Self {
            began,
            reached: now - began,
            started: Instant::now(),
        })
    }

    /// What it shows, as a time of the Unix epoch.
    pub fn as_time(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_nanos(self.began.saturating_add(self.now()))
    }
}

impl HostMonotonicClock for Clock {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        let since = u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.reached.saturating_add(since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on_in_the_same_folder() {
        let folder = tempfile::tempdir().unwrap();
        let first = Clock::in_folder(folder.path()).unwrap();
        let read = first.now();
        let second = Clock::in_folder(folder.path()).unwrap();
        assert_eq!(first.began, second.began);
        assert!(second.now() > read);
    }

    #[test]
    fn it_begins_anew_where_it_cannot_be_read() {
        for damaged in [
            "",
            "soon",
            "-1",
            "99999999999999999999",
            "18446744073709551615",
        ] {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(FILE), damaged).unwrap();
            let clock = Clock::in_folder(folder.path()).unwrap();
            assert!(clock.now() < 60_000_000_000, "{damaged}");
            let again = Clock::in_folder(folder.path()).unwrap();
            assert_eq!(clock.began, again.began, "{damaged}");
        }
    }
}
