//! What an instance may have of this machine's memory, and what it had.

use wasmtime::{ResourceLimiter, Result};

/// Elements that all tables of an instance may have; CPython needs about 7,000.
const MAX_TABLE_ELEMENTS: usize = 20_000;

/// A growth beyond the function's memory; it ends the call.
#[derive(Debug, thiserror::Error)]
#[error("runtime memory limit exceeded")]
pub struct MemoryExceeded;

/// Counts the linear memory of an instance and ends it at the limit.
#[derive(Debug)]
pub struct MemoryLimit {
    limit: usize,
    used: usize,
}

impl MemoryLimit {
    /// A limit of so many bytes.
    pub fn new(bytes: u64) -> Self {
        Self {
            limit: usize::try_from(bytes).unwrap_or(usize::MAX),
            used: 0,
        }
    }

    /// Bytes of linear memory. It never shrinks, so this is also the most that
    /// the instance has had.
    pub fn used(&self) -> u64 {
        self.used as u64
    }
}

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        let wanted = self.used.saturating_add(desired.saturating_sub(current));
        if wanted > self.limit {
            // An error, where `false` would only make `malloc` fail: CPython then tries
            // to go on, and where it cannot, aborts with no word of memory.
            return Err(MemoryExceeded.into());
        }
        self.used = wanted;
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> Result<bool> {
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
        assert_eq!(limit.used(), 100);
        let beyond = limit.memory_growing(40, 41, None).unwrap_err();
        assert!(beyond.is::<MemoryExceeded>());
        assert_eq!(limit.used(), 100);
    }
}
