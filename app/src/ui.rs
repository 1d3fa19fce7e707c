//! Primitives: what pages are made of. They know no feature, no route and no
//! server function.

mod amount;
mod button;
mod copy_button;
mod dialog;
mod field;
mod in_use;
mod live;
mod loaded;
mod meter;
mod moment;
mod notice;
mod tabs;
mod told_once;

pub(crate) use amount::{count, megabytes};
pub(crate) use button::{Button, ButtonKind};
pub(crate) use copy_button::CopyButton;
pub(crate) use dialog::{ConfirmDelete, Dialog};
pub(crate) use field::{Hint, SelectField, TextField, choices};
pub use in_use::Gauge;
pub(crate) use in_use::InUse;
pub(crate) use live::live;
pub(crate) use loaded::Loaded;
pub(crate) use meter::Meter;
pub(crate) use moment::{Ago, Moment, MomentInColumn, Zone, zone_offset};
pub(crate) use notice::{ErrorNotice, Notice, NoticeKind};
pub(crate) use tabs::{Tab, Tabs};
pub(crate) use told_once::{Told, ToldOnce};

use leptos::prelude::*;

/// The heading of a page, with what can be done there at the upper right.
#[component]
pub(crate) fn PageHeader(
    #[prop(into)] title: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <header class="page-header">
            <h1 class="page-header__title">{title}</h1>
            <div class="page-header__actions">{children.map(|children| children())}</div>
        </header>
    }
}

/// A block of a page with a heading of its own.
#[component]
pub(crate) fn Card(
    #[prop(into)] title: String,
    #[prop(optional)] actions: Option<ViewFn>,
    children: Children,
) -> impl IntoView {
    let id = format!("card-{}", title.to_lowercase().replace([' ', '>'], "-"));
    view! {
        <section class="card" aria-labelledby=id.clone()>
            <div class="card__header">
                <h2 class="card__title" id=id.clone()>{title}</h2>
                <div class="card__actions">{actions.map(|actions| actions.run())}</div>
            </div>
            {children()}
        </section>
    }
}
