use std::collections::BTreeMap;
use std::time::Duration;

use leptos::prelude::*;
use leptos_meta::Title;
use sluice_domain::code::{CodeError, CodePackage};
use sluice_domain::invocation::megabytes_text;

use super::draft::{forget_draft, load_draft, save_draft};
use super::editor::CodeEditor;
use super::test_panel::{TestEventDialog, TestPanel};
use super::{
    CodeAttributes, CodeView, ColdStart, deploy_code, find_code, find_cold_start, test_function,
};
use crate::console::{ConsoleError, sentence};
use crate::functions::current_function;
use crate::routes;
use crate::ui::{
    Button, ButtonKind, Card, CopyButton, Dialog, ErrorNotice, Loaded, Moment, Notice, NoticeKind,
    TextField,
};

/// The Code tab.
#[component]
pub(crate) fn CodePage() -> impl IntoView {
    let current = current_function();
    let code = Resource::new(move || current.name.get(), find_code);
    view! {
        <Title text=move || format!("Code - {}", current.name.get())/>
        <Loaded resource=code view=|view| view! { <CodeTab view/> }/>
    }
}

type Files = BTreeMap<String, String>;

#[component]
fn CodeTab(view: CodeView) -> impl IntoView {
    let function = current_function().name.get_untracked();
    let function = StoredValue::new(function);
    let deployed = RwSignal::new(Files::from(view.code));
    let files = RwSignal::new(deployed.get_untracked());
    let handler_file = format!("{}{}", view.handler.file(), view.runtime.file_ending());
    let first = files.with_untracked(|files| {
        files
            .contains_key(&handler_file)
            .then_some(handler_file)
            .or_else(|| files.keys().next().cloned())
    });
    let selected = RwSignal::new(first.unwrap_or_default());
    let attributes = RwSignal::new(view.attributes);
    let cold_start = RwSignal::new(view.cold_start);
    let draft_restored = RwSignal::new(false);
    let draft_saved = RwSignal::new(false);

    Effect::new(move || {
        if let Some(draft) = load_draft(&function.get_value())
            .map(Files::from)
            .filter(|draft| *draft != deployed.get_untracked())
        {
            files.set(draft);
            draft_restored.set(true);
        }
    });

    let dirty = Memo::new(move |_| *files.read() != *deployed.read());
    let package = move || CodePackage::try_from(files.get_untracked());
    let deploying = Action::new(move |code: &CodePackage| {
        let code = code.clone();
        async move {
            let result = deploy_code(function.get_value(), code.clone()).await;
            if let Ok(done) = &result {
                deployed.set(code.into());
                attributes.set(done.attributes.clone());
                cold_start.set(ColdStart::Preparing);
                forget_draft(&function.get_value());
                draft_restored.set(false);
                draft_saved.set(false);
            }
            result
        }
    });
    let refused = RwSignal::new(None::<String>);
    let deploy = move || {
        refused.set(None);
        if !dirty.get_untracked() || deploying.pending().get_untracked() {
            return;
        }
        match package() {
            Ok(code) => {
                deploying.dispatch(code);
            }
            Err(error) => refused.set(Some(sentence(&error.to_string()))),
        }
    };
    let save = move || match package() {
        Ok(code) => {
            save_draft(&function.get_value(), &code);
            draft_saved.set(true);
        }
        Err(error) => refused.set(Some(sentence(&error.to_string()))),
    };
    // A place in the code stays marked until the code changes.
    let code_error = RwSignal::new(None::<CodeError>);
    Effect::new(move || {
        let error = match deploying.value().get() {
            Some(Err(ConsoleError::Code(error))) => Some(error),
            _ => None,
        };
        if let Some(error) = &error
            && files.read_untracked().contains_key(&error.file)
        {
            // Set only when it differs: an editor made anew would lose the focus.
            if *selected.read_untracked() != error.file {
                selected.set(error.file.clone());
            }
        }
        code_error.set(error);
    });
    let diagnostics = Signal::derive(move || {
        code_error
            .get()
            .into_iter()
            .filter(|error| error.file == *selected.read())
            .collect::<Vec<_>>()
    });

    let event = RwSignal::new(super::test_panel::BLANK_EVENT.to_owned());
    Effect::new(move || {
        if let Some(saved) = super::draft::load_event(&function.get_value()) {
            event.set(saved);
        }
    });
    let testing =
        Action::new(move |event: &String| test_function(function.get_value(), event.clone()));
    let (event_open, deploy_first_open, new_file_open) = (
        RwSignal::new(false),
        RwSignal::new(false),
        RwSignal::new(false),
    );
    let test = move || {
        if dirty.get_untracked() {
            deploy_first_open.set(true);
        } else {
            testing.dispatch(event.get_untracked());
        }
    };
    // "Deploy and test" runs the test as soon as the deploy has succeeded.
    let test_after = RwSignal::new(false);
    Effect::new(move || {
        let done = deploying.value().get();
        if test_after.get_untracked() && done.is_some() {
            test_after.set(false);
            if let Some(Ok(_)) = done {
                testing.dispatch(event.get_untracked());
            }
        }
    });

    // What is typed is kept as it is typed; very large code waits for Ctrl+S.
    let keep_draft = move || match package() {
        Ok(code) if !dirty.get_untracked() => {
            drop(code);
            forget_draft(&function.get_value());
        }
        Ok(code) if code.bytes() <= 256 * 1024 => save_draft(&function.get_value(), &code),
        _ => {}
    };
    let edit = move |path: String, text: String| {
        if files
            .read_untracked()
            .get(&path)
            .is_some_and(|old| *old != text)
        {
            files.update(|files| {
                files.insert(path, text);
            });
            code_error.set(None);
            draft_saved.set(false);
            keep_draft();
        }
    };
    let paths = move || files.read().keys().cloned().collect::<Vec<_>>();
    view! {
        {view.fault.map(|fault| view! { <Notice kind=NoticeKind::Error>{format!("The deployed code does not run: {fault}")}</Notice> })}
        <section class="card code" aria-labelledby="code-source">
            <div class="card__header">
                <h2 class="card__title" id="code-source">"Code Source"</h2>
                <div class="card__actions">
                    <Button on_press=Callback::new(move |()| event_open.set(true))>"Configure Test Event"</Button>
                    <Button busy=testing.pending() on_press=Callback::new(move |()| test())>"Test"</Button>
                    <Button kind=ButtonKind::Primary busy=deploying.pending() disabled=Signal::derive(move || !dirty.get())
                        on_press=Callback::new(move |()| deploy())>
                        {move || if deploying.pending().get() { "Deploying…" } else { "Deploy" }}
                    </Button>
                </div>
            </div>
            <Show when=move || draft_restored.get() && dirty.get()>
                <Notice kind=NoticeKind::Info>
                    "This browser's draft is shown; it is not deployed. "
                    <Button kind=ButtonKind::Link on_press=Callback::new(move |()| {
                        files.set(deployed.get_untracked());
                        forget_draft(&function.get_value());
                        draft_restored.set(false);
                    })>"Discard Draft"</Button>
                </Notice>
            </Show>
            <div class="code__status" aria-live="polite">
                {move || match deploying.value().get() {
                    _ if refused.read().is_some() => view! { <Notice kind=NoticeKind::Error>{refused.get()}</Notice> }.into_any(),
                    Some(Ok(done)) if !dirty.get() => view! {
                        <Notice kind=NoticeKind::Success>{format!("Deployed in {}. The next call runs it.", millis(done.took_us))}</Notice>
                    }.into_any(),
                    Some(Err(ConsoleError::Code(error))) if code_error.read().is_some() => view! {
                        <Notice kind=NoticeKind::Error>{format!("Nothing was deployed. {error}")}</Notice>
                    }.into_any(),
                    Some(Err(ConsoleError::Code(_))) | None | Some(Ok(_)) => ().into_any(),
                    Some(Err(error)) => view! { <ErrorNotice error/> }.into_any(),
                }}
            </div>
            <div class="code__body">
                <div class="project">
                    <div class="project__header">
                        <h3 class="project__title">"Project"</h3>
                        <Button kind=ButtonKind::Link on_press=Callback::new(move |()| new_file_open.set(true))>"New File"</Button>
                    </div>
                    <ul class="project__files">
                        <For each=paths key=|path| path.clone() let:path>
                            <ProjectFile path files deployed selected/>
                        </For>
                    </ul>
                </div>
                // One editor a file, so that undo never leads into another one.
                {move || {
                    let path = StoredValue::new(selected.get());
                    view! {
                        <CodeEditor
                            label=format!("Code of {}", path.get_value())
                            value=Signal::derive(move || files.read().get(&path.get_value()).cloned().unwrap_or_default())
                            diagnostics
                            on_input=Callback::new(move |text: String| edit(path.get_value(), text))
                            on_save=Callback::new(move |()| save())
                            on_deploy=Callback::new(move |()| deploy())
                        />
                    }
                }}
            </div>
            <p class="code__hint">
                {move || if draft_saved.get() { "Draft saved in this browser. " } else { "" }}
                {move || if dirty.get() { "Not deployed yet: callers still get the deployed code. " } else { "" }}
                "What you type is kept in this browser; Ctrl+S does it at once, Ctrl+Enter deploys, Ctrl+F finds. Escape, then Tab leaves the editor."
            </p>
        </section>
        <TestPanel result=testing.value().into() pending=testing.pending()/>
        <div class="columns">
            <Card title="Code Attributes"><CodeAttributesList attributes cold_start/></Card>
            <Card title="Basic Information" actions=ViewFn::from(move || view! { <a href=routes::basic_settings(&function.get_value())>"Edit"</a> })>
                <dl class="facts">
                    <div><dt>"Runtime"</dt><dd>{view.runtime.label()}</dd></div>
                    <div><dt>"Memory (MB)"</dt><dd>{view.memory.get()}</dd></div>
                    <div><dt>"Handler"</dt><dd><code>{view.handler.to_string()}</code></dd></div>
                    <div><dt>"Execution Timeout (s)"</dt><dd>{view.timeout.seconds()}</dd></div>
                </dl>
            </Card>
        </div>
        <TestEventDialog function=function.get_value() event open=event_open/>
        <Dialog title="New File" open=new_file_open>
            <NewFileForm files selected open=new_file_open/>
        </Dialog>
        <Dialog title="Deploy and Test" open=deploy_first_open>
            <p>"A test runs the deployed code, and this code is not deployed yet. Deploy it and test?"</p>
            <div class="dialog__footer">
                <Button on_press=Callback::new(move |()| deploy_first_open.set(false))>"Cancel"</Button>
                <Button kind=ButtonKind::Primary on_press=Callback::new(move |()| {
                    deploy_first_open.set(false);
                    test_after.set(true);
                    deploy();
                })>"Deploy and Test"</Button>
            </div>
        </Dialog>
    }
}

/// Microseconds as a reader wants them: `4.525 ms`.
pub(super) fn millis(micros: u64) -> String {
    format!("{}.{:03} ms", micros / 1000, micros % 1000)
}

/// Bytes as the console shows a code size: `286.00 B`, `1.42 KB`.
fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes}.00 B"),
        1024..1_048_576 => format!("{:.2} KB", bytes as f64 / 1024.0),
        _ => format!("{:.2} MB", bytes as f64 / 1_048_576.0),
    }
}

/// How often the page asks whether the snapshot is made; it takes about a tenth of a second.
const ASKING: Duration = Duration::from_millis(300);

#[component]
fn CodeAttributesList(
    attributes: RwSignal<CodeAttributes>,
    cold_start: RwSignal<ColdStart>,
) -> impl IntoView {
    let function = StoredValue::new(current_function().name.get_untracked());
    let asking = Action::new(move |(): &()| find_cold_start(function.get_value()));
    Effect::new(move || {
        if let Some(Ok(found)) = asking.value().get() {
            cold_start.set(found);
        }
    });
    Effect::new(move || {
        if cold_start.get() != ColdStart::Preparing {
            return;
        }
        let ask = move || {
            asking.dispatch(());
        };
        if let Ok(timeout) = set_timeout_with_handle(ask, ASKING) {
            on_cleanup(move || timeout.clear());
        }
    });
    let begins = move || match cold_start.get() {
        ColdStart::Preparing => "Loads the code; the snapshot is being made".to_owned(),
        ColdStart::Snapshot {
            memory_bytes,
            took_us,
        } => format!(
            "From a snapshot of {} MB, made in {}",
            megabytes_text(memory_bytes),
            millis(took_us)
        ),
        ColdStart::Loading(reason) => format!("Loads the code each time: {reason}"),
    };
    let signature = Signal::derive(move || attributes.read().signature.clone());
    view! {
        <dl class="facts">
            <div><dt>"Code Size"</dt><dd>{move || size(attributes.read().size_bytes)}</dd></div>
            <div>
                <dt>"Code Signature"</dt>
                <dd class="facts__cut"><code title=signature>{move || signature.get().chars().take(24).chain(['…']).collect::<String>()}</code> " "
                    <CopyButton text=signature label="Copy Code Signature"/></dd>
            </div>
            <div><dt>"Cold Start"</dt><dd aria-live="polite">{begins}</dd></div>
            <div><dt>"Last Modified"</dt><dd>{move || view! { <Moment at=attributes.read().modified_at/> }}</dd></div>
        </dl>
    }
}

#[component]
fn ProjectFile(
    path: String,
    files: RwSignal<Files>,
    deployed: RwSignal<Files>,
    selected: RwSignal<String>,
) -> impl IntoView {
    let (this, compared, chosen, removed) =
        (path.clone(), path.clone(), path.clone(), path.clone());
    let changed = move || files.read().get(&compared) != deployed.read().get(&compared);
    let only = move || files.read().len() == 1;
    let remove = move |()| {
        files.update(|files| {
            files.remove(&removed);
        });
        if *selected.read_untracked() == removed {
            selected.set(
                files
                    .read_untracked()
                    .keys()
                    .next()
                    .cloned()
                    .unwrap_or_default(),
            );
        }
    };
    view! {
        <li class="project__file">
            <button type="button" class="project__name" aria-current=move || (*selected.read() == this).then_some("true")
                on:click=move |_| selected.set(chosen.clone())>
                {path.clone()}
                {move || changed().then(|| view! { <span class="project__mark" title="Not deployed"><span aria-hidden="true">"●"</span><span class="visually-hidden">" not deployed"</span></span> })}
            </button>
            <Button kind=ButtonKind::Link label=format!("Delete {path}") disabled=Signal::derive(only) on_press=Callback::new(remove)>"×"</Button>
        </li>
    }
}

#[component]
fn NewFileForm(
    files: RwSignal<Files>,
    selected: RwSignal<String>,
    open: RwSignal<bool>,
) -> impl IntoView {
    let path = RwSignal::new(String::new());
    let error = Signal::derive(move || {
        let path = path.get();
        if path.is_empty() {
            return None;
        }
        if files.read().contains_key(&path) {
            return Some("There is such a file already".to_owned());
        }
        let mut all = files.get();
        all.insert(path, String::new());
        CodePackage::try_from(all)
            .err()
            .map(|error| sentence(&error.to_string()))
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let new = path.get_untracked();
        if !new.is_empty() && error.get_untracked().is_none() {
            files.update(|files| {
                files.insert(new.clone(), String::new());
            });
            selected.set(new);
            open.set(false);
        }
    };
    view! {
        <form class="form" on:submit=submit>
            <TextField name="path" label="File Path" value=path error required=true autofocus=true placeholder="helpers/text.py"
                hint="Folders are separated by a slash (/)."/>
            <div class="dialog__footer">
                <Button on_press=Callback::new(move |()| open.set(false))>"Cancel"</Button>
                <Button kind=ButtonKind::Primary submit=true disabled=Signal::derive(move || path.read().is_empty() || error.read().is_some())>"OK"</Button>
            </div>
        </form>
    }
}
