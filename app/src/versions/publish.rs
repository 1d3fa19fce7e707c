use leptos::prelude::*;
use sluice_domain::text::Description;
use sluice_domain::version::VersionName;

use super::publish_version;
use crate::console::sentence;
use crate::functions::current_function;
use crate::ui::{Button, ButtonKind, ErrorNotice, Notice, NoticeKind, TextField};

/// Publishes what the function is now.
#[component]
pub(super) fn PublishVersionForm(
    open: RwSignal<bool>,
    on_published: Callback<()>,
) -> impl IntoView {
    let function = current_function().name.get_untracked();
    let (version, description) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let parsed_version = Memo::new(move |_| match version.read().trim() {
        "" => Ok(None),
        text => VersionName::parse(text)
            .map(Some)
            .map_err(|error| sentence(&error.to_string())),
    });
    let parsed_description = Memo::new(move |_| {
        Description::parse(&description.read()).map_err(|error| sentence(&error.to_string()))
    });
    let wanted =
        Memo::new(move |_| Some((parsed_version.get().ok()?, parsed_description.get().ok()?)));
    let publishing = Action::new(
        move |(version, description): &(Option<VersionName>, Description)| {
            publish_version(function.clone(), version.clone(), description.clone())
        },
    );
    Effect::new(move || {
        if let Some(Ok(())) = publishing.value().get() {
            open.set(false);
            on_published.run(());
        }
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Some(wanted) = wanted.get_untracked() {
            publishing.dispatch(wanted);
        }
    };
    view! {
        <form class="form" on:submit=submit>
            {move || publishing.value().get().and_then(Result::err).map(|error| view! { <ErrorNotice error/> })}
            <Notice kind=NoticeKind::Info>"Code, settings and environment variables are kept as they are now. A version never changes."</Notice>
            <TextField name="version" label="Version" value=version autofocus=true
                error=Signal::derive(move || parsed_version.get().err())
                hint="At most 42 letters, digits, hyphens, underscores and dots, a letter or digit first and last. Left empty, it gets the time: v20260703-092907."/>
            <TextField name="version-description" label="Description" value=description rows=3
                error=Signal::derive(move || parsed_description.get().err())
                hint="At most 512 characters."/>
            <div class="dialog__footer">
                <Button on_press=Callback::new(move |()| open.set(false))>"Cancel"</Button>
                <Button kind=ButtonKind::Primary submit=true busy=publishing.pending() disabled=Signal::derive(move || wanted.read().is_none())>"OK"</Button>
            </div>
        </form>
    }
}
