//! A function of Sluice's own world: an event of JSON comes in, a result of JSON goes out. This
//! one counts the words of the event's `text`.

wit_bindgen::generate!({
    path: "../../../runtimes/wit/component.wit",
    world: "component",
});

use serde_json::{Value, json};
use sluice::function::logger::{Level, write};

struct Handler;

impl Guest for Handler {
    fn handle(event: String, request_id: String, remaining_ms: u64) -> Result<String, String> {
        let event: Value = serde_json::from_str(&event).map_err(|error| error.to_string())?;
        let text = event["text"]
            .as_str()
            .ok_or_else(|| "the event needs a text".to_owned())?;
        write(Level::Info, &format!("{remaining_ms} ms are left"));
        let words = text.split_whitespace().count();
        Ok(json!({ "words": words, "request": request_id }).to_string())
    }
}

export!(Handler);
