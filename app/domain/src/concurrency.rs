//! How many instances a function has.

use serde::{Deserialize, Serialize};

/// Configuration > Concurrency of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawConcurrency", into = "RawConcurrency")]
pub struct Concurrency {
    max_instances: u32,
    reserved_instances: u32,
    fresh_instances: bool,
}

/// Why numbers are no [`Concurrency`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidConcurrency {
    /// A function has at least one instance. Source: Max. Instances per Function.
    #[error("must be 1 to 1000 instances, not {0}")]
    MaxInstances(u32),
    /// More are kept ready than one function may keep ready.
    #[error("must be 0 to 100 reserved instances, not {0}")]
    ReservedInstances(u32),
    /// More are kept ready than there may be.
    #[error("must not be more than the {1} instances of the function, is {0}")]
    ReservedOverMax(u32, u32),
}

impl Concurrency {
    /// Most instances that a function may be given.
    pub const MAX_INSTANCES: u32 = 1000;
    /// Most instances that may be kept ready for one function: each has memory of its own.
    pub const MAX_RESERVED: u32 = 100;

    /// Concurrency with these numbers.
    pub fn new(
        max_instances: u32,
        reserved_instances: u32,
        fresh_instances: bool,
    ) -> Result<Self, InvalidConcurrency> {
        use InvalidConcurrency as Invalid;
        if !(1..=Self::MAX_INSTANCES).contains(&max_instances) {
            return Err(Invalid::MaxInstances(max_instances));
        }
        if reserved_instances > Self::MAX_RESERVED {
            return Err(Invalid::ReservedInstances(reserved_instances));
        }
        if reserved_instances > max_instances {
            return Err(Invalid::ReservedOverMax(reserved_instances, max_instances));
        }
        Ok(Self {
            max_instances,
            reserved_instances,
            fresh_instances,
        })
    }

    /// Most instances at a time: 1 to 1000. Each runs one call at a time.
    pub fn max_instances(self) -> u32 {
        self.max_instances
    }

    /// Instances that are always there, whether anybody calls or not: 0 to 100.
    pub fn reserved_instances(self) -> u32 {
        self.reserved_instances
    }

    /// The same without reserved instances.
    #[must_use]
    pub fn without_reserved(self) -> Self {
        Self {
            reserved_instances: 0,
            ..self
        }
    }

    /// Whether each call has an instance that served no call before.
    pub fn fresh_instances(self) -> bool {
        self.fresh_instances
    }
}

impl Default for Concurrency {
    /// 400 instances, none reserved, each for many calls. Source: quotas.
    fn default() -> Self {
        Self {
            max_instances: 400,
            reserved_instances: 0,
            fresh_instances: false,
        }
    }
}

/// The numbers before they are checked.
#[derive(Serialize, Deserialize)]
struct RawConcurrency {
    max_instances: u32,
    reserved_instances: u32,
    fresh_instances: bool,
}

impl TryFrom<RawConcurrency> for Concurrency {
    type Error = InvalidConcurrency;

    fn try_from(raw: RawConcurrency) -> Result<Self, InvalidConcurrency> {
        Self::new(
            raw.max_instances,
            raw.reserved_instances,
            raw.fresh_instances,
        )
    }
}

impl From<Concurrency> for RawConcurrency {
    fn from(concurrency: Concurrency) -> Self {
        Self {
            max_instances: concurrency.max_instances,
            reserved_instances: concurrency.reserved_instances,
            fresh_instances: concurrency.fresh_instances,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_within_their_limits() {
        use InvalidConcurrency as Invalid;
        let check = |max, reserved| Concurrency::new(max, reserved, false).err();
        for (max, reserved) in [(1, 0), (1, 1), (1000, 100)] {
            assert_eq!(check(max, reserved), None, "{max} {reserved}");
        }
        assert_eq!(check(0, 0), Some(Invalid::MaxInstances(0)));
        assert_eq!(check(1001, 0), Some(Invalid::MaxInstances(1001)));
        assert_eq!(check(400, 101), Some(Invalid::ReservedInstances(101)));
        assert_eq!(check(2, 3), Some(Invalid::ReservedOverMax(3, 2)));
    }
}
