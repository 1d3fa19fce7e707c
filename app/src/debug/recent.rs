//! The requests that were sent last, kept in this window of the browser until it is closed.

use serde::{Deserialize, Serialize};
use sluice_domain::environment::EnvironmentName;
use sluice_domain::id::ApiId;
use sluice_domain::trigger::Method;

/// So many are kept of an API.
const MOST: usize = 10;

/// One with a longer body is not kept.
const MAX_KEPT_BODY_BYTES: usize = 64 * 1024;

/// What is filled in for a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Draft {
    pub(super) environment: EnvironmentName,
    pub(super) method: Method,
    /// The parameters of the path, by name.
    pub(super) parameters: Vec<(String, String)>,
    /// What follows a prefix.
    pub(super) below: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

/// A request that was sent, and how it was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sent {
    pub(super) draft: Draft,
    /// Path and query.
    pub(super) target: String,
    pub(super) status: u16,
    pub(super) took_us: u64,
}

/// Adds what was sent to those before: the newest first, the same request once.
pub(super) fn with(mut all: Vec<Sent>, sent: Sent) -> Vec<Sent> {
    all.retain(|other| other.draft != sent.draft);
    if sent.draft.body.len() <= MAX_KEPT_BODY_BYTES {
        all.insert(0, sent);
    }
    all.truncate(MOST);
    all
}

/// What was sent to an API since this window was opened.
pub(super) fn load(api_id: &ApiId) -> Vec<Sent> {
    let kept = get(&key(api_id));
    kept.and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default()
}

/// Keeps what was sent to an API.
pub(super) fn save(api_id: &ApiId, all: &[Sent]) {
    if let Ok(text) = serde_json::to_string(all) {
        set(&key(api_id), &text);
    }
}

fn key(api_id: &ApiId) -> String {
    format!("sluice.debug.{api_id}")
}

#[cfg(feature = "hydrate")]
fn get(key: &str) -> Option<String> {
    leptos::prelude::window()
        .session_storage()
        .ok()??
        .get_item(key)
        .ok()?
}

#[cfg(feature = "hydrate")]
fn set(key: &str, value: &str) {
    if let Ok(Some(storage)) = leptos::prelude::window().session_storage() {
        // A full or forbidden storage loses a convenience, nothing more.
        drop(storage.set_item(key, value));
    }
}

#[cfg(not(feature = "hydrate"))]
fn get(_: &str) -> Option<String> {
    None
}

#[cfg(not(feature = "hydrate"))]
fn set(_: &str, _: &str) {}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(below: &str, body: &str) -> Sent {
        Sent {
            draft: Draft {
                environment: "RELEASE".parse().unwrap(),
                method: Method::Get,
                parameters: Vec::new(),
                below: below.to_owned(),
                query: Vec::new(),
                headers: Vec::new(),
                body: body.to_owned(),
            },
            target: format!("/{below}"),
            status: 200,
            took_us: 1,
        }
    }

    #[test]
    fn the_last_ones_are_kept_each_once() {
        let names = |all: &[Sent]| {
            all.iter()
                .map(|it| it.draft.below.clone())
                .collect::<String>()
        };
        let all = "abcdefghijklmb".chars().fold(Vec::new(), |all, name| {
            with(all, sent(&name.to_string(), ""))
        });
        assert_eq!(names(&all), "bmlkjihgfe");
        let large = "x".repeat(MAX_KEPT_BODY_BYTES + 1);
        assert_eq!(names(&with(all, sent("n", &large))), "bmlkjihgfe");
    }
}
