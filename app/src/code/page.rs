use std::time::Duration;

use leptos::prelude::*;
use leptos_meta::Title;
use sluice_domain::code::{CodeChanges, CodeError};
use sluice_domain::invocation::megabytes_text;
use sluice_domain::test_event::TEMPLATES;

use super::draft::{forget_draft, load_draft, load_event, save_draft, save_event};
use super::editor::CodeEditor;
use super::files::{self, Files, size};
use super::project::Project;
use super::test_panel::TestPanel;
use super::upload::UploadDialog;
use super::{
    CodeAttributes, CodeView, ColdStart, ComponentView, Deployed, FileView, SnapshotView,
    deploy_code, find_code, find_cold_start, test_function,
};
use crate::console::{ConsoleError, sentence};
use crate::functions::current_function;
use crate::routes;
use crate::test_events::TestEventDialog;
use crate::ui::{
    Button, ButtonKind, Card, CopyButton, Dialog, ErrorNotice, Loaded, Moment, Notice, NoticeKind,
};

/// The Code tab.
#[component]
pub(crate) fn CodePage() -> impl IntoView {
    let current = current_function();
    let code = Resource::new(move || current.name.get(), find_code);
    // Said by the page that shows what was uploaded.
    let uploaded = RwSignal::new(None::<Deployed>);
    let on_uploaded = Callback::new(move |deployed| {
        forget_draft(&current.name.get_untracked());
        uploaded.set(Some(deployed));
        code.refetch();
    });
    view! {
        <Title text=current.title("Code")/>
        <Loaded resource=code view=move |view| view! { <CodeTab view uploaded on_uploaded/> }/>
    }
}

#[component]
fn CodeTab(
    view: CodeView,
    uploaded: RwSignal<Option<Deployed>>,
    on_uploaded: Callback<Deployed>,
) -> impl IntoView {
    let function = current_function().name.get_untracked();
    let function = StoredValue::new(function);
    let deployed = RwSignal::new(view.files);
    let files = RwSignal::new(deployed.get_untracked());
    let handler_file = view.runtime.handler_file(&view.handler);
    let first = files.with_untracked(|files| {
        files
            .contains_key(&handler_file)
            .then_some(handler_file)
            .or_else(|| files.keys().next().cloned())
    });
    let selected = RwSignal::new(first.unwrap_or_default());
    let attributes = RwSignal::new(view.attributes);
    let cold_start = RwSignal::new(view.cold_start);
    let base = move || attributes.read_untracked().signature.clone();
    let draft_restored = RwSignal::new(None::<&'static str>);
    let draft_saved = RwSignal::new(false);

    Effect::new(move || {
        let Some(draft) = load_draft(&function.get_value()) else {
            return;
        };
        let said = match draft.base == base() {
            true => "This browser's draft is shown; it is not deployed. ",
            false => {
                "This browser's draft is shown over code that was deployed after it was begun. "
            }
        };
        let edited = files::with(&deployed.read_untracked(), draft);
        if edited != *deployed.read_untracked() {
            files.set(edited);
            draft_restored.set(Some(said));
        }
    });

    let dirty = Memo::new(move |_| *files.read() != *deployed.read());
    let changes = move || {
        files::check(&files.read_untracked())?;
        Ok::<_, sluice_domain::code::InvalidCodePackage>(files::changes(
            &base(),
            &deployed.read_untracked(),
            &files.read_untracked(),
        ))
    };
    let deploying = Action::new(move |changes: &CodeChanges| {
        let (changes, edited) = (changes.clone(), files.get_untracked());
        uploaded.set(None);
        async move {
            let result = deploy_code(function.get_value(), changes).await;
            if let Ok(done) = &result {
                deployed.set(edited);
                attributes.set(done.attributes.clone());
                cold_start.set(ColdStart::DEPLOYED);
                forget_draft(&function.get_value());
                draft_restored.set(None);
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
        match changes() {
            Ok(changes) => {
                deploying.dispatch(changes);
            }
            Err(error) => refused.set(Some(sentence(&error.to_string()))),
        }
    };
    let save = move || match changes() {
        Ok(changes) => {
            save_draft(&function.get_value(), &changes);
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

    let events = RwSignal::new(view.test_events);
    let is_event = move |name: &str| {
        events
            .read()
            .iter()
            .any(|event| event.name.as_str() == name)
    };
    let chosen_event = RwSignal::new(String::new());
    Effect::new(move |was_loaded: Option<()>| {
        let name = chosen_event.get();
        match was_loaded {
            Some(()) => save_event(&function.get_value(), &name),
            None => {
                let last = load_event(&function.get_value());
                let last = last.filter(|name| untrack(|| is_event(name)));
                chosen_event.set(last.unwrap_or_default());
            }
        }
    });
    let event = move || {
        let (events, chosen) = (events.read_untracked(), chosen_event.read_untracked());
        let mut chosen = events.iter().filter(|event| event.name.as_str() == *chosen);
        let content = chosen.next().map(|event| event.content.to_string());
        content.unwrap_or_else(|| TEMPLATES[0].json.to_owned())
    };
    let testing =
        Action::new(move |event: &String| test_function(function.get_value(), event.clone()));
    let (event_open, deploy_first_open, upload_open) = (
        RwSignal::new(false),
        RwSignal::new(false),
        RwSignal::new(false),
    );
    let test = move || {
        if dirty.get_untracked() {
            deploy_first_open.set(true);
        } else {
            testing.dispatch(event());
        }
    };
    // "Deploy and test" runs the test as soon as the deploy has succeeded.
    let test_after = RwSignal::new(false);
    Effect::new(move || {
        let done = deploying.value().get();
        if test_after.get_untracked() && done.is_some() {
            test_after.set(false);
            if let Some(Ok(_)) = done {
                testing.dispatch(event());
            }
        }
    });

    // What is typed is kept as it is typed; very large changes wait for Ctrl+S.
    let keep_draft = move || match changes() {
        Ok(changes) if changes.is_empty() => forget_draft(&function.get_value()),
        Ok(changes) if changes.bytes() <= 256 * 1024 => {
            save_draft(&function.get_value(), &changes);
        }
        _ => {}
    };
    let edit = move |path: String, text: String| {
        let old = files
            .read_untracked()
            .get(&path)
            .map(|file| file.text() == Some(&text));
        if old == Some(false) {
            files.update(|files| {
                files.insert(path, FileView::Text(text));
            });
            code_error.set(None);
            draft_saved.set(false);
            keep_draft();
        }
    };
    view! {
        {view.fault.map(|fault| view! { <Notice kind=NoticeKind::Error>{format!("The deployed code does not run: {fault}")}</Notice> })}
        <section class="card code" aria-labelledby="code-source">
            <div class="card__header">
                <h2 class="card__title" id="code-source">"Code Source"</h2>
                <div class="card__actions">
                    <a class=ButtonKind::Normal.class() href=routes::download(&function.get_value()) download="">"Download"</a>
                    <Button on_press=Callback::new(move |()| upload_open.set(true))>"Upload"</Button>
                    <Button on_press=Callback::new(move |()| event_open.set(true))>"Configure Test Event"</Button>
                    <select class="input select code__event" aria-label="Test Event" on:change=move |event| chosen_event.set(event_target_value(&event))>
                        <option value="" selected=move || chosen_event.read().is_empty()>{TEMPLATES[0].name}</option>
                        {move || events.get().into_iter().map(|event| {
                            let name = event.name.to_string();
                            let this = name.clone();
                            view! { <option value=name.clone() selected=move || *chosen_event.read() == this>{name.clone()}</option> }
                        }).collect_view()}
                    </select>
                    <Button busy=testing.pending() on_press=Callback::new(move |()| test())>"Test"</Button>
                    <Button kind=ButtonKind::Primary busy=deploying.pending() disabled=Signal::derive(move || !dirty.get())
                        on_press=Callback::new(move |()| deploy())>
                        {move || if deploying.pending().get() { "Deploying…" } else { "Deploy" }}
                    </Button>
                </div>
            </div>
            <Show when=move || draft_restored.get().is_some() && dirty.get()>
                <Notice kind=NoticeKind::Info>
                    {move || draft_restored.get()}
                    <Button kind=ButtonKind::Link on_press=Callback::new(move |()| {
                        files.set(deployed.get_untracked());
                        forget_draft(&function.get_value());
                        draft_restored.set(None);
                    })>"Discard Draft"</Button>
                </Notice>
            </Show>
            <div class="code__status" aria-live="polite">
                {move || match deploying.value().get() {
                    _ if refused.read().is_some() => view! { <Notice kind=NoticeKind::Error>{refused.get()}</Notice> }.into_any(),
                    Some(Ok(done)) if !dirty.get() => view! { <Done verb="Deployed" done/> }.into_any(),
                    Some(Err(ConsoleError::Code(error))) if code_error.read().is_some() => view! {
                        <Notice kind=NoticeKind::Error>{format!("Nothing was deployed. {error}")}</Notice>
                    }.into_any(),
                    // The page still shows the code before it until it is loaded again.
                    None if !dirty.get() => uploaded.get()
                        .filter(|done| done.attributes.signature == attributes.read().signature)
                        .map(|done| view! { <Done verb="Uploaded and deployed" done/> }).into_any(),
                    Some(Err(ConsoleError::Code(_))) | None | Some(Ok(_)) => ().into_any(),
                    Some(Err(error)) => view! { <ErrorNotice error/> }.into_any(),
                }}
            </div>
            <div class="code__body">
                <Project files deployed selected/>
                // One editor a file, so that undo never leads into another one.
                {move || {
                    let path = StoredValue::new(selected.get());
                    if let Some(shown) = unshown(files.read_untracked().get(&selected.get())) {
                        return view! { <p class="code__unshown">{shown}</p> }.into_any();
                    }
                    view! {
                        <CodeEditor
                            label=format!("Code of {}", path.get_value())
                            value=Signal::derive(move || text_of(&files.read(), &path.get_value()))
                            diagnostics
                            on_input=Callback::new(move |text: String| edit(path.get_value(), text))
                            on_save=Callback::new(move |()| save())
                            on_deploy=Callback::new(move |()| deploy())
                        />
                    }.into_any()
                }}
            </div>
            <p class="code__hint">
                {move || if draft_saved.get() { "Draft saved in this browser. " } else { "" }}
                {move || if dirty.get() { "Not deployed yet: callers still get the deployed code. " } else { "" }}
                "What you type is kept in this browser; Ctrl+S does it at once, Ctrl+Enter deploys, Ctrl+F finds. Escape, then Tab leaves the editor."
            </p>
        </section>
        {view.component.map(|component| view! { <ComponentCard component/> })}
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
        <TestEventDialog function=function.get_value() events chosen=chosen_event open=event_open/>
        <UploadDialog function=function.get_value() runtime=view.runtime open=upload_open dirty on_uploaded/>
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

/// What a function of WebAssembly is made of.
#[component]
fn ComponentCard(component: ComponentView) -> impl IntoView {
    let names = |names: Vec<String>| match names.is_empty() {
        true => "nothing".into_any(),
        false => {
            let name = |name| view! { <li><code>{name}</code></li> };
            view! { <ul>{names.into_iter().map(name).collect_view()}</ul> }.into_any()
        }
    };
    view! {
        <Card title="Component">
            <dl class="facts">
                <div><dt>"File"</dt><dd><code>{component.file}</code></dd></div>
                <div><dt>"Size"</dt><dd>{size(component.bytes)}</dd></div>
                <div><dt>"Called by"</dt><dd>{component.called_by}</dd></div>
                <div><dt>"Exports"</dt><dd>{names(component.exports)}</dd></div>
                <div><dt>"Imports"</dt><dd>{names(component.imports)}</dd></div>
            </dl>
        </Card>
    }
}

/// What a deploy did, and what will be missed.
#[component]
fn Done(verb: &'static str, done: Deployed) -> impl IntoView {
    let took = millis(done.took_us);
    view! {
        <Notice kind=NoticeKind::Success>{format!("{verb} in {took}. The next call runs it.")}</Notice>
        {done.warning.map(|warning| view! { <Notice kind=NoticeKind::Warning>{warning}</Notice> })}
    }
}

fn text_of(files: &Files, path: &str) -> String {
    let text = files.get(path).and_then(FileView::text);
    text.unwrap_or_default().to_owned()
}

/// What stands in the editor's place, where a file is not shown.
fn unshown(file: Option<&FileView>) -> Option<String> {
    let what = match file? {
        FileView::Text(_) => return None,
        FileView::Binary { bytes } => format!("This is a binary file of {}.", size(*bytes)),
        FileView::Large { bytes } => format!(
            "This file has {}, which is more than the editor takes.",
            size(*bytes)
        ),
    };
    Some(format!(
        "{what} It stays as it is when you deploy; Download has it, and Upload replaces it."
    ))
}

/// Microseconds as a reader wants them: `4.525 ms`.
pub(super) fn millis(micros: u64) -> String {
    format!("{}.{:03} ms", micros / 1000, micros % 1000)
}

/// How often the page asks whether the snapshot is made; it takes about a tenth of a second.
const ASKING: Duration = Duration::from_millis(300);

/// What the last cold starts took, the way that new instances go first.
fn last_cold_starts(cold_start: &ColdStart) -> String {
    let loading = cold_start
        .from_source_us
        .map(|us| format!("{} by loading the code", millis(us)));
    let from_snapshot = match (cold_start.from_snapshot_us, &cold_start.snapshot) {
        (Some(us), _) => Some(format!("{} from the snapshot", millis(us))),
        (None, SnapshotView::Made { .. }) => Some("From the snapshot; none yet".to_owned()),
        (None, _) => None,
    };
    match (from_snapshot, loading) {
        (None, None) => "None yet".to_owned(),
        (first, second) => first
            .into_iter()
            .chain(second)
            .collect::<Vec<_>>()
            .join(", "),
    }
}

#[component]
fn CodeAttributesList(
    attributes: RwSignal<CodeAttributes>,
    cold_start: RwSignal<ColdStart>,
) -> impl IntoView {
    let function = StoredValue::new(current_function().name.get_untracked());
    let asking = Action::new(move |(): &()| {
        let asked = attributes.read_untracked().signature.clone();
        async move {
            let found = find_cold_start(function.get_value()).await;
            // Code that was deployed meanwhile is asked about anew.
            if let Ok(found) = found
                && attributes.read_untracked().signature == asked
            {
                cold_start.set(found);
            }
        }
    });
    Effect::new(move || {
        if cold_start.get().snapshot != SnapshotView::Preparing {
            return;
        }
        let ask = move || {
            asking.dispatch(());
        };
        if let Ok(timeout) = set_timeout_with_handle(ask, ASKING) {
            on_cleanup(move || timeout.clear());
        }
    });
    let snapshot = move || match cold_start.get().snapshot {
        SnapshotView::Preparing => "Being made".into_any(),
        SnapshotView::Made {
            memory_bytes,
            took_us,
            is_downloadable,
        } => {
            let made = match took_us {
                Some(took) => format!("made in {}", millis(took)),
                None => "kept from before the server was started".to_owned(),
            };
            let link = is_downloadable.then(|| view! {
                " " <a href=routes::snapshot(&function.get_value()) download="">"Download Snapshot"</a>
            });
            view! { {megabytes_text(memory_bytes)} " MB, " {made} {link} }.into_any()
        }
        SnapshotView::None(reason) => format!("None: {reason}").into_any(),
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
            <div><dt>"Cold Start"</dt><dd>{move || last_cold_starts(&cold_start.read())}</dd></div>
            <div><dt>"Snapshot"</dt><dd aria-live="polite">{snapshot}</dd></div>
            <div><dt>"Last Modified"</dt><dd>{move || view! { <Moment at=attributes.read().modified_at/> }}</dd></div>
        </dl>
    }
}
