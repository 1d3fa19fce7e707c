use leptos::html;
use leptos::prelude::*;
use leptos::web_sys::HtmlInputElement;
use sluice_domain::certificate::{CertificateName, MAX_PEM_BYTES};
use sluice_domain::id::CertificateId;

use super::{replace_certificate, upload_certificate};
use crate::console::sentence;
use crate::ui::{Button, ButtonKind, ErrorNotice, Hint, TextField};

/// Uploads a certificate, or puts another one in the place of `replaced`.
#[component]
pub(super) fn CertificateForm(
    #[prop(optional)] replaced: Option<CertificateId>,
    open: RwSignal<bool>,
    on_saved: Callback<()>,
) -> impl IntoView {
    let is_new = replaced.is_none();
    let name = RwSignal::new(String::new());
    let (chain, key) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let parsed = Memo::new(move |_| {
        CertificateName::parse(&name.read()).map_err(|error| sentence(&error.to_string()))
    });
    let is_ready = Memo::new(move |_| {
        let has_name = !is_new || parsed.read().is_ok();
        has_name && !chain.read().trim().is_empty() && !key.read().trim().is_empty()
    });
    let saving = Action::new(move |(): &()| {
        let (id, name) = (replaced.clone(), parsed.get_untracked());
        let (chain, key) = (chain.get_untracked(), key.get_untracked());
        async move {
            match (id, name) {
                (Some(id), _) => replace_certificate(id, chain, key).await,
                (None, Ok(name)) => upload_certificate(name, chain, key).await,
                (None, Err(_)) => Ok(()), // the button cannot be pressed
            }
        }
    });
    Effect::new(move || {
        if let Some(Ok(())) = saving.value().get() {
            open.set(false);
            on_saved.run(());
        }
    });
    let refused = move || saving.value().get().and_then(Result::err);
    let of = move |field: &'static str| {
        Signal::derive(move || refused().and_then(|error| error.for_field(field)))
    };
    let (of_chain, of_key) = (of("certificate-chain"), of("certificate-key"));
    let of_neither = move || {
        let is_shown = of_chain.read().is_some() || of_key.read().is_some();
        refused().filter(|_| !is_shown)
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if is_ready.get_untracked() {
            saving.dispatch(());
        }
    };
    let name_error = move || parsed.get().err().filter(|_| !name.read().is_empty());
    view! {
        <form class="form" on:submit=submit>
            {move || of_neither().map(|error| view! { <ErrorNotice error/> })}
            {is_new.then(|| view! {
                <TextField name="certificate-name" label="Name" value=name required=true autofocus=true
                    error=Signal::derive(name_error)
                    hint="3 to 64 characters, a letter first: letters, digits and underscores."/>
            })}
            <PemField name="certificate-chain" label="Certificate Chain" value=chain error=of_chain
                placeholder="-----BEGIN CERTIFICATE-----"
                hint="In PEM form: the server's certificate first, then those that lead to its authority."/>
            <PemField name="certificate-key" label="Private Key" value=key error=of_key
                placeholder="-----BEGIN PRIVATE KEY-----"
                hint="In PEM form, not encrypted. It is kept encrypted, and nobody can read it here again."/>
            <div class="dialog__footer">
                <Button on_press=Callback::new(move |()| open.set(false))>"Cancel"</Button>
                <Button kind=ButtonKind::Primary submit=true busy=saving.pending() disabled=Signal::derive(move || !is_ready.get())>"OK"</Button>
            </div>
        </form>
    }
}

/// A text in PEM form, pasted or taken from a file.
#[component]
fn PemField(
    name: &'static str,
    label: &'static str,
    value: RwSignal<String>,
    error: Signal<Option<String>>,
    placeholder: &'static str,
    hint: &'static str,
) -> impl IntoView {
    let file = NodeRef::<html::Input>::new();
    let too_large = RwSignal::new(false);
    let shown = Signal::derive(move || match too_large.get() {
        true => Some("The file has more than 64 KB".to_owned()),
        false => error.get(),
    });
    let choose = move |_| {
        if let Some(input) = file.get_untracked() {
            too_large.set(!take(&input, value));
        }
    };
    let (error_id, hint_id) = (format!("{name}-error"), format!("{name}-hint"));
    let described_by = format!("{error_id} {hint_id}");
    view! {
        <div class="field">
            <label class="field__label field__label--required" for=name>{label}</label>
            <div class="field__body">
                <textarea id=name name=name class="input input--area input--code" rows="5" required placeholder=placeholder
                    spellcheck="false" autocomplete="off"
                    aria-invalid=move || shown.read().is_some().then_some("true") aria-describedby=described_by
                    prop:value=value on:input=move |event| value.set(event_target_value(&event))></textarea>
                <input class="input" type="file" accept=".pem,.crt,.cer,.key,.txt" aria-label=format!("{label} from a file")
                    node_ref=file on:change=choose/>
                <p id=error_id class="field__error" aria-live="polite">{move || shown.get()}</p>
                <Hint id=hint_id text=hint/>
            </div>
        </div>
    }
}

/// Puts the text of the chosen file into `text`, once it is read. False where it is too large.
#[cfg(feature = "hydrate")]
fn take(input: &HtmlInputElement, text: RwSignal<String>) -> bool {
    use wasm_bindgen::JsCast;
    use wasm_bindgen::closure::Closure;

    let file = input.files().and_then(|files| files.get(0));
    let (Some(file), Ok(reader)) = (file, web_sys::FileReader::new()) else {
        return true;
    };
    if file.size() > MAX_PEM_BYTES as f64 {
        return false;
    }
    let read = reader.clone();
    let loaded = Closure::once_into_js(move || {
        if let Some(content) = read.result().ok().and_then(|it| it.as_string()) {
            // The dialog may have been closed meanwhile.
            let _ = text.try_set(content);
        }
    });
    reader.set_onload(Some(loaded.unchecked_ref()));
    drop(reader.read_as_text(&file));
    true
}

#[cfg(not(feature = "hydrate"))]
fn take(_: &HtmlInputElement, _: RwSignal<String>) -> bool {
    const { assert!(MAX_PEM_BYTES == 64 << 10, "as the form says") }
    true
}
