use leptos::prelude::*;

/// A labelled text input with its hint and its error, tied together for screen
/// readers. `value` follows what is typed.
#[component]
pub(crate) fn TextField(
    name: &'static str,
    label: &'static str,
    value: RwSignal<String>,
    #[prop(optional, into)] hint: Option<String>,
    #[prop(optional, into)] error: Signal<Option<String>>,
    #[prop(optional)] required: bool,
    /// The input's type: text, password, number …
    #[prop(default = "text")]
    kind: &'static str,
    #[prop(optional)] placeholder: &'static str,
    #[prop(default = "off")] autocomplete: &'static str,
    #[prop(optional)] autofocus: bool,
    /// Several lines instead of one.
    #[prop(optional)]
    rows: Option<u32>,
) -> impl IntoView {
    let hint_id = format!("{name}-hint");
    let error_id = format!("{name}-error");
    let described_by = format!("{error_id} {hint_id}");
    let invalid = move || error.read().is_some().then_some("true");
    let control = match rows {
        Some(rows) => view! {
            <textarea id=name name=name class="input input--area" rows=rows required=required placeholder=placeholder
                aria-invalid=invalid aria-describedby=described_by
                prop:value=value on:input=move |event| value.set(event_target_value(&event))
            >{value.get_untracked()}</textarea>
        }
        .into_any(),
        None => view! {
            <input id=name name=name class="input" type=kind required=required placeholder=placeholder
                autocomplete=autocomplete autofocus=autofocus aria-invalid=invalid aria-describedby=described_by
                value=value.get_untracked() prop:value=value on:input=move |event| value.set(event_target_value(&event))
            />
        }
        .into_any(),
    };
    view! {
        <div class="field">
            <label class="field__label" class:field__label--required=required for=name>{label}</label>
            <div class="field__body">
                {control}
                <p id=error_id class="field__error" aria-live="polite">{move || error.get()}</p>
                <Hint id=hint_id text=hint.unwrap_or_default()/>
            </div>
        </div>
    }
}

/// What stands below a field to help.
#[component]
pub(crate) fn Hint(
    #[prop(optional, into)] id: Option<String>,
    #[prop(into)] text: String,
) -> impl IntoView {
    view! { <p id=id class="field__hint">{text}</p> }
}

/// One choice of a [`SelectField`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) label: String,
}

/// Choices from pairs of value and label.
pub(crate) fn choices<V: Into<String>, L: Into<String>>(
    pairs: impl IntoIterator<Item = (V, L)>,
) -> Vec<Choice> {
    pairs
        .into_iter()
        .map(|(value, label)| Choice {
            value: value.into(),
            label: label.into(),
        })
        .collect()
}

/// A labelled list to choose one from.
#[component]
pub(crate) fn SelectField(
    name: &'static str,
    label: &'static str,
    #[prop(into)] options: Signal<Vec<Choice>>,
    value: RwSignal<String>,
    #[prop(optional, into)] hint: Option<String>,
    #[prop(optional, into)] error: Signal<Option<String>>,
    #[prop(optional)] required: bool,
    /// What stands beside the list, for example a button that creates a choice.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let hint_id = format!("{name}-hint");
    let error_id = format!("{name}-error");
    let described_by = format!("{error_id} {hint_id}");
    view! {
        <div class="field">
            <label class="field__label" class:field__label--required=required for=name>{label}</label>
            <div class="field__body">
                <div class="field__row">
                    <select id=name name=name class="input select" required=required
                        aria-invalid=move || error.read().is_some().then_some("true") aria-describedby=described_by
                        on:change=move |event| value.set(event_target_value(&event))
                    >
                        {move || options.get().into_iter().map(|choice| {
                            let Choice { value: choice, label } = choice;
                            let this = choice.clone();
                            view! {
                                <option value=choice selected=move || *value.read() == this>{label}</option>
                            }
                        }).collect_view()}
                    </select>
                    {children.map(|children| children())}
                </div>
                <p id=error_id class="field__error" aria-live="polite">{move || error.get()}</p>
                <Hint id=hint_id text=hint.unwrap_or_default()/>
            </div>
        </div>
    }
}
