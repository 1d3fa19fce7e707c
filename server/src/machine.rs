//! What this machine has.

use std::fs;

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
