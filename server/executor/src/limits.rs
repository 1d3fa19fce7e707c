//! What an instance may have of this machine's memory, and what it had.

use std::sync::Arc;

use wasmtime::ResourceLimiter;

use crate::budget::{Budget, BudgetExceeded};

/// Elements that all tables of an instance may have; CPython needs about 7,000.
const MAX_TABLE_ELEMENTS: usize = 20_000;

/// What the budget of all functions counts of the memory that an instance shares with all others
/// of its runtime: it is a file, of which calls write to some pages.
const OWN_OF_SHARED: u64 = 2 * 1024 * 1024;

/// Why an instance gets no more memory; it ends the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MemoryExceeded {
    /// It would have more than the function's memory.
    #[error("runtime memory limit exceeded")]
    Function,
    /// All functions together would have more than the server gives them.
    #[error(transparent)]
    Server(#[from] BudgetExceeded),
}

/// Counts the memory of an instance and ends it at the limit: its linear
/// memory, and what the host holds for it.
#[derive(Debug)]
pub struct MemoryLimit {
    limit: usize,
    used: usize,
    linear: usize,
    most: usize,
    /// Bytes of its first memory that all instances of its runtime have from one file.
    shared: u64,
    budget: Arc<Budget>,
    taken: u64,
}

impl MemoryLimit {
    /// A limit of so many bytes, which count against `budget`; `shared` of those that an instance
    /// begins with it has in common with others.
    pub fn new(bytes: u64, shared: u64, budget: Arc<Budget>) -> Self {
        Self {
            limit: usize::try_from(bytes).unwrap_or(usize::MAX),
            used: 0,
            linear: 0,
            most: 0,
            shared,
            budget,
            taken: 0,
        }
    }

    /// Most bytes that the instance has had.
    pub fn most(&self) -> u64 {
        self.most as u64
    }

    /// Bytes of its linear memory, which never become fewer.
    pub fn linear(&self) -> usize {
        self.linear
    }

    /// Counts the linear memory that an instance begins with.
    pub fn begin_with(&mut self, linear: usize) -> Result<(), MemoryExceeded> {
        let bytes = linear as u64;
        let shared = self.shared.min(bytes);
        self.count(linear, bytes - shared + OWN_OF_SHARED.min(shared))?;
        self.linear += linear;
        Ok(())
    }

    /// Counts what the host begins to hold for the instance.
    pub fn hold(&mut self, bytes: usize) -> Result<(), MemoryExceeded> {
        self.count(bytes, bytes as u64)
    }

    /// Counts what the host holds no longer.
    pub fn release(&mut self, bytes: usize) {
        self.used = self.used.saturating_sub(bytes);
        let given_back = (bytes as u64).min(self.taken);
        self.taken -= given_back;
        self.budget.give_back(given_back);
    }

    fn count(&mut self, bytes: usize, own: u64) -> Result<(), MemoryExceeded> {
        let wanted = self.used.saturating_add(bytes);
        if wanted > self.limit {
            return Err(MemoryExceeded::Function);
        }
        self.budget.take(own)?;
        self.taken += own;
        self.used = wanted;
        self.most = self.most.max(wanted);
        Ok(())
    }
}

impl Drop for MemoryLimit {
    fn drop(&mut self) {
        self.budget.give_back(self.taken);
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
        let growth = desired.saturating_sub(current);
        if current == 0 {
            self.begin_with(growth)?;
        } else {
            self.hold(growth)?;
            self.linear += growth;
        }
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

    fn limit() -> MemoryLimit {
        MemoryLimit::new(100, 0, Arc::new(Budget::new(1000)))
    }

    #[test]
    fn memory_is_counted_over_all_memories_and_ends_at_the_limit() {
        let mut limit = limit();
        assert!(limit.memory_growing(0, 60, None).is_ok());
        assert!(limit.memory_growing(0, 40, None).is_ok());
        assert_eq!(limit.most(), 100);
        let beyond = limit.memory_growing(40, 41, None).unwrap_err();
        assert!(beyond.is::<MemoryExceeded>());
        assert_eq!(limit.most(), 100);
    }

    #[test]
    fn what_the_host_holds_counts_until_it_is_released() {
        let mut limit = limit();
        assert!(limit.hold(80).is_ok());
        assert!(limit.memory_growing(0, 40, None).is_err());
        limit.release(80);
        assert!(limit.memory_growing(0, 40, None).is_ok());
        assert_eq!(limit.most(), 80);
    }

    #[test]
    fn an_instance_counts_against_the_budget_of_all_until_it_goes() {
        let budget = Arc::new(Budget::new(150));
        let mut one = MemoryLimit::new(100, 0, Arc::clone(&budget));
        let mut other = MemoryLimit::new(100, 0, Arc::clone(&budget));
        assert_eq!(one.hold(100), Ok(()));
        let beyond = MemoryExceeded::Server(BudgetExceeded { limit: 150 });
        assert_eq!(other.hold(51), Err(beyond));
        assert_eq!(other.hold(50), Ok(()));
        drop(one);
        assert_eq!((budget.used(), other.hold(50)), (50, Ok(())));
    }

    #[test]
    fn what_instances_share_counts_little_and_what_a_snapshot_adds_counts_whole() {
        let check = |shared: u64, begins_with: usize| {
            let budget = Arc::new(Budget::new(1 << 30));
            let mut limit = MemoryLimit::new(1 << 30, shared, Arc::clone(&budget));
            limit.begin_with(begins_with).unwrap();
            assert_eq!(limit.most(), begins_with as u64);
            budget.used()
        };
        const MB: u64 = 1024 * 1024;
        assert_eq!(check(13 * MB, 13 << 20), 2 * MB);
        assert_eq!(check(13 * MB, 40 << 20), 29 * MB);
        assert_eq!(check(0, 40 << 20), 40 * MB, "a component shares nothing");
        assert_eq!(check(u64::MAX, 1 << 20), MB);
    }
}
