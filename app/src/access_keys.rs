//! Access Keys: by which a user's programs call APIs with IAM authentication.

mod api;
mod page;

pub(crate) use api::{create_access_key, delete_access_key, enable_access_key, list_access_keys};
pub(crate) use page::AccessKeysPage;

use serde::{Deserialize, Serialize};
use sluice_domain::id::AccessKeyId;

/// A new access key. The secret is told this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewAccessKey {
    /// By which callers name it.
    pub access_key_id: AccessKeyId,
    /// What they sign with.
    pub secret: String,
}
