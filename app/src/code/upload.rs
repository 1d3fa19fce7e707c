use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::web_sys::HtmlInputElement;
use sluice_domain::code::CodePackage;
use sluice_domain::function::Runtime;

use super::Deployed;
use crate::console::ConsoleError;
use crate::ui::{Button, ButtonKind, Dialog, ErrorNotice, Notice, NoticeKind};

/// Upload > Local ZIP: replaces all of the code by what an archive has.
#[component]
pub(super) fn UploadDialog(
    function: String,
    runtime: Runtime,
    open: RwSignal<bool>,
    #[prop(into)] dirty: Signal<bool>,
    on_uploaded: Callback<Deployed>,
) -> impl IntoView {
    let function = StoredValue::new(function);
    view! {
        <Dialog title="Upload Local ZIP" open>
            <UploadForm function runtime open dirty on_uploaded/>
        </Dialog>
    }
}

#[component]
fn UploadForm(
    function: StoredValue<String>,
    runtime: Runtime,
    open: RwSignal<bool>,
    dirty: Signal<bool>,
    on_uploaded: Callback<Deployed>,
) -> impl IntoView {
    let is_component = runtime == Runtime::WebAssembly;
    let (label, accept) = match is_component {
        true => ("Component or ZIP Archive", ".wasm,.zip,application/zip"),
        false => ("ZIP Archive", ".zip,application/zip"),
    };
    let input = NodeRef::<html::Input>::new();
    let chosen = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let error = RwSignal::new(None::<ConsoleError>);
    let choose = move |_| {
        error.set(None);
        chosen.set(
            input
                .get_untracked()
                .is_some_and(|input| !input.value().is_empty()),
        );
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(input) = input.get_untracked().filter(|_| !busy.get_untracked()) else {
            return;
        };
        busy.set(true);
        error.set(None);
        spawn_local(async move {
            let done = send(&function.get_value(), input).await;
            // The page may have been left meanwhile, and its signals with it.
            if busy.try_set(false).is_some() {
                return;
            }
            match done {
                Ok(deployed) => {
                    open.set(false);
                    on_uploaded.run(deployed);
                }
                Err(refused) => error.set(Some(refused)),
            }
        });
    };
    view! {
        <form class="form" on:submit=submit>
            <Show when=move || dirty.get()>
                <Notice kind=NoticeKind::Warning>"Changes that are not deployed are lost: all files are replaced."</Notice>
            </Show>
            {move || error.get().map(|error| view! { <ErrorNotice error/> })}
            <div class="field">
                <label for="upload-file">{label}</label>
                <div class="field__body">
                    <input id="upload-file" class="input" type="file" accept=accept required autofocus
                        aria-describedby="upload-hint" node_ref=input disabled=busy on:change=choose/>
                    <p class="field__hint" id="upload-hint">
                        {is_component.then_some("A WebAssembly component (.wasm), or an archive that has it beside other files. ")}
                        "At most 40 MB, and 128 MB in 10000 files unpacked. The handler's file is at the archive's root. \
                         All files are replaced and deployed at once."
                    </p>
                </div>
            </div>
            <div class="dialog__footer">
                <Button on_press=Callback::new(move |()| open.set(false))>"Cancel"</Button>
                <Button kind=ButtonKind::Primary submit=true busy disabled=Signal::derive(move || !chosen.get())>
                    {move || if busy.get() { "Uploading…" } else { "Upload and Deploy" }}
                </Button>
            </div>
        </form>
    }
}

/// Sends the file that was chosen.
#[cfg(feature = "hydrate")]
async fn send(function: &str, input: HtmlInputElement) -> Result<Deployed, ConsoleError> {
    let unreachable = |error: gloo_net::Error| ConsoleError::Unreachable(error.to_string());
    let file = input.files().and_then(|files| files.get(0));
    let file = file.ok_or_else(|| ConsoleError::refused("", 400, "Choose a file."))?;
    if file.size() > CodePackage::MAX_ZIP_BYTES as f64 {
        let message = "The archive must have at most 40 MB.";
        return Err(ConsoleError::refused("FSS.1071", 413, message));
    }
    let request = gloo_net::http::Request::post(&crate::routes::upload(function)).body(file);
    let answer = request.map_err(unreachable)?.send().await;
    let answer = answer.map_err(unreachable)?;
    let text = answer.text().await.map_err(unreachable)?;
    let unclear = |_| ConsoleError::Unreachable(format!("it answered with {}", answer.status()));
    if answer.ok() {
        serde_json::from_str(&text).map_err(unclear)
    } else {
        Err(serde_json::from_str(&text).unwrap_or_else(unclear))
    }
}

#[cfg(not(feature = "hydrate"))]
async fn send(_: &str, _: HtmlInputElement) -> Result<Deployed, ConsoleError> {
    const { assert!(CodePackage::MAX_ZIP_BYTES == 40 << 20, "as the form says") }
    Err(ConsoleError::Unreachable(
        "only a browser uploads".to_owned(),
    ))
}
