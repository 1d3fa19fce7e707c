//! The doors of the server: who gets a place at them, and what is said to others.

use std::sync::Arc;

use axum::Router;
use sluice_executor::Executor;
use sluice_gateway::Gateway;
use sluice_listener::{Door, Limits, Places, Refuse};

use crate::cli::ServeArgs;
use crate::machine;

/// Most connections to the console at a time, a quarter of them from one address. They have places of their own, so that whoever takes
/// all of the gateway's does not keep the administrator out.
const CONSOLE_CONNECTIONS: usize = 1024;

/// What the doors have in common.
pub struct Doors {
    console: Places,
    gateway: Places,
    limits: Limits,
    refuse: Refuse,
}

/// The gateway's places: as many as the flags say. Fewer, where this machine lets the process have
/// fewer files: a quarter of them is for functions, the database and the console.
pub fn places(args: &ServeArgs) -> Places {
    let files = usize::try_from(machine::raise_open_files()).unwrap_or(usize::MAX);
    let wanted = args.max_connections as usize;
    let all = wanted.min(files / 4 * 3);
    if all < wanted {
        tracing::warn!(
            connections = all,
            wanted,
            files,
            "there are fewer connections than --max-connections says: raise the limit of open files (ulimit -Hn)"
        );
    }
    let of_address = args.max_connections_per_address as usize;
    Places::new(all, of_address, args.trusted_proxies.clone())
}

impl Doors {
    /// Doors to the gateway with these places and limits, and to the console.
    pub fn new(places: Places, limits: Limits, gateway: &Gateway<Executor>) -> Self {
        let gateway = gateway.clone();
        Self {
            console: Places::new(CONSOLE_CONNECTIONS, CONSOLE_CONNECTIONS / 4, Vec::new()),
            gateway: places,
            limits,
            refuse: Refuse(Arc::new(move |status| gateway.refuse(status))),
        }
    }

    /// A door to the console.
    pub fn console(&self, router: Router) -> Door {
        Door::new(router, self.console.clone())
    }

    /// A door to the gateway.
    pub fn gateway(&self, router: Router) -> Door {
        Door::new(router, self.gateway.clone())
            .limits(self.limits)
            .refuse(self.refuse.clone())
    }
}
