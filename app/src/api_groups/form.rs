use leptos::prelude::*;
use sluice_domain::api_group::{ApiGroupName, GroupDescription};

use super::{GroupRow, create_api_group, update_api_group};
use crate::console::sentence;
use crate::ui::{Button, ButtonKind, ErrorNotice, TextField};

/// Creates an API group, or changes its name and description.
#[component]
pub(super) fn GroupForm(
    #[prop(optional)] edited: Option<GroupRow>,
    open: RwSignal<bool>,
    on_saved: Callback<()>,
) -> impl IntoView {
    let text = |of: fn(&GroupRow) -> String| edited.as_ref().map(of).unwrap_or_default();
    let name = RwSignal::new(text(|row| row.group.name.to_string()));
    let description = RwSignal::new(text(|row| row.description.to_string()));
    let parsed_name = Memo::new(move |_| {
        ApiGroupName::parse(&name.read()).map_err(|error| sentence(&error.to_string()))
    });
    let parsed_description = Memo::new(move |_| {
        GroupDescription::parse(&description.read()).map_err(|error| sentence(&error.to_string()))
    });
    let wanted =
        Memo::new(move |_| Some((parsed_name.get().ok()?, parsed_description.get().ok()?)));
    let group_id = edited.map(|row| row.group.group_id);
    let saving = Action::new(move |(name, text): &(ApiGroupName, GroupDescription)| {
        let (id, name, text) = (group_id.clone(), name.clone(), text.clone());
        async move {
            match id {
                Some(id) => update_api_group(id, name, text).await,
                None => create_api_group(name, text).await.map(drop),
            }
        }
    });
    Effect::new(move || {
        if let Some(Ok(())) = saving.value().get() {
            open.set(false);
            on_saved.run(());
        }
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Some(wanted) = wanted.get_untracked() {
            saving.dispatch(wanted);
        }
    };
    let name_error = move || parsed_name.get().err().filter(|_| !name.read().is_empty());
    view! {
        <form class="form" on:submit=submit>
            {move || saving.value().get().and_then(Result::err).map(|error| view! { <ErrorNotice error/> })}
            <TextField name="group-name" label="Name" value=name required=true autofocus=true
                error=Signal::derive(name_error)
                hint="3 to 255 characters, a letter or digit first: letters, digits and - _ . / ( ) :"/>
            <TextField name="group-description" label="Description" value=description
                error=Signal::derive(move || parsed_description.get().err())
                hint="At most 255 characters."/>
            <div class="dialog__footer">
                <Button on_press=Callback::new(move |()| open.set(false))>"Cancel"</Button>
                <Button kind=ButtonKind::Primary submit=true busy=saving.pending() disabled=Signal::derive(move || wanted.read().is_none())>"OK"</Button>
            </div>
        </form>
    }
}
