//! Settings of the gateway.

use sluice_app::console::ConsoleError;
use sluice_app::gateway_settings::GatewayView;
use sluice_domain::gateway_settings::GatewaySettings;

use super::triggers::API_INSTANCE;
use super::{RequestConsole, refused};

impl RequestConsole {
    pub(super) async fn gateway(&self) -> Result<GatewayView, ConsoleError> {
        self.signed_in().await?;
        let addresses = &self.shared.addresses;
        Ok(GatewayView {
            name: API_INSTANCE.to_owned(),
            domain: addresses.domain.clone(),
            http_port: addresses.http_port,
            https_port: addresses.https_port,
            settings: self
                .shared
                .store
                .gateway_settings()
                .await
                .map_err(refused)?,
            acme: self.acme().await?,
        })
    }

    pub(super) async fn set_gateway_settings(
        &self,
        settings: GatewaySettings,
    ) -> Result<(), ConsoleError> {
        self.signed_in().await?;
        self.admitting(self.shared.store.set_gateway_settings(&settings))
            .await
    }
}
