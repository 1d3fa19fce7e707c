//! API Gateway > Gateway Settings.

mod api;
mod form;
mod limits;
mod page;

pub(crate) use api::{find_gateway, find_gateway_load, update_gateway_settings};
pub(crate) use page::GatewaySettingsPage;

pub use crate::ui::Gauge;

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
    /// What callers may take.
    pub limits: GatewayLimits,
    /// How much there is to do.
    pub load: GatewayLoad,
}

/// What callers may take, as the operator has set it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayLimits {
    /// Seconds for the head of a request.
    pub head_s: u64,
    /// Seconds between two requests.
    pub idle_s: u64,
    /// Seconds for a body.
    pub body_s: u64,
    /// Seconds for the next piece of a body.
    pub body_pause_s: u64,
    /// Bytes of a body a second; any number with 0.
    pub body_rate: u32,
    /// Seconds in which nothing is taken of an answer.
    pub answer_pause_s: u64,
    /// Bytes of an answer a second; any number with 0.
    pub answer_rate: u32,
}

/// How much the gateway has to do at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayLoad {
    /// Connections.
    pub connections: Gauge,
    /// The addresses with the most of them, first the one with the most.
    pub busiest: Vec<BusyAddress>,
    /// Most connections of one address.
    pub most_of_address: u64,
    /// Requests that are being answered.
    pub requests: u64,
    /// Bytes of their bodies.
    pub bodies: Gauge,
    /// Bytes of answers that were not taken yet.
    pub answers: Gauge,
    /// Bytes of the instances of all functions.
    pub functions: Gauge,
}

/// An address, or a network of IPv6, with its connections.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BusyAddress {
    /// The address.
    pub address: String,
    /// How many it has.
    pub connections: u64,
}
