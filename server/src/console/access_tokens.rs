//! Access tokens of who is signed in.

use sha2::{Digest as _, Sha256};
use sluice_app::console::ConsoleError;
use sluice_domain::access_token::AccessToken;
use sluice_domain::id::AccessTokenId;
use sluice_store::NewAccessToken;

use super::{RequestConsole, refused};
use crate::drawn;

impl RequestConsole {
    pub(super) async fn access_tokens(&self) -> Result<Vec<AccessToken>, ConsoleError> {
        let user_id = self.signed_in_as().await?;
        let listed = self.shared.store.access_tokens_of(&user_id, drawn::now());
        listed.await.map_err(refused)
    }

    /// Only the digest of the token is kept.
    pub(super) async fn add_access_token(&self) -> Result<String, ConsoleError> {
        let token = drawn::secret();
        let token = token.expose();
        let new = NewAccessToken {
            access_token_id: AccessTokenId::from_bytes(drawn::id_bytes()),
            user_id: self.signed_in_as().await?,
            digest: Sha256::digest(token).into(),
            ending: token[token.len() - 4..].to_owned(),
            now: drawn::now(),
        };
        self.admitting(self.shared.store.create_access_token(&new))
            .await?;
        Ok(token.to_owned())
    }

    pub(super) async fn remove_access_token(
        &self,
        access_token_id: AccessTokenId,
    ) -> Result<(), ConsoleError> {
        let user_id = self.signed_in_as().await?;
        let store = &self.shared.store;
        self.admitting(store.delete_access_token(&user_id, &access_token_id))
            .await
    }
}
