//! Credentials of the gateway.

use sluice_app::apis::BindableApi;
use sluice_app::console::ConsoleError;
use sluice_app::credentials::{CredentialList, NewSecret};
use sluice_domain::credential::{AppKey, ChosenKey, ChosenSecret, CredentialName};
use sluice_domain::id::{AppCodeId, CredentialId};
use sluice_domain::policy::AccessControl;
use sluice_domain::publication::BoundApi;
use sluice_store::{NewCredential, PublishedTrigger};

use super::{RequestConsole, refused};
use crate::drawn;

impl RequestConsole {
    pub(super) async fn credentials(&self) -> Result<CredentialList, ConsoleError> {
        self.signed_in().await?;
        let store = &self.shared.store;
        let apis = store.published_triggers().await.map_err(refused)?;
        Ok(CredentialList {
            credentials: store.list_credentials().await.map_err(refused)?,
            apis: apis.into_iter().map(bindable).collect(),
        })
    }

    pub(super) async fn add_credential(
        &self,
        name: CredentialName,
        chosen: Option<ChosenKey>,
    ) -> Result<NewSecret, ConsoleError> {
        self.signed_in().await?;
        let (app_key, app_secret) = match chosen {
            Some(chosen) => (chosen.app_key, chosen.app_secret.into_secret()),
            None => (AppKey::from_bytes(drawn::id_bytes()), drawn::secret()),
        };
        let new = NewCredential {
            credential_id: CredentialId::from_bytes(drawn::id_bytes()),
            name,
            app_key,
            app_secret,
            now: drawn::now(),
        };
        let created = self.shared.store.create_credential(&new);
        self.admitting(created).await?;
        Ok(NewSecret {
            app_key: new.app_key,
            app_secret: new.app_secret.expose().to_owned(),
        })
    }

    pub(super) async fn another_app_secret(
        &self,
        credential_id: CredentialId,
        chosen: Option<ChosenSecret>,
    ) -> Result<NewSecret, ConsoleError> {
        self.signed_in().await?;
        let store = &self.shared.store;
        let listed = store.list_credentials().await.map_err(refused)?;
        let mut listed = listed.into_iter();
        let credential = listed.find(|one| one.credential_id == credential_id);
        let secret = chosen.map_or_else(drawn::secret, ChosenSecret::into_secret);
        self.admitting(store.reset_app_secret(&credential_id, &secret))
            .await?;
        // It was there: the reset says so otherwise.
        let app_key = credential.map(|one| one.app_key);
        Ok(NewSecret {
            app_key: app_key.ok_or_else(|| ConsoleError::refused("", 409, "Try again."))?,
            app_secret: secret.expose().to_owned(),
        })
    }

    pub(super) async fn limit_credential(
        &self,
        credential_id: CredentialId,
        access: Option<AccessControl>,
    ) -> Result<(), ConsoleError> {
        self.signed_in().await?;
        let store = &self.shared.store;
        self.admitting(store.set_credential_access(&credential_id, access.as_ref()))
            .await
    }

    pub(super) async fn remove_credential(
        &self,
        credential_id: CredentialId,
    ) -> Result<(), ConsoleError> {
        self.signed_in().await?;
        self.admitting(self.shared.store.delete_credential(&credential_id))
            .await
    }

    pub(super) async fn add_app_code(
        &self,
        credential_id: CredentialId,
    ) -> Result<String, ConsoleError> {
        self.signed_in().await?;
        let (id, code) = (AppCodeId::from_bytes(drawn::id_bytes()), drawn::secret());
        let store = &self.shared.store;
        let created = store.create_app_code(&credential_id, &id, &code, drawn::now());
        self.admitting(created).await?;
        Ok(code.expose().to_owned())
    }

    pub(super) async fn remove_app_code(
        &self,
        credential_id: CredentialId,
        app_code_id: AppCodeId,
    ) -> Result<(), ConsoleError> {
        self.signed_in().await?;
        let store = &self.shared.store;
        self.admitting(store.delete_app_code(&credential_id, &app_code_id))
            .await
    }

    pub(super) async fn bind(
        &self,
        credential_id: CredentialId,
        apis: Vec<BoundApi>,
    ) -> Result<(), ConsoleError> {
        self.signed_in().await?;
        let store = &self.shared.store;
        self.admitting(store.bind_credential(&credential_id, &apis))
            .await
    }

    /// Makes a change, and lets the gateway know.
    pub(super) async fn admitting(
        &self,
        change: impl Future<Output = Result<(), sluice_store::StoreError>> + Send,
    ) -> Result<(), ConsoleError> {
        let _changing = self.shared.publisher.change().await;
        change.await.map_err(refused)?;
        self.shared.publisher.admit().await.map_err(refused)
    }
}

pub(super) fn bindable(published: PublishedTrigger) -> BindableApi {
    let place = published.place();
    let settings = published.trigger.settings;
    BindableApi {
        place,
        name: settings.api_name,
        group: published.group.name,
        environment: published.environment.name,
        path: settings.path,
        authentication: settings.authentication,
    }
}
