use leptos::prelude::*;
use leptos_meta::Title;
use sluice_domain::alias::{Alias, MAX_ALIASES, ShiftBy, Shifting};

use super::form::AliasForm;
use super::{AliasList, delete_alias, list_aliases};
use crate::console::ConsoleError;
use crate::functions::current_function;
use crate::ui::{Button, ButtonKind, ConfirmDelete, Dialog, Loaded, MomentInColumn};

/// Tab Aliases.
#[component]
pub(crate) fn AliasesPage() -> impl IntoView {
    let current = current_function();
    let listed = Resource::new(move || current.name.get(), list_aliases);
    let creating = RwSignal::new(false);
    view! {
        <Title text=current.title("Aliases")/>
        <section class="card" aria-labelledby="aliases-title">
            <div class="card__header">
                <h2 class="card__title" id="aliases-title">"Aliases"</h2>
                <div class="card__actions">
                    <Button kind=ButtonKind::Primary on_press=Callback::new(move |()| creating.set(true))>"Create Alias"</Button>
                </div>
            </div>
            <Loaded resource=listed view=move |list| view! { <Aliases list listed creating/> }/>
        </section>
    }
}

#[component]
fn Aliases(
    list: AliasList,
    listed: Resource<Result<AliasList, ConsoleError>>,
    creating: RwSignal<bool>,
) -> impl IntoView {
    let AliasList { aliases, versions } = list;
    let function = StoredValue::new(current_function().name.get_untracked());
    let versions = StoredValue::new(versions);
    let chosen = RwSignal::new(None::<Alias>);
    let (editing, confirming) = (RwSignal::new(false), RwSignal::new(false));
    let on_saved = Callback::new(move |()| listed.refetch());
    let deleting =
        Action::new(move |alias: &Alias| delete_alias(function.get_value(), alias.name.clone()));
    Effect::new(move || {
        if let Some(Ok(())) = deleting.value().get() {
            confirming.set(false);
            listed.refetch();
        }
    });
    let on_edit = Callback::new(move |alias| {
        chosen.set(Some(alias));
        editing.set(true);
    });
    let on_delete = Callback::new(move |alias| {
        deleting.value().set(None);
        chosen.set(Some(alias));
        confirming.set(true);
    });
    let table = match aliases.is_empty() {
        true => view! {
            <div class="empty">
                <p class="empty__title">"No aliases yet"</p>
                <p>"An alias is a name for a version. APIs that call the alias call another version as soon as it is given one."</p>
            </div>
        }
        .into_any(),
        false => view! { <AliasTable aliases on_edit on_delete/> }.into_any(),
    };
    view! {
        {table}
        <Dialog title="Create Alias" open=creating wide=true>
            <AliasForm versions=versions.get_value() open=creating on_saved/>
        </Dialog>
        <Dialog title="Edit Alias" open=editing wide=true>
            {move || chosen.get().map(|edited| view! {
                <AliasForm edited versions=versions.get_value() open=editing on_saved/>
            })}
        </Dialog>
        <ConfirmDelete
            title="Delete Alias"
            message=Signal::derive(move || chosen.read().as_ref().map_or_else(String::new, |alias| {
                format!("{} will be deleted. The versions that it calls stay.", alias.name)
            }))
            open=confirming
            busy=deleting.pending()
            error=Signal::derive(move || deleting.value().get().and_then(Result::err).map(|error| error.with_code()))
            on_confirm=Callback::new(move |()| {
                if let Some(alias) = chosen.get_untracked() {
                    deleting.dispatch(alias);
                }
            })
        />
    }
}

#[component]
fn AliasTable(
    aliases: Vec<Alias>,
    on_edit: Callback<Alias>,
    on_delete: Callback<Alias>,
) -> impl IntoView {
    view! {
        <p class="muted">{format!("{} of {MAX_ALIASES}. What is changed here counts from the next request on.", aliases.len())}</p>
        <div class="table-frame" role="region" aria-label="Alias List" tabindex="0">
            <table class="table">
                <caption class="visually-hidden">"Aliases"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Name"</th>
                        <th scope="col">"Version"</th>
                        <th scope="col">"Description"</th>
                        <th scope="col">"Last Modified"</th>
                        <th scope="col">"Operation"</th>
                    </tr>
                </thead>
                <tbody>
                    {aliases.into_iter().map(|alias| view! { <AliasTableRow alias on_edit on_delete/> }).collect_view()}
                </tbody>
            </table>
        </div>
    }
}

#[component]
fn AliasTableRow(
    alias: Alias,
    on_edit: Callback<Alias>,
    on_delete: Callback<Alias>,
) -> impl IntoView {
    let name = alias.name.to_string();
    let fields = alias.target.fields();
    let version = fields.version.to_string();
    let shifting = fields.shifting.as_ref().map(told);
    let (edit, delete) = (
        StoredValue::new(alias.clone()),
        StoredValue::new(alias.clone()),
    );
    view! {
        <tr>
            <td>{name.clone()}</td>
            <td class="table__lines">{version} {shifting.map(|text| view! { <br/><span class="muted">{text}</span> })}</td>
            <td><div class="table__prose">{alias.description.to_string()}</div></td>
            <td><MomentInColumn at=alias.modified_at/></td>
            <td class="table__operations">
                <Button kind=ButtonKind::Link label=format!("Edit {name}") on_press=Callback::new(move |()| on_edit.run(edit.get_value()))>"Edit"</Button>
                <Button kind=ButtonKind::Link label=format!("Delete {name}") on_press=Callback::new(move |()| on_delete.run(delete.get_value()))>"Delete"</Button>
            </td>
        </tr>
    }
}

/// Which calls go elsewhere: `v2: 5 %`.
fn told(shifting: &Shifting) -> String {
    let version = &shifting.additional_version;
    match &shifting.by {
        ShiftBy::Percentage(weight) => format!("{version}: {} %", weight.get()),
        ShiftBy::Rules(rules) => match rules.rules.iter().count() {
            1 => format!("{version}: by a rule"),
            count => format!("{version}: by {count} rules"),
        },
    }
}
