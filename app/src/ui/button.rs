use leptos::ev::MouseEvent;
use leptos::prelude::*;

/// How a button looks, which says what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum ButtonKind {
    /// The page's main act.
    Primary,
    /// Any other act.
    #[default]
    Normal,
    /// What cannot be undone.
    Danger,
    /// An act inside a row or a line of text.
    Link,
}

impl ButtonKind {
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Primary => "button button--primary",
            Self::Normal => "button",
            Self::Danger => "button button--danger",
            Self::Link => "button button--link",
        }
    }
}

/// A button. While `busy` it cannot be pressed and says so to screen readers.
#[component]
pub(crate) fn Button(
    #[prop(optional)] kind: ButtonKind,
    #[prop(optional, into)] disabled: Signal<bool>,
    #[prop(optional, into)] busy: Signal<bool>,
    /// Submits the form it stands in; otherwise `on_press` is called.
    #[prop(optional)]
    submit: bool,
    #[prop(optional, into)] on_press: Option<Callback<()>>,
    #[prop(optional, into)] label: Option<String>,
    children: Children,
) -> impl IntoView {
    let press = move |_: MouseEvent| {
        if let Some(on_press) = on_press {
            on_press.run(());
        }
    };
    view! {
        <button
            type=if submit { "submit" } else { "button" }
            class=kind.class()
            class:button--busy=busy
            disabled=move || disabled.get() || busy.get()
            aria-busy=move || busy.get().then_some("true")
            aria-label=label
            on:click=press
        >
            {children()}
        </button>
    }
}
