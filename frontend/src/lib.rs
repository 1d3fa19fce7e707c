//! Starts the console in the browser. Everything it shows is in `sluice-app`.

/// Takes over the page that the server rendered.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(sluice_app::App);
}
