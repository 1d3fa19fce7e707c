use leptos::prelude::*;
use leptos_router::components::Outlet;

use crate::functions::current_function;
use crate::routes;
use crate::ui::{Tab, Tabs};

/// Configuration: its list of pages at the left, and the page.
#[component]
pub(crate) fn ConfigurationPage() -> impl IntoView {
    let name = current_function().name.get_untracked();
    let tab = |label, href: String| Tab {
        label,
        under: href.clone(),
        href,
    };
    let tabs = vec![
        tab("Basic Settings", routes::basic_settings(&name)),
        tab("Triggers", routes::triggers(&name)),
        tab("Network", routes::network(&name)),
        tab("Environment Variables", routes::env_vars(&name)),
        tab("Concurrency", routes::concurrency(&name)),
    ];
    view! {
        <div class="side-tabs">
            <Tabs label="Configuration" tabs class="side-tabs__list"/>
            <div class="side-tabs__content"><Outlet/></div>
        </div>
    }
}
