//! What this browser keeps of a function between visits: the undeployed draft
//! (Ctrl+S) and which test event was chosen. Nothing of it reaches the server.

use sluice_domain::code::CodeChanges;

/// Reads the draft of a function's code.
pub(crate) fn load_draft(function: &str) -> Option<CodeChanges> {
    serde_json::from_str(&get(&format!("sluice.draft.{function}"))?).ok()
}

/// Keeps the draft of a function's code.
pub(crate) fn save_draft(function: &str, changes: &CodeChanges) {
    if let Ok(text) = serde_json::to_string(changes) {
        set(&format!("sluice.draft.{function}"), Some(&text));
    }
}

/// Forgets the draft of a function's code.
pub(crate) fn forget_draft(function: &str) {
    set(&format!("sluice.draft.{function}"), None);
}

/// Reads the name of the test event that was chosen last.
pub(crate) fn load_event(function: &str) -> Option<String> {
    get(&format!("sluice.test-event.{function}"))
}

/// Keeps the name of the test event that was chosen; an empty one for the template.
pub(crate) fn save_event(function: &str, name: &str) {
    let name = Some(name).filter(|name| !name.is_empty());
    set(&format!("sluice.test-event.{function}"), name);
}

#[cfg(feature = "hydrate")]
fn get(key: &str) -> Option<String> {
    leptos::prelude::window()
        .local_storage()
        .ok()??
        .get_item(key)
        .ok()?
}

#[cfg(feature = "hydrate")]
fn set(key: &str, value: Option<&str>) {
    if let Ok(Some(storage)) = leptos::prelude::window().local_storage() {
        // A full or forbidden storage loses a convenience, nothing more.
        drop(match value {
            Some(value) => storage.set_item(key, value),
            None => storage.remove_item(key),
        });
    }
}

#[cfg(not(feature = "hydrate"))]
fn get(_: &str) -> Option<String> {
    None
}

#[cfg(not(feature = "hydrate"))]
fn set(_: &str, _: Option<&str>) {}
