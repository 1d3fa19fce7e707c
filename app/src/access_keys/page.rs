use leptos::prelude::*;
use leptos_meta::Title;
use sluice_domain::access_key::{AccessKey, MAX_ACCESS_KEYS};
use sluice_domain::id::AccessKeyId;
use sluice_domain::text::Description;

use super::{
    NewAccessKey, create_access_key, delete_access_key, enable_access_key, list_access_keys,
};
use crate::access_tokens::AccessTokens;
use crate::console::{ConsoleError, sentence};
use crate::ui::{
    Button, ButtonKind, ConfirmDelete, CopyButton, Dialog, ErrorNotice, Loaded, Moment, PageHeader,
    TextField, Told, ToldOnce,
};

/// My Credentials > Access Keys.
#[component]
pub(crate) fn AccessKeysPage() -> impl IntoView {
    let listed = Resource::new(|| (), |()| list_access_keys());
    let creating = RwSignal::new(false);
    let told = RwSignal::new(None::<Told>);
    view! {
        <Title text="Access Keys"/>
        <PageHeader title="Access Keys">
            <Button kind=ButtonKind::Primary on_press=Callback::new(move |()| creating.set(true))>"Create Access Key"</Button>
        </PageHeader>
        <Loaded resource=listed view=move |keys| view! { <AccessKeyTable keys listed/> }/>
        <AccessTokens told/>
        <Dialog title="Create Access Key" open=creating>
            <CreateAccessKeyForm open=creating on_created=Callback::new(move |NewAccessKey { access_key_id, secret }| {
                told.set(Some(vec![("Access Key ID", access_key_id.to_string()), ("Secret Access Key", secret)]));
                listed.refetch();
            })/>
        </Dialog>
        <ToldOnce told/>
    }
}

#[component]
fn AccessKeyTable(
    keys: Vec<AccessKey>,
    listed: Resource<Result<Vec<AccessKey>, ConsoleError>>,
) -> impl IntoView {
    let confirming = RwSignal::new(false);
    let to_delete = RwSignal::new(None::<AccessKeyId>);
    let deleting = Action::new(move |id: &AccessKeyId| delete_access_key(id.clone()));
    Effect::new(move || {
        if let Some(Ok(())) = deleting.value().get() {
            confirming.set(false);
            listed.refetch();
        }
    });
    let enabling = Action::new(move |(id, is_enabled): &(AccessKeyId, bool)| {
        enable_access_key(id.clone(), *is_enabled)
    });
    Effect::new(move || {
        if let Some(Ok(())) = enabling.value().get() {
            listed.refetch();
        }
    });
    if keys.is_empty() {
        return view! {
            <div class="empty">
                <p class="empty__title">"No access keys yet"</p>
                <p>"With an access key your programs call APIs with IAM authentication: they sign their requests. It calls all of them, in your name."</p>
            </div>
        }
        .into_any();
    }
    view! {
        <p class="muted">{format!("{} of {MAX_ACCESS_KEYS}", keys.len())}</p>
        {move || enabling.value().get().and_then(Result::err).map(|error| view! { <ErrorNotice error/> })}
        <div class="table-frame" role="region" aria-label="Access Keys" tabindex="0">
            <table class="table">
                <caption class="visually-hidden">"Access Keys"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Access Key ID"</th>
                        <th scope="col">"Description"</th>
                        <th scope="col">"Status"</th>
                        <th scope="col">"Created"</th>
                        <th scope="col">"Operation"</th>
                    </tr>
                </thead>
                <tbody>
                    {keys.into_iter().map(|key| {
                        let delete = move |id| {
                            deleting.value().set(None);
                            to_delete.set(Some(id));
                            confirming.set(true);
                        };
                        view! { <AccessKeyRow key enabling on_delete=Callback::new(delete)/> }
                    }).collect_view()}
                </tbody>
            </table>
        </div>
        <ConfirmDelete
            title="Delete Access Key"
            message=Signal::derive(move || to_delete.read().as_ref().map_or_else(String::new, |id| {
                format!("{id} will be deleted. Whoever uses it is refused at once.")
            }))
            open=confirming
            busy=deleting.pending()
            error=Signal::derive(move || deleting.value().get().and_then(Result::err).map(|error| error.to_string()))
            on_confirm=Callback::new(move |()| {
                if let Some(id) = to_delete.get_untracked() {
                    deleting.dispatch(id);
                }
            })
        />
    }
    .into_any()
}

#[component]
fn AccessKeyRow(
    key: AccessKey,
    enabling: Action<(AccessKeyId, bool), Result<(), ConsoleError>>,
    on_delete: Callback<AccessKeyId>,
) -> impl IntoView {
    let AccessKey {
        access_key_id,
        description,
        is_enabled,
        created_at,
    } = key;
    let id = access_key_id.to_string();
    let (status, badge, change) = match is_enabled {
        true => ("Enabled", "badge badge--success", "Disable"),
        false => ("Disabled", "badge", "Enable"),
    };
    let deleted = access_key_id.clone();
    view! {
        <tr>
            <td><code>{id.clone()}</code> " " <CopyButton text=id.clone() label=format!("Copy {id}")/></td>
            <td>{description.to_string()}</td>
            <td><span class=badge>{status}</span></td>
            <td><Moment at=created_at/></td>
            <td class="table__operations">
                <Button kind=ButtonKind::Link label=format!("{change} {id}") busy=enabling.pending()
                    on_press=Callback::new(move |()| { enabling.dispatch((access_key_id.clone(), !is_enabled)); })>{change}</Button>
                <Button kind=ButtonKind::Link label=format!("Delete {id}") on_press=Callback::new(move |()| on_delete.run(deleted.clone()))>"Delete"</Button>
            </td>
        </tr>
    }
}

#[component]
fn CreateAccessKeyForm(open: RwSignal<bool>, on_created: Callback<NewAccessKey>) -> impl IntoView {
    let description = RwSignal::new(String::new());
    let parsed = Memo::new(move |_| {
        Description::parse(&description.read()).map_err(|error| sentence(&error.to_string()))
    });
    let creating =
        Action::new(move |description: &Description| create_access_key(description.clone()));
    Effect::new(move || {
        if let Some(Ok(key)) = creating.value().get() {
            open.set(false);
            on_created.run(key);
        }
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Ok(description) = parsed.get_untracked() {
            creating.dispatch(description);
        }
    };
    view! {
        <form class="form" on:submit=submit>
            {move || creating.value().get().and_then(Result::err).map(|error| view! { <ErrorNotice error/> })}
            <TextField name="access-key-description" label="Description" value=description autofocus=true
                error=Signal::derive(move || parsed.get().err())
                hint="What it is for, at most 512 characters. The key and its secret are made for you."/>
            <div class="dialog__footer">
                <Button on_press=Callback::new(move |()| open.set(false))>"Cancel"</Button>
                <Button kind=ButtonKind::Primary submit=true busy=creating.pending() disabled=Signal::derive(move || parsed.read().is_err())>"OK"</Button>
            </div>
        </form>
    }
}
