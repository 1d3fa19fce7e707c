use leptos::html;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::HtmlElement;

use super::{Button, ButtonKind, Notice, NoticeKind};

/// A modal dialog on the browser's own `<dialog>`, which gives focus, Escape
/// and inertness of the page behind. Its content exists only while it is open,
/// so that it starts afresh each time.
#[component]
pub(crate) fn Dialog(
    #[prop(into)] title: String,
    open: RwSignal<bool>,
    #[prop(optional)] wide: bool,
    children: ChildrenFn,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let id = format!("dialog-{}", title.to_lowercase().replace(' ', "-"));
    let title_id = id.clone();
    Effect::new(move || {
        let Some(dialog) = dialog.get() else { return };
        if open.get() && !dialog.open() {
            drop(dialog.show_modal());
            // The content comes with this change; what it wants focused is there a frame later.
            request_animation_frame(move || {
                let wanted = dialog.query_selector("[autofocus]").ok().flatten();
                if let Some(wanted) =
                    wanted.and_then(|wanted| wanted.dyn_into::<HtmlElement>().ok())
                {
                    drop(wanted.focus());
                }
            });
        } else if !open.get() && dialog.open() {
            dialog.close();
        }
    });
    view! {
        <dialog
            node_ref=dialog
            class="dialog"
            class:dialog--wide=wide
            aria-labelledby=id
            on:close=move |_| open.set(false)
        >
            <div class="dialog__header">
                <h2 class="dialog__title" id=title_id>{title}</h2>
                <button type="button" class="button button--link dialog__close" aria-label="Close" on:click=move |_| open.set(false)>
                    "×"
                </button>
            </div>
            <Show when=move || open.get()>{children()}</Show>
        </dialog>
    }
}

/// Asks to type `DELETE` before something is deleted for good.
#[component]
pub(crate) fn ConfirmDelete(
    #[prop(into)] title: String,
    #[prop(into)] message: Signal<String>,
    open: RwSignal<bool>,
    #[prop(into)] busy: Signal<bool>,
    #[prop(into)] error: Signal<Option<String>>,
    #[prop(into)] on_confirm: Callback<()>,
) -> impl IntoView {
    view! {
        <Dialog title open>
            <ConfirmDeleteForm message open busy error on_confirm/>
        </Dialog>
    }
}

#[component]
fn ConfirmDeleteForm(
    message: Signal<String>,
    open: RwSignal<bool>,
    busy: Signal<bool>,
    error: Signal<Option<String>>,
    on_confirm: Callback<()>,
) -> impl IntoView {
    let typed = RwSignal::new(String::new());
    let wrong = Signal::derive(move || typed.read().trim() != "DELETE");
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if !wrong.get_untracked() {
            on_confirm.run(());
        }
    };
    view! {
        <form class="form" on:submit=submit>
            <p>{move || message.get()}</p>
            <Show when=move || error.read().is_some()>
                <Notice kind=NoticeKind::Error>{move || error.get()}</Notice>
            </Show>
            <div class="field">
                <label for="confirm-delete">"Type DELETE to confirm"</label>
                <input id="confirm-delete" class="input" autocomplete="off" autofocus prop:value=typed on:input=move |event| typed.set(event_target_value(&event))/>
            </div>
            <div class="dialog__footer">
                <Button on_press=Callback::new(move |()| open.set(false))>"Cancel"</Button>
                <Button kind=ButtonKind::Danger submit=true disabled=wrong busy>"OK"</Button>
            </div>
        </form>
    }
}
