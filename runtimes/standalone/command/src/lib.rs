//! Calls a snapshot once: the event comes from standard input, the result goes to standard output,
//! and what went wrong to standard error.

wit_bindgen::generate!({
    path: "../../wit",
    world: "command",
});

use wasip2::cli::{stderr, stdin, stdout};
use wasip2::io::streams::{InputStream, OutputStream, StreamError};

/// What the context of the call says.
const REQUEST_ID: &str = "00000000-0000-0000-0000-000000000000";

/// Nobody measures the time here: as much as a function may have at most, in milliseconds.
const REMAINING_MS: u64 = 259_200_000;

/// Most bytes that a stream takes or gives at once.
const CHUNK: usize = 4096;

struct Command;

impl wasip2::exports::cli::run::Guest for Command {
    fn run() -> Result<(), ()> {
        let (out, errors) = (stdout::get_stdout(), stderr::get_stderr());
        let ended = call().and_then(|result| {
            write(&out, &result)?;
            write(&out, "\n")
        });
        // What the instance has begun it may end, whatever came of the call.
        let stopped = pre_stop(REQUEST_ID, REMAINING_MS).map_err(|failure| failure.report);
        ended.and(stopped).map_err(|report| {
            let _ = write(&errors, &format!("{report}\n"));
        })
    }
}

fn call() -> Result<String, String> {
    let event = read(&stdin::get_stdin())?;
    let event = match event.trim() {
        "" => "{}",
        event => event,
    };
    initialize(REQUEST_ID, REMAINING_MS).map_err(|failure| failure.report)?;
    invoke(REQUEST_ID, event, REMAINING_MS).map_err(|failure| failure.report)
}

fn read(stream: &InputStream) -> Result<String, String> {
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(CHUNK as u64) {
            Ok(more) => bytes.extend(more),
            Err(StreamError::Closed) => break,
            Err(error) => return Err(format!("the event cannot be read: {error}")),
        }
    }
    String::from_utf8(bytes).map_err(|_| "the event is not UTF-8".to_owned())
}

fn write(stream: &OutputStream, text: &str) -> Result<(), String> {
    for chunk in text.as_bytes().chunks(CHUNK) {
        let written = stream.blocking_write_and_flush(chunk);
        written.map_err(|error| format!("the result cannot be written: {error}"))?;
    }
    Ok(())
}

wasip2::cli::command::export!(Command);
