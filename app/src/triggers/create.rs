use leptos::prelude::*;
use sluice_domain::api_group::ApiGroupName;
use sluice_domain::environment::EnvironmentName;
use sluice_domain::function::FunctionName;
use sluice_domain::id::{ApiGroupId, EnvironmentId};
use sluice_domain::path::ApiPath;
use sluice_domain::trigger::{
    ApiName, ApigTriggerSettings, Authentication, BackendTimeout, Matching, Method, Protocol,
};

use super::{
    TriggerChoices, create_api_group, create_environment, create_trigger, find_trigger_choices,
};
use crate::console::{ConsoleError, sentence};
use crate::functions::current_function;
use crate::ui::{
    Button, ButtonKind, Dialog, ErrorNotice, Hint, Loaded, Notice, NoticeKind, SelectField,
    TextField, choices,
};

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
    let offered = Resource::new(|| (), |()| find_trigger_choices());
    view! {
        <Loaded resource=offered view=move |offered| view! { <CreateTriggerForm offered open on_created/> }/>
    }
}

/// A field's text as its value, or the rule it breaks.
fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|error: T::Err| sentence(&error.to_string()))
}

#[component]
fn CreateTriggerForm(
    offered: TriggerChoices,
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
    let api_name = RwSignal::new(suggested);
    let group = RwSignal::new(first_group);
    let environment = RwSignal::new(first_environment);
    let authentication = RwSignal::new(Authentication::None.name().to_owned());
    let protocol = RwSignal::new(Protocol::Https.name().to_owned());
    let path = RwSignal::new(format!("/{function}"));
    let matching = RwSignal::new(Matching::Prefix.name().to_owned());
    let method = RwSignal::new(Method::Any.name().to_owned());
    let timeout = RwSignal::new(BackendTimeout::default().millis().to_string());

    let simple = RwSignal::new(false);
    let may_be_simple = move || {
        *authentication.read() == Authentication::App.name()
            && *protocol.read() != Protocol::Http.name()
    };

    let parsed_name = Memo::new(move |_| parsed::<ApiName>(&api_name.read()));
    let parsed_group = Memo::new(move |_| {
        ApiGroupId::parse(&group.read()).map_err(|_| "Create an API group first".to_owned())
    });
    let parsed_path = Memo::new(move |_| parsed::<ApiPath>(&path.read()));
    let parsed_timeout = Memo::new(move |_| {
        let millis: u32 = timeout
            .read()
            .trim()
            .parse()
            .map_err(|_| "Must be a whole number".to_owned())?;
        BackendTimeout::try_from(millis).map_err(|error| sentence(&error.to_string()))
    });
    let settings = Memo::new(move |_| {
        Some(ApigTriggerSettings {
            api_name: parsed_name.get().ok()?,
            group_id: parsed_group.get().ok()?,
            environment_id: EnvironmentId::parse(&environment.read()).ok()?,
            authentication: authentication.read().parse().ok()?,
            simple_authentication: simple.get() && may_be_simple(),
            protocol: protocol.read().parse().ok()?,
            path: parsed_path.get().ok()?,
            matching: matching.read().parse().ok()?,
            method: method.read().parse().ok()?,
            timeout: parsed_timeout.get().ok()?,
        })
    });

    // Beside OK: the field that is wrong can be far up the form.
    let wrong = move || {
        [
            ("API Name", parsed_name.get().err()),
            ("API Group", parsed_group.get().err()),
            ("Path", parsed_path.get().err()),
            ("Timeout", parsed_timeout.get().err()),
        ]
        .into_iter()
        .find_map(|(field, error)| error.map(|_| format!("Check the field {field}.")))
    };

    let sent = RwSignal::new(None::<ApigTriggerSettings>);
    let creating = Action::new(move |settings: &ApigTriggerSettings| {
        create_trigger(function.clone(), settings.clone())
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
        (*sent.read() == settings.get()).then_some(error)
    });
    let error_of =
        move |name: &'static str| move || refused.get().and_then(|error| error.for_field(name));
    let name_refused = error_of("api_name");
    let path_refused = error_of("path");
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Some(settings) = settings.get_untracked() {
            sent.set(Some(settings.clone()));
            creating.dispatch(settings);
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
            let created = create_api_group(name).await?;
            group.set(created.group_id.to_string());
            groups.update(|groups| groups.push(created));
            Ok(())
        }
    });
    let creating_environment = Action::new(move |name: &EnvironmentName| {
        let name = name.clone();
        async move {
            let created = create_environment(name).await?;
            environment.set(created.environment_id.to_string());
            environments.update(|environments| environments.push(created));
            Ok(())
        }
    });
    let authentications: Vec<_> = Authentication::ALL
        .iter()
        .map(|&authentication| {
            let available = authentication.is_available();
            let label = if available {
                authentication.label().to_owned()
            } else {
                format!("{} (not available yet)", authentication.label())
            };
            crate::ui::Choice {
                value: authentication.name().to_owned(),
                label,
                disabled: !available,
            }
        })
        .collect();
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
            <TextField name="api_name" label="API Name" value=api_name required=true
                error=Signal::derive(move || parsed_name.get().err().or_else(&name_refused))
                hint="Enter 3 to 64 characters, starting with a letter. Only letters, digits, and underscores (_) are allowed."/>
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
            <SelectField name="authentication" label="Security Authentication" value=authentication options=authentications required=true
                hint="App: callers prove that they have a credential (API Gateway > Credentials). None: everybody is let in."/>
            <Show when=may_be_simple>
                <div class="field">
                    <span class="field__label">"Simple Authentication"</span>
                    <div class="field__body">
                        <label class="check">
                            <input type="checkbox" prop:checked=simple on:change=move |event| simple.set(event_target_checked(&event))/>
                            <span>"An AppCode is enough"</span>
                        </label>
                        <Hint text="Callers may send the header X-Apig-AppCode over HTTPS instead of a signature."/>
                    </div>
                </div>
            </Show>
            <Show when=move || *authentication.read() == Authentication::None.name()>
                <Notice kind=NoticeKind::Warning>"No authentication. Access is granted to all users. (Not recommended)"</Notice>
            </Show>
            <SelectField name="protocol" label="Protocol" value=protocol required=true
                options=choices(Protocol::ALL.iter().map(|protocol| (protocol.name(), protocol.label())))
                hint="HTTPS is encrypted and recommended; HTTP is not."/>
            <TextField name="path" label="Path" value=path required=true
                error=Signal::derive(move || parsed_path.get().err().or_else(&path_refused))
                hint="Starts with a slash (/), at most 512 characters, case-sensitive. Parameters stand in braces: /a/{b} takes one segment, /a/{b+} all that follow."/>
            <SelectField name="matching" label="Matching" value=matching required=true
                options=choices([Matching::Exact, Matching::Prefix].map(|matching| (matching.name(), matching.label())))
                hint="Exact match: the request path must be the same as the defined path. Prefix match: the request path must start with the defined path."/>
            <SelectField name="method" label="Method" value=method required=true
                options=choices(Method::ALL.iter().map(|method| (method.name(), method.label())))
                hint="ANY: the API can be called by any request method."/>
            <TextField name="timeout" label="Timeout (ms)" value=timeout required=true kind="number"
                error=Signal::derive(move || parsed_timeout.get().err())
                hint="Set a backend timeout from 1 ms to 60,000 ms."/>
            <div class="dialog__footer">
                <p class="dialog__reason" aria-live="polite">{wrong}</p>
                <Button on_press=Callback::new(move |()| open.set(false))>"Cancel"</Button>
                <Button kind=ButtonKind::Primary submit=true busy=creating.pending() disabled=Signal::derive(move || settings.read().is_none())>"OK"</Button>
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
