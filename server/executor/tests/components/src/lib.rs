//! Does what the event asks for: fetches a URL, fills `/tmp`, or counts its calls.

wit_bindgen::generate!({
    path: "../../../../runtimes/wit/component.wit",
    world: "component",
});

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use wasip2::filesystem::preopens::get_directories;
use wasip2::filesystem::types::{DescriptorFlags, OpenFlags, PathFlags};
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{Fields, OutgoingRequest, Scheme};
use wasip2::io::streams::StreamError;

static CALLS: AtomicU32 = AtomicU32::new(0);

struct Probe;

impl Guest for Probe {
    fn handle(event: String, _: String, _: u64) -> Result<String, String> {
        let calls = CALLS.fetch_add(1, Ordering::Relaxed) + 1;
        let event: Value = serde_json::from_str(&event).map_err(|error| error.to_string())?;
        let result = if let Some(authority) = event["fetch"].as_str() {
            fetch(authority)?
        } else if let Some(bytes) = event["write"].as_u64() {
            write(bytes)?
        } else {
            json!(calls)
        };
        Ok(result.to_string())
    }
}

/// The status and the body of `http://<authority>/`.
fn fetch(authority: &str) -> Result<Value, String> {
    let request = OutgoingRequest::new(Fields::new());
    request.set_scheme(Some(&Scheme::Http)).map_err(|()| "scheme")?;
    request.set_authority(Some(authority)).map_err(|()| "authority")?;
    request.set_path_with_query(Some("/")).map_err(|()| "path")?;
    let coming = handle(request, None).map_err(|error| error.to_string())?;
    coming.subscribe().block();
    let response = coming.get().ok_or("no response")?.map_err(|()| "taken")?;
    let response = response.map_err(|error| error.to_string())?;
    let body = response.consume().map_err(|()| "consumed")?;
    let stream = body.stream().map_err(|()| "taken")?;
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(4096) {
            Ok(more) => bytes.extend(more),
            Err(StreamError::Closed) => break,
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(json!([response.status(), String::from_utf8_lossy(&bytes)]))
}

/// Writes so many bytes to a file in `/tmp`; how many it has then.
fn write(bytes: u64) -> Result<Value, String> {
    let folders = get_directories();
    let (tmp, _) = folders.iter().find(|(_, path)| path == "/tmp").ok_or("no /tmp")?;
    let file = tmp
        .open_at(
            PathFlags::empty(),
            "file",
            OpenFlags::CREATE | OpenFlags::TRUNCATE,
            DescriptorFlags::WRITE | DescriptorFlags::READ,
        )
        .map_err(|error| error.to_string())?;
    let chunk = vec![1; 64 * 1024];
    let mut at = 0;
    while at < bytes {
        let length = usize::try_from(bytes - at).unwrap_or(usize::MAX).min(chunk.len());
        at += file.write(&chunk[..length], at).map_err(|error| error.to_string())?;
    }
    Ok(json!(file.stat().map_err(|error| error.to_string())?.size))
}

export!(Probe);
