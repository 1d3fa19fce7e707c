//! The sets of responses of a group: which one is shown, and what can be done with it.

use leptos::prelude::*;
use sluice_domain::gateway_response::{MAX_RESPONSE_SETS, ResponseSetName};
use sluice_domain::id::{ApiGroupId, ResponseSetId};

use super::super::{GroupView, create_response_set, delete_response_set, rename_response_set};
use crate::console::sentence;
use crate::ui::{
    Button, ButtonKind, ConfirmDelete, Dialog, ErrorNotice, SelectField, TextField, choices,
};

/// Which set is shown, and what is being done with it.
#[derive(Clone, Copy)]
pub(super) struct ShownSet {
    /// The id of the set; empty for the default one.
    id: RwSignal<String>,
    creating: RwSignal<bool>,
    renaming: RwSignal<bool>,
    deleting: RwSignal<bool>,
}

impl ShownSet {
    /// The default one.
    pub(super) fn new() -> Self {
        Self {
            id: RwSignal::new(String::new()),
            creating: RwSignal::new(false),
            renaming: RwSignal::new(false),
            deleting: RwSignal::new(false),
        }
    }

    /// Its id; none for the default one.
    pub(super) fn response_id(self) -> Option<ResponseSetId> {
        ResponseSetId::parse(&self.id.read()).ok()
    }
}

/// Chooses the set that is shown, and makes, renames and deletes sets.
#[component]
pub(super) fn SetFields(
    view: StoredValue<GroupView>,
    shown: ShownSet,
    on_changed: Callback<()>,
) -> impl IntoView {
    let ShownSet {
        id,
        creating,
        renaming,
        deleting,
    } = shown;
    let sets = view.with_value(|view| view.settings.response_sets.clone());
    let group_id = move || view.with_value(|view| view.row.group.group_id.clone());
    let is_full = sets.len() + 1 >= MAX_RESPONSE_SETS;
    let named: Vec<_> = sets
        .into_iter()
        .map(|set| (set.response_id.to_string(), set.name.to_string()))
        .collect();
    let default = (String::new(), ResponseSetName::DEFAULT.to_owned());
    let options = choices(std::iter::once(default).chain(named.clone()));
    let named = StoredValue::new(named);
    let name = move || {
        let chosen = id.get();
        let named = named.get_value().into_iter().find(|(id, _)| *id == chosen);
        named.map(|(_, name)| name)
    };
    let removing =
        Action::new(move |id: &ResponseSetId| delete_response_set(group_id(), id.clone()));
    Effect::new(move || {
        if let Some(Ok(())) = removing.value().get() {
            deleting.set(false);
            id.set(String::new());
            on_changed.run(());
        }
    });
    let on_named = Callback::new(move |new_id: Option<ResponseSetId>| {
        if let Some(new_id) = new_id {
            id.set(new_id.to_string());
        }
        on_changed.run(());
    });
    view! {
        <div class="form">
            <SelectField name="response-set" label="Gateway Response" value=id options
                hint="Up to four; an API chooses one when it is edited. The default one is for all other APIs, and for what no API of the group answers.">
                <Button disabled=Signal::stored(is_full) on_press=Callback::new(move |()| creating.set(true))>"Create"</Button>
                <Show when=move || name().is_some()>
                    <Button on_press=Callback::new(move |()| renaming.set(true))>"Rename"</Button>
                    <Button on_press=Callback::new(move |()| {
                        removing.value().set(None);
                        deleting.set(true);
                    })>"Delete"</Button>
                </Show>
            </SelectField>
        </div>
        <Dialog title="Create Gateway Response" open=creating>
            <NameForm group_id=group_id() named=None open=creating on_named/>
        </Dialog>
        <Dialog title="Rename Gateway Response" open=renaming>
            {move || shown.response_id().zip(name()).map(|named| view! {
                <NameForm group_id=group_id() named=Some(named) open=renaming on_named/>
            })}
        </Dialog>
        <ConfirmDelete
            title="Delete Gateway Response"
            message=Signal::derive(move || format!("{} will be deleted. APIs that chose it have the default one from the next request on.", name().unwrap_or_default()))
            open=deleting
            busy=removing.pending()
            error=Signal::derive(move || removing.value().get().and_then(Result::err).map(|error| error.to_string()))
            on_confirm=Callback::new(move |()| {
                if let Ok(id) = ResponseSetId::parse(&id.get_untracked()) {
                    removing.dispatch(id);
                }
            })
        />
    }
}

/// Names a new set, or gives one another name.
#[component]
fn NameForm(
    group_id: ApiGroupId,
    /// The set that is to be renamed, with its name.
    named: Option<(ResponseSetId, String)>,
    open: RwSignal<bool>,
    /// Gets the id of a new one.
    on_named: Callback<Option<ResponseSetId>>,
) -> impl IntoView {
    let (response_id, name) = named.unzip();
    let name = RwSignal::new(name.unwrap_or_default());
    let parsed = Memo::new(move |_| {
        ResponseSetName::parse(&name.read()).map_err(|error| sentence(&error.to_string()))
    });
    let saving = Action::new(move |name: &ResponseSetName| {
        let (group_id, response_id, name) = (group_id.clone(), response_id.clone(), name.clone());
        async move {
            match response_id {
                Some(id) => rename_response_set(group_id, id, name).await.map(|()| None),
                None => create_response_set(group_id, name).await.map(Some),
            }
        }
    });
    Effect::new(move || {
        if let Some(Ok(new_id)) = saving.value().get() {
            open.set(false);
            on_named.run(new_id);
        }
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Ok(name) = parsed.get_untracked() {
            saving.dispatch(name);
        }
    };
    let error = move || parsed.get().err().filter(|_| !name.read().is_empty());
    view! {
        <form class="form" on:submit=submit>
            {move || saving.value().get().and_then(Result::err).map(|error| view! { <ErrorNotice error/> })}
            <TextField name="response-set-name" label="Name" value=name required=true autofocus=true
                error=Signal::derive(error)
                hint="1 to 64 letters, digits, hyphens and underscores."/>
            <div class="dialog__footer">
                <Button on_press=Callback::new(move |()| open.set(false))>"Cancel"</Button>
                <Button kind=ButtonKind::Primary submit=true busy=saving.pending() disabled=Signal::derive(move || parsed.read().is_err())>"OK"</Button>
            </div>
        </form>
    }
}
