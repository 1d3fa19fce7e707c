//! Access Keys: tokens that a user's programs may send instead of a signature.

mod api;
mod section;

pub(crate) use api::{create_access_token, delete_access_token, list_access_tokens};
pub(crate) use section::AccessTokens;
