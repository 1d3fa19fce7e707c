use leptos::prelude::*;
use leptos_meta::Title;
use sluice_domain::credential::{Credential, MAX_CREDENTIALS};

use super::card::CredentialCard;
use super::forms::CreateCredentialForm;
use super::{CredentialList, NewSecret, delete_credential, list_credentials};
use crate::console::ConsoleError;
use crate::ui::{Button, ButtonKind, ConfirmDelete, Dialog, Loaded, PageHeader, Told, ToldOnce};

/// API Gateway > Credentials.
#[component]
pub(crate) fn CredentialsPage() -> impl IntoView {
    let listed = Resource::new(|| (), |()| list_credentials());
    let creating = RwSignal::new(false);
    let told = RwSignal::new(None::<Told>);
    view! {
        <Title text="Credentials"/>
        <PageHeader title="Credentials">
            <Button kind=ButtonKind::Primary on_press=Callback::new(move |()| creating.set(true))>"Create Credential"</Button>
        </PageHeader>
        <Loaded resource=listed view=move |list| view! { <CredentialCards list listed told/> }/>
        <Dialog title="Create Credential" open=creating>
            <CreateCredentialForm open=creating on_created=Callback::new(move |secret: NewSecret| {
                told.set(Some(secret.told()));
                listed.refetch();
            })/>
        </Dialog>
        <ToldOnce told/>
    }
}

#[component]
fn CredentialCards(
    list: CredentialList,
    listed: Resource<Result<CredentialList, ConsoleError>>,
    told: RwSignal<Option<Told>>,
) -> impl IntoView {
    let confirming = RwSignal::new(false);
    let to_delete = RwSignal::new(None::<Credential>);
    let deleting = Action::new(move |credential: &Credential| {
        delete_credential(credential.credential_id.clone())
    });
    Effect::new(move || {
        if let Some(Ok(())) = deleting.value().get() {
            confirming.set(false);
            listed.refetch();
        }
    });
    if list.credentials.is_empty() {
        return view! {
            <div class="empty">
                <p class="empty__title">"No credentials yet"</p>
                <p>"A credential lets a partner or a program call APIs with App authentication: it signs its requests, or sends an AppCode."</p>
            </div>
        }
        .into_any();
    }
    let apis = StoredValue::new(list.apis);
    view! {
        <p class="muted">{format!("{} of {MAX_CREDENTIALS}", list.credentials.len())}</p>
        <div class="item-cards">
            {list.credentials.into_iter().map(|credential| {
                let chosen = credential.clone();
                let delete = move |()| {
                    deleting.value().set(None);
                    to_delete.set(Some(chosen.clone()));
                    confirming.set(true);
                };
                view! { <CredentialCard credential apis told on_changed=Callback::new(move |()| listed.refetch()) on_delete=Callback::new(delete)/> }
            }).collect_view()}
        </div>
        <ConfirmDelete
            title="Delete Credential"
            message=Signal::derive(move || to_delete.read().as_ref().map_or_else(String::new, |credential| {
                format!("{} will be deleted with its AppCodes. Whoever uses it is refused at once.", credential.name)
            }))
            open=confirming
            busy=deleting.pending()
            error=Signal::derive(move || deleting.value().get().and_then(Result::err).map(|error| error.to_string()))
            on_confirm=Callback::new(move |()| {
                if let Some(credential) = to_delete.get_untracked() {
                    deleting.dispatch(credential);
                }
            })
        />
    }
    .into_any()
}
