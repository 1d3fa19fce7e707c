//! Monitoring: what stands around Metrics and Logs.

use leptos::prelude::*;
use leptos_router::components::Outlet;

use crate::functions::current_function;
use crate::routes;
use crate::ui::{Tab, Tabs};

/// Monitoring: its pages, and the one that is shown.
#[component]
pub(crate) fn MonitoringPage() -> impl IntoView {
    let name = current_function().name.get_untracked();
    let tab = |label, href: String| Tab {
        label,
        under: href.clone(),
        href,
    };
    let tabs = vec![
        tab("Metrics", routes::metrics(&name)),
        tab("Logs", routes::logs(&name)),
    ];
    view! {
        <Tabs label="Monitoring" tabs class="tabs tabs--inner"/>
        <Outlet/>
    }
}
