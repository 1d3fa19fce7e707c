//! API Gateway > Gateway Settings.

mod api;
mod form;
mod page;

pub(crate) use api::{find_gateway, update_gateway_settings};
pub(crate) use page::GatewaySettingsPage;

use serde::{Deserialize, Serialize};
use sluice_domain::gateway_settings::GatewaySettings;

use crate::acme::AcmeView;

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayView {
    /// The gateway's name; there is one.
    pub name: String,
    /// The domain under which every API group has its host.
    pub domain: String,
    /// Its port over HTTP.
    pub http_port: u16,
    /// Its port over HTTPS.
    pub https_port: u16,
    /// What can be changed.
    pub settings: GatewaySettings,
    /// Which ACME server issues certificates.
    pub acme: AcmeView,
}
