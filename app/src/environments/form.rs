use leptos::prelude::*;
use sluice_domain::environment::{Environment, EnvironmentName};
use sluice_domain::text::ShortDescription;

use super::{create_environment, update_environment};
use crate::console::sentence;
use crate::ui::{Button, ButtonKind, ErrorNotice, TextField};

/// Creates an environment, or says something else of one.
#[component]
pub(super) fn EnvironmentForm(
    #[prop(optional)] edited: Option<Environment>,
    open: RwSignal<bool>,
    on_saved: Callback<()>,
) -> impl IntoView {
    let is_new = edited.is_none();
    let of_edited = |text: fn(&Environment) -> &str| {
        RwSignal::new(edited.as_ref().map(text).unwrap_or_default().to_owned())
    };
    let name = of_edited(|it| it.name.as_str());
    let description = of_edited(|it| it.description.as_str());
    let parsed_name = Memo::new(move |_| {
        EnvironmentName::parse(&name.read()).map_err(|error| sentence(&error.to_string()))
    });
    let parsed_description = Memo::new(move |_| {
        ShortDescription::parse(&description.read()).map_err(|error| sentence(&error.to_string()))
    });
    let wanted =
        Memo::new(move |_| Some((parsed_name.get().ok()?, parsed_description.get().ok()?)));
    let environment_id = edited.map(|environment| environment.environment_id);
    let saving = Action::new(
        move |(name, description): &(EnvironmentName, ShortDescription)| {
            let (id, name, description) =
                (environment_id.clone(), name.clone(), description.clone());
            async move {
                match id {
                    Some(id) => update_environment(id, description).await,
                    None => create_environment(name, description).await.map(drop),
                }
            }
        },
    );
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
            {is_new.then(|| view! {
                <TextField name="environment-name" label="Name" value=name required=true autofocus=true
                    error=Signal::derive(name_error)
                    hint="3 to 64 characters, a letter first: letters, digits and underscores. Callers name it in the header X-Stage; it stays."/>
            })}
            <TextField name="environment-description" label="Description" value=description rows=3
                error=Signal::derive(move || parsed_description.get().err())
                hint="At most 255 characters."/>
            <div class="dialog__footer">
                <Button on_press=Callback::new(move |()| open.set(false))>"Cancel"</Button>
                <Button kind=ButtonKind::Primary submit=true busy=saving.pending() disabled=Signal::derive(move || wanted.read().is_none())>"OK"</Button>
            </div>
        </form>
    }
}
