//! What is measured of a function: its calls, what they took, and what it was refused, by steps of
//! time. Source: Monitoring > Metrics.

mod histogram;
mod span;

pub use histogram::{Histogram, InvalidHistogram};
pub use span::Span;

use serde::{Deserialize, Serialize};

use crate::id::FunctionId;
use crate::parsed::named_enum;
use crate::time::Timestamp;

named_enum! {
    /// Why a call was answered with 429.
    pub enum ThrottleReason ("the reason") {
        /// No instance of the function became free.
        Instances = "INSTANCES", "Instances";
        /// A throttling policy of the gateway did not let it in.
        Policy = "POLICY", "Policy";
    }
}

/// Calls of one function that were refused for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Throttles {
    /// Whose calls.
    pub function_id: FunctionId,
    /// Why.
    pub reason: ThrottleReason,
    /// How many, at least one.
    pub count: u64,
}

/// What is measured of a function within a range of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metrics {
    /// The range and its steps.
    pub span: Span,
    /// The steps in which there is something, in order. Of the others nothing is known: nobody
    /// called, or the server did not run.
    pub points: Vec<MetricPoint>,
    /// The same of the whole range, at its beginning.
    pub total: MetricPoint,
}

/// What is measured within a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricPoint {
    /// When the step begins.
    pub at: Timestamp,
    /// The calls that ran; none where none did.
    pub calls: Option<CallMetrics>,
    /// Calls that were refused for want of an instance.
    pub throttled_instances: u64,
    /// Calls that a throttling policy refused.
    pub throttled_policy: u64,
    /// The instances; none where there was none.
    pub instances: Option<InstanceMetrics>,
}

impl MetricPoint {
    /// A step of which nothing is known yet.
    pub fn new(at: Timestamp) -> Self {
        Self {
            at,
            calls: None,
            throttled_instances: 0,
            throttled_policy: 0,
            instances: None,
        }
    }

    /// Calls that were refused, for whatever reason.
    pub fn throttled(&self) -> u64 {
        self.throttled_instances
            .saturating_add(self.throttled_policy)
    }

    /// All requests, those that failed and those that were refused too. Source: Metrics, Invocations.
    pub fn invocations(&self) -> u64 {
        let ran = self.calls.as_ref().map_or(0, |calls| calls.count);
        ran.saturating_add(self.throttled())
    }
}

/// What is measured of calls that ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallMetrics {
    /// How many, at least one.
    pub count: u64,
    /// Those that failed, whatever status their callers got.
    pub failures: u64,
    /// Those for which an instance was made.
    pub cold_starts: u64,
    /// How long the handler ran, in microseconds.
    pub duration_us: Spread,
    /// Its percentiles; none for calls that were recorded before these were kept.
    pub percentiles_us: Option<Percentiles>,
    /// Most memory the instance had, in bytes.
    pub memory_bytes: Spread,
}

/// The least, the average and the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spread {
    /// The least.
    pub min: u64,
    /// The average, rounded down.
    pub average: u64,
    /// The most.
    pub max: u64,
}

/// What half of the calls, 95 % and 99 % of them stayed below, within 4 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Percentiles {
    /// The median.
    pub p50: u64,
    /// The 95th percentile.
    pub p95: u64,
    /// The 99th percentile.
    pub p99: u64,
}

/// Most instances at one time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceMetrics {
    /// Those that ran a call, or were made ready after one.
    pub busy: u64,
    /// Those that waited for a call.
    pub ready: u64,
    /// Those that were to be there always.
    pub reserved: u64,
}

impl InstanceMetrics {
    /// The most of both.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self {
            busy: self.busy.max(other.busy),
            ready: self.ready.max(other.ready),
            reserved: self.reserved.max(other.reserved),
        }
    }
}
