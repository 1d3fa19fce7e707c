//! The access tokens of the console's users, arranged for finding one.

use std::collections::HashMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use sluice_domain::access_token::AccessTokenDigest;
use sluice_domain::time::Timestamp;

/// Has an access token. It is kept from the functions of APIs with IAM authentication.
pub(crate) const AUTH_TOKEN: &str = "x-auth-token";

/// The access tokens of all users, by their digests: how long it takes to find one tells nothing of
/// others. Built whole, it never changes.
#[derive(Debug, Default)]
pub(crate) struct AccessTokens(HashMap<[u8; 32], Arc<AccessTokenDigest>>);

impl AccessTokens {
    /// Arranges these.
    pub(crate) fn new(tokens: impl IntoIterator<Item = AccessTokenDigest>) -> Self {
        let tokens = tokens.into_iter();
        Self(tokens.map(|it| (it.digest, Arc::new(it))).collect())
    }

    /// The token, unless it is over.
    pub(super) fn find(&self, token: &[u8], now: Timestamp) -> Option<&Arc<AccessTokenDigest>> {
        let digest: [u8; 32] = Sha256::digest(token).into();
        let found = self.0.get(&digest);
        found.filter(|token| now < token.expires_at)
    }
}
