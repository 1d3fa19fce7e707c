use leptos::prelude::*;
use sluice_domain::api_group::{ApiGroupName, GroupDescription};
use sluice_domain::environment::EnvironmentName;
use sluice_domain::function::FunctionName;
use sluice_domain::id::{ApiGroupId, EnvironmentId};
use sluice_domain::target::Target;
use sluice_domain::text::ShortDescription;
use sluice_domain::trigger::{ApiName, ApigTriggerSettings};

use super::{TriggerChoices, create_trigger, find_trigger_choices};
use crate::api_groups::create_api_group;
use crate::apis::{ApiFields, ApiInputs, ApiNameField, parsed};
use crate::console::ConsoleError;
use crate::environments::create_environment;
use crate::functions::current_function;
use crate::ui::{Button, ButtonKind, Dialog, ErrorNotice, Hint, Loaded, SelectField, choices};
use crate::versions::list_targets;

/// The Create Trigger dialog.
#[component]
pub(crate) fn CreateTriggerDialog(open: RwSignal<bool>, on_created: Callback<()>) -> impl IntoView {
    view! {
        <Dialog title="Create Trigger" open wide=true>
            <CreateTrigger open on_created/>
        </Dialog>
    }
}

/// Loads what the dialog offers each time it opens.
#[component]
fn CreateTrigger(open: RwSignal<bool>, on_created: Callback<()>) -> impl IntoView {
    let function = current_function().name;
    let offered = Resource::new(
        move || function.get(),
        |function| async move {
            let offered = find_trigger_choices().await?;
            Ok::<_, ConsoleError>((offered, list_targets(function).await?))
        },
    );
    view! {
        <Loaded resource=offered view=move |(offered, targets)| view! { <CreateTriggerForm offered targets open on_created/> }/>
    }
}

/// What is asked for: the definition, and the environment in which it is published at once.
type Wanted = (ApigTriggerSettings, EnvironmentId);

#[component]
fn CreateTriggerForm(
    offered: TriggerChoices,
    targets: Vec<Target>,
    open: RwSignal<bool>,
    on_created: Callback<()>,
) -> impl IntoView {
    let function = current_function().name.get_untracked();
    let suggested = FunctionName::parse(&function)
        .map(|name| ApiName::suggested(&name).to_string())
        .unwrap_or_default();
    let first_group = offered
        .groups
        .first()
        .map(|group| group.group_id.to_string())
        .unwrap_or_default();
    let first_environment = offered
        .environments
        .first()
        .map(|environment| environment.environment_id.to_string())
        .unwrap_or_default();
    let groups = RwSignal::new(offered.groups);
    let environments = RwSignal::new(offered.environments);

    let trigger_type = RwSignal::new("DEDICATEDGATEWAY".to_owned());
    let api_instance = RwSignal::new(offered.api_instance.clone());
    let path = format!("/{function}");
    let inputs = ApiInputs::new(suggested, path, offered.authorizers, targets);
    let group = RwSignal::new(first_group);
    let environment = RwSignal::new(first_environment);

    let parsed_group = Memo::new(move |_| {
        ApiGroupId::parse(&group.read()).map_err(|_| "Create an API group first".to_owned())
    });
    let wanted = Memo::new(move |_| {
        let environment_id = EnvironmentId::parse(&environment.read()).ok()?;
        Some((inputs.settings(parsed_group.get().ok()?)?, environment_id))
    });

    // Beside OK: the field that is wrong can be far up the form.
    let wrong = move || {
        let group = parsed_group.get().err().map(|_| "API Group");
        let field = inputs.wrong().or(group);
        field.map(|field| format!("Check the field {field}."))
    };

    let sent = RwSignal::new(None::<Wanted>);
    let creating = Action::new(move |(settings, environment_id): &Wanted| {
        create_trigger(function.clone(), settings.clone(), environment_id.clone())
    });
    Effect::new(move || {
        if let Some(Ok(())) = creating.value().get() {
            open.set(false);
            on_created.run(());
        }
    });
    // A refusal stands beside its field until the form changes.
    let refused = Memo::new(move |_| {
        let error = creating.value().get().and_then(Result::err)?;
        (*sent.read() == wanted.get()).then_some(error)
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Some(wanted) = wanted.get_untracked() {
            sent.set(Some(wanted.clone()));
            creating.dispatch(wanted);
        }
    };

    let group_options = Signal::derive(move || {
        choices(
            groups
                .read()
                .iter()
                .map(|group| (group.group_id.to_string(), group.name.to_string())),
        )
    });
    let environment_options = Signal::derive(move || {
        choices(environments.read().iter().map(|environment| {
            (
                environment.environment_id.to_string(),
                environment.name.to_string(),
            )
        }))
    });
    let creating_group = Action::new(move |name: &ApiGroupName| {
        let name = name.clone();
        async move {
            let created = create_api_group(name, GroupDescription::default()).await?;
            group.set(created.group_id.to_string());
            groups.update(|groups| groups.push(created));
            Ok(())
        }
    });
    let creating_environment = Action::new(move |name: &EnvironmentName| {
        let name = name.clone();
        async move {
            let created = create_environment(name, ShortDescription::default()).await?;
            environment.set(created.environment_id.to_string());
            environments.update(|environments| environments.push(created));
            Ok(())
        }
    });
    view! {
        <form class="form" on:submit=submit>
            {move || match refused.get() {
                Some(ConsoleError::Refused { field: Some(_), .. }) | None => None,
                Some(error) => Some(view! { <ErrorNotice error/> }),
            }}
            <SelectField name="trigger_type" label="Trigger Type" value=trigger_type
                options=choices([("DEDICATEDGATEWAY", "API Gateway (Dedicated)")])
                hint="Gives the function a URL. The function has to answer with JSON in this form: {\"statusCode\": 200, \"isBase64Encoded\": false, \"headers\": {\"Content-Type\": \"text/html\"}, \"body\": \"hello world\"}. Where isBase64Encoded is true, the body has to be Base64."/>
            <SelectField name="api_instance" label="API Instance" value=api_instance required=true
                options=choices([(offered.api_instance.clone(), offered.api_instance)])
                hint="The gateway built into this server."/>
            <ApiNameField inputs refused/>
            <SelectField name="group" label="API Group" value=group options=group_options required=true
                error=Signal::derive(move || parsed_group.get().err())
                hint="APIs of one group share a host.">
                <CreateInPlace
                    title="Create API Group" label="Group Name" suggested="APIGroup_test" creating=creating_group
                />
            </SelectField>
            <SelectField name="environment" label="Environment" value=environment options=environment_options required=true
                hint="Callers reach RELEASE by default, another environment by the header X-Stage.">
                <CreateInPlace
                    title="Create Environment" label="Environment Name" suggested="" creating=creating_environment
                />
            </SelectField>
            <ApiFields inputs refused/>
            <div class="dialog__footer">
                <p class="dialog__reason" aria-live="polite">{wrong}</p>
                <Button on_press=Callback::new(move |()| open.set(false))>"Cancel"</Button>
                <Button kind=ButtonKind::Primary submit=true busy=creating.pending() disabled=Signal::derive(move || wanted.read().is_none())>"OK"</Button>
            </div>
        </form>
    }
}

/// A button that opens a small form in place, to create what the list beside
/// it lacks. (A form within a form is not allowed in HTML, so Enter is handled
/// by the field itself.)
#[component]
fn CreateInPlace<T>(
    title: &'static str,
    label: &'static str,
    suggested: &'static str,
    creating: Action<T, Result<(), ConsoleError>>,
) -> impl IntoView
where
    T: std::str::FromStr<Err: std::fmt::Display> + Clone + Send + Sync + 'static,
{
    let open = RwSignal::new(false);
    let name = RwSignal::new(suggested.to_owned());
    Effect::new(move || {
        if let Some(Ok(())) = creating.value().get() {
            open.set(false);
        }
    });
    let rule = Memo::new(move |_| parsed::<T>(&name.read()).err());
    let shown_rule = move || rule.get().filter(|_| !name.read().is_empty());
    let refusal = move || {
        creating
            .value()
            .get()
            .and_then(Result::err)
            .map(|error| error.to_string())
    };
    let submit = move || {
        if let Ok(name) = parsed::<T>(&name.read_untracked()) {
            creating.dispatch(name);
        }
    };
    view! {
        <div class="create-in-place">
            <Button kind=ButtonKind::Link on_press=Callback::new(move |()| {
                creating.value().set(None);
                open.update(|open| *open = !*open);
            })>{title}</Button>
            <Show when=move || open.get()>
                <div class="create-in-place__form" role="group" aria-label=title>
                    <input class="input" aria-label=label placeholder=label autofocus prop:value=name
                        on:input=move |event| { creating.value().set(None); name.set(event_target_value(&event)); }
                        on:keydown=move |event| if event.key() == "Enter" { event.prevent_default(); submit(); }
                    />
                    <Button busy=creating.pending() disabled=Signal::derive(move || rule.read().is_some())
                        on_press=Callback::new(move |()| submit())>"Create"</Button>
                    <p class="field__error" aria-live="polite">{move || shown_rule().or_else(refusal)}</p>
                    <Hint text="It is created at once and chosen."/>
                </div>
            </Show>
        </div>
    }
}
