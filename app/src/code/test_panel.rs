use leptos::prelude::*;
use sluice_domain::invocation::megabytes_text;

use super::TestResult;
use super::page::millis;
use super::result::{Run, RunView, shown};
use crate::console::ConsoleError;
use crate::functions::current_function;
use crate::routes;
use crate::ui::ErrorNotice;

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
    let function = current_function().name.get_untracked();
    let in_logs = routes::request(&function, &result.request_id);
    let run = Run::of_test("", &result);
    view! {
        <RunView run/>
        <h3 class="card__subtitle">"Summary"</h3>
        <dl class="facts">
            <div><dt>"Request ID"</dt><dd><code>{result.request_id.to_string()}</code> " " <a href=in_logs>"View in Logs"</a></dd></div>
            <div><dt>"Memory Configured"</dt><dd>{format!("{} MB", result.memory_mb)}</dd></div>
            <div><dt>"Execution Duration"</dt><dd>{millis(result.duration_us)}</dd></div>
            {result.cold_start_us.map(|us| view! { <div><dt>"Cold Start"</dt><dd>{millis(us)}</dd></div> })}
            <div><dt>"Memory Used"</dt><dd>{format!("{} MB", megabytes_text(result.memory_used_bytes))}</dd></div>
            <div><dt>"Billed Duration"</dt><dd>{format!("{} ms", result.billed_ms)}</dd></div>
        </dl>
    }
}

impl Run {
    /// What a test showed, or a replay.
    pub(crate) fn of_test(prefix: &'static str, result: &TestResult) -> Self {
        Self {
            prefix,
            cause: result.cause,
            output: Ok(match &result.output {
                Ok(json) => shown(json),
                Err(failure) => serde_json::to_string_pretty(failure).unwrap_or_default(),
            }),
            log: result.log.clone(),
        }
    }
}
