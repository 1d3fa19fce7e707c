use leptos::prelude::*;
use leptos_router::hooks::use_location;

/// One tab: an address and its label. `under` is the start of all addresses
/// for which the tab is the current one.
#[derive(Debug, Clone)]
pub(crate) struct Tab {
    pub(crate) label: &'static str,
    pub(crate) href: String,
    pub(crate) under: String,
}

/// Tabs that are addresses of their own, so that each can be linked to.
#[component]
pub(crate) fn Tabs(
    label: &'static str,
    tabs: Vec<Tab>,
    #[prop(default = "tabs")] class: &'static str,
) -> impl IntoView {
    let pathname = use_location().pathname;
    view! {
        <nav class=class aria-label=label>
            {tabs.into_iter().map(|Tab { label, href, under }| view! {
                <a class="tabs__tab" href=href aria-current=move || pathname.read().starts_with(&under).then_some("page")>{label}</a>
            }).collect_view()}
        </nav>
    }
}
