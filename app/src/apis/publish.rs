use leptos::prelude::*;
use sluice_domain::id::EnvironmentId;
use sluice_domain::text::ShortDescription;

use super::difference::Differences;
use super::{ApiDetails, differences, parsed, publish_api};
use crate::ui::{
    Button, ButtonKind, ErrorNotice, Notice, NoticeKind, SelectField, TextField, choices,
};

/// Publishes the latest definition in an environment.
#[component]
pub(super) fn PublishForm(
    details: StoredValue<ApiDetails>,
    open: RwSignal<bool>,
    on_changed: Callback<()>,
) -> impl IntoView {
    let environment = RwSignal::new(details.with_value(first_due));
    let description = RwSignal::new(String::new());
    let parsed_description = Memo::new(move |_| parsed::<ShortDescription>(&description.read()));
    let wanted = Memo::new(move |_| {
        let environment_id = EnvironmentId::parse(&environment.read()).ok()?;
        Some((environment_id, parsed_description.get().ok()?))
    });
    let publishing = Action::new(
        move |(environment_id, description): &(EnvironmentId, ShortDescription)| {
            let api_id = details.with_value(|details| details.api.api_id.clone());
            publish_api(api_id, environment_id.clone(), description.clone())
        },
    );
    Effect::new(move || {
        if let Some(Ok(())) = publishing.value().get() {
            open.set(false);
            on_changed.run(());
        }
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Some(wanted) = wanted.get_untracked() {
            publishing.dispatch(wanted);
        }
    };
    let options = details.with_value(|details| {
        let options = details.environments.iter().map(|environment| {
            let state = match details.published_in(environment) {
                None => " (offline)",
                Some(api) if api.settings != details.api.settings => " (definition changed)",
                Some(_) => "",
            };
            let label = format!("{}{state}", environment.name);
            (environment.environment_id.to_string(), label)
        });
        choices(options)
    });
    view! {
        <form class="form" on:submit=submit>
            {move || publishing.value().get().and_then(Result::err).map(|error| view! { <ErrorNotice error/> })}
            <SelectField name="publish-environment" label="Environment" value=environment options=options required=true
                hint="Callers reach RELEASE by default, another environment by the header X-Stage."/>
            <TextField name="publish-description" label="Description" value=description rows=3
                error=Signal::derive(move || parsed_description.get().err())
                hint="At most 255 characters. It stands in the publishing records."/>
            {move || details.with_value(|details| changes(details, &environment.read()))}
            <div class="dialog__footer">
                <Button on_press=Callback::new(move |()| open.set(false))>"Cancel"</Button>
                <Button kind=ButtonKind::Primary submit=true busy=publishing.pending() disabled=Signal::derive(move || wanted.read().is_none())>"OK"</Button>
            </div>
        </form>
    }
}

/// The environment that is offered first: one where the definition differs, or else RELEASE.
fn first_due(details: &ApiDetails) -> String {
    let changed = details
        .published
        .iter()
        .find(|api| api.settings != details.api.settings)
        .map(|api| &api.environment);
    let first = changed.or(details.environments.first());
    first
        .map(|environment| environment.environment_id.to_string())
        .unwrap_or_default()
}

/// What becomes different for callers in the environment.
fn changes(details: &ApiDetails, environment_id: &str) -> AnyView {
    let mut published = details.published.iter();
    let published = published.find(|api| api.environment.environment_id.as_str() == environment_id);
    let Some(published) = published else {
        return view! { <Notice kind=NoticeKind::Info>"It is offline there: callers reach it from then on."</Notice> }.into_any();
    };
    let differences = differences(&published.settings, &details.api.settings, details.names());
    if differences.is_empty() {
        return view! { <Notice kind=NoticeKind::Info>"The latest definition is what is published there already."</Notice> }.into_any();
    }
    view! { <Differences differences/> }.into_any()
}
