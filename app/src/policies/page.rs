use leptos::prelude::*;
use leptos_meta::Title;
use sluice_domain::policy::Policy;

use super::card::PolicyCard;
use super::form::PolicyForm;
use super::{PolicyList, delete_policy, list_policies};
use crate::console::ConsoleError;
use crate::ui::{Button, ButtonKind, ConfirmDelete, Dialog, Loaded, PageHeader};

/// API Gateway > Policies.
#[component]
pub(crate) fn PoliciesPage() -> impl IntoView {
    let listed = Resource::new(|| (), |()| list_policies());
    let creating = RwSignal::new(false);
    view! {
        <Title text="Policies"/>
        <PageHeader title="Policies">
            <Button kind=ButtonKind::Primary on_press=Callback::new(move |()| creating.set(true))>"Create Policy"</Button>
        </PageHeader>
        <Loaded resource=listed view=move |list| view! { <PolicyCards list listed creating/> }/>
    }
}

#[component]
fn PolicyCards(
    list: PolicyList,
    listed: Resource<Result<PolicyList, ConsoleError>>,
    creating: RwSignal<bool>,
) -> impl IntoView {
    let PolicyList {
        policies,
        apis,
        callers,
    } = list;
    let (apis, callers) = (StoredValue::new(apis), StoredValue::new(callers));
    let confirming = RwSignal::new(false);
    let to_delete = RwSignal::new(None::<Policy>);
    let deleting = Action::new(move |policy: &Policy| delete_policy(policy.policy_id.clone()));
    Effect::new(move || {
        if let Some(Ok(())) = deleting.value().get() {
            confirming.set(false);
            listed.refetch();
        }
    });
    let changed = Callback::new(move |()| listed.refetch());
    let is_empty = policies.is_empty();
    view! {
        {is_empty.then(|| view! {
            <div class="empty">
                <p class="empty__title">"No policies yet"</p>
                <p>"A policy says how often an API may be called, from which addresses, by pages of which origins, or which headers its answers have."</p>
            </div>
        })}
        <div class="item-cards">
            {policies.into_iter().map(|policy| {
                let chosen = policy.clone();
                let delete = move |()| {
                    deleting.value().set(None);
                    to_delete.set(Some(chosen.clone()));
                    confirming.set(true);
                };
                view! { <PolicyCard policy apis callers on_changed=changed on_delete=Callback::new(delete)/> }
            }).collect_view()}
        </div>
        <Dialog title="Create Policy" open=creating wide=true>
            <PolicyForm callers open=creating on_saved=changed/>
        </Dialog>
        <ConfirmDelete
            title="Delete Policy"
            message=Signal::derive(move || to_delete.read().as_ref().map_or_else(String::new, |policy| {
                format!("{} will be deleted. The APIs that it is bound to are without it from the next request on.", policy.name)
            }))
            open=confirming
            busy=deleting.pending()
            error=Signal::derive(move || deleting.value().get().and_then(Result::err).map(|error| error.to_string()))
            on_confirm=Callback::new(move |()| {
                if let Some(policy) = to_delete.get_untracked() {
                    deleting.dispatch(policy);
                }
            })
        />
    }
}
