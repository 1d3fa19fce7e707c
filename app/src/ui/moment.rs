use leptos::prelude::*;
use sluice_domain::time::Timestamp;

/// A moment in the reader's time zone. The server writes it in UTC; the
/// browser, which knows the zone, rewrites it after hydration.
#[component]
pub(crate) fn Moment(at: Timestamp) -> impl IntoView {
    let text = local_text(at);
    view! { <time datetime=at.iso_format()>{text}</time> }
}

/// The same without the zone, which stands in the head of the column:
/// [`Zone`]. On hover it has it too.
#[component]
pub(crate) fn MomentInColumn(at: Timestamp) -> impl IntoView {
    let text = local_text(at);
    let short = move || text.read().split(" GMT").next().map(str::to_owned);
    view! { <time datetime=at.iso_format() title=text>{short}</time> }
}

/// The reader's time zone at a moment: `GMT+02:00`.
#[component]
pub(crate) fn Zone(at: Timestamp) -> impl IntoView {
    let text = local_text(at);
    let zone = move || {
        text.read()
            .find("GMT")
            .map(|start| text.read()[start..].to_owned())
    };
    view! { <span>{zone}</span> }
}

fn local_text(at: Timestamp) -> RwSignal<String> {
    let text = RwSignal::new(at.console_format());
    Effect::new(move || text.set(local_format(at)));
    text
}

/// How far the reader's time zone is ahead of UTC at a moment, in minutes: nothing on the server,
/// which writes UTC, and until the browser has taken over.
pub(crate) fn zone_offset(at: Timestamp) -> RwSignal<i32> {
    let minutes = RwSignal::new(0);
    Effect::new(move || minutes.set(local_offset(at)));
    minutes
}

/// How long ago a moment was, seen from `now`, with the moment itself on hover.
#[component]
pub(crate) fn Ago(at: Timestamp, now: Timestamp) -> impl IntoView {
    view! { <time datetime=at.iso_format() title=at.console_format()>{at.ago(now)}</time> }
}

#[cfg(feature = "hydrate")]
fn local_format(at: Timestamp) -> String {
    let date = js_sys::Date::new(&wasm_bindgen::JsValue::from_f64(at.millis() as f64));
    let offset = local_offset(at);
    let sign = if offset < 0 { '-' } else { '+' };
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02} GMT{sign}{:02}:{:02}",
        date.get_full_year(),
        date.get_month() + 1,
        date.get_date(),
        date.get_hours(),
        date.get_minutes(),
        date.get_seconds(),
        offset.abs() / 60,
        offset.abs() % 60
    )
}

#[cfg(feature = "hydrate")]
fn local_offset(at: Timestamp) -> i32 {
    let date = js_sys::Date::new(&wasm_bindgen::JsValue::from_f64(at.millis() as f64));
    // JavaScript counts the minutes to be added to reach UTC.
    -(date.get_timezone_offset() as i32)
}

#[cfg(not(feature = "hydrate"))]
fn local_offset(_: Timestamp) -> i32 {
    0
}

#[cfg(not(feature = "hydrate"))]
fn local_format(at: Timestamp) -> String {
    at.console_format()
}
