use leptos::prelude::*;

use super::{Button, ButtonKind, CopyButton, Dialog, Notice, NoticeKind};

/// What is told once: each text by its label.
pub(crate) type Told = Vec<(&'static str, String)>;

/// Shows what is told once, until it is closed.
#[component]
pub(crate) fn ToldOnce(told: RwSignal<Option<Told>>) -> impl IntoView {
    let open = RwSignal::new(false);
    Effect::new(move || open.set(told.read().is_some()));
    Effect::new(move || {
        if !open.get() && told.read_untracked().is_some() {
            told.set(None);
        }
    });
    view! {
        <Dialog title="Copy It Now" open wide=true>
            <Notice kind=NoticeKind::Warning>"This is shown once: nobody can read it here again."</Notice>
            <dl class="facts facts--urls">
                {move || told.get().unwrap_or_default().into_iter().map(|(label, text)| view! {
                    <div><dt>{label}</dt><dd><code>{text.clone()}</code> " " <CopyButton text=text label=format!("Copy {label}")/></dd></div>
                }).collect_view()}
            </dl>
            <div class="dialog__footer">
                <Button kind=ButtonKind::Primary on_press=Callback::new(move |()| open.set(false))>"Done"</Button>
            </div>
        </Dialog>
    }
}
