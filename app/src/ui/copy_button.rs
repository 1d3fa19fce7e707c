use leptos::prelude::*;

/// Copies `text` and says that it did. Where the browser has no clipboard
/// (a page over plain HTTP), the text is selected instead.
#[component]
pub(crate) fn CopyButton(
    #[prop(into)] text: Signal<String>,
    #[prop(into)] label: String,
    /// What the button shows until it was pressed.
    #[prop(default = "Copy")]
    shown: &'static str,
) -> impl IntoView {
    let copied = RwSignal::new(false);
    let press = move |_| {
        copy(&text.get_untracked());
        copied.set(true);
        set_timeout(move || copied.set(false), std::time::Duration::from_secs(2));
    };
    view! {
        <button type="button" class="button button--link copy-button" aria-label=label on:click=press>
            {move || if copied.get() { "Copied" } else { shown }}
        </button>
        <span class="visually-hidden" role="status">{move || copied.get().then_some("Copied")}</span>
    }
}

#[cfg(feature = "hydrate")]
fn copy(text: &str) {
    use wasm_bindgen::JsCast;
    use wasm_bindgen::JsValue;

    let navigator = window().navigator();
    let clipboard = js_sys::Reflect::get(&navigator, &JsValue::from_str("clipboard"));
    if clipboard.is_ok_and(|clipboard| !clipboard.is_undefined()) {
        // The promise is left alone: a browser that refuses shows why itself.
        drop(navigator.clipboard().write_text(text));
        return;
    }
    let area = document()
        .create_element("textarea")
        .ok()
        .and_then(|area| area.dyn_into::<web_sys::HtmlTextAreaElement>().ok());
    let page = document().dyn_into::<web_sys::HtmlDocument>().ok();
    if let (Some(area), Some(page), Some(body)) = (area, page, document().body()) {
        area.set_value(text);
        if body.append_child(&area).is_ok() {
            area.select();
            drop(page.exec_command("copy"));
            area.remove();
        }
    }
}

#[cfg(not(feature = "hydrate"))]
fn copy(_: &str) {}
