use leptos::prelude::*;
use leptos_meta::Title;
use sluice_domain::function::{
    ExecutionTimeout, FunctionSettings, Handler, Hook, MemoryMb, Seconds,
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
        <Title text=current.title("Basic Settings")/>
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
        pre_stop,
        ..
    } = details.settings;
    let name = details.name.to_string();
    let saved = BasicSettings {
        handler,
        memory,
        timeout,
        description,
        initializer,
        pre_stop,
    };
    let handler = RwSignal::new(saved.handler.to_string());
    let memory = RwSignal::new(saved.memory.get().to_string());
    let timeout = RwSignal::new(saved.timeout.seconds().to_string());
    let description = RwSignal::new(saved.description.to_string());
    let initializer = HookFields::new(saved.initializer.as_ref());
    let pre_stop = HookFields::new(saved.pre_stop.as_ref());

    let parsed_handler = Memo::new(move |_| {
        Handler::parse(&handler.read()).map_err(|error| sentence(&error.to_string()))
    });
    let parsed_timeout = Memo::new(move |_| number::<ExecutionTimeout>(&timeout.read()));
    let parsed_description = Memo::new(move |_| {
        Description::parse(&description.read()).map_err(|error| sentence(&error.to_string()))
    });
    let parsed_initializer = Memo::new(move |_| initializer.parse(parsed_handler.get().ok()));
    let parsed_pre_stop = Memo::new(move |_| pre_stop.parse(parsed_handler.get().ok()));
    let settings = Memo::new(move |_| {
        Some(BasicSettings {
            handler: parsed_handler.get().ok()?,
            memory: number::<MemoryMb>(&memory.read()).ok()?,
            timeout: parsed_timeout.get().ok()?,
            description: parsed_description.get().ok()?,
            initializer: parsed_initializer.get().ok()?,
            pre_stop: parsed_pre_stop.get().ok()?,
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
                <TextField name="initializer" label="Initializer" value=initializer.function
                    error=Signal::derive(move || parsed_initializer.get().err().and_then(|wrong| wrong.function))
                    hint="Runs once in each new instance, before its first call: index.initializer. Without one, leave it empty."/>
                <TextField name="initialization-timeout" label="Initialization Timeout (s)" value=initializer.timeout required=true kind="number"
                    error=Signal::derive(move || parsed_initializer.get().err().and_then(|wrong| wrong.timeout))
                    hint="1 to 300 seconds. An initializer that runs longer is ended."/>
                <TextField name="pre-stop" label="Pre-stop" value=pre_stop.function
                    error=Signal::derive(move || parsed_pre_stop.get().err().and_then(|wrong| wrong.function))
                    hint="Runs in each instance before it is stopped: index.pre_stop. Without one, leave it empty."/>
                <TextField name="pre-stop-timeout" label="Pre-stop Timeout (s)" value=pre_stop.timeout required=true kind="number"
                    error=Signal::derive(move || parsed_pre_stop.get().err().and_then(|wrong| wrong.timeout))
                    hint="1 to 90 seconds. A pre-stop that runs longer is ended."/>
            </Card>
        </SettingsForm>
    }
}

/// The two fields of a hook.
#[derive(Clone, Copy)]
struct HookFields<const MAX: u32> {
    function: RwSignal<String>,
    timeout: RwSignal<String>,
}

/// What is wrong with either.
#[derive(Clone, PartialEq)]
struct WrongHook {
    function: Option<String>,
    timeout: Option<String>,
}

impl<const MAX: u32> HookFields<MAX> {
    fn new(saved: Option<&Hook<MAX>>) -> Self {
        let timeout = saved.map(|hook| hook.timeout).unwrap_or_default();
        let function = saved.map_or_else(String::new, |hook| hook.function.to_string());
        Self {
            function: RwSignal::new(function),
            timeout: RwSignal::new(timeout.seconds().to_string()),
        }
    }

    /// What the fields say; `None` where no function is named.
    fn parse(self, handler: Option<Handler>) -> Result<Option<Hook<MAX>>, WrongHook> {
        let timeout = number::<Seconds<MAX>>(&self.timeout.read());
        let text = self.function.read();
        let function = match text.trim() {
            "" => Ok(None),
            text => match Handler::parse(text) {
                Err(error) => Err(sentence(&error.to_string())),
                Ok(function) if handler.is_some_and(|it| it.file() != function.file()) => {
                    Err("Must be in the file of the handler".to_owned())
                }
                Ok(function) => Ok(Some(function)),
            },
        };
        match (function, timeout) {
            (Ok(function), Ok(timeout)) => Ok(function.map(|function| Hook { function, timeout })),
            (function, timeout) => Err(WrongHook {
                function: function.err(),
                timeout: timeout.err(),
            }),
        }
    }
}
