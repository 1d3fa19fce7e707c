//! What this machine has.

use std::fs;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_files_can_be_opened_as_may_be() {
        let files = raise_open_files();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
        assert_eq!(files, limit.maximum.unwrap_or(u64::MAX));
    }
}
