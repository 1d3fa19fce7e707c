//! Connects: where the rules allow it, to an address that was looked at.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::Duration;

use sluice_domain::outbound::{OutboundHost, OutboundRules, not_public};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use super::tls::Trust;
use super::{LONGEST_CONNECTING, OutboundError};

/// Names that are looked up at a time, for all functions. Each lookup keeps a thread.
const MAX_LOOKUPS: usize = 32;

/// Addresses of a name that are tried.
const MAX_ADDRESSES: usize = 8;

/// What all functions share of the world outside.
#[derive(Debug)]
pub struct Outside {
    lookups: Arc<Semaphore>,
    /// Whose certificates are believed.
    pub trust: Trust,
}

impl Outside {
    /// The world as this machine sees it.
    pub fn new(trust: Trust) -> Self {
        let lookups = Arc::new(Semaphore::new(MAX_LOOKUPS));
        Self { lookups, trust }
    }

    /// The addresses of a host.
    async fn addresses(&self, host: &OutboundHost) -> Result<Vec<IpAddr>, OutboundError> {
        let name = match host {
            OutboundHost::Address(address) => return Ok(vec![*address]),
            OutboundHost::Name(name) => name.clone(),
        };
        let lookups = Arc::clone(&self.lookups);
        // Fails only if the semaphore is closed, which nobody does.
        let turn = lookups.acquire_owned().await.map_err(io::Error::other)?;
        let looking = tokio::task::spawn_blocking(move || {
            // A caller may give up, the thread cannot: it keeps its turn.
            let _turn = turn;
            let found = (name.as_str(), 0).to_socket_addrs();
            found.map(|all| all.map(|address| address.ip()).collect::<Vec<_>>())
        });
        let found = looking.await.map_err(io::Error::other)?;
        let unknown = || OutboundError::UnknownHost(host.to_string());
        let mut found = found.map_err(|_| unknown())?;
        found.truncate(MAX_ADDRESSES);
        match found.is_empty() {
            true => Err(unknown()),
            false => Ok(found),
        }
    }
}

/// Connects for one function.
#[derive(Debug)]
pub struct Dialer {
    rules: OutboundRules,
    outside: Arc<Outside>,
}

impl Dialer {
    /// Connects where `rules` allow it.
    pub fn new(rules: OutboundRules, outside: Arc<Outside>) -> Self {
        Self { rules, outside }
    }

    /// Whose certificates are believed.
    pub fn trust(&self) -> &Trust {
        &self.outside.trust
    }

    /// Opens a connection within `limit`.
    pub async fn connect(
        &self,
        host: &OutboundHost,
        port: u16,
        limit: Duration,
    ) -> Result<TcpStream, OutboundError> {
        if !self.rules.allow(host, port) {
            return Err(self.refusal(host, port));
        }
        let end = Instant::now() + limit.min(LONGEST_CONNECTING);
        let addresses = tokio::time::timeout_at(end, self.outside.addresses(host));
        let addresses = addresses.await.map_err(|_| OutboundError::TimedOut)??;
        let addresses = self.permitted(host, port, &addresses)?;
        let mut last = OutboundError::Unreachable;
        for (tried, address) in addresses.iter().enumerate() {
            // One that does not answer leaves time for the others.
            let left = u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
            let turn = end.saturating_duration_since(Instant::now()) / left;
            match timeout(turn, TcpStream::connect(SocketAddr::new(*address, port))).await {
                Ok(Ok(stream)) => {
                    // What a library writes is whole already.
                    stream.set_nodelay(true)?;
                    return Ok(stream);
                }
                Ok(Err(error)) => last = error.into(),
                Err(_) => last = OutboundError::TimedOut,
            }
        }
        Err(last)
    }

    /// The addresses of a host that may be reached with some port.
    pub async fn resolve(&self, host: &OutboundHost) -> Result<Vec<IpAddr>, OutboundError> {
        if !self.rules.allow_some_port(host) {
            return Err(self.refusal(host, 443));
        }
        let found = timeout(LONGEST_CONNECTING, self.outside.addresses(host));
        found.await.map_err(|_| OutboundError::TimedOut)?
    }

    fn refusal(&self, host: &OutboundHost, port: u16) -> OutboundError {
        match self.rules.is_empty() {
            true => OutboundError::Off(host.clone(), port),
            false => OutboundError::Host(host.clone(), port),
        }
    }

    /// Those of the addresses that may be connected to.
    fn permitted(
        &self,
        host: &OutboundHost,
        port: u16,
        addresses: &[IpAddr],
    ) -> Result<Vec<IpAddr>, OutboundError> {
        let may =
            |address: &IpAddr| not_public(*address).is_none() || self.rules.name(*address, port);
        let permitted: Vec<_> = addresses.iter().copied().filter(may).collect();
        match (permitted.is_empty(), addresses.first()) {
            (true, Some(address)) => Err(OutboundError::Address {
                host: host.clone(),
                port,
                address: address.to_canonical(),
            }),
            _ => Ok(permitted),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of addresses that a name leads to, whatever DNS says.
    #[test]
    fn an_allowed_name_leads_to_public_or_named_addresses_only() {
        let check = |rules: &str, leads_to: &str, expected: &str| {
            let rules = OutboundRules::parse_lines(&rules.replace(' ', "\n")).unwrap();
            let outside = Arc::new(Outside::new(Trust::new(Vec::new())));
            let dialer = Dialer::new(rules, outside);
            let host = OutboundHost::parse("db.example.com").unwrap();
            let addresses: Vec<IpAddr> = leads_to.split(' ').map(|a| a.parse().unwrap()).collect();
            let result = match dialer.permitted(&host, 443, &addresses) {
                Ok(permitted) => {
                    let texts: Vec<_> = permitted.iter().map(IpAddr::to_string).collect();
                    texts.join(" ")
                }
                Err(OutboundError::Address { address, .. }) => format!("not {address}"),
                Err(other) => panic!("{other:?}"),
            };
            assert_eq!(result, expected, "{leads_to}");
        };
        let name = "db.example.com";
        check(name, "1.1.1.1 2606:4700::1111", "1.1.1.1 2606:4700::1111");
        check(name, "10.0.0.5 1.1.1.1", "1.1.1.1");
        check(name, "127.0.0.1", "not 127.0.0.1");
        check(name, "169.254.169.254", "not 169.254.169.254");
        check(name, "::ffff:127.0.0.1", "not 127.0.0.1");
        check(name, "64:ff9b::a9fe:a9fe", "not 64:ff9b::a9fe:a9fe");
        check("db.example.com 10.0.0.0/8", "10.0.0.5", "10.0.0.5");
        check("db.example.com 10.0.0.0/8:5432", "10.0.0.5", "not 10.0.0.5");
        check("db.example.com localhost", "127.0.0.1", "127.0.0.1");
        check("db.example.com localhost", "10.0.0.5", "not 10.0.0.5");
    }
}
