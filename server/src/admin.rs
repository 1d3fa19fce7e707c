//! What an operator's programs ask of the server, at an address of its own: whether it lives,
//! whether it is ready, and its metrics. Whoever reaches the address may ask.

mod prometheus;

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sluice_gateway::AccessLog;
use sluice_listener::{Door, Places};
use sluice_store::RecordObserver;

use crate::console::Shared;
use prometheus::Prometheus;

/// Most connections to the address at a time.
const CONNECTIONS: usize = 64;

/// How long the database may take to answer before the server is not ready.
const DATABASE_ANSWERS: Duration = Duration::from_secs(2);

/// What is known of the server. It can be asked before the server's parts are there. Clones share it.
#[derive(Clone, Default)]
pub struct Admin(Arc<Inner>);

#[derive(Default)]
struct Inner {
    prometheus: Prometheus,
    /// There as soon as the server is ready.
    parts: OnceLock<Arc<Shared>>,
    stopping: AtomicBool,
}

impl Admin {
    /// A door to it.
    pub fn door(&self) -> Door {
        let router = Router::new()
            .route("/healthz", get(async || "ok\n"))
            .route("/readyz", get(readyz))
            .route("/metrics", get(metrics))
            .with_state(self.clone());
        Door::new(router, Places::new(CONNECTIONS, CONNECTIONS, Vec::new()))
    }

    /// The server is ready from now on.
    pub fn ready(&self, parts: Arc<Shared>) {
        let _ = self.0.parts.set(parts);
    }

    /// The server takes no more calls from now on.
    pub fn stopping(&self) {
        self.0.stopping.store(true, Ordering::Relaxed);
    }

    /// Counts the records of invocations as they are written.
    pub fn record_observer(&self) -> RecordObserver {
        let inner = Arc::clone(&self.0);
        RecordObserver(Arc::new(move |record| inner.prometheus.count(record)))
    }

    /// Counts the answers of the gateway, and passes its lines on to `log`.
    pub fn access_log(&self, log: Option<AccessLog>) -> AccessLog {
        let inner = Arc::clone(&self.0);
        AccessLog(Arc::new(move |line| {
            inner.prometheus.count_answer(line.status);
            if let Some(log) = &log {
                (log.0)(line);
            }
        }))
    }

    /// Why no calls should be sent here, if so.
    async fn unready(&self) -> Option<&'static str> {
        if self.0.stopping.load(Ordering::Relaxed) {
            return Some("stopping");
        }
        let Some(parts) = self.0.parts.get() else {
            return Some("starting");
        };
        match tokio::time::timeout(DATABASE_ANSWERS, parts.store.ping()).await {
            Ok(Ok(())) => None,
            _ => Some("the database does not answer"),
        }
    }
}

async fn readyz(State(admin): State<Admin>) -> Response {
    match admin.unready().await {
        None => "ready\n".into_response(),
        Some(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response(),
    }
}

async fn metrics(State(admin): State<Admin>) -> Response {
    let is_ready = admin.unready().await.is_none();
    let text = admin.0.prometheus.text(is_ready, admin.0.parts.get());
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}
