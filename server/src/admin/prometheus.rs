//! The server's metrics, as Prometheus reads them. What happens is counted as it happens, beside the
//! request path; how things stand is read when somebody asks.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use sluice_domain::invocation::InvocationRecord;

use crate::console::Shared;
use crate::machine;

/// Upper bounds of the histograms, in seconds: from a call of a warm instance to the longest timeout.
const SECONDS: [f64; 14] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 900.0,
];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Invoked {
    function: String,
    /// The name of the cause, for example `Success` or `RuntimeTimeout`.
    cause: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfFunction {
    function: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfClass {
    /// `2xx`, `4xx` and so on.
    status: &'static str,
}

type Histograms = Family<OfFunction, Histogram, fn() -> Histogram>;

/// What is counted.
pub(super) struct Prometheus {
    registry: Registry,
    invocations: Family<Invoked, Counter>,
    durations: Histograms,
    cold_starts: Histograms,
    answers: Family<OfClass, Counter>,
    stands: Stands,
}

/// How things stand, written down when somebody asks.
struct Stands {
    ready: Gauge,
    connections: Gauge,
    connections_limit: Gauge,
    requests: Gauge,
    bodies: Gauge,
    bodies_limit: Gauge,
    answers: Gauge,
    answers_limit: Gauge,
    memory: Gauge,
    memory_limit: Gauge,
    records_waiting: Gauge,
    records_lost: Gauge,
    database: Gauge,
    disk_free: Gauge,
    resident: Gauge,
    open_files: Gauge,
    cpu: Gauge<f64, AtomicU64>,
}

impl Default for Prometheus {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("sluice");
        let (invocations, answers) = (Family::default(), Family::default());
        let new: fn() -> Histogram = || Histogram::new(SECONDS);
        let (durations, cold_starts) = (
            Family::new_with_constructor(new),
            Family::new_with_constructor(new),
        );
        registry.register(
            "invocations",
            "Invocations that ended, by function and cause",
            Family::clone(&invocations),
        );
        registry.register_with_unit(
            "invocation_duration",
            "How long handlers ran",
            Unit::Seconds,
            Family::clone(&durations),
        );
        registry.register_with_unit(
            "cold_start",
            "How long making an instance took, where one was made",
            Unit::Seconds,
            Family::clone(&cold_starts),
        );
        registry.register(
            "gateway_answers",
            "Answers of the gateway, by class of status",
            Family::clone(&answers),
        );
        let stands = Stands::register(&mut registry);
        Self {
            registry,
            invocations,
            durations,
            cold_starts,
            answers,
            stands,
        }
    }
}

impl Stands {
    fn register(registry: &mut Registry) -> Self {
        let cpu = Gauge::default();
        registry.register_with_unit(
            "process_cpu",
            "CPU time of the process since its start",
            Unit::Seconds,
            cpu.clone(),
        );
        let mut plain = |name, help| {
            let gauge = Gauge::<i64>::default();
            registry.register(name, help, gauge.clone());
            gauge
        };
        Self {
            ready: plain("ready", "1 while the server takes calls, else 0"),
            connections: plain("gateway_connections", "Connections to the gateway"),
            connections_limit: plain(
                "gateway_connections_limit",
                "Most connections to the gateway",
            ),
            requests: plain(
                "gateway_requests_in_flight",
                "Requests that the gateway is answering",
            ),
            bodies: plain("gateway_bodies_bytes", "Bytes of bodies of these requests"),
            bodies_limit: plain("gateway_bodies_limit_bytes", "Most bytes of bodies"),
            answers: plain(
                "gateway_unsent_bytes",
                "Bytes of answers that callers have not taken yet",
            ),
            answers_limit: plain(
                "gateway_unsent_limit_bytes",
                "Most bytes of answers not taken yet",
            ),
            memory: plain(
                "functions_memory_bytes",
                "Memory of the instances of all functions",
            ),
            memory_limit: plain(
                "functions_memory_limit_bytes",
                "Most memory of all instances",
            ),
            records_waiting: plain(
                "records_waiting",
                "Records of invocations that are not written yet",
            ),
            records_lost: plain(
                "records_lost",
                "Records that could not be written since the start",
            ),
            database: plain("database_bytes", "Size of the database"),
            disk_free: plain(
                "disk_free_bytes",
                "What is left of the disk of the data folder",
            ),
            resident: plain("process_resident_memory_bytes", "Memory of the process"),
            open_files: plain(
                "process_open_files",
                "Files and connections that the process has open",
            ),
            cpu,
        }
    }

    fn write(&self, is_ready: bool, parts: Option<&Arc<Shared>>) {
        self.ready.set(is_ready.into());
        let set = |gauge: &Gauge, value: u64| {
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        };
        let process = machine::process();
        set(&self.resident, process.resident_bytes);
        set(&self.open_files, process.open_files);
        self.cpu.set(process.cpu.as_secs_f64());
        let Some(parts) = parts else { return };
        let places = parts.places.occupancy(0);
        set(&self.connections, places.taken as u64);
        set(&self.connections_limit, places.most as u64);
        let load = parts.publisher.gateway().load();
        set(&self.requests, load.requests as u64);
        set(&self.bodies, load.bodies_bytes as u64);
        set(&self.bodies_limit, load.most_bodies_bytes as u64);
        set(&self.answers, load.answers_bytes as u64);
        set(&self.answers_limit, load.most_answers_bytes as u64);
        let (memory, limit) = parts.executor.memory();
        set(&self.memory, memory);
        set(&self.memory_limit, limit);
        set(
            &self.records_waiting,
            parts.executor.records_waiting().0 as u64,
        );
        set(&self.records_lost, parts.lost.get());
        set(&self.database, machine::bytes_of(&parts.database()));
        set(&self.disk_free, machine::disk(&parts.data).free_bytes);
    }
}

impl Prometheus {
    /// An invocation ended.
    pub(super) fn count(&self, record: &InvocationRecord) {
        let function = record.function_name.as_str();
        let invoked = Invoked {
            function: function.to_owned(),
            cause: record.cause.name(),
        };
        self.invocations.get_or_create(&invoked).inc();
        let of = OfFunction {
            function: invoked.function,
        };
        self.durations
            .get_or_create(&of)
            .observe(record.duration.as_secs_f64());
        if let Some(cold_start) = record.cold_start {
            self.cold_starts
                .get_or_create(&of)
                .observe(cold_start.as_secs_f64());
        }
    }

    /// The gateway answered.
    pub(super) fn count_answer(&self, status: u16) {
        let status = match status {
            ..200 => "1xx",
            200..300 => "2xx",
            300..400 => "3xx",
            400..500 => "4xx",
            500.. => "5xx",
        };
        self.answers.get_or_create(&OfClass { status }).inc();
    }

    /// All of it, in the form of OpenMetrics.
    pub(super) fn text(&self, is_ready: bool, parts: Option<&Arc<Shared>>) -> String {
        self.stands.write(is_ready, parts);
        let mut text = String::new();
        // Writing to a text does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_by_their_class() {
        let prometheus = Prometheus::default();
        for status in [200, 204, 301, 404, 429, 503, 101] {
            prometheus.count_answer(status);
        }
        let text = prometheus.text(false, None);
        let counted = |line: &str| assert!(text.contains(line), "{line}: {text}");
        counted("sluice_gateway_answers_total{status=\"2xx\"} 2\n");
        counted("sluice_gateway_answers_total{status=\"4xx\"} 2\n");
        counted("sluice_gateway_answers_total{status=\"1xx\"} 1\n");
        counted("sluice_ready 0\n");
        assert!(text.ends_with("# EOF\n"));
    }
}
