use leptos::prelude::*;
use sluice_domain::time::Timestamp;

/// A moment in the reader's time zone. The server writes it in UTC; the
/// browser, which knows the zone, rewrites it after hydration.
#[component]
pub(crate) fn Moment(at: Timestamp) -> impl IntoView {
    let text = RwSignal::new(at.console_format());
    Effect::new(move || text.set(local_format(at)));
    view! { <time datetime=at.iso_format()>{move || text.get()}</time> }
}

/// How long ago a moment was, seen from `now`, with the moment itself on hover.
#[component]
pub(crate) fn Ago(at: Timestamp, now: Timestamp) -> impl IntoView {
    view! { <time datetime=at.iso_format() title=at.console_format()>{at.ago(now)}</time> }
}

#[cfg(feature = "hydrate")]
fn local_format(at: Timestamp) -> String {
    let date = js_sys::Date::new(&wasm_bindgen::JsValue::from_f64(at.millis() as f64));
    // JavaScript counts the minutes to be added to reach UTC.
    let offset = -(date.get_timezone_offset() as i32);
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

#[cfg(not(feature = "hydrate"))]
fn local_format(at: Timestamp) -> String {
    at.console_format()
}
