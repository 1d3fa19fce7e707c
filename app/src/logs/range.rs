//! The control of how far back a page of Monitoring goes. What is chosen stands in its address.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::LogRange;

/// Links to ranges. `href` is the page's address with the range of that name.
#[component]
pub(crate) fn RangeLinks(
    ranges: &'static [LogRange],
    #[prop(into)] chosen: Signal<LogRange>,
    href: impl Fn(&'static str) -> String + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let link = move |range: &LogRange| {
        let range = *range;
        view! {
            <a href=move || href(range.name()) class="segments__choice" data-noscroll="true"
                aria-current=move || (chosen.get() == range).then_some("true")>{range.label()}</a>
        }
    };
    view! { <nav class="segments" aria-label="Time range">{ranges.iter().map(link).collect_view()}</nav> }
}

/// The fields of a range between two moments, within a form.
#[component]
pub(crate) fn RangeFields() -> impl IntoView {
    let params = use_query_map();
    let text = move |name: &'static str| params.read().get(name).unwrap_or_default();
    view! {
        <label class="toolbar__field">"From (UTC)"
            <input class="input" type="datetime-local" name="from" value=move || text("from") prop:value=move || text("from")/></label>
        <label class="toolbar__field">"To (UTC)"
            <input class="input" type="datetime-local" name="to" value=move || text("to") prop:value=move || text("to")/></label>
    }
}
