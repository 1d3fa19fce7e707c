use std::collections::BTreeSet;
use std::time::Duration;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::Form;
use leptos_router::hooks::use_query_map;
use sluice_domain::metrics::Metrics;

use super::MetricsQuery;
use super::api::find_metrics;
use super::axis::zone_text;
use super::chart::{ChartCard, Common};
use super::charts::{charts, times};
use crate::functions::current_function;
use crate::logs::{LogRange, RangeFields, RangeLinks};
use crate::ui::{Button, Loaded, zone_offset};

/// How often the page is loaded again, where that is wanted.
const REFRESH: Duration = Duration::from_secs(30);

/// Monitoring > Metrics. The range stands in the address, so that a finding can be linked to and
/// the page works without WebAssembly.
#[component]
pub(crate) fn MetricsPage() -> impl IntoView {
    let current = current_function();
    let params = use_query_map();
    let query = Memo::new(move |_| MetricsQuery::from_params(&params.read()));
    let range = Signal::derive(move || query.read().range);
    let refresh = RwSignal::new(0_u32);
    let again = Callback::new(move |()| refresh.update(|count| *count += 1));
    let metrics = Resource::new(
        move || (current.name.get(), query.get(), refresh.get()),
        |(name, query, _)| find_metrics(name, query),
    );
    let chosen = RwSignal::new(None);
    let open = RwSignal::new(BTreeSet::new());
    view! {
        <Title text=current.title("Metrics")/>
        <section class="card" aria-labelledby="metrics-title">
            <div class="card__header">
                <h2 class="card__title" id="metrics-title">"Metrics"</h2>
                <div class="card__actions">
                    <AutoRefresh again/>
                    <Button on_press=again>"Refresh"</Button>
                </div>
            </div>
            <RangeLinks ranges=&LogRange::OF_METRICS chosen=range href=|name| format!("?range={name}")/>
            <Show when=move || range.get() == LogRange::Custom>
                <Form method="GET" action="" attr:class="toolbar" attr:role="search">
                    <input type="hidden" name="range" value=move || range.get().name()/>
                    <RangeFields/>
                    <Button submit=true>"Show"</Button>
                </Form>
            </Show>
        </section>
        <Loaded resource=metrics view=move |metrics| view! { <Charts metrics chosen open/> }/>
    }
}

/// Loads the page again every 30 seconds while it is ticked.
#[component]
fn AutoRefresh(again: Callback<()>) -> impl IntoView {
    let is_on = RwSignal::new(false);
    Effect::new(move || {
        if is_on.get() {
            let ticking = set_interval_with_handle(move || again.run(()), REFRESH);
            on_cleanup(move || {
                if let Ok(ticking) = ticking {
                    ticking.clear();
                }
            });
        }
    });
    view! {
        <label class="check">
            <input type="checkbox" prop:checked=is_on on:change=move |event| is_on.set(event_target_checked(&event))/>
            "Refresh every 30 s"
        </label>
    }
}

#[component]
fn Charts(
    metrics: Metrics,
    chosen: RwSignal<Option<usize>>,
    open: RwSignal<BTreeSet<&'static str>>,
) -> impl IntoView {
    let span = metrics.span;
    // Steps are others now.
    chosen.set(None);
    if metrics.points.is_empty() {
        return view! {
            <div class="empty">
                <p class="empty__title">"No calls in this range"</p>
                <p>"Whatever calls the function, by a trigger URL or by Test, shows here within a second."</p>
            </div>
        }
        .into_any();
    }
    let offset = zone_offset(span.to);
    let common = Common {
        span,
        times: StoredValue::new(times(&metrics)),
        offset,
        chosen,
        open,
    };
    let cards = charts(&metrics).into_iter();
    let cards = cards.map(|chart| view! { <ChartCard chart common/> });
    view! {
        <p class="muted">{move || format!("A point stands for {}. Times are {}.", span.step_text(), zone_text(offset.get()))}</p>
        <div class="charts">{cards.collect_view()}</div>
    }
    .into_any()
}
