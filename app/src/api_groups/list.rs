use leptos::prelude::*;
use leptos_meta::Title;

use super::form::GroupForm;
use super::{GroupRow, delete_api_group, list_api_groups};
use crate::console::ConsoleError;
use crate::routes;
use crate::ui::{Ago, Button, ButtonKind, ConfirmDelete, CopyButton, Dialog, Loaded, PageHeader};

/// API Gateway > API Groups.
#[component]
pub(crate) fn ApiGroupsPage() -> impl IntoView {
    let groups = Resource::new(|| (), |()| list_api_groups());
    let creating = RwSignal::new(false);
    // Kept here, so that it stays when the list is loaded again.
    let search = RwSignal::new(String::new());
    view! {
        <Title text="API Groups"/>
        <PageHeader title="API Groups">
            <Button kind=ButtonKind::Primary on_press=Callback::new(move |()| creating.set(true))>"Create API Group"</Button>
        </PageHeader>
        <Loaded resource=groups view=move |rows| view! { <GroupTable rows groups search/> }/>
        <Dialog title="Create API Group" open=creating>
            <GroupForm open=creating on_saved=Callback::new(move |()| groups.refetch())/>
        </Dialog>
    }
}

#[component]
fn GroupTable(
    rows: Vec<GroupRow>,
    groups: Resource<Result<Vec<GroupRow>, ConsoleError>>,
    search: RwSignal<String>,
) -> impl IntoView {
    let to_delete = RwSignal::new(None::<GroupRow>);
    let confirming = RwSignal::new(false);
    let deleting = Action::new(move |row: &GroupRow| delete_api_group(row.group.group_id.clone()));
    Effect::new(move || {
        if let Some(Ok(())) = deleting.value().get() {
            confirming.set(false);
            groups.refetch();
        }
    });
    let confirm = move |row: GroupRow| {
        deleting.value().set(None);
        to_delete.set(Some(row));
        confirming.set(true);
    };
    if rows.is_empty() {
        return view! {
            <div class="empty">
                <p class="empty__title">"No API groups yet"</p>
                <p>"The APIs of a group share a host, variables and what callers get when they are refused."</p>
            </div>
        }
        .into_any();
    }
    let rows = StoredValue::new(rows);
    let shown = Memo::new(move |_| {
        let search = search.read().trim().to_lowercase();
        let hit = |row: &&GroupRow| {
            let texts = [
                row.group.name.as_str(),
                row.group.group_id.as_str(),
                row.description.as_str(),
            ];
            texts
                .iter()
                .any(|text| text.to_lowercase().contains(&search))
        };
        rows.with_value(|rows| rows.iter().filter(hit).cloned().collect::<Vec<_>>())
    });
    view! {
        <div class="toolbar" role="search">
            <input class="input toolbar__search" type="search" aria-label="Search API groups" placeholder="Search by name, ID or description"
                prop:value=search on:input=move |event| search.set(event_target_value(&event))/>
            <span class="muted" role="status">{move || format!("Total: {}", shown.read().len())}</span>
        </div>
        <div class="table-frame" role="region" aria-label="API groups" tabindex="0">
            <table class="table">
                <caption class="visually-hidden">"API groups"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Name"</th>
                        <th scope="col">"ID / Debugging Domain Name"</th>
                        <th scope="col">"APIs"</th>
                        <th scope="col">"Created"</th>
                        <th scope="col">"Operation"</th>
                    </tr>
                </thead>
                <tbody>
                    <For each=move || shown.get() key=|row| row.group.group_id.clone() let:row>
                        <GroupTableRow row on_delete=Callback::new(confirm)/>
                    </For>
                </tbody>
            </table>
        </div>
        <Show when=move || shown.read().is_empty()>
            <p class="empty">"No API group matches the search."</p>
        </Show>
        <ConfirmDelete
            title="Delete API Group"
            message=Signal::derive(move || to_delete.read().as_ref().map_or_else(String::new, |row| {
                format!("{} will be deleted with its variables and gateway responses. Its host is not given to another group.", row.group.name)
            }))
            open=confirming
            busy=deleting.pending()
            error=Signal::derive(move || deleting.value().get().and_then(Result::err).map(told))
            on_confirm=Callback::new(move |()| {
                if let Some(row) = to_delete.get_untracked() {
                    deleting.dispatch(row);
                }
            })
        />
    }
    .into_any()
}

/// An error with its code.
fn told(error: ConsoleError) -> String {
    match &error {
        ConsoleError::Refused { code, .. } if !code.is_empty() => format!("{code}: {error}"),
        _ => error.to_string(),
    }
}

#[component]
fn GroupTableRow(row: GroupRow, on_delete: Callback<GroupRow>) -> impl IntoView {
    let deleted = row.clone();
    let GroupRow {
        group,
        description,
        host,
        has_debugging_domain,
        api_count,
        created_at,
        now,
    } = row;
    let (name, id) = (group.name.to_string(), group.group_id.to_string());
    let description = description.to_string();
    view! {
        <tr>
            <td>
                <a href=routes::api_group(&id)>{name.clone()}</a>
                {(!description.is_empty()).then(|| view! { <span class="table__note">{description}</span> })}
            </td>
            <td class="table__lines">
                <div><code>{id.clone()}</code> " " <CopyButton text=id label=format!("Copy ID of {name}")/></div>
                <div>
                    <code>{host.clone()}</code> " " <CopyButton text=host label=format!("Copy host of {name}")/>
                    {(!has_debugging_domain).then(|| view! { " " <span class="badge">"Disabled"</span> })}
                </div>
            </td>
            <td>{api_count}</td>
            <td><Ago at=created_at now/></td>
            <td class="table__operations">
                <Button kind=ButtonKind::Link label=format!("Delete {name}") on_press=Callback::new(move |()| on_delete.run(deleted.clone()))>"Delete"</Button>
            </td>
        </tr>
    }
}
