use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_navigate;
use sluice_domain::function::{FunctionName, Runtime};

use super::CreateFunction;
use crate::console::{ConsoleError, sentence};
use crate::routes;
use crate::ui::{
    Button, ButtonKind, Card, ErrorNotice, PageHeader, SelectField, TextField, choices,
};

/// Create Function.
#[component]
pub(crate) fn CreateFunctionPage() -> impl IntoView {
    let action = ServerAction::<CreateFunction>::new();
    let name = RwSignal::new(String::new());
    let runtime = RwSignal::new(Runtime::Python312.name().to_owned());
    let navigate = use_navigate();
    Effect::new(move || {
        if let Some(Ok(name)) = action.value().get() {
            navigate(&routes::function(&name), Default::default());
        }
    });
    // The server's refusal stands until something else is typed.
    let refused_name = RwSignal::new(String::new());
    let name_error = Signal::derive(move || {
        let typed = name.get();
        let rule = FunctionName::parse(&typed)
            .err()
            .filter(|_| !typed.is_empty())
            .map(|error| sentence(&error.to_string()));
        let refusal = move || {
            action
                .value()
                .get()
                .and_then(Result::err)
                .and_then(|error| error.for_field("name"))
        };
        rule.or_else(|| {
            refusal().filter(|_| *refused_name.read() == typed || refused_name.read().is_empty())
        })
    });
    let invalid = Signal::derive(move || FunctionName::parse(&name.read()).is_err());
    view! {
        <Title text="Create Function"/>
        <PageHeader title="Create Function"/>
        <ActionForm action attr:class="form form--page" on:submit:capture=move |_| refused_name.set(name.get_untracked())>
            {move || match action.value().get() {
                Some(Err(error)) if !matches!(error, ConsoleError::Refused { field: Some(_), .. }) => Some(view! { <ErrorNotice error/> }),
                _ => None,
            }}
            <fieldset class="choice-cards">
                <legend class="visually-hidden">"Way to create"</legend>
                <label class="choice-card">
                    <input type="radio" name="way" value="scratch" checked/>
                    <span class="choice-card__title">"Create from scratch"</span>
                    <span class="choice-card__text">"A Hello World function to start from."</span>
                </label>
            </fieldset>
            <Card title="Basic Information">
                <TextField name="name" label="Function Name" value=name error=name_error required=true autofocus=true placeholder="Enter a function name."
                    hint="Enter 1 to 60 characters, starting with a letter and ending with a letter or digit. Only letters, digits, hyphens (-), and underscores (_) are allowed."/>
                <SelectField name="project" label="Enterprise Project" required=true options=choices([("default", "default")])
                    value=RwSignal::new("default".to_owned()) hint="This console has one project."/>
                <SelectField name="agency" label="Agency" options=choices([("", "Use no agency")])
                    value=RwSignal::new(String::new()) hint="A function on your own server needs no agency: it gets what its environment variables hold."/>
                <SelectField name="runtime" label="Runtime" required=true options=choices(Runtime::ALL.iter().map(|runtime| (runtime.name(), runtime.label())))
                    value=runtime hint="The language of the function. It cannot be changed later, and neither can the name."/>
            </Card>
            <div class="form__footer">
                <a href=routes::FUNCTIONS class=ButtonKind::Normal.class()>"Cancel"</a>
                <Button kind=ButtonKind::Primary submit=true busy=action.pending() disabled=Hydrated::after(invalid)>"Create Function"</Button>
            </div>
        </ActionForm>
    }
}

/// Keeps a condition false until the page has been hydrated, so that a form
/// can be sent where the browser runs no WebAssembly.
struct Hydrated;

impl Hydrated {
    fn after(condition: Signal<bool>) -> Signal<bool> {
        let hydrated = RwSignal::new(false);
        Effect::new(move || hydrated.set(true));
        Signal::derive(move || hydrated.get() && condition.get())
    }
}
