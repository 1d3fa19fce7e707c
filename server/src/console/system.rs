//! How the server itself fares.

use sluice_app::console::ConsoleError;
use sluice_app::gateway_settings::Gauge;
use sluice_app::system::SystemView;

use super::RequestConsole;
use crate::{drawn, machine};

impl RequestConsole {
    pub(super) async fn system(&self) -> Result<SystemView, ConsoleError> {
        self.administrator().await?;
        let shared = &self.shared;
        let process = machine::process();
        let (waiting, most_waiting) = shared.executor.records_waiting();
        let (memory, most_memory) = shared.executor.memory();
        let disk = machine::disk(&shared.data);
        let gauge = |used, most| Gauge { used, most };
        Ok(SystemView {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: shared.started_at,
            now: drawn::now(),
            data: shared.data.display().to_string(),
            database_bytes: machine::bytes_of(&shared.database()),
            disk: gauge(disk.bytes - disk.free_bytes.min(disk.bytes), disk.bytes),
            records: gauge(waiting as u64, most_waiting as u64),
            records_lost: shared.lost.get(),
            functions: gauge(memory, most_memory),
            resident_bytes: process.resident_bytes,
            open_files: gauge(process.open_files, machine::most_open_files()),
            cpu_ms: u64::try_from(process.cpu.as_millis()).unwrap_or(u64::MAX),
            cpus: std::thread::available_parallelism().map_or(1, |cpus| cpus.get() as u64),
        })
    }
}
