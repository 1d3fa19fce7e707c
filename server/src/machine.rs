//! What this machine has.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rustix::fs::statvfs;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};

/// Half of the memory that this process may have, in bytes: of the machine, or of the container
/// where that has less.
pub fn half_of_its_memory() -> u64 {
    let system = rustix::system::sysinfo();
    let machine = system.totalram.saturating_mul(u64::from(system.mem_unit));
    // Absent, or the word "max", where nothing limits it.
    let container = fs::read_to_string("/sys/fs/cgroup/memory.max")
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .unwrap_or(u64::MAX);
    machine.min(container) / 2
}

/// Lets this process open as many files and connections as it may at most, and tells how many those
/// are. Many systems begin with 1024, for programs that still use `select`.
pub fn raise_open_files() -> u64 {
    let files = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: files.maximum,
        maximum: files.maximum,
    };
    let now = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => raised,
        Err(_) => files,
    };
    now.current.unwrap_or(u64::MAX)
}

/// What this process uses.
#[derive(Debug, Clone, Copy, Default)]
pub struct Process {
    /// Its memory, without what was swapped out.
    pub resident_bytes: u64,
    /// Files and connections that it has open.
    pub open_files: u64,
    /// CPU time since its start, of all threads.
    pub cpu: Duration,
}

/// What this process uses now; zeros where the system does not say.
pub fn process() -> Process {
    let cpu = clock_gettime(ClockId::ProcessCPUTime);
    let pages = fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|text| text.split_ascii_whitespace().nth(1)?.parse().ok());
    Process {
        resident_bytes: pages.unwrap_or(0) * rustix::param::page_size() as u64,
        open_files: fs::read_dir("/proc/self/fd").map_or(0, |files| files.count() as u64),
        cpu: Duration::new(
            cpu.tv_sec.try_into().unwrap_or(0),
            cpu.tv_nsec.try_into().unwrap_or(0),
        ),
    }
}

/// A disk. What is reserved for the system counts as used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Disk {
    /// Its size.
    pub bytes: u64,
    /// What is left of it for programs without special rights.
    pub free_bytes: u64,
}

/// The disk of `folder`; zeros where the system does not say.
pub fn disk(folder: &Path) -> Disk {
    statvfs(folder).map_or(Disk::default(), |disk| Disk {
        bytes: disk.f_blocks.saturating_mul(disk.f_frsize),
        free_bytes: disk.f_bavail.saturating_mul(disk.f_frsize),
    })
}

/// As many files and connections as the process may open; 0 for any number.
pub fn most_open_files() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(0)
}

/// Bytes of a database: of its file and its write-ahead log.
pub fn bytes_of(database: &Path) -> u64 {
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    let of = |path: &Path| fs::metadata(path).map_or(0, |file| file.len());
    of(database) + of(Path::new(&log))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_tells_what_it_uses() {
        let process = process();
        assert!(
            process.resident_bytes > 1 << 20 && process.open_files > 2,
            "{process:?}"
        );
        assert!(process.cpu > Duration::ZERO);
        let root = disk(Path::new("/"));
        assert!(root.free_bytes > 0 && root.bytes >= root.free_bytes);
        assert_eq!(disk(Path::new("/missing")), Disk::default());
    }

    #[test]
    fn as_many_files_can_be_opened_as_may_be() {
        let files = raise_open_files();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
        assert_eq!(files, limit.maximum.unwrap_or(u64::MAX));
    }
}
