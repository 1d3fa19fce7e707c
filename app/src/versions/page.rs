use leptos::prelude::*;
use leptos_meta::Title;
use sluice_domain::version::{MAX_VERSIONS, Version, VersionName, VersionRef};

use super::publish::PublishVersionForm;
use super::{delete_version, list_versions};
use crate::console::ConsoleError;
use crate::functions::current_function;
use crate::ui::{Button, ButtonKind, ConfirmDelete, Dialog, Loaded, MomentInColumn};

/// Tab Version.
#[component]
pub(crate) fn VersionsPage() -> impl IntoView {
    let current = current_function();
    let listed = Resource::new(move || current.name.get(), list_versions);
    let publishing = RwSignal::new(false);
    view! {
        <Title text=current.title("Version")/>
        <section class="card" aria-labelledby="versions-title">
            <div class="card__header">
                <h2 class="card__title" id="versions-title">"Versions"</h2>
                <div class="card__actions">
                    <Button kind=ButtonKind::Primary on_press=Callback::new(move |()| publishing.set(true))>"Publish New Version"</Button>
                </div>
            </div>
            <Loaded resource=listed view=move |rows| view! { <VersionTable rows listed/> }/>
        </section>
        <Dialog title="Publish New Version" open=publishing>
            <PublishVersionForm open=publishing on_published=Callback::new(move |()| listed.refetch())/>
        </Dialog>
    }
}

#[component]
fn VersionTable(
    rows: Vec<Version>,
    listed: Resource<Result<Vec<Version>, ConsoleError>>,
) -> impl IntoView {
    let function = StoredValue::new(current_function().name.get_untracked());
    let chosen = RwSignal::new(None::<VersionName>);
    let confirming = RwSignal::new(false);
    let deleting = Action::new(move |version: &VersionName| {
        delete_version(function.get_value(), version.clone())
    });
    Effect::new(move || {
        if let Some(Ok(())) = deleting.value().get() {
            confirming.set(false);
            listed.refetch();
        }
    });
    let on_delete = Callback::new(move |version| {
        deleting.value().set(None);
        chosen.set(Some(version));
        confirming.set(true);
    });
    view! {
        <p class="muted">{format!(
            "{} of {MAX_VERSIONS}. Deploy and settings change latest; a published version stays as it is, and APIs can call it.",
            rows.len(),
        )}</p>
        <div class="table-frame" role="region" aria-label="Version List" tabindex="0">
            <table class="table">
                <caption class="visually-hidden">"Versions"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Version"</th>
                        <th scope="col">"Aliases"</th>
                        <th scope="col">"Description"</th>
                        <th scope="col">"Last Modified"</th>
                        <th scope="col">"Operation"</th>
                    </tr>
                </thead>
                <tbody>
                    {rows.into_iter().map(|row| view! { <VersionTableRow row on_delete/> }).collect_view()}
                </tbody>
            </table>
        </div>
        <ConfirmDelete
            title="Delete Version"
            message=Signal::derive(move || chosen.read().as_ref().map_or_else(String::new, |version| {
                format!("{version} will be deleted with its code and the aliases that call it. Its logs stay.")
            }))
            open=confirming
            busy=deleting.pending()
            error=Signal::derive(move || deleting.value().get().and_then(Result::err).map(|error| error.with_code()))
            on_confirm=Callback::new(move |()| {
                if let Some(version) = chosen.get_untracked() {
                    deleting.dispatch(version);
                }
            })
        />
    }
}

#[component]
fn VersionTableRow(row: Version, on_delete: Callback<VersionName>) -> impl IntoView {
    let aliases: Vec<_> = row.aliases.iter().map(ToString::to_string).collect();
    let aliases = match aliases.is_empty() {
        true => "–".to_owned(),
        false => aliases.join(", "),
    };
    let name = row.version.to_string();
    let operation = match row.version {
        // It cannot be deleted.
        VersionRef::Latest => view! { <span class="muted">"Always there"</span> }.into_any(),
        VersionRef::Published(version) => {
            let delete = Callback::new(move |()| on_delete.run(version.clone()));
            view! { <Button kind=ButtonKind::Link label=format!("Delete {name}") on_press=delete>"Delete"</Button> }.into_any()
        }
    };
    view! {
        <tr>
            <td>{name}</td>
            <td>{aliases}</td>
            <td><div class="table__prose">{row.description.to_string()}</div></td>
            <td><MomentInColumn at=row.modified_at/></td>
            <td class="table__operations">{operation}</td>
        </tr>
    }
}
