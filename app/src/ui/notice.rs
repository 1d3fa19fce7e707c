use leptos::prelude::*;

use crate::console::ConsoleError;
use crate::routes;

/// What a notice is about; it is said in a word too, not by colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoticeKind {
    Info,
    Success,
    Warning,
    Error,
}

impl NoticeKind {
    fn class(self) -> &'static str {
        match self {
            Self::Info => "notice notice--info",
            Self::Success => "notice notice--success",
            Self::Warning => "notice notice--warning",
            Self::Error => "notice notice--error",
        }
    }

    fn sign(self) -> &'static str {
        match self {
            Self::Info => "i",
            Self::Success => "✓",
            Self::Warning => "!",
            Self::Error => "✕",
        }
    }

    fn role(self) -> &'static str {
        if self == Self::Error {
            "alert"
        } else {
            "status"
        }
    }
}

/// A line that tells the reader something about the page.
#[component]
pub(crate) fn Notice(kind: NoticeKind, children: Children) -> impl IntoView {
    view! {
        <div class=kind.class() role=kind.role()>
            <span class="notice__sign" aria-hidden="true">{kind.sign()}</span>
            <div class="notice__text">{children()}</div>
        </div>
    }
}

/// An error of the console. One that says "signed out" leads to the sign-in
/// form and back here afterwards.
#[component]
pub(crate) fn ErrorNotice(error: ConsoleError) -> impl IntoView {
    let signed_out = error == ConsoleError::SignedOut;
    Effect::new(move || {
        if signed_out {
            let here = window().location();
            let path = here.pathname().unwrap_or_default() + &here.search().unwrap_or_default();
            drop(here.set_href(&routes::sign_in(&path)));
        }
    });
    view! {
        <Notice kind=NoticeKind::Error>
            {error.with_code()}
            {signed_out.then(|| view! { " " <a href=routes::SIGN_IN>"Sign In"</a> })}
        </Notice>
    }
}
