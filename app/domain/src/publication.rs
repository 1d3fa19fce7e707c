//! Publications: an API's definition as it was published in an environment. Source: APIG user
//! guide, "Publishing an API", "Viewing Publishing Records".

use serde::{Deserialize, Serialize};

use crate::id::{EnvironmentId, TriggerId};
use crate::text::ShortDescription;
use crate::time::Timestamp;
use crate::trigger::ApigTriggerSettings;

/// Most records that are kept of an API in an environment; the oldest go first. Source: APIG
/// quotas.
pub const MAX_PUBLICATIONS: usize = 10;

/// A record of a publication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    /// Which one it is of this API in this environment; the first is 1.
    pub number: u32,
    /// The definition as it was then.
    pub settings: ApigTriggerSettings,
    /// What was said of it.
    pub description: ShortDescription,
    /// When it was made.
    pub published_at: Timestamp,
    /// Whether callers reach it. At most one of them is, none where the API is offline.
    pub is_current: bool,
}

/// An API in an environment: what credentials and policies are bound to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BoundApi {
    /// The trigger that the API is of.
    pub trigger_id: TriggerId,
    /// The environment.
    pub environment_id: EnvironmentId,
}
