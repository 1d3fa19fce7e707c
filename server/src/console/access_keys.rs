//! Access keys of who is signed in.

use sluice_app::access_keys::NewAccessKey;
use sluice_app::console::ConsoleError;
use sluice_domain::access_key::AccessKey;
use sluice_domain::id::AccessKeyId;
use sluice_domain::text::Description;

use super::{RequestConsole, refused};
use crate::drawn;

impl RequestConsole {
    pub(super) async fn access_keys(&self) -> Result<Vec<AccessKey>, ConsoleError> {
        let user_id = self.signed_in_as().await?;
        let store = &self.shared.store;
        store.access_keys_of(&user_id).await.map_err(refused)
    }

    pub(super) async fn add_access_key(
        &self,
        description: Description,
    ) -> Result<NewAccessKey, ConsoleError> {
        let new = sluice_store::NewAccessKey {
            access_key_id: AccessKeyId::from_bytes(drawn::id_bytes()),
            user_id: self.signed_in_as().await?,
            secret: drawn::secret(),
            description,
            now: drawn::now(),
        };
        self.admitting(self.shared.store.create_access_key(&new))
            .await?;
        Ok(NewAccessKey {
            access_key_id: new.access_key_id,
            secret: new.secret.expose().to_owned(),
        })
    }

    pub(super) async fn set_access_key(
        &self,
        access_key_id: AccessKeyId,
        is_enabled: bool,
    ) -> Result<(), ConsoleError> {
        let user_id = self.signed_in_as().await?;
        let store = &self.shared.store;
        self.admitting(store.enable_access_key(&user_id, &access_key_id, is_enabled))
            .await
    }

    pub(super) async fn remove_access_key(
        &self,
        access_key_id: AccessKeyId,
    ) -> Result<(), ConsoleError> {
        let user_id = self.signed_in_as().await?;
        let store = &self.shared.store;
        self.admitting(store.delete_access_key(&user_id, &access_key_id))
            .await
    }
}
