use leptos::prelude::*;
use sluice_domain::event::{KeptEvent, MAX_KEPT_EVENTS, redacted};
use sluice_domain::invocation::megabytes_text;

use super::request_list::millis;
use super::{RequestLog, RequestRow, replay_request};
use crate::code::{Output, Run, RunView, TestResult, shown};
use crate::functions::current_function;
use crate::routes;
use crate::test_events::SaveAsTestEvent;
use crate::ui::{Button, ErrorNotice, Notice, NoticeKind};

/// The event of a request: to be looked at, saved and replayed. Where it is not kept, why.
#[component]
pub(super) fn RequestEvent(request: RequestLog) -> impl IntoView {
    match &request.event {
        Some(KeptEvent {
            event: Some(event), ..
        }) => {
            let event = event.clone();
            view! { <ReplayableEvent request event/> }.into_any()
        }
        other => {
            let why = not_kept(other.as_ref());
            view! { <h3 class="card__subtitle">"Event"</h3> <p class="muted">{why}</p> }.into_any()
        }
    }
}

/// Why there is no event.
fn not_kept(event: Option<&KeptEvent>) -> String {
    match event {
        Some(KeptEvent { event_bytes, .. }) => format!(
            "The event of this request has {event_bytes} bytes. Those of more than 64 KB are not kept, and cannot be replayed."
        ),
        None => format!(
            "The event of this request is not kept, so that it cannot be replayed. Of each function those of the newest {MAX_KEPT_EVENTS} \
             requests are kept, and of one with many requests a second only some, failed ones first."
        ),
    }
}

#[component]
fn ReplayableEvent(request: RequestLog, event: String) -> impl IntoView {
    let function = StoredValue::new(current_function().name.get_untracked());
    let id = StoredValue::new(request.row.request_id.to_string());
    let is_redacted = request.event.as_ref().is_some_and(KeptEvent::is_redacted);
    let request = StoredValue::new(request);
    let replaying =
        Action::new(move |(): &()| replay_request(function.get_value(), id.get_value()));
    let saving = RwSignal::new(false);
    let saved = RwSignal::new(None::<String>);
    view! {
        <div class="card__header">
            <h3 class="card__subtitle">"Event"</h3>
            <div class="card__actions">
                <Button on_press=Callback::new(move |()| saving.set(true))>"Save as Test Event"</Button>
                <Button busy=replaying.pending() on_press=Callback::new(move |()| { replaying.dispatch(()); })>"Replay"</Button>
            </div>
        </div>
        {is_redacted.then(|| view! {
            <Notice kind=NoticeKind::Info>"Secrets of the request are not kept: [redacted] stands for them, and the function gets that when it is replayed."</Notice>
        })}
        <div aria-live="polite">
            {move || saved.get().map(|name| view! {
                <Notice kind=NoticeKind::Success>
                    {format!("Saved as {name}. ")}
                    <a href=routes::function(&function.get_value())>"Test it on the Code tab"</a>
                </Notice>
            })}
        </div>
        <details class="request-detail__event">
            <summary>"What the function was called with"</summary>
            <Output label="Event" text=shown(&event)/>
        </details>
        <div aria-live="polite">
            {move || match replaying.value().get() {
                _ if replaying.pending().get() => view! { <p class="muted">"Running…"</p> }.into_any(),
                None => ().into_any(),
                Some(Err(error)) => view! { <ErrorNotice error/> }.into_any(),
                Some(Ok(now)) => view! { <Replayed then=request.get_value() now/> }.into_any(),
            }}
        </div>
        <SaveAsTestEvent event open=saving on_saved=Callback::new(move |name| saved.set(Some(name)))/>
    }
}

/// A request and its replay, side by side.
#[component]
fn Replayed(then: RequestLog, now: TestResult) -> impl IntoView {
    let function = current_function().name.get_untracked();
    let RequestLog { row, lines, event } = then;
    let lines = lines.iter().map(|line| line.text.as_str());
    let answer = event.and_then(|event| event.answer);
    let answer_now = match &now.output {
        Ok(json) => json.clone(),
        Err(failure) => serde_json::to_string(failure).unwrap_or_default(),
    };
    let compared = match answer.as_deref().map(|then| is_same(then, &answer_now)) {
        Some(true) => (NoticeKind::Success, "The function answered the same."),
        Some(false) => (NoticeKind::Warning, "The function answered something else."),
        None => (
            NoticeKind::Info,
            "The first answer is not kept, so that nothing is compared.",
        ),
    };
    let before = Run {
        prefix: "Before: ",
        cause: row.cause,
        output: answer
            .as_deref()
            .map(shown)
            .ok_or("It is not kept: it was too large, or was refused."),
        log: lines.collect::<Vec<_>>().join("\n"),
    };
    let run = Run::of_test("Replay: ", &now);
    let link = routes::request(&function, &now.request_id);
    view! {
        <section class="replay" aria-labelledby="replay">
            <h3 class="card__subtitle" id="replay">"Replay"</h3>
            <Notice kind=compared.0>{compared.1}</Notice>
            <div class="columns">
                <section class="replay__run" aria-label="Before">
                    <h4 class="card__subtitle">"Before"</h4>
                    <dl class="facts">
                        {facts(&row, answer.as_deref())}
                    </dl>
                    <RunView run=before/>
                </section>
                <section class="replay__run" aria-label="Now">
                    <h4 class="card__subtitle">"Now"</h4>
                    <dl class="facts">
                        {facts(&row_of(&now), Some(&answer_now))}
                        <div><dt>"Request ID"</dt><dd><a class="mono" href=link>{now.request_id.to_string()}</a></dd></div>
                    </dl>
                    <RunView run/>
                </section>
            </div>
        </section>
    }
}

/// What a run took, and the status that it answered with, where it did.
fn facts(row: &RequestRow, answer: Option<&str>) -> impl IntoView + use<> {
    let status = answer.and_then(status_code);
    let memory = megabytes_text(row.memory_used_bytes);
    view! {
        {status.map(|status| view! { <div><dt>"Status Code"</dt><dd>{status}</dd></div> })}
        <div><dt>"Version"</dt><dd>{row.version.clone()}</dd></div>
        <div><dt>"Duration (ms)"</dt><dd>{millis(row.duration_us)}</dd></div>
        {row.cold_start_us.map(|us| view! { <div><dt>"Cold start (ms)"</dt><dd>{millis(us)}</dd></div> })}
        <div><dt>"Memory (MB)"</dt><dd>{memory}</dd></div>
    }
}

/// A replay as a row of the Request List.
fn row_of(result: &TestResult) -> RequestRow {
    RequestRow {
        request_id: result.request_id.clone(),
        api_request_id: None,
        started_at: sluice_domain::time::Timestamp(0),
        duration_us: result.duration_us,
        cold_start_us: result.cold_start_us,
        memory_used_bytes: result.memory_used_bytes,
        version: sluice_domain::version::LATEST.to_owned(),
        cause: result.cause,
    }
}

/// The `statusCode` of an answer to a trigger URL.
fn status_code(answer: &str) -> Option<u64> {
    let answer: serde_json::Value = serde_json::from_str(answer).ok()?;
    answer.get("statusCode")?.as_u64()
}

/// Whether two answers are the same, white space and the order of members aside. Of what is secret it
/// is not known.
fn is_same(then: &str, now: &str) -> bool {
    let parsed = |json: &str| serde_json::from_str::<serde_json::Value>(&redacted(json, &[])).ok();
    then == now || parsed(then) == parsed(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_compared_by_what_they_say() {
        let check = |then, now| is_same(then, now);
        assert!(check(r#"{"a":1,"b":2}"#, r#"{"b": 2, "a": 1}"#));
        assert!(!check(r#"{"a":1}"#, r#"{"a":2}"#));
        assert!(check(
            r#"{"set-cookie":"[redacted]"}"#,
            r#"{"set-cookie":"a=b"}"#
        ));
        assert_eq!(status_code(r#"{"statusCode":404}"#), Some(404));
        assert_eq!(status_code("null"), None);
    }
}
