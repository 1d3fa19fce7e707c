//! Settings of the gateway that the console can change. Source: APIG user guide, "Configuring
//! Gateway Parameters", whose names they have.

use serde::{Deserialize, Serialize};

/// What callers of an API with App authentication may send instead of a signature, wherever the API
/// is. All is off at first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GatewaySettings {
    /// `X-HW-ID` with the AppKey and `X-HW-AppKey` with the AppSecret.
    pub app_secret: bool,
    /// `Authorization: Basic` with both.
    pub app_basic: bool,
    /// The header or query parameter `apikey` with the AppSecret.
    pub app_api_key: bool,
    /// `Authorization` with a digest of both and of `Timestamp`.
    pub app_jwt: bool,
}
