use leptos::prelude::*;
use sluice_domain::policy::{Policy, PolicyKind, PolicyName, PolicyRule};

mod access;
mod cors;
mod excluded;
mod response_headers;
mod throttling;

pub(crate) use access::{AccessFields, AccessInputs};
use cors::{CorsFields, CorsInputs};
use response_headers::{ResponseHeadersFields, ResponseHeadersInputs};
use throttling::{ThrottlingFields, ThrottlingInputs};

use super::{NamedCaller, create_policy, update_policy};
use crate::console::sentence;
use crate::ui::{Button, ButtonKind, ErrorNotice, SelectField, TextField, choices};

/// Creates a policy, or changes one.
#[component]
pub(super) fn PolicyForm(
    #[prop(optional)] edited: Option<Policy>,
    callers: StoredValue<Vec<NamedCaller>>,
    open: RwSignal<bool>,
    on_saved: Callback<()>,
) -> impl IntoView {
    let is_new = edited.is_none();
    let name = RwSignal::new(
        edited
            .as_ref()
            .map_or_else(String::new, |it| it.name.to_string()),
    );
    let rule = edited.as_ref().map(|it| &it.rule);
    let first_kind = rule.map_or(PolicyKind::Throttling, PolicyRule::kind);
    let kind = RwSignal::new(first_kind.name().to_owned());
    let throttling = ThrottlingInputs::new(rule, callers);
    let access = AccessInputs::new(match rule {
        Some(PolicyRule::AccessControl(access)) => Some(access),
        _ => None,
    });
    let cors = CorsInputs::new(rule);
    let response_headers = ResponseHeadersInputs::new(rule);
    let parsed_name = Memo::new(move |_| {
        PolicyName::parse(&name.read()).map_err(|error| sentence(&error.to_string()))
    });
    let chosen_kind = Memo::new(move |_| kind.read().parse().unwrap_or(first_kind));
    let parsed_rule = Memo::new(move |_| match chosen_kind.get() {
        PolicyKind::Throttling => throttling.parse().map(PolicyRule::Throttling),
        PolicyKind::AccessControl => {
            let access = access.parse().map(PolicyRule::AccessControl);
            access.map_err(|error| (access::ADDRESSES, error))
        }
        PolicyKind::Cors => cors.parse().map(PolicyRule::Cors),
        PolicyKind::ResponseHeaders => response_headers.parse().map(PolicyRule::ResponseHeaders),
    });
    let errors = Errors(parsed_rule);
    let wanted = Memo::new(move |_| Some((parsed_name.get().ok()?, parsed_rule.get().ok()?)));
    let policy_id = edited.map(|policy| policy.policy_id);
    let saving = Action::new(move |(name, rule): &(PolicyName, PolicyRule)| {
        let (id, name, rule) = (policy_id.clone(), name.clone(), rule.clone());
        async move {
            match id {
                Some(id) => update_policy(id, name, rule).await,
                None => create_policy(name, rule).await,
            }
        }
    });
    Effect::new(move || {
        if let Some(Ok(())) = saving.value().get() {
            open.set(false);
            on_saved.run(());
        }
    });
    let refused = move || saving.value().get().and_then(Result::err);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Some(wanted) = wanted.get_untracked() {
            saving.dispatch(wanted);
        }
    };
    let name_error = move || parsed_name.get().err().filter(|_| !name.read().is_empty());
    view! {
        <form class="form" on:submit=submit>
            {move || refused().map(|error| view! { <ErrorNotice error/> })}
            <TextField name="policy-name" label="Name" value=name required=true autofocus=true
                error=Signal::derive(name_error)
                hint="3 to 64 characters, a letter first: letters, digits and underscores."/>
            {is_new.then(|| view! {
                <SelectField name="policy-kind" label="Type" value=kind required=true
                    options=choices(PolicyKind::ALL.iter().map(|kind| (kind.name(), kind.label())))/>
            })}
            {move || match chosen_kind.get() {
                PolicyKind::Throttling => view! { <ThrottlingFields inputs=throttling errors/> }.into_any(),
                PolicyKind::AccessControl => view! { <AccessFields inputs=access error=errors.of(access::ADDRESSES)/> }.into_any(),
                PolicyKind::Cors => view! { <CorsFields inputs=cors errors/> }.into_any(),
                PolicyKind::ResponseHeaders => view! { <ResponseHeadersFields inputs=response_headers errors/> }.into_any(),
            }}
            <div class="dialog__footer">
                <Button on_press=Callback::new(move |()| open.set(false))>"Cancel"</Button>
                <Button kind=ButtonKind::Primary submit=true busy=saving.pending() disabled=Signal::derive(move || wanted.read().is_none())>"OK"</Button>
            </div>
        </form>
    }
}

/// The field that is wrong, by its name, and what is wrong with it.
type Wrong = (&'static str, String);

/// For `map_err`: it is this field that is wrong.
fn wrong<E: std::fmt::Display>(field: &'static str) -> impl FnOnce(E) -> Wrong {
    move |error| (field, sentence(&error.to_string()))
}

/// What is wrong with the rule, told beside its field.
#[derive(Clone, Copy)]
struct Errors(Memo<Result<PolicyRule, Wrong>>);

impl Errors {
    fn of(self, field: &'static str) -> Signal<Option<String>> {
        Signal::derive(move || {
            let (wrong, message) = self.0.get().err()?;
            (wrong == field).then_some(message)
        })
    }
}

fn number(field: &'static str, text: RwSignal<String>) -> Result<u32, Wrong> {
    let number = text.read().trim().parse();
    number.map_err(|_| (field, "Must be a whole number".to_owned()))
}
