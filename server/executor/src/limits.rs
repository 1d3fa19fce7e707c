//! What an instance may have of this machine's memory, and what it had.

use wasmtime::ResourceLimiter;

/// Elements that all tables of an instance may have; CPython needs about 7,000.
const MAX_TABLE_ELEMENTS: usize = 20_000;

/// A growth beyond the function's memory; it ends the call.
#[derive(Debug, thiserror::Error)]
#[error("runtime memory limit exceeded")]
pub struct MemoryExceeded;

/// Counts the memory of an instance and ends it at the limit: its linear
/// memory, and what the host holds for it.
#[derive(Debug)]
pub struct MemoryLimit {
    limit: usize,
    used: usize,
    most: usize,
}

impl MemoryLimit {
    /// A limit of so many bytes.
    pub fn new(bytes: u64) -> Self {
        Self {
            limit: usize::try_from(bytes).unwrap_or(usize::MAX),
            used: 0,
            most: 0,
        }
    }

    /// Most bytes that the instance has had.
    pub fn most(&self) -> u64 {
        self.most as u64
    }

    /// Counts what the host begins to hold for the instance.
    pub fn hold(&mut self, bytes: usize) -> Result<(), MemoryExceeded> {
        let wanted = self.used.saturating_add(bytes);
        if wanted > self.limit {
            return Err(MemoryExceeded);
        }
        self.used = wanted;
        self.most = self.most.max(wanted);
        Ok(())
    }

    /// Counts what the host holds no longer.
    pub fn release(&mut self, bytes: usize) {
        self.used = self.used.saturating_sub(bytes);
    }
}

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // An error, where `false` would only make `malloc` fail: CPython then tries
        // to go on, and where it cannot, aborts with no word of memory.
        self.hold(desired.saturating_sub(current))?;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= MAX_TABLE_ELEMENTS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_counted_over_all_memories_and_ends_at_the_limit() {
        let mut limit = MemoryLimit::new(100);
        assert!(limit.memory_growing(0, 60, None).is_ok());
        assert!(limit.memory_growing(0, 40, None).is_ok());
        assert_eq!(limit.most(), 100);
        let beyond = limit.memory_growing(40, 41, None).unwrap_err();
        assert!(beyond.is::<MemoryExceeded>());
        assert_eq!(limit.most(), 100);
    }

    #[test]
    fn what_the_host_holds_counts_until_it_is_released() {
        let mut limit = MemoryLimit::new(100);
        assert!(limit.hold(80).is_ok());
        assert!(limit.memory_growing(0, 40, None).is_err());
        limit.release(80);
        assert!(limit.memory_growing(0, 40, None).is_ok());
        assert_eq!(limit.most(), 80);
    }
}
