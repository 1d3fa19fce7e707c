use std::collections::BTreeSet;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::Form;
use leptos_router::hooks::use_query_map;

use super::{FunctionRow, delete_function, list_functions};
use crate::console::ConsoleError;
use crate::routes;
use crate::ui::{Ago, Button, ButtonKind, ConfirmDelete, CopyButton, Loaded, PageHeader};

/// Functions > Function List.
#[component]
pub(crate) fn FunctionListPage() -> impl IntoView {
    let functions = Resource::new(|| (), |()| list_functions());
    view! {
        <Title text="Function List"/>
        <PageHeader title="Function List">
            <a href=routes::CREATE_FUNCTION class=ButtonKind::Primary.class()>"Create Function"</a>
        </PageHeader>
        <Loaded resource=functions view=move |rows| view! { <FunctionTable rows functions/> }/>
    }
}

#[component]
fn FunctionTable(
    rows: Vec<FunctionRow>,
    functions: Resource<Result<Vec<FunctionRow>, ConsoleError>>,
) -> impl IntoView {
    let asked = use_query_map()
        .read_untracked()
        .get("q")
        .unwrap_or_default();
    let search = RwSignal::new(asked);
    let oldest_first = RwSignal::new(false);
    let chosen = RwSignal::new(BTreeSet::<String>::new());
    let to_delete = RwSignal::new(Vec::<String>::new());
    let confirming = RwSignal::new(false);
    let deleting = Action::new(move |names: &Vec<String>| {
        let names = names.clone();
        async move {
            for name in names {
                delete_function(name).await?;
            }
            Ok::<(), ConsoleError>(())
        }
    });
    Effect::new(move || {
        if let Some(Ok(())) = deleting.value().get() {
            confirming.set(false);
            functions.refetch();
        }
    });
    let confirm = move |names: Vec<String>| {
        deleting.value().set(None);
        to_delete.set(names);
        confirming.set(true);
    };
    let all_empty = rows.is_empty();
    let rows = StoredValue::new(rows);
    let shown = Memo::new(move |_| {
        let search = search.read().trim().to_lowercase();
        let hit = |row: &FunctionRow| {
            [row.name.as_str(), row.runtime.label(), &row.description]
                .iter()
                .any(|text| text.to_lowercase().contains(&search))
        };
        let mut shown: Vec<FunctionRow> = rows
            .read_value()
            .iter()
            .filter(|row| hit(row))
            .cloned()
            .collect();
        if oldest_first.get() {
            shown.reverse();
        }
        shown
    });
    if all_empty {
        return view! {
            <div class="empty">
                <p class="empty__title">"No functions yet"</p>
                <p>"A function is a piece of code that runs when its URL is called. It takes a minute to have one."</p>
                <a href=routes::CREATE_FUNCTION class=ButtonKind::Primary.class()>"Create Function"</a>
            </div>
        }
        .into_any();
    }
    view! {
        <div class="toolbar">
            <Form method="GET" action="" attr:class="toolbar__search" attr:role="search">
                <input class="input" type="search" name="q" aria-label="Search functions" placeholder="Search by name, runtime or description"
                    value=search.get_untracked() prop:value=search on:input=move |event| search.set(event_target_value(&event))/>
            </Form>
            <Button kind=ButtonKind::Normal disabled=Signal::derive(move || chosen.read().is_empty())
                on_press=Callback::new(move |()| confirm(chosen.get_untracked().into_iter().collect()))>
                {move || match chosen.read().len() { 0 => "Delete".to_owned(), n => format!("Delete ({n})") }}
            </Button>
            <Button on_press=Callback::new(move |()| functions.refetch())>"Refresh"</Button>
        </div>
        <div class="table-frame" role="region" aria-label="Functions" tabindex="0">
            <table class="table">
                <caption class="visually-hidden">"Functions"</caption>
                <thead>
                    <tr>
                        <th scope="col" class="table__check"><span class="visually-hidden">"Choose"</span></th>
                        <th scope="col">"Function Name"</th>
                        <th scope="col">"Package Type"</th>
                        <th scope="col">"Runtime"</th>
                        <th scope="col" aria-sort=move || if oldest_first.get() { "ascending" } else { "descending" }>
                            <button type="button" class="table__sort" on:click=move |_| oldest_first.update(|first| *first = !*first)>
                                "Last Modified" <span aria-hidden="true">{move || if oldest_first.get() { " ↑" } else { " ↓" }}</span>
                            </button>
                        </th>
                        <th scope="col">"Operation"</th>
                    </tr>
                </thead>
                <tbody>
                    <For each=move || shown.get() key=|row| row.name.clone() let:row>
                        <FunctionTableRow row chosen on_delete=Callback::new(move |name| confirm(vec![name]))/>
                    </For>
                </tbody>
            </table>
        </div>
        <Show when=move || shown.read().is_empty()>
            <p class="empty">"No function matches the search."</p>
        </Show>
        <ConfirmDelete
            title="Delete Function"
            message=Signal::derive(move || format!(
                "{} will be deleted with code and triggers; their URLs stop working at once. Log records stay until they are too old.",
                to_delete.read().join(", ")
            ))
            open=confirming
            busy=deleting.pending()
            error=Signal::derive(move || deleting.value().get().and_then(Result::err).map(|error| error.to_string()))
            on_confirm=Callback::new(move |()| {
                let names = to_delete.get_untracked();
                chosen.update(|chosen| chosen.retain(|name| !names.contains(name)));
                deleting.dispatch(names);
            })
        />
    }
    .into_any()
}

#[component]
fn FunctionTableRow(
    row: FunctionRow,
    chosen: RwSignal<BTreeSet<String>>,
    on_delete: Callback<String>,
) -> impl IntoView {
    let name = row.name.to_string();
    let (this, toggled, deleted, shown) = (name.clone(), name.clone(), name.clone(), name.clone());
    let toggle = move |_| {
        chosen.update(|chosen| {
            if !chosen.remove(&toggled) {
                chosen.insert(toggled.clone());
            }
        });
    };
    view! {
        <tr>
            <td class="table__check">
                <input type="checkbox" aria-label=format!("Choose {name}") prop:checked=move || chosen.read().contains(&this) on:change=toggle/>
            </td>
            <td>
                <a href=routes::function(&shown)>{shown.clone()}</a>
                {(!row.description.is_empty()).then(|| view! { <span class="table__note">{row.description}</span> })}
            </td>
            <td>"Zip"</td>
            <td>{row.runtime.label()}</td>
            <td><Ago at=row.modified_at now=row.now/></td>
            <td class="table__operations">
                <CopyButton text=row.urn shown="Copy URN" label=format!("Copy URN of {name}")/>
                <Button kind=ButtonKind::Link label=format!("Delete {name}") on_press=Callback::new(move |()| on_delete.run(deleted.clone()))>"Delete"</Button>
            </td>
        </tr>
    }
}
