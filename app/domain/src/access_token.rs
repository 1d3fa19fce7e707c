//! Access tokens of the console's users: what callers of an API with IAM authentication may send
//! instead of a signature.

use serde::{Deserialize, Serialize};

use crate::id::{AccessTokenId, UserId};
use crate::time::Timestamp;
use crate::user::UserName;

/// Most tokens that a user may have at a time; those that are over do not count.
pub const MAX_ACCESS_TOKENS: usize = 10;

/// How long a token is good for, in milliseconds. Source: IAM, tokens, 24 hours.
pub const ACCESS_TOKEN_MS: i64 = 24 * 60 * 60 * 1000;

/// An access token as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessToken {
    /// Its id.
    pub access_token_id: AccessTokenId,
    /// Its last four characters, to tell it from others.
    pub ending: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it is over.
    pub expires_at: Timestamp,
}

/// An access token with all that the gateway has to know to check its callers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessTokenDigest {
    /// Its SHA-256: the token itself is kept nowhere.
    pub digest: [u8; 32],
    /// Whose it is.
    pub user_id: UserId,
    /// The name of that user.
    pub user_name: UserName,
    /// When it is over.
    pub expires_at: Timestamp,
}
