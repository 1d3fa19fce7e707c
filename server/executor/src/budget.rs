//! The memory that all functions together may have.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Frees memory where it can: at least so many bytes, if so many are to be had.
type MakeRoom = Box<dyn Fn(u64) + Send + Sync>;

/// Counts what instances have. Of the memory that an instance begins with, most is shared with
/// all others; what it takes later is its own.
#[derive(Default)]
pub struct Budget {
    limit: u64,
    used: AtomicU64,
    make_room: OnceLock<MakeRoom>,
}

/// More memory than all functions together may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the functions of this server have {} MB of memory together, and it is used up",
    .limit / 1024 / 1024
)]
pub struct BudgetExceeded {
    /// Bytes that they may have.
    pub limit: u64,
}

impl Budget {
    /// A budget of so many bytes.
    pub fn new(limit: u64) -> Self {
        Self {
            limit,
            ..Self::default()
        }
    }

    /// Says how room can be made.
    pub fn make_room_by(&self, make_room: impl Fn(u64) + Send + Sync + 'static) {
        // Said once, by the executor that made this.
        let _ = self.make_room.set(Box::new(make_room));
    }

    /// Takes some, after others gave some back if need be.
    pub fn take(&self, bytes: u64) -> Result<(), BudgetExceeded> {
        if self.try_take(bytes) {
            return Ok(());
        }
        if let Some(make_room) = self.make_room.get() {
            make_room(bytes);
        }
        match self.try_take(bytes) {
            true => Ok(()),
            false => Err(BudgetExceeded { limit: self.limit }),
        }
    }

    /// Gives some back.
    pub fn give_back(&self, bytes: u64) {
        self.used.fetch_sub(bytes, Ordering::SeqCst);
    }

    /// Bytes in use.
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::SeqCst)
    }

    /// Most bytes.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Whether more than half is left: what nobody asked for may be taken.
    pub fn is_plentiful(&self) -> bool {
        self.used() < self.limit / 2
    }

    fn try_take(&self, bytes: u64) -> bool {
        let take = |used: u64| {
            let wanted = used.checked_add(bytes)?;
            (wanted <= self.limit).then_some(wanted)
        };
        self.used
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, take)
            .is_ok()
    }
}

impl std::fmt::Debug for Budget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Budget")
            .field("limit", &self.limit)
            .field("used", &self.used)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn what_is_used_up_is_refused_until_room_is_made() {
        let budget = Arc::new(Budget::new(100));
        assert_eq!(budget.take(100), Ok(()));
        assert_eq!(budget.take(1), Err(BudgetExceeded { limit: 100 }));
        let freed = Arc::downgrade(&budget);
        budget.make_room_by(move |bytes| {
            if let Some(budget) = freed.upgrade() {
                budget.give_back(bytes);
            }
        });
        assert_eq!(budget.take(30), Ok(()));
        assert_eq!(budget.used(), 100);
    }
}
