use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::Outlet;
use leptos_router::hooks::use_params_map;

use super::{FunctionDetails, find_function};
use crate::console::ConsoleError;
use crate::routes;
use crate::ui::{CopyButton, Loaded, Moment, Tab, Tabs};

/// The function whose page this is.
#[derive(Clone, Copy)]
pub(crate) struct CurrentFunction {
    /// Its name as it stands in the address.
    pub(crate) name: Memo<String>,
    /// Counted up when its settings were changed, for what shows them.
    pub(crate) changes: RwSignal<u32>,
}

impl CurrentFunction {
    /// The function's details, loaded again after each change.
    pub(crate) fn details(self) -> Resource<Result<FunctionDetails, ConsoleError>> {
        Resource::new(
            move || (self.name.get(), self.changes.get()),
            |(name, _)| find_function(name),
        )
    }

    /// The title of one of its tabs. The server asks for it when the page is sent, and by then the
    /// page can be gone, with a caller who did not wait for it.
    pub(crate) fn title(self, tab: &'static str) -> impl Fn() -> String + Clone + Send + Sync {
        move || match self.name.try_get() {
            Some(name) => format!("{tab} - {name}"),
            None => tab.to_owned(),
        }
    }
}

/// The function of the page around this tab.
pub(crate) fn current_function() -> CurrentFunction {
    expect_context()
}

/// The frame of a function's page: its name, its tabs, and the tab in it.
#[component]
pub(crate) fn FunctionPage() -> impl IntoView {
    let params = use_params_map();
    let name = Memo::new(move |_| params.read().get("name").unwrap_or_default());
    provide_context(CurrentFunction {
        name,
        changes: RwSignal::new(0),
    });
    // Loaded once a function: what is typed on a tab must not be lost when
    // something about the function changes.
    let found = Resource::new(move || name.get(), find_function);
    view! {
        <Title text=move || name.try_get().unwrap_or_default()/>
        <header class="page-header">
            <div>
                <a href=routes::FUNCTIONS class="back">"← Function List"</a>
                <h1 class="page-header__title">{move || name.get()}</h1>
            </div>
        </header>
        <Loaded resource=found view=|found| view! { <FunctionFrame name=found.name.to_string()/> }/>
    }
}

/// What is shown once the function is known to be there.
#[component]
fn FunctionFrame(name: String) -> impl IntoView {
    let tab = |label, href: String, under: &str| Tab {
        label,
        href,
        under: format!("{}/{name}/{under}", routes::FUNCTIONS),
    };
    let tabs = vec![
        tab("Code", routes::function(&name), "code"),
        tab("Monitoring", routes::logs(&name), "monitoring"),
        tab("Version", routes::version(&name), "version"),
        tab("Aliases", routes::aliases(&name), "aliases"),
        tab("Configuration", routes::triggers(&name), "configuration"),
    ];
    let details = current_function().details();
    view! {
        <details class="function-info">
            <summary>"Function Info"<span class="badge">"Version: latest"</span></summary>
            <Loaded resource=details view=|details| view! { <FunctionInfo details/> }/>
        </details>
        <Tabs label="Function" tabs/>
        <Outlet/>
    }
}

#[component]
fn FunctionInfo(details: FunctionDetails) -> impl IntoView {
    let description = match details.settings.description.as_str() {
        "" => "–".to_owned(),
        text => text.to_owned(),
    };
    view! {
        <dl class="facts">
            <div><dt>"Runtime"</dt><dd>{details.runtime.label()}</dd></div>
            <div><dt>"Handler"</dt><dd>{details.settings.handler.to_string()}</dd></div>
            <div><dt>"Created"</dt><dd><Moment at=details.created_at/></dd></div>
            <div><dt>"URN"</dt><dd><code>{details.urn.clone()}</code> " " <CopyButton text=details.urn label="Copy URN"/></dd></div>
            <div><dt>"Description"</dt><dd>{description}</dd></div>
        </dl>
    }
}
