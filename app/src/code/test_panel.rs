use leptos::prelude::*;
use sluice_domain::invocation::megabytes_text;

use super::TestResult;
use super::draft::save_event;
use super::page::millis;
use crate::console::ConsoleError;
use crate::ui::{
    Button, ButtonKind, Dialog, ErrorNotice, Notice, NoticeKind, SelectField, TextField, choices,
};

/// The template "blank-template".
pub(crate) const BLANK_EVENT: &str = "{\n    \"key\": \"value\"\n}";

/// The template "apig-event-template": what an APIG trigger hands over.
const APIG_EVENT: &str = r#"{
    "body": "",
    "requestContext": {
        "apiId": "bc1dcffd1e5c4b4eb6f7e5f2c2c1a1d3",
        "requestId": "11cdcdcf33949dc6d722640a13091c77",
        "stage": "RELEASE"
    },
    "queryStringParameters": {
        "responseType": "html"
    },
    "httpMethod": "GET",
    "pathParameters": {},
    "headers": {
        "accept": "text/html",
        "host": "example.apig.localhost",
        "user-agent": "test"
    },
    "path": "/test",
    "isBase64Encoded": true
}"#;

/// Most bytes of a test event. Source: `FSS.1069` says 4 KB of a saved one; a
/// synchronous request may have 6 MB.
const MAX_EVENT_BYTES: usize = 6 * 1024 * 1024;

/// Why `event` cannot be sent, if it cannot.
fn event_error(event: &str) -> Option<String> {
    if event.len() > MAX_EVENT_BYTES {
        return Some("Must have at most 6 MB".to_owned());
    }
    serde_json::from_str::<serde::de::IgnoredAny>(event)
        .err()
        .map(|error| format!("Must be JSON: {error}"))
}

/// Configure Test Event: the JSON that Test hands to the function.
#[component]
pub(crate) fn TestEventDialog(
    function: String,
    event: RwSignal<String>,
    open: RwSignal<bool>,
) -> impl IntoView {
    let function = StoredValue::new(function);
    view! {
        <Dialog title="Configure Test Event" open wide=true>
            <TestEventForm function=function.get_value() event open/>
        </Dialog>
    }
}

#[component]
fn TestEventForm(function: String, event: RwSignal<String>, open: RwSignal<bool>) -> impl IntoView {
    let text = RwSignal::new(event.get_untracked());
    let template = RwSignal::new(String::new());
    Effect::new(move || match template.read().as_str() {
        "blank" => text.set(BLANK_EVENT.to_owned()),
        "apig" => text.set(APIG_EVENT.to_owned()),
        _ => {}
    });
    let error = Signal::derive(move || event_error(&text.read()));
    let submit = move |submitted: leptos::ev::SubmitEvent| {
        submitted.prevent_default();
        if error.get_untracked().is_none() {
            event.set(text.get_untracked());
            save_event(&function, &text.read_untracked());
            open.set(false);
        }
    };
    view! {
        <form class="form" on:submit=submit>
            <SelectField name="template" label="Event Template" value=template
                options=choices([("", "Keep the event below"), ("blank", "blank-template"), ("apig", "apig-event-template")])/>
            <TextField name="event" label="Test Event" value=text error rows=14 hint="JSON. It is kept in this browser."/>
            <div class="dialog__footer">
                <Button on_press=Callback::new(move |()| open.set(false))>"Cancel"</Button>
                <Button kind=ButtonKind::Primary submit=true disabled=Signal::derive(move || error.read().is_some())>"Save"</Button>
            </div>
        </form>
    }
}

/// Execution Result: what the last test showed.
#[component]
pub(crate) fn TestPanel(
    result: Signal<Option<Result<TestResult, ConsoleError>>>,
    pending: Memo<bool>,
) -> impl IntoView {
    // The result stands below the editor, often below the window too.
    let panel = NodeRef::<leptos::html::Section>::new();
    Effect::new(move || {
        if result.read().is_some() && !pending.get() {
            request_animation_frame(move || {
                if let Some(panel) = panel.get_untracked() {
                    panel.scroll_into_view();
                }
            });
        }
    });
    view! {
        <section node_ref=panel class="card" aria-labelledby="execution-result" aria-live="polite" hidden=move || result.read().is_none() && !pending.get()>
            <div class="card__header"><h2 class="card__title" id="execution-result">"Execution Result"</h2></div>
            {move || match result.get() {
                _ if pending.get() => view! { <p class="muted">"Running…"</p> }.into_any(),
                None => ().into_any(),
                Some(Err(error)) => view! { <ErrorNotice error/> }.into_any(),
                Some(Ok(result)) => view! { <TestResultView result/> }.into_any(),
            }}
        </section>
    }
}

#[component]
fn TestResultView(result: TestResult) -> impl IntoView {
    let success = result.cause.is_success();
    let kind = if success {
        NoticeKind::Success
    } else {
        NoticeKind::Error
    };
    let banner = if success {
        "Execution successful".to_owned()
    } else {
        format!("Execution failed: {}", result.cause.label())
    };
    let output = match &result.output {
        Ok(json) => pretty(json),
        Err(failure) => serde_json::to_string_pretty(failure).unwrap_or_default(),
    };
    let log = result
        .log
        .iter()
        .map(|line| line.text.as_str())
        .collect::<Vec<_>>()
        .join("\n");
    view! {
        <Notice kind>{banner}</Notice>
        <h3 class="card__subtitle">"Function Output"</h3>
        <pre class="output" tabindex="0" role="region" aria-label="Function Output">{output}</pre>
        <h3 class="card__subtitle">"Log Output"</h3>
        {result.log_cut.then(|| view! { <p class="muted">"The beginning is left out; Monitoring > Logs has the whole log."</p> })}
        <pre class="output" tabindex="0" role="region" aria-label="Log Output">{log}</pre>
        <h3 class="card__subtitle">"Summary"</h3>
        <dl class="facts">
            <div><dt>"Request ID"</dt><dd><code>{result.request_id.to_string()}</code></dd></div>
            <div><dt>"Memory Configured"</dt><dd>{format!("{} MB", result.memory_mb)}</dd></div>
            <div><dt>"Execution Duration"</dt><dd>{millis(result.duration_us)}</dd></div>
            {result.cold_start_us.map(|us| view! { <div><dt>"Cold Start"</dt><dd>{millis(us)}</dd></div> })}
            <div><dt>"Memory Used"</dt><dd>{format!("{} MB", megabytes_text(result.memory_used_bytes))}</dd></div>
            <div><dt>"Billed Duration"</dt><dd>{format!("{} ms", result.billed_ms)}</dd></div>
        </dl>
    }
}

/// JSON with line breaks; a text that is a JSON string as that text.
fn pretty(json: &str) -> String {
    match serde_json::from_str::<serde_json::Value>(json) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(value) => serde_json::to_string_pretty(&value).unwrap_or_else(|_| json.to_owned()),
        Err(_) => json.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_json() {
        assert_eq!(event_error(BLANK_EVENT), None);
        assert_eq!(event_error(APIG_EVENT), None);
        assert!(event_error("{").is_some());
    }
}
