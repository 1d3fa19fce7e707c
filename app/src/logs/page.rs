use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::Form;
use leptos_router::hooks::use_query_map;
use leptos_router::params::ParamsMap;
use sluice_domain::invocation::Cause;

use super::query::{LEVELS, LogQueryView, LogRange, LogResult};
use super::range::{RangeFields, RangeLinks};
use super::request_list::RequestListView;
use super::request_logs::RequestLogsView;
use crate::functions::current_function;
use crate::routes;
use crate::ui::{Button, Notice, NoticeKind};

/// Monitoring > Logs. All that is chosen stands in the address, so that a
/// finding can be linked to and the page works without WebAssembly.
#[component]
pub(crate) fn LogsPage() -> impl IntoView {
    let current = current_function();
    let params = use_query_map();
    let query = Memo::new(move |_| LogQueryView::from_params(&params.read()));
    let lines = Memo::new(move |_| params.read().get_str("view") == Some("lines"));
    let refresh = RwSignal::new(0_u32);
    let tab = move |label: &'static str, value: &'static str, current: bool| {
        view! {
            <a href=move || with(&params.read(), &[("view", value), ("request", "")]) class="tabs__tab"
                aria-current=current.then_some("page") data-noscroll="true">{label}</a>
        }
    };
    view! {
        <Title text=current.title("Logs")/>
        <section class="card" aria-labelledby="logs-title">
            <div class="card__header">
                <h2 class="card__title" id="logs-title">"Logs"</h2>
                <div class="card__actions">
                    <Button on_press=Callback::new(move |()| refresh.update(|count| *count += 1))>"Refresh"</Button>
                </div>
            </div>
            <Notice kind=NoticeKind::Info>"All requests processed by this function are recorded here, with what they printed, until they are too old or too many. Times in the log are UTC."</Notice>
            {move || view! {
                <nav class="tabs tabs--inner" aria-label="Logs">
                    {tab("Request List", "", !lines.get())}
                    {tab("Request Logs", "lines", lines.get())}
                </nav>
            }}
            <LogFilter query lines/>
            {move || if lines.get() {
                view! { <RequestLogsView query refresh/> }.into_any()
            } else {
                view! { <RequestListView query refresh/> }.into_any()
            }}
        </section>
    }
}

/// The page's address with some of its parameters set; an empty value takes
/// the parameter away.
pub(super) fn with(params: &ParamsMap, changes: &[(&str, &str)]) -> String {
    let known = [
        "view", "range", "from", "to", "q", "result", "cause", "id", "level", "request",
    ];
    let pairs: Vec<String> = known
        .iter()
        .filter_map(|name| {
            let changed = changes
                .iter()
                .find(|(changed, _)| changed == name)
                .map(|(_, value)| (*value).to_owned());
            let value = changed
                .or_else(|| params.get(name))
                .filter(|value| !value.is_empty())?;
            Some(format!("{name}={}", routes::encode(&value)))
        })
        .collect();
    format!("?{}", pairs.join("&"))
}

/// Ranges, search and filters: a form whose fields stand in the address.
#[component]
fn LogFilter(query: Memo<LogQueryView>, lines: Memo<bool>) -> impl IntoView {
    let params = use_query_map();
    let href = move |name| with(&params.read(), &[("range", name)]);
    let range = Signal::derive(move || query.read().range);
    let text = move |name: &'static str| params.read().get(name).unwrap_or_default();
    let chosen = move |name: &'static str, value: &'static str| text(name) == value;
    view! {
        <RangeLinks ranges=&LogRange::OF_LOGS chosen=range href/>
        <Form method="GET" action="" attr:class="toolbar" attr:role="search">
            <input type="hidden" name="view" value=move || if lines.get() { "lines" } else { "" }/>
            <input type="hidden" name="range" value=move || query.read().range.name()/>
            <Show when=move || query.read().range == LogRange::Custom>
                <RangeFields/>
            </Show>
            <input class="input toolbar__search" type="search" name="q" aria-label="Search logs by keyword" placeholder="Search logs by keyword."
                title="Words, * as a wildcard, \"a phrase\", && and ||" value=move || text("q") prop:value=move || text("q")/>
            <input class="input" type="search" name="id" aria-label="Request ID" placeholder="Request ID" value=move || text("id") prop:value=move || text("id")/>
            {move || if lines.get() {
                view! {
                    <select class="input select" name="level" aria-label="Level">
                        {LEVELS.map(|(name, label, _)| view! { <option value=name selected=move || chosen("level", name)>{label}</option> }).collect_view()}
                    </select>
                }.into_any()
            } else {
                view! {
                    <select class="input select" name="result" aria-label="Invocation Result">
                        {LogResult::ALL.map(|(_, name, label)| view! { <option value=name selected=move || chosen("result", name)>{label}</option> }).collect_view()}
                    </select>
                    <select class="input select" name="cause" aria-label="Cause">
                        <option value="">"All causes"</option>
                        {Cause::ALL.iter().map(|cause| view! {
                            <option value=cause.name() selected=move || chosen("cause", cause.name())>{cause.label()}</option>
                        }).collect_view()}
                    </select>
                }.into_any()
            }}
            <Button submit=true>"Search"</Button>
        </Form>
    }
}
