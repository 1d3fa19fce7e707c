use leptos::prelude::*;
use sluice_domain::test_event::{EventJson, TestEvent, TestEventName};

use super::create_test_event;
use crate::apis::parsed;
use crate::console::ConsoleError;
use crate::debug::pretty;
use crate::functions::current_function;
use crate::ui::{Button, ButtonKind, Dialog, ErrorNotice, TextField};

/// Save as Test Event: keeps the event of a request under a name.
#[component]
pub(crate) fn SaveAsTestEvent(
    /// The event, as JSON text.
    event: String,
    open: RwSignal<bool>,
    /// Told the name that it was saved by.
    on_saved: Callback<String>,
) -> impl IntoView {
    let event = StoredValue::new(event);
    view! {
        <Dialog title="Save as Test Event" open>
            <SaveForm event=event.get_value() open on_saved/>
        </Dialog>
    }
}

#[component]
fn SaveForm(event: String, open: RwSignal<bool>, on_saved: Callback<String>) -> impl IntoView {
    let function = StoredValue::new(current_function().name.get_untracked());
    let name = RwSignal::new("from-a-request".to_owned());
    // With line breaks it may be too large, though it is not without.
    let with_breaks = pretty(&event).and_then(|event| parsed::<EventJson>(&event).ok());
    let content = StoredValue::new(with_breaks.map_or_else(|| parsed(&event), Ok));
    let parsed_name = Memo::new(move |_| parsed::<TestEventName>(&name.read()));
    let wanted = move || {
        Some(TestEvent {
            name: parsed_name.get().ok()?,
            content: content.get_value().ok()?,
        })
    };
    let saving = Action::new(move |event: &TestEvent| {
        let event = event.clone();
        async move {
            let name = event.name.to_string();
            create_test_event(function.get_value(), event).await?;
            open.set(false);
            on_saved.run(name);
            Ok::<_, ConsoleError>(())
        }
    });
    let submit = move |submitted: leptos::ev::SubmitEvent| {
        submitted.prevent_default();
        if let Some(event) = untrack(wanted) {
            saving.dispatch(event);
        }
    };
    view! {
        <form class="form" on:submit=submit>
            {move || saving.value().get().and_then(Result::err).map(|error| view! { <ErrorNotice error/> })}
            {content.get_value().err().map(|why| view! { <p class="field__error">{format!("The event cannot be saved. {why}.")}</p> })}
            <TextField name="event-name" label="Event Name" value=name required=true autofocus=true error=Signal::derive(move || parsed_name.get().err())
                hint="1 to 25 characters, a letter first, a letter or digit last: letters, digits, hyphens and underscores."/>
            <div class="dialog__footer">
                <Button on_press=Callback::new(move |()| open.set(false))>"Cancel"</Button>
                <Button kind=ButtonKind::Primary submit=true busy=saving.pending() disabled=Signal::derive(move || wanted().is_none())>"Save"</Button>
            </div>
        </form>
    }
}
