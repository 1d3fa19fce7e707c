use leptos::prelude::*;
use sluice_domain::api_group::ApiGroupName;

use super::TriggerCardView;
use crate::apis::{PublishedApi, PublishedFacts};
use crate::routes;
use crate::ui::{Button, ButtonKind, Moment, Notice, NoticeKind};

/// The card of one trigger: what callers reach of its API.
#[component]
pub(crate) fn TriggerCard(view: TriggerCardView, on_delete: Callback<()>) -> impl IntoView {
    let name = view.name();
    let TriggerCardView {
        trigger,
        published,
        api_instance,
        group_name,
    } = view;
    let badge = match published.is_empty() {
        true => view! { <span class="badge">"Offline"</span> },
        false => view! { <span class="badge badge--success">"Enabled"</span> },
    };
    let page = routes::api(&trigger.api_id);
    let notice = match published.iter().all(|api| api.settings == trigger.settings) {
        _ if published.is_empty() => Some((
            "It is published in no environment: callers are answered with 404. ",
            "Publish it",
        )),
        true => None,
        false => Some((
            "The definition has changed since it was published. This is what callers reach. ",
            "See what differs",
        )),
    };
    let facts = move |api: PublishedApi| {
        view! { <PublishedCard api api_instance=api_instance.clone() group_name=group_name.clone()/> }
    };
    view! {
        <article class="item-card" aria-label=name.clone()>
            <header class="item-card__header">
                <div>
                    <h3 class="item-card__name"><a href=page.clone()>{name.clone()}</a> " " {badge}</h3>
                    <p class="muted">"Created: " <Moment at=trigger.created_at/></p>
                </div>
                <div class="item-card__actions">
                    <a class=ButtonKind::Normal.class() href=routes::debug(&trigger.api_id) aria-label=format!("Debug {name}")>"Debug"</a>
                    <Button label=format!("Delete {name}") on_press=on_delete>"Delete"</Button>
                </div>
            </header>
            {notice.map(|(text, link)| view! {
                <Notice kind=NoticeKind::Warning>{text} <a href=page>{link}</a></Notice>
            })}
            {published.into_iter().map(facts).collect_view()}
        </article>
    }
}

/// What callers reach in one environment.
#[component]
fn PublishedCard(
    api: PublishedApi,
    api_instance: String,
    group_name: ApiGroupName,
) -> impl IntoView {
    let belongs = vec![
        ("API Group", group_name.to_string()),
        ("Environment", api.environment.name.to_string()),
    ];
    view! { <PublishedFacts api api_instance belongs/> }
}
