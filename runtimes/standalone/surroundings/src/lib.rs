//! What a snapshot has around it where there is no executor: a logger that writes to standard
//! error, zlib, no connections, and nobody to take turns with.

mod compression;
mod outbound;

wit_bindgen::generate!({
    path: "../../wit",
    world: "surroundings",
});

use exports::sluice::function::logger::{Guest, Level};
use wasip2::cli::stderr::get_stderr;

struct Surroundings;

impl Guest for Surroundings {
    fn write(level: Level, message: String) {
        let level = match level {
            Level::Debug => "DEBUG",
            Level::Info => "INFO",
            Level::Warn => "WARN",
            Level::Error => "ERROR",
        };
        let stream = get_stderr();
        // A stream takes at most 4096 bytes at a time in this way.
        for chunk in format!("{level} {message}\n").as_bytes().chunks(4096) {
            if stream.blocking_write_and_flush(chunk).is_err() {
                return; // nobody reads on
            }
        }
    }
}

impl exports::sluice::function::turns::Guest for Surroundings {
    fn wait() {}
}

export!(Surroundings);
