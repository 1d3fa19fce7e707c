mod form;
mod preview;
mod sets;

use leptos::prelude::*;
use leptos_meta::Title;
use sluice_domain::gateway_response::{GatewayResponse, ResponseType};
use sluice_domain::id::{ApiGroupId, ResponseSetId};

use form::ResponseForm;
use sets::{SetFields, ShownSet};

use super::group::{current_group, title};
use super::{GroupView, update_gateway_response};
use crate::ui::{Button, ButtonKind, Card, Dialog, ErrorNotice, Hint, Loaded};

/// Gateway Responses of a group: what callers get who are refused.
#[component]
pub(crate) fn GatewayResponsesPage() -> impl IntoView {
    // Kept here, so that they stay when the group is loaded again.
    let opened = Opened {
        kind: RwSignal::new(None),
        editing: RwSignal::new(false),
        resetting: RwSignal::new(false),
        set: ShownSet::new(),
    };
    view! {
        <Loaded resource=current_group().details view=move |view| view! { <Responses view opened/> }/>
    }
}

/// Which set is shown, and which type of its responses a dialog is open for.
#[derive(Clone, Copy)]
struct Opened {
    kind: RwSignal<Option<ResponseType>>,
    editing: RwSignal<bool>,
    resetting: RwSignal<bool>,
    set: ShownSet,
}

#[component]
fn Responses(view: GroupView, opened: Opened) -> impl IntoView {
    let current = current_group();
    let title = title("Gateway Responses", &view);
    let Opened {
        kind,
        editing,
        resetting,
        set,
    } = opened;
    let view = StoredValue::new(view);
    let rows = move || {
        let responses = view.with_value(|view| {
            let of_set = view.settings.responses_of(set.response_id().as_ref());
            of_set.clone()
        });
        let rows = ResponseType::ALL.iter().map(|&one| {
            let changed = responses.get(&one).cloned();
            view! { <ResponseRow kind=one changed opened/> }
        });
        rows.collect_view()
    };
    let group_id = move || view.with_value(|view| view.row.group.group_id.clone());
    view! {
        <Title text=title/>
        <Card title="Gateway Responses">
            <Hint text="What callers get when the gateway refuses a call, of this group's APIs and of an API that the group does not have. What functions answer, their failures too, is never changed."/>
            <SetFields view shown=set on_changed=current.on_changed()/>
            <div class="table-frame" role="region" aria-label="Types of responses" tabindex="0">
                <table class="table">
                    <caption class="visually-hidden">"Gateway responses"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Response Type"</th>
                            <th scope="col">"Default Status"</th>
                            <th scope="col">"Status"</th>
                            <th scope="col">"Response"</th>
                            <th scope="col">"Operation"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </Card>
        <Dialog title="Edit Gateway Response" open=editing wide=true>
            {move || kind.get().map(|kind| view! {
                <ResponseForm
                    group_id=group_id()
                    response_id=set.response_id()
                    kind
                    settings=view.with_value(|view| view.settings.clone())
                    open=editing
                    on_saved=current.on_changed()
                />
            })}
        </Dialog>
        <Dialog title="Reset Gateway Response" open=resetting>
            {move || kind.get().map(|kind| view! {
                <ResetForm group_id=group_id() response_id=set.response_id() kind open=resetting on_saved=current.on_changed()/>
            })}
        </Dialog>
    }
}

#[component]
fn ResponseRow(
    kind: ResponseType,
    changed: Option<GatewayResponse>,
    opened: Opened,
) -> impl IntoView {
    let default = status_text(kind.default_status());
    let status = match changed.as_ref().and_then(|it| it.status) {
        Some(status) => status.code().to_string(),
        None => default.clone(),
    };
    let is_changed = changed.is_some();
    let open = move |dialog: RwSignal<bool>| {
        opened.kind.set(Some(kind));
        dialog.set(true);
    };
    let label = kind.label();
    view! {
        <tr>
            <td>{label}<span class="table__note"><code>{kind.name()}</code></span></td>
            <td>{default}</td>
            <td>{status}</td>
            <td>{match is_changed {
                true => view! { <span class="badge badge--success">"Changed"</span> }.into_any(),
                false => view! { <span class="muted">"Default"</span> }.into_any(),
            }}</td>
            <td class="table__operations">
                <Button kind=ButtonKind::Link label=format!("Edit {label}") on_press=Callback::new(move |()| open(opened.editing))>"Edit"</Button>
                {is_changed.then(|| view! {
                    <Button kind=ButtonKind::Link label=format!("Reset {label}") on_press=Callback::new(move |()| open(opened.resetting))>"Reset"</Button>
                })}
            </td>
        </tr>
    }
}

/// A status; none is each error's own.
fn status_text(status: Option<u16>) -> String {
    status.map_or_else(|| "As is".to_owned(), |status| status.to_string())
}

#[component]
fn ResetForm(
    group_id: ApiGroupId,
    response_id: Option<ResponseSetId>,
    kind: ResponseType,
    open: RwSignal<bool>,
    on_saved: Callback<()>,
) -> impl IntoView {
    let resetting = Action::new(move |(): &()| {
        update_gateway_response(group_id.clone(), response_id.clone(), kind, None)
    });
    Effect::new(move || {
        if let Some(Ok(())) = resetting.value().get() {
            open.set(false);
            on_saved.run(());
        }
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        resetting.dispatch(());
    };
    view! {
        <form class="form" on:submit=submit>
            {move || resetting.value().get().and_then(Result::err).map(|error| view! { <ErrorNotice error/> })}
            <p>{format!("\u{201c}{}\u{201d} has its default status and body again, and no headers of its own. What was set is lost.", kind.label())}</p>
            <div class="dialog__footer">
                <Button on_press=Callback::new(move |()| open.set(false))>"Cancel"</Button>
                <Button kind=ButtonKind::Danger submit=true busy=resetting.pending()>"OK"</Button>
            </div>
        </form>
    }
}
