use leptos::prelude::*;
use sluice_domain::policy::{
    AccessControl, Cors, HeaderChange, Policy, PolicyRule, ResponseHeaders, Throttling,
};

use super::form::PolicyForm;
use super::{NamedCaller, bind_policy};
use crate::apis::{BindForm, BindableApi, BoundApis};
use crate::ui::{Button, Dialog, Moment};

/// The card of one policy: what it says, and what it is bound to.
#[component]
pub(super) fn PolicyCard(
    policy: Policy,
    apis: StoredValue<Vec<BindableApi>>,
    callers: StoredValue<Vec<NamedCaller>>,
    on_changed: Callback<()>,
    on_delete: Callback<()>,
) -> impl IntoView {
    let id = StoredValue::new(policy.policy_id.clone());
    let bound = StoredValue::new(policy.apis.clone());
    let (binding, editing) = (RwSignal::new(false), RwSignal::new(false));
    let heading = policy.name.to_string();
    let facts = match &policy.rule {
        PolicyRule::Throttling(throttling) => {
            callers.with_value(|callers| throttling_facts(throttling, callers))
        }
        PolicyRule::AccessControl(access) => access_facts(access),
        PolicyRule::Cors(cors) => cors_facts(cors),
        PolicyRule::ResponseHeaders(headers) => header_facts(headers),
    };
    let (kind, created_at) = (policy.rule.kind(), policy.created_at);
    let policy = StoredValue::new(policy);
    let bind = move |apis| bind_policy(id.get_value(), apis);
    view! {
        <article class="item-card" aria-label=heading.clone()>
            <header class="item-card__header">
                <div>
                    <h2 class="item-card__name">{heading.clone()} " " <span class="badge">{kind.label()}</span></h2>
                    <p class="muted">"Created: " <Moment at=created_at/></p>
                </div>
                <div class="item-card__actions">
                    <Button on_press=Callback::new(move |()| binding.set(true))>"Bind to APIs"</Button>
                    <Button label=format!("Edit {heading}") on_press=Callback::new(move |()| editing.set(true))>"Edit"</Button>
                    <Button label=format!("Delete {heading}") on_press=on_delete>"Delete"</Button>
                </div>
            </header>
            <dl class="facts facts--urls">
                {facts.into_iter().map(|(label, text)| view! { <div><dt>{label}</dt><dd>{text}</dd></div> }).collect_view()}
                <div><dt>"APIs"</dt><dd><BoundApis apis bound none="None: it has no effect yet."/></dd></div>
            </dl>
        </article>
        <Dialog title=format!("Bind {heading} to APIs") open=binding wide=true>
            <BindForm offered=apis bound save=bind open=binding on_changed none="No API is published. Create a trigger first."/>
        </Dialog>
        <Dialog title=format!("Edit {heading}") open=editing wide=true>
            <PolicyForm edited=policy.get_value() callers open=editing on_saved=on_changed/>
        </Dialog>
    }
}

fn throttling_facts(
    throttling: &Throttling,
    callers: &[NamedCaller],
) -> Vec<(&'static str, String)> {
    let fields = throttling.fields();
    let unit = fields.unit.label();
    let period = match fields.period {
        1 => format!("per {unit}"),
        period => format!("per {period} {unit}s"),
    };
    let counted = match fields.is_shared {
        true => "All APIs together",
        false => "Each API by itself",
    };
    let limits = [
        ("Max. Requests", Some(fields.requests)),
        ("Max. User Requests", fields.user_requests),
        ("Max. Credential Requests", fields.credential_requests),
        ("Max. IP Address Requests", fields.address_requests),
    ];
    let limits = limits
        .into_iter()
        .filter_map(|(label, limit)| Some((label, format!("{} {period}", limit?))));
    let excluded = fields.excluded.iter().map(|it| {
        let named = callers.iter().find(|one| one.caller == it.caller);
        let name = named.map_or("Deleted", |one| &one.name);
        format!("{name}: {} {period}", it.requests)
    });
    let excluded: Vec<_> = excluded.collect();
    let excluded = (!excluded.is_empty()).then(|| ("Excluded", excluded.join(", ")));
    let facts = limits.chain(excluded);
    facts.chain([("Counted", counted.to_owned())]).collect()
}

fn access_facts(access: &AccessControl) -> Vec<(&'static str, String)> {
    let addresses: Vec<_> = access.addresses.iter().map(|rule| rule.as_str()).collect();
    vec![
        ("Effect", access.effect.label().to_owned()),
        ("IP Addresses", addresses.join(", ")),
    ]
}

fn cors_facts(cors: &Cors) -> Vec<(&'static str, String)> {
    let fields = cors.fields();
    let credentials = match fields.allow_credentials {
        true => "Allowed",
        false => "Not allowed",
    };
    let facts = [
        ("Allowed Origins", fields.allow_origin.to_string()),
        ("Allowed Methods", fields.allow_methods.to_string()),
        ("Allowed Headers", fields.allow_headers.to_string()),
        ("Exposed Headers", fields.expose_headers.to_string()),
        ("Maximum Cache Age", format!("{} s", fields.max_age)),
        ("Credentials", credentials.to_owned()),
    ];
    let said = facts.into_iter().filter(|(_, text)| !text.is_empty());
    said.collect()
}

fn header_facts(headers: &ResponseHeaders) -> Vec<(&'static str, String)> {
    let fact = |change: &HeaderChange| {
        let text = match change.value() {
            "" => change.name().to_owned(),
            value => format!("{}: {value}", change.name()),
        };
        (change.action().label(), text)
    };
    headers.iter().map(fact).collect()
}
