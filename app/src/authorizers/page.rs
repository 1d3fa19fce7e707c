use leptos::prelude::*;
use leptos_meta::Title;
use sluice_domain::authorizer::Authorizer;

use super::card::AuthorizerCard;
use super::form::AuthorizerForm;
use super::{AuthorizerList, delete_authorizer, list_authorizers};
use crate::console::ConsoleError;
use crate::ui::{Button, ButtonKind, ConfirmDelete, Dialog, Loaded, PageHeader};

/// API Gateway > Custom Authorizers.
#[component]
pub(crate) fn AuthorizersPage() -> impl IntoView {
    let listed = Resource::new(|| (), |()| list_authorizers());
    let creating = RwSignal::new(false);
    view! {
        <Title text="Custom Authorizers"/>
        <PageHeader title="Custom Authorizers">
            <Button kind=ButtonKind::Primary on_press=Callback::new(move |()| creating.set(true))>"Create Custom Authorizer"</Button>
        </PageHeader>
        <Loaded resource=listed view=move |list| view! { <AuthorizerCards list listed creating/> }/>
    }
}

#[component]
fn AuthorizerCards(
    list: AuthorizerList,
    listed: Resource<Result<AuthorizerList, ConsoleError>>,
    creating: RwSignal<bool>,
) -> impl IntoView {
    let AuthorizerList {
        authorizers,
        apis,
        functions,
    } = list;
    let (apis, functions) = (StoredValue::new(apis), StoredValue::new(functions));
    let confirming = RwSignal::new(false);
    let to_delete = RwSignal::new(None::<Authorizer>);
    let deleting = Action::new(move |it: &Authorizer| delete_authorizer(it.authorizer_id.clone()));
    Effect::new(move || {
        if let Some(Ok(())) = deleting.value().get() {
            confirming.set(false);
            listed.refetch();
        }
    });
    let changed = Callback::new(move |()| listed.refetch());
    let is_empty = authorizers.is_empty();
    view! {
        {is_empty.then(|| view! {
            <div class="empty">
                <p class="empty__title">"No custom authorizers yet"</p>
                <p>"A custom authorizer is a function that decides who may call an API, for example by a token of your own. Choose it with Custom authentication when a trigger is created."</p>
            </div>
        })}
        <div class="item-cards">
            {authorizers.into_iter().map(|authorizer| {
                let chosen = authorizer.clone();
                let delete = move |()| {
                    deleting.value().set(None);
                    to_delete.set(Some(chosen.clone()));
                    confirming.set(true);
                };
                view! { <AuthorizerCard authorizer apis functions on_changed=changed on_delete=Callback::new(delete)/> }
            }).collect_view()}
        </div>
        <Dialog title="Create Custom Authorizer" open=creating wide=true>
            <AuthorizerForm functions open=creating on_saved=changed/>
        </Dialog>
        <ConfirmDelete
            title="Delete Custom Authorizer"
            message=Signal::derive(move || to_delete.read().as_ref().map_or_else(String::new, |it| {
                format!("{} will be deleted. That is refused while an API uses it.", it.name)
            }))
            open=confirming
            busy=deleting.pending()
            error=Signal::derive(move || deleting.value().get().and_then(Result::err).map(|error| error.to_string()))
            on_confirm=Callback::new(move |()| {
                if let Some(it) = to_delete.get_untracked() {
                    deleting.dispatch(it);
                }
            })
        />
    }
}
