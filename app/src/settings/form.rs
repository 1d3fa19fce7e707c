use leptos::prelude::*;

use crate::console::{ConsoleError, sentence};
use crate::functions::current_function;
use crate::ui::{Button, ButtonKind, ErrorNotice, Notice, NoticeKind};

/// A form of settings: its fields, Save, and what came of it. It can be saved once `wanted`, what
/// all fields together say where they keep to their rules, is another than `saved`.
#[component]
pub(super) fn SettingsForm<T, S, F>(
    saved: RwSignal<T>,
    #[prop(into)] wanted: Signal<Option<T>>,
    save: S,
    children: Children,
) -> impl IntoView
where
    T: Clone + PartialEq + Send + Sync + 'static,
    S: Fn(T) -> F + Send + Sync + 'static,
    F: Future<Output = Result<(), ConsoleError>> + Send + 'static,
{
    let current = current_function();
    let saving = Action::new(move |wanted: &T| {
        let (saving, wanted) = (save(wanted.clone()), wanted.clone());
        async move { saving.await.map(|()| wanted) }
    });
    Effect::new(move || {
        if let Some(Ok(now)) = saving.value().get() {
            saved.set(now);
            current.changes.update(|changes| *changes += 1);
        }
    });
    let unchanged =
        Signal::derive(move || wanted.get().is_none_or(|wanted| wanted == *saved.read()));
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Some(wanted) = wanted.get_untracked() {
            saving.dispatch(wanted);
        }
    };
    view! {
        <form class="form" on:submit=submit>
            {children()}
            {move || match saving.value().get() {
                Some(Ok(_)) if unchanged.get() => view! { <Notice kind=NoticeKind::Success>"Saved. The next call runs with it."</Notice> }.into_any(),
                Some(Err(error)) => view! { <ErrorNotice error/> }.into_any(),
                _ => ().into_any(),
            }}
            <div class="form__footer">
                <Button kind=ButtonKind::Primary submit=true busy=saving.pending() disabled=unchanged>"Save"</Button>
            </div>
        </form>
    }
}

/// A number field's text as the number that its rule takes.
pub(super) fn number<T: TryFrom<u32, Error: std::fmt::Display>>(text: &str) -> Result<T, String> {
    let number: u32 = text
        .trim()
        .parse()
        .map_err(|_| "Must be a whole number".to_owned())?;
    T::try_from(number).map_err(|error| sentence(&error.to_string()))
}
