//! Which certificate a client gets: that of the domain name that it asks for,
//! or the built-in one.

use std::sync::Arc;

use arc_swap::ArcSwap;
use http::Extensions;
use rustls::server::ClientHello;
use rustls::{ProtocolVersion, ServerConfig};
use sluice_domain::domain_name::{ByHost, TlsVersion};
use sluice_listener::Tls;

/// The configurations of domain names that have a certificate. Clones share them.
#[derive(Clone, Default)]
pub struct NamedConfigs(Arc<ArcSwap<ByHost<Arc<ServerConfig>>>>);

impl NamedConfigs {
    /// Serves these and no others, from the next connection on.
    pub fn serve(&self, configs: ByHost<Arc<ServerConfig>>) {
        self.0.store(Arc::new(configs));
    }

    /// What belongs to a name.
    pub fn find(&self, name: &str) -> Option<Arc<ServerConfig>> {
        self.0.load().find(name).cloned()
    }
}

/// How the gateway speaks TLS. Each name has a configuration of its own: with the certificate come
/// its least version and the sessions that can be resumed, so that none is by another name.
pub struct TlsByName {
    /// For whoever asks for no name, or for one that is not known.
    pub built_in: Arc<ServerConfig>,
    /// For the others.
    pub named: NamedConfigs,
}

impl Tls for TlsByName {
    fn config(&self, hello: &ClientHello<'_>) -> Arc<ServerConfig> {
        let named = hello.server_name().and_then(|name| self.named.find(name));
        named.unwrap_or_else(|| Arc::clone(&self.built_in))
    }

    fn mark(&self, version: ProtocolVersion, request: &mut Extensions) {
        request.insert(match version {
            ProtocolVersion::TLSv1_3 => TlsVersion::V1_3,
            _ => TlsVersion::V1_2,
        });
    }
}
