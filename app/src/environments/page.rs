use leptos::prelude::*;
use leptos_meta::Title;
use sluice_domain::environment::{Environment, EnvironmentName, MAX_ENVIRONMENTS};

use super::form::EnvironmentForm;
use super::{EnvironmentView, delete_environment, list_environments};
use crate::console::ConsoleError;
use crate::routes;
use crate::ui::{Button, ButtonKind, ConfirmDelete, Dialog, Loaded, MomentInColumn, PageHeader};

/// API Gateway > Environments.
#[component]
pub(crate) fn EnvironmentsPage() -> impl IntoView {
    let listed = Resource::new(|| (), |()| list_environments());
    let creating = RwSignal::new(false);
    view! {
        <Title text="Environments"/>
        <PageHeader title="Environments">
            <Button kind=ButtonKind::Primary on_press=Callback::new(move |()| creating.set(true))>"Create Environment"</Button>
        </PageHeader>
        <Loaded resource=listed view=move |rows| view! { <EnvironmentTable rows listed/> }/>
        <Dialog title="Create Environment" open=creating>
            <EnvironmentForm open=creating on_saved=Callback::new(move |()| listed.refetch())/>
        </Dialog>
    }
}

#[component]
fn EnvironmentTable(
    rows: Vec<EnvironmentView>,
    listed: Resource<Result<Vec<EnvironmentView>, ConsoleError>>,
) -> impl IntoView {
    let chosen = RwSignal::new(None::<Environment>);
    let (editing, confirming) = (RwSignal::new(false), RwSignal::new(false));
    let deleting = Action::new(move |environment: &Environment| {
        delete_environment(environment.environment_id.clone())
    });
    Effect::new(move || {
        if let Some(Ok(())) = deleting.value().get() {
            confirming.set(false);
            listed.refetch();
        }
    });
    let on_edit = Callback::new(move |environment| {
        chosen.set(Some(environment));
        editing.set(true);
    });
    let on_delete = Callback::new(move |environment| {
        deleting.value().set(None);
        chosen.set(Some(environment));
        confirming.set(true);
    });
    view! {
        <p class="muted">{format!("{} of {MAX_ENVIRONMENTS}. Callers reach RELEASE by default, another environment by the header X-Stage.", rows.len())}</p>
        <div class="table-frame" role="region" aria-label="Environments" tabindex="0">
            <table class="table">
                <caption class="visually-hidden">"Environments"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Name"</th>
                        <th scope="col">"Description"</th>
                        <th scope="col">"Published APIs"</th>
                        <th scope="col">"Created"</th>
                        <th scope="col">"Operation"</th>
                    </tr>
                </thead>
                <tbody>
                    {rows.into_iter().map(|row| view! { <EnvironmentTableRow row on_edit on_delete/> }).collect_view()}
                </tbody>
            </table>
        </div>
        <Dialog title="Edit Environment" open=editing>
            {move || chosen.get().map(|edited| view! {
                <EnvironmentForm edited open=editing on_saved=Callback::new(move |()| listed.refetch())/>
            })}
        </Dialog>
        <ConfirmDelete
            title="Delete Environment"
            message=Signal::derive(move || chosen.read().as_ref().map_or_else(String::new, |environment| {
                format!("{} will be deleted, with the records of what was published there.", environment.name)
            }))
            open=confirming
            busy=deleting.pending()
            error=Signal::derive(move || deleting.value().get().and_then(Result::err).map(|error| error.with_code()))
            on_confirm=Callback::new(move |()| {
                if let Some(environment) = chosen.get_untracked() {
                    deleting.dispatch(environment);
                }
            })
        />
    }
}

#[component]
fn EnvironmentTableRow(
    row: EnvironmentView,
    on_edit: Callback<Environment>,
    on_delete: Callback<Environment>,
) -> impl IntoView {
    let EnvironmentView {
        environment,
        published,
        created_at,
    } = row;
    let name = environment.name.to_string();
    let description = environment.description.to_string();
    let may_go = name != EnvironmentName::RELEASE;
    let found = format!("{}?q={}", routes::APIS, routes::encode(&name));
    let (edit, delete) = (
        StoredValue::new(environment.clone()),
        StoredValue::new(environment),
    );
    view! {
        <tr>
            <td>{name.clone()}</td>
            <td class="table__text">{description}</td>
            <td>{match published {
                0 => view! { "0" }.into_any(),
                number => view! { <a href=found>{number}</a> }.into_any(),
            }}</td>
            <td>{match created_at {
                Some(at) => view! { <MomentInColumn at/> }.into_any(),
                None => view! { <span class="muted">"Always there"</span> }.into_any(),
            }}</td>
            <td class="table__operations">
                <Button kind=ButtonKind::Link label=format!("Edit {name}") on_press=Callback::new(move |()| on_edit.run(edit.get_value()))>"Edit"</Button>
                {may_go.then(|| view! {
                    <Button kind=ButtonKind::Link label=format!("Delete {name}") on_press=Callback::new(move |()| on_delete.run(delete.get_value()))>"Delete"</Button>
                })}
            </td>
        </tr>
    }
}
