use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::Outlet;
use leptos_router::hooks::use_params_map;

use super::{GroupView, find_api_group};
use crate::console::ConsoleError;
use crate::routes;
use crate::ui::{Loaded, Tab, Tabs};

/// The API group whose page this is.
#[derive(Clone, Copy)]
pub(super) struct CurrentGroup {
    /// All of it, to be loaded again after each change.
    pub(super) details: Resource<Result<GroupView, ConsoleError>>,
}

impl CurrentGroup {
    /// What a form calls once it has changed the group.
    pub(super) fn on_changed(self) -> Callback<()> {
        Callback::new(move |()| self.details.refetch())
    }
}

/// The group of the page around this tab.
pub(super) fn current_group() -> CurrentGroup {
    expect_context()
}

/// The frame of a group's page: its name, its tabs, and the tab in it.
#[component]
pub(crate) fn ApiGroupPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.read().get("group_id").unwrap_or_default());
    let details = Resource::new(move || id.get(), find_api_group);
    provide_context(CurrentGroup { details });
    // Loaded once a group: the tabs must not begin anew when something about it changes.
    let found = Resource::new(move || id.get(), find_api_group);
    let name = move || {
        Suspend::new(async move {
            let name = details.await.map(|view| view.row.group.name.to_string());
            name.unwrap_or_else(|_| "API Group".to_owned())
        })
    };
    view! {
        <Title text="API Group"/>
        <header class="page-header">
            <div>
                <a href=routes::API_GROUPS class="back">"← API Groups"</a>
                <h1 class="page-header__title"><Transition>{name}</Transition></h1>
            </div>
        </header>
        <Loaded resource=found view=|found| view! { <GroupFrame id=found.row.group.group_id.to_string()/> }/>
    }
}

/// What is shown once the group is known to be there.
#[component]
fn GroupFrame(id: String) -> impl IntoView {
    let tab = |label, href: String| Tab {
        label,
        under: href.clone(),
        href,
    };
    let tabs = vec![
        tab("APIs", routes::api_group(&id)),
        tab("Group Information", routes::group_information(&id)),
        tab("Environment Variables", routes::group_variables(&id)),
        tab("Gateway Responses", routes::group_responses(&id)),
    ];
    view! {
        <Tabs label="API group" tabs class="tabs tabs--wrap"/>
        <Outlet/>
    }
}

/// The title of one of a group's tabs.
pub(super) fn title(tab: &str, view: &GroupView) -> String {
    format!("{tab} - {}", view.row.group.name)
}
