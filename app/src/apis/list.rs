use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::Form;
use leptos_router::hooks::use_query_map;

use super::{ApiRow, PublishedIn, list_apis};
use crate::console::ConsoleError;
use crate::routes;
use crate::ui::{Button, ButtonKind, Loaded, PageHeader};

/// API Gateway > APIs.
#[component]
pub(crate) fn ApisPage() -> impl IntoView {
    let apis = Resource::new(|| (), |()| list_apis());
    view! {
        <Title text="APIs"/>
        <PageHeader title="APIs"/>
        <Loaded resource=apis view=move |rows| view! { <ApiTable rows apis/> }/>
    }
}

#[component]
fn ApiTable(rows: Vec<ApiRow>, apis: Resource<Result<Vec<ApiRow>, ConsoleError>>) -> impl IntoView {
    let asked = use_query_map().read_untracked().get("q");
    let search = RwSignal::new(asked.unwrap_or_default());
    if rows.is_empty() {
        return view! {
            <div class="empty">
                <p class="empty__title">"No APIs yet"</p>
                <p>"An API is what a trigger gives a function: a URL to call. Open a function, Configuration > Triggers, and create one."</p>
                <a href=routes::FUNCTIONS class=ButtonKind::Primary.class()>"Function List"</a>
            </div>
        }
        .into_any();
    }
    let rows = StoredValue::new(rows);
    let shown = Memo::new(move |_| {
        let search = search.read().trim().to_lowercase();
        let rows = rows.read_value();
        let hits = rows.iter().filter(|row| is_hit(row, &search));
        hits.cloned().collect::<Vec<_>>()
    });
    view! {
        <div class="toolbar">
            <Form method="GET" action="" attr:class="toolbar__search" attr:role="search">
                <input class="input" type="search" name="q" aria-label="Search APIs" placeholder="Search by name, path, function, group or environment"
                    value=search.get_untracked() prop:value=search on:input=move |event| search.set(event_target_value(&event))/>
            </Form>
            <Button on_press=Callback::new(move |()| apis.refetch())>"Refresh"</Button>
        </div>
        <div class="table-frame" role="region" aria-label="APIs" tabindex="0">
            <table class="table">
                <caption class="visually-hidden">"APIs"</caption>
                <thead>
                    <tr>
                        <th scope="col">"API Name"</th>
                        <th scope="col">"Path"</th>
                        <th scope="col">"Method"</th>
                        <th scope="col">"Authentication"</th>
                        <th scope="col">"API Group"</th>
                        <th scope="col">"Function"</th>
                        <th scope="col">"Published In"</th>
                    </tr>
                </thead>
                <tbody>
                    <For each=move || shown.get() key=|row| row.api.api_id.clone() let:row>
                        <ApiTableRow row/>
                    </For>
                </tbody>
            </table>
        </div>
        <Show when=move || shown.read().is_empty()>
            <p class="empty">"No API matches the search."</p>
        </Show>
    }
    .into_any()
}

/// Whether a row has the text, which is in lower case.
fn is_hit(row: &ApiRow, search: &str) -> bool {
    let settings = &row.api.settings;
    let environments = row.published.iter().map(|it| it.environment_name.as_str());
    [
        settings.api_name.as_str(),
        settings.path.as_str(),
        row.group_name.as_str(),
        row.function_name.as_str(),
    ]
    .into_iter()
    .chain(environments)
    .any(|text| text.to_lowercase().contains(search))
}

#[component]
fn ApiTableRow(row: ApiRow) -> impl IntoView {
    let settings = row.api.settings;
    let function = row.function_name.to_string();
    view! {
        <tr>
            <td><a href=routes::api(&row.api.api_id)>{settings.api_name.to_string()}</a></td>
            <td class="table__text">{settings.path.to_string()}</td>
            <td>{settings.method.label()}</td>
            <td>{settings.authentication.label()}</td>
            <td>{row.group_name.to_string()}</td>
            <td><a href=routes::triggers(&function)>{function.clone()}</a></td>
            <td><span class="badges"><PublishedBadges published=row.published/></span></td>
        </tr>
    }
}

/// A badge for each environment in which an API is published, saying whether the definition has
/// changed since.
#[component]
pub(crate) fn PublishedBadges(published: Vec<PublishedIn>) -> impl IntoView {
    if published.is_empty() {
        return view! { <span class="badge">"Offline"</span> }.into_any();
    }
    let badge = |it: PublishedIn| {
        let name = it.environment_name;
        let (class, text) = match it.is_latest {
            true => ("badge badge--success", name.to_string()),
            false => ("badge badge--warning", format!("{name}: changed since")),
        };
        view! { <span class=class>{text}</span> }
    };
    view! { {published.into_iter().map(badge).collect_view()} }.into_any()
}
