use leptos::prelude::*;
use leptos_meta::Title;

use super::form::GroupForm;
use super::group::{current_group, title};
use super::{GroupView, enable_debugging_domain};
use crate::ui::{Button, Card, CopyButton, Dialog, ErrorNotice, Hint, Loaded, Moment};

/// Group Information: what a group is, and its host.
#[component]
pub(crate) fn GroupInformationPage() -> impl IntoView {
    let current = current_group();
    let editing = RwSignal::new(false);
    view! {
        <Loaded resource=current.details view=move |view| view! { <GroupInformation view editing/> }/>
    }
}

#[component]
fn GroupInformation(view: GroupView, editing: RwSignal<bool>) -> impl IntoView {
    let current = current_group();
    let title = title("Group Information", &view);
    let edit = move || {
        view! { <Button on_press=Callback::new(move |()| editing.set(true))>"Edit"</Button> }
    };
    let row = view.row.clone();
    let id = row.group.group_id.to_string();
    let description = match row.description.as_str() {
        "" => "–".to_owned(),
        text => text.to_owned(),
    };
    let edited = StoredValue::new(row.clone());
    view! {
        <Title text=title/>
        <Card title="Basic Information" actions=ViewFn::from(edit)>
            <dl class="facts facts--urls">
                <div><dt>"Name"</dt><dd>{row.group.name.to_string()}</dd></div>
                <div><dt>"ID"</dt><dd><code>{id.clone()}</code> " " <CopyButton text=id label="Copy ID"/></dd></div>
                <div><dt>"Description"</dt><dd>{description}</dd></div>
                <div><dt>"Created"</dt><dd><Moment at=row.created_at/></dd></div>
            </dl>
        </Card>
        <DebuggingDomain view/>
        <Dialog title="Edit API Group" open=editing>
            <GroupForm edited=edited.get_value() open=editing on_saved=current.on_changed()/>
        </Dialog>
    }
}

/// The group's own host, which can be switched off.
#[component]
fn DebuggingDomain(view: GroupView) -> impl IntoView {
    let current = current_group();
    let group_id = view.row.group.group_id;
    let is_on = RwSignal::new(view.row.has_debugging_domain);
    let switching = Action::new(move |on: &bool| enable_debugging_domain(group_id.clone(), *on));
    Effect::new(move || match switching.value().get() {
        Some(Ok(())) => current.details.refetch(),
        Some(Err(_)) => is_on.update(|on| *on = !*on),
        None => {}
    });
    let switch = move |event| {
        let on = event_target_checked(&event);
        is_on.set(on);
        switching.dispatch(on);
    };
    let addresses = [
        ("Host", view.row.host),
        ("URL", view.url),
        ("URL without a host name", view.path_url),
    ];
    view! {
        <Card title="Debugging Domain Name">
            <div>
                <label class="check">
                    <input type="checkbox" role="switch" prop:checked=is_on checked=is_on.get_untracked()
                        disabled=switching.pending() aria-describedby="debugging-domain-hint" on:change=switch/>
                    <span>{move || if is_on.get() { "Enabled" } else { "Disabled" }}</span>
                </label>
                <Hint id="debugging-domain-hint" text="Disabled, calls by this host are answered with 404 as if the group were not there, from the next request on."/>
            </div>
            {move || switching.value().get().and_then(Result::err).map(|error| view! { <ErrorNotice error/> })}
            <dl class="facts facts--urls">
                {addresses.into_iter().map(|(label, text)| view! {
                    <div><dt>{label}</dt><dd><code>{text.clone()}</code> " " <CopyButton text=text label=format!("Copy {label}")/></dd></div>
                }).collect_view()}
            </dl>
        </Card>
    }
}
