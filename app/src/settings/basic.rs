use leptos::prelude::*;
use leptos_meta::Title;
use sluice_domain::function::{
    ExecutionTimeout, FunctionSettings, Handler, InitializationTimeout, Initializer, MemoryMb,
};
use sluice_domain::text::Description;

use super::form::{SettingsForm, number};
use super::{BasicSettings, update_basic_settings};
use crate::console::sentence;
use crate::functions::{FunctionDetails, current_function, find_function};
use crate::ui::{Card, Loaded, SelectField, TextField, choices};

/// Configuration > Basic Settings.
#[component]
pub(crate) fn BasicSettingsPage() -> impl IntoView {
    let current = current_function();
    // Loaded once: the form knows by itself what it has saved.
    let details = Resource::new(move || current.name.get(), find_function);
    view! {
        <Title text=move || format!("Basic Settings - {}", current.name.get())/>
        <Loaded resource=details view=|details| view! { <BasicSettingsForm details/> }/>
    }
}

#[component]
fn BasicSettingsForm(details: FunctionDetails) -> impl IntoView {
    let FunctionSettings {
        handler,
        memory,
        timeout,
        description,
        initializer,
        ..
    } = details.settings;
    let name = details.name.to_string();
    let saved = BasicSettings {
        handler,
        memory,
        timeout,
        description,
        initializer,
    };
    let handler = RwSignal::new(saved.handler.to_string());
    let memory = RwSignal::new(saved.memory.get().to_string());
    let timeout = RwSignal::new(saved.timeout.seconds().to_string());
    let description = RwSignal::new(saved.description.to_string());

    let initializer = RwSignal::new(
        saved
            .initializer
            .as_ref()
            .map_or_else(String::new, |initializer| initializer.function.to_string()),
    );
    let initialization_timeout = saved
        .initializer
        .as_ref()
        .map(|initializer| initializer.timeout);
    let initialization_timeout = RwSignal::new(
        initialization_timeout
            .unwrap_or_default()
            .seconds()
            .to_string(),
    );

    let parsed_handler = Memo::new(move |_| {
        Handler::parse(&handler.read()).map_err(|error| sentence(&error.to_string()))
    });
    let parsed_timeout = Memo::new(move |_| number::<ExecutionTimeout>(&timeout.read()));
    let parsed_description = Memo::new(move |_| {
        Description::parse(&description.read()).map_err(|error| sentence(&error.to_string()))
    });
    let parsed_initializer = Memo::new(move |_| {
        let text = initializer.read();
        if text.trim().is_empty() {
            return Ok(None);
        }
        let function = Handler::parse(text.trim()).map_err(|error| sentence(&error.to_string()))?;
        match parsed_handler.get() {
            Ok(handler) if handler.file() != function.file() => {
                Err("Must be in the file of the handler".to_owned())
            }
            _ => Ok(Some(function)),
        }
    });
    let parsed_initialization_timeout =
        Memo::new(move |_| number::<InitializationTimeout>(&initialization_timeout.read()));
    let settings = Memo::new(move |_| {
        let timeout = parsed_initialization_timeout.get().ok()?;
        let initializer = parsed_initializer.get().ok()?;
        Some(BasicSettings {
            handler: parsed_handler.get().ok()?,
            memory: number::<MemoryMb>(&memory.read()).ok()?,
            timeout: parsed_timeout.get().ok()?,
            description: parsed_description.get().ok()?,
            initializer: initializer.map(|function| Initializer { function, timeout }),
        })
    });
    let save = move |settings| update_basic_settings(name.clone(), settings);
    let saved = RwSignal::new(saved);
    view! {
        <SettingsForm saved wanted=settings save>
            <Card title="Basic Settings">
                <div class="field">
                    <span class="field__label">"App"</span>
                    <div class="field__body"><span>"default"</span></div>
                </div>
                <TextField name="handler" label="Handler" value=handler required=true
                    error=Signal::derive(move || parsed_handler.get().err())
                    hint="The file without its ending, a dot, and the function in it: index.handler. In a folder: src/index.handler."/>
                <SelectField name="memory" label="Memory (MB)" value=memory required=true
                    options=choices(MemoryMb::CHOICES.iter().map(|mb| (mb.to_string(), mb.to_string())))
                    hint="Memory of one instance. An invocation that wants more is ended."/>
                <TextField name="timeout" label="Execution Timeout (s)" value=timeout required=true kind="number"
                    error=Signal::derive(move || parsed_timeout.get().err())
                    hint="1 to 900 seconds. An invocation that runs longer is ended."/>
                <TextField name="description" label="Description" value=description rows=3
                    error=Signal::derive(move || parsed_description.get().err())
                    hint="At most 512 characters."/>
            </Card>
            <Card title="Lifecycle">
                <TextField name="initializer" label="Initializer" value=initializer
                    error=Signal::derive(move || parsed_initializer.get().err())
                    hint="Runs once in each new instance, before its first call: index.initializer. Without one, leave it empty."/>
                <TextField name="initialization-timeout" label="Initialization Timeout (s)" value=initialization_timeout required=true kind="number"
                    error=Signal::derive(move || parsed_initialization_timeout.get().err())
                    hint="1 to 300 seconds. An initializer that runs longer is ended."/>
            </Card>
        </SettingsForm>
    }
}
