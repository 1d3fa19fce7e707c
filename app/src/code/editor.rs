use leptos::ev::{CustomEvent, Event};
use leptos::prelude::*;
use sluice_domain::code::CodeError;

/// The code editor, a custom element around CodeMirror. Until its script runs,
/// and without JavaScript, the text stands there to be read.
#[component]
pub(crate) fn CodeEditor(
    #[prop(into)] label: Signal<String>,
    #[prop(into)] value: Signal<String>,
    #[prop(into)] diagnostics: Signal<Vec<CodeError>>,
    #[prop(into)] on_input: Callback<String>,
    #[prop(into)] on_save: Callback<()>,
    #[prop(into)] on_deploy: Callback<()>,
) -> impl IntoView {
    let first = value.get_untracked();
    let marks = move || {
        let marks = diagnostics.get().into_iter().map(
            |CodeError {
                 line,
                 column,
                 message,
                 ..
             }| {
                serde_json::json!({ "line": line, "column": column, "message": message })
            },
        );
        serde_json::Value::Array(marks.collect()).to_string()
    };
    view! {
        <code-editor
            class="code-editor"
            label=move || label.get()
            language="python"
            prop:value=move || value.get()
            prop:diagnostics=marks
            on:input=move |event: Event| on_input.run(event_target_value(&event))
            on:save=move |_: CustomEvent| on_save.run(())
            on:deploy=move |_: CustomEvent| on_deploy.run(())
        >
            <pre class="code-fallback" tabindex="0">{first}</pre>
        </code-editor>
    }
}
