use leptos::prelude::*;
use sluice_domain::authorizer::{Authorizer, AuthorizerRule, IdentitySource};
use sluice_domain::function::FunctionName;

use super::form::AuthorizerForm;
use crate::apis::{BindableApi, BoundApis};
use crate::routes;
use crate::ui::{Button, Dialog, Moment};

/// The card of one authorizer: what it asks, how, and for which APIs.
#[component]
pub(super) fn AuthorizerCard(
    authorizer: Authorizer,
    apis: StoredValue<Vec<BindableApi>>,
    functions: StoredValue<Vec<FunctionName>>,
    on_changed: Callback<()>,
    on_delete: Callback<()>,
) -> impl IntoView {
    let bound = StoredValue::new(authorizer.apis.clone());
    let editing = RwSignal::new(false);
    let heading = authorizer.name.to_string();
    let function = authorizer.function.as_ref().map(FunctionName::to_string);
    let (facts, created_at) = (facts(&authorizer.rule), authorizer.created_at);
    let sources = authorizer.rule.identity_sources.iter();
    let sources: Vec<_> = sources.map(described).collect();
    let authorizer = StoredValue::new(authorizer);
    view! {
        <article class="item-card" aria-label=heading.clone()>
            <header class="item-card__header">
                <div>
                    <h2 class="item-card__name">{heading.clone()}</h2>
                    <p class="muted">"Created: " <Moment at=created_at/></p>
                </div>
                <div class="item-card__actions">
                    <Button label=format!("Edit {heading}") on_press=Callback::new(move |()| editing.set(true))>"Edit"</Button>
                    <Button label=format!("Delete {heading}") on_press=on_delete>"Delete"</Button>
                </div>
            </header>
            <dl class="facts facts--urls">
                <div>
                    <dt>"Function"</dt>
                    <dd>{match function {
                        Some(name) => view! { <a href=routes::function(&name)>{name.clone()}</a> }.into_any(),
                        None => view! { <span class="muted">"None: it was deleted, and nobody is let in. Edit to choose another."</span> }.into_any(),
                    }}</dd>
                </div>
                <div>
                    <dt>"Identity Sources"</dt>
                    <dd>{match sources.is_empty() {
                        true => view! { <span class="muted">"None: the function is asked about each request."</span> }.into_any(),
                        false => view! { <ul class="plain-list">{sources.into_iter().map(|source| view! { <li>{source}</li> }).collect_view()}</ul> }.into_any(),
                    }}</dd>
                </div>
                {facts.into_iter().map(|(label, text)| view! { <div><dt>{label}</dt><dd>{text}</dd></div> }).collect_view()}
                <div><dt>"APIs"</dt><dd><BoundApis apis bound none="None. Choose it as Custom Authorizer when a trigger is created."/></dd></div>
            </dl>
        </article>
        <Dialog title=format!("Edit {heading}") open=editing wide=true>
            <AuthorizerForm edited=authorizer.get_value() functions open=editing on_saved=on_changed/>
        </Dialog>
    }
}

fn facts(rule: &AuthorizerRule) -> Vec<(&'static str, String)> {
    let age = match rule.keeps_decisions() {
        true => format!("{} s", rule.max_cache_age.seconds()),
        false => "Decisions are not kept".to_owned(),
    };
    let body = match rule.sends_body {
        true => "Yes",
        false => "No",
    };
    let facts = [
        ("Max. Cache Age", age),
        ("Send Request Body", body.to_owned()),
        ("User Data", rule.user_data.to_string()),
    ];
    let said = facts.into_iter().filter(|(_, text)| !text.is_empty());
    said.collect()
}

fn described(source: &IdentitySource) -> String {
    let (location, name) = (source.location().label(), source.name());
    match source.validation() {
        "" => format!("{location} {name}"),
        validation => format!("{location} {name}, with {validation}"),
    }
}
