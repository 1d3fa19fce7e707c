use leptos::prelude::*;
use leptos_meta::Title;

use super::card::TriggerCard;
use super::create::CreateTriggerDialog;
use super::{TriggerCardView, delete_trigger, list_triggers};
use crate::console::ConsoleError;
use crate::functions::current_function;
use crate::ui::{Button, ButtonKind, ConfirmDelete, Loaded, Notice, NoticeKind};

/// Configuration > Triggers.
#[component]
pub(crate) fn TriggersPage() -> impl IntoView {
    let current = current_function();
    let triggers = Resource::new(move || current.name.get(), list_triggers);
    let creating = RwSignal::new(false);
    view! {
        <Title text=current.title("Triggers")/>
        <section class="card" aria-labelledby="triggers-title">
            <div class="card__header">
                <h2 class="card__title" id="triggers-title">"Triggers"</h2>
                <div class="card__actions">
                    <Button on_press=Callback::new(move |()| triggers.refetch())>"Refresh"</Button>
                    <Button kind=ButtonKind::Primary on_press=Callback::new(move |()| creating.set(true))>"Create Trigger"</Button>
                </div>
            </div>
            <Loaded resource=triggers view=move |cards| view! { <TriggerCards cards triggers/> }/>
        </section>
        <CreateTriggerDialog open=creating on_created=Callback::new(move |()| triggers.refetch())/>
    }
}

#[component]
fn TriggerCards(
    cards: Vec<TriggerCardView>,
    triggers: Resource<Result<Vec<TriggerCardView>, ConsoleError>>,
) -> impl IntoView {
    let function = StoredValue::new(current_function().name.get_untracked());
    let confirming = RwSignal::new(false);
    let to_delete = RwSignal::new(None::<TriggerCardView>);
    let deleting = Action::new(move |card: &TriggerCardView| {
        delete_trigger(function.get_value(), card.trigger.trigger_id.clone())
    });
    Effect::new(move || {
        if let Some(Ok(())) = deleting.value().get() {
            confirming.set(false);
            triggers.refetch();
        }
    });
    let count = cards.len();
    if count == 0 {
        return view! {
            <div class="empty">
                <p class="empty__title">"No triggers yet"</p>
                <p>"An API Gateway trigger gives the function a URL to call."</p>
            </div>
        }
        .into_any();
    }
    view! {
        <p class="muted">{format!("Total: {count}")}</p>
        <h3 class="trigger-type">"API Gateway (Dedicated) " <span class="muted">{format!("(Subtotal: {count})")}</span></h3>
        <Notice kind=NoticeKind::Info>
            "A dedicated APIG trigger cannot be disabled, only deleted: what it made is an API, which can be edited, published and taken offline on a page of its own."
        </Notice>
        <div class="item-cards">
            {cards.into_iter().map(|card| {
                let chosen = card.clone();
                let delete = move |()| {
                    deleting.value().set(None);
                    to_delete.set(Some(chosen.clone()));
                    confirming.set(true);
                };
                view! { <TriggerCard view=card on_delete=Callback::new(delete)/> }
            }).collect_view()}
        </div>
        <ConfirmDelete
            title="Delete Trigger"
            message=Signal::derive(move || to_delete.read().as_ref().map_or_else(String::new, |card| {
                let name = card.name();
                match card.published.first() {
                    Some(api) => format!("{name} will be deleted with its API. Its URL stops working at once: {}", api.url),
                    None => format!("{name} will be deleted with its API, and the records of its publications."),
                }
            }))
            open=confirming
            busy=deleting.pending()
            error=Signal::derive(move || deleting.value().get().and_then(Result::err).map(|error| error.to_string()))
            on_confirm=Callback::new(move |()| {
                if let Some(card) = to_delete.get_untracked() {
                    deleting.dispatch(card);
                }
            })
        />
    }
    .into_any()
}
