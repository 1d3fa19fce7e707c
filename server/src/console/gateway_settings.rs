//! Settings of the gateway, its limits, and how much it has to do.

use std::net::IpAddr;

use sluice_app::console::ConsoleError;
use sluice_app::gateway_settings::{BusyAddress, GatewayLimits, GatewayLoad, GatewayView, Gauge};
use sluice_domain::gateway_settings::GatewaySettings;

use super::triggers::API_INSTANCE;
use super::{RequestConsole, refused};

/// Of how many addresses it is told that they have the most connections.
const BUSIEST: usize = 5;

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
            limits: self.limits(),
            load: self.load_now(),
        })
    }

    fn limits(&self) -> GatewayLimits {
        let limits = &self.shared.limits;
        GatewayLimits {
            head_s: limits.head_timeout,
            idle_s: limits.idle_timeout,
            body_s: limits.body_timeout,
            body_pause_s: limits.body_pause,
            body_rate: limits.body_rate,
            answer_pause_s: limits.answer_pause,
            answer_rate: limits.answer_rate,
        }
    }

    /// How much the gateway has to do now, for a user who is signed in.
    pub(super) fn load_now(&self) -> GatewayLoad {
        let gauge = |used, most| Gauge { used, most };
        let places = self.shared.places.occupancy(BUSIEST);
        let load = self.shared.publisher.gateway().load();
        let (memory, most_memory) = self.shared.executor.memory();
        let busiest = places.busiest.iter().map(|(address, connections)| {
            let address = match address {
                IpAddr::V4(address) => address.to_string(),
                IpAddr::V6(network) => format!("{network}/64"),
            };
            BusyAddress {
                address,
                connections: *connections as u64,
            }
        });
        GatewayLoad {
            connections: gauge(places.taken as u64, places.most as u64),
            busiest: busiest.collect(),
            most_of_address: places.most_of_address as u64,
            requests: load.requests as u64,
            bodies: gauge(load.bodies_bytes as u64, load.most_bodies_bytes as u64),
            answers: gauge(load.answers_bytes as u64, load.most_answers_bytes as u64),
            functions: gauge(memory, most_memory),
        }
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
