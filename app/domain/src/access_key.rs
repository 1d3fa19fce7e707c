//! Access keys of the console's users: what callers of an API with IAM authentication prove who
//! they are by.

use serde::{Deserialize, Serialize};

use crate::env_vars::Secret;
use crate::id::{AccessKeyId, UserId};
use crate::text::Description;
use crate::time::Timestamp;
use crate::user::UserName;

/// Most access keys that a user may have, enabled or not: one in use, and one to take its place.
/// Source: IAM user guide, "Managing Access Keys".
pub const MAX_ACCESS_KEYS: usize = 2;

/// An access key as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessKey {
    /// By which callers name it; it never changes.
    pub access_key_id: AccessKeyId,
    /// What it is for.
    pub description: Description,
    /// Whether callers with it are let in.
    pub is_enabled: bool,
    /// When it was created.
    pub created_at: Timestamp,
}

/// An access key with all that the gateway has to know to check its callers.
#[derive(Debug, Clone)]
pub struct AccessKeySecrets {
    /// By which callers name it.
    pub access_key_id: AccessKeyId,
    /// What they sign with.
    pub secret: Secret,
    /// Whose it is.
    pub user_id: UserId,
    /// The name of that user.
    pub user_name: UserName,
}
