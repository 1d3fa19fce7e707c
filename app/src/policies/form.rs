use leptos::prelude::*;
use sluice_domain::policy::{
    AccessControl, AccessEffect, Addresses, PeriodUnit, Policy, PolicyKind, PolicyName, PolicyRule,
    Throttling, ThrottlingFields,
};

use super::{create_policy, update_policy};
use crate::console::sentence;
use crate::ui::{Button, ButtonKind, ErrorNotice, SelectField, TextField, choices};

/// Creates a policy, or changes one.
#[component]
pub(super) fn PolicyForm(
    #[prop(optional)] edited: Option<Policy>,
    open: RwSignal<bool>,
    on_saved: Callback<()>,
) -> impl IntoView {
    let is_new = edited.is_none();
    let name = RwSignal::new(
        edited
            .as_ref()
            .map_or_else(String::new, |it| it.name.to_string()),
    );
    let kind = edited
        .as_ref()
        .map_or(PolicyKind::Throttling, |it| it.rule.kind());
    let kind = RwSignal::new(kind.name().to_owned());
    let throttling = ThrottlingInputs::new(edited.as_ref().map(|it| &it.rule));
    let access = AccessInputs::new(edited.as_ref().map(|it| &it.rule));
    let parsed_name = Memo::new(move |_| {
        PolicyName::parse(&name.read()).map_err(|error| sentence(&error.to_string()))
    });
    let is_throttling = move || *kind.read() == PolicyKind::Throttling.name();
    let parsed_rule = Memo::new(move |_| match is_throttling() {
        true => throttling.parse().map(PolicyRule::Throttling),
        false => access.parse().map(PolicyRule::AccessControl),
    });
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
    let error_of = move |field: Field| {
        Signal::derive(move || {
            let (wrong, message) = parsed_rule.get().err()?;
            (wrong == field).then_some(message)
        })
    };
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
            <Show when=is_throttling fallback=move || view! {
                <SelectField name="effect" label="Effect" value=access.effect required=true
                    options=choices(AccessEffect::ALL.iter().map(|effect| (effect.name(), effect.label())))
                    hint="Permit: only these addresses are let in. Deny: all but these."/>
                <TextField name="addresses" label="IP Addresses" value=access.addresses required=true rows=5
                    error=error_of(Field::Addresses)
                    hint="An address, a network such as 10.0.0.0/8 or a range such as 10.0.0.1-10.0.0.9 in each line; at most 100."/>
            }>
                <TextField name="period" label="Period" value=throttling.period required=true kind="number"
                    error=error_of(Field::Period) hint="1 to 999."/>
                <SelectField name="unit" label="Unit" value=throttling.unit required=true
                    options=choices(PeriodUnit::ALL.iter().map(|unit| (unit.name(), unit.label())))/>
                <TextField name="requests" label="Max. Requests" value=throttling.requests required=true kind="number"
                    error=error_of(Field::Requests)
                    hint="Of all callers in a period: 1 to 1,000,000. So many may come at once; then there is room for one more after each part of the period."/>
                <TextField name="credential-requests" label="Max. Credential Requests" value=throttling.credential_requests kind="number"
                    error=error_of(Field::CredentialRequests) hint="Of one credential. Empty: not limited."/>
                <TextField name="address-requests" label="Max. IP Address Requests" value=throttling.address_requests kind="number"
                    error=error_of(Field::AddressRequests) hint="Of one IP address. Empty: not limited."/>
                <SelectField name="counted" label="Counted" value=throttling.counted required=true
                    options=choices([(EACH, "Each API by itself"), (TOGETHER, "All APIs together")])/>
            </Show>
            <div class="dialog__footer">
                <Button on_press=Callback::new(move |()| open.set(false))>"Cancel"</Button>
                <Button kind=ButtonKind::Primary submit=true busy=saving.pending() disabled=Signal::derive(move || wanted.read().is_none())>"OK"</Button>
            </div>
        </form>
    }
}

const EACH: &str = "EACH";
const TOGETHER: &str = "TOGETHER";

/// Which field is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Period,
    Requests,
    CredentialRequests,
    AddressRequests,
    Addresses,
}

#[derive(Clone, Copy)]
struct ThrottlingInputs {
    period: RwSignal<String>,
    unit: RwSignal<String>,
    requests: RwSignal<String>,
    credential_requests: RwSignal<String>,
    address_requests: RwSignal<String>,
    counted: RwSignal<String>,
}

impl ThrottlingInputs {
    fn new(rule: Option<&PolicyRule>) -> Self {
        let fields = match rule {
            Some(PolicyRule::Throttling(throttling)) => throttling.fields().clone(),
            _ => ThrottlingFields {
                period: 1,
                unit: PeriodUnit::Second,
                requests: 200,
                credential_requests: None,
                address_requests: None,
                is_shared: false,
            },
        };
        let text = |number: Option<u32>| number.map_or_else(String::new, |it| it.to_string());
        let counted = if fields.is_shared { TOGETHER } else { EACH };
        Self {
            period: RwSignal::new(fields.period.to_string()),
            unit: RwSignal::new(fields.unit.name().to_owned()),
            requests: RwSignal::new(fields.requests.to_string()),
            credential_requests: RwSignal::new(text(fields.credential_requests)),
            address_requests: RwSignal::new(text(fields.address_requests)),
            counted: RwSignal::new(counted.to_owned()),
        }
    }

    fn parse(self) -> Result<Throttling, (Field, String)> {
        let fields = ThrottlingFields {
            period: number(Field::Period, self.period)?,
            unit: self.unit.read().parse().unwrap_or(PeriodUnit::Second),
            requests: number(Field::Requests, self.requests)?,
            credential_requests: None,
            address_requests: None,
            is_shared: *self.counted.read() == TOGETHER,
        };
        // Each with what is right already, so that the field that is wrong is the one named.
        let checked = |field, fields: ThrottlingFields| {
            Throttling::try_from(fields).map_err(|error| (field, sentence(&error.to_string())))
        };
        let first = match fields.period {
            1..=999 => Field::Requests,
            _ => Field::Period,
        };
        checked(first, fields.clone())?;
        let credential_requests = optional(Field::CredentialRequests, self.credential_requests)?;
        let fields = ThrottlingFields {
            credential_requests,
            ..fields
        };
        checked(Field::CredentialRequests, fields.clone())?;
        let address_requests = optional(Field::AddressRequests, self.address_requests)?;
        let fields = ThrottlingFields {
            address_requests,
            ..fields
        };
        checked(Field::AddressRequests, fields)
    }
}

#[derive(Clone, Copy)]
struct AccessInputs {
    effect: RwSignal<String>,
    addresses: RwSignal<String>,
}

impl AccessInputs {
    fn new(rule: Option<&PolicyRule>) -> Self {
        let (effect, addresses) = match rule {
            Some(PolicyRule::AccessControl(access)) => {
                let addresses = access.addresses.iter().map(|rule| rule.as_str());
                (access.effect, addresses.collect::<Vec<_>>().join("\n"))
            }
            _ => (AccessEffect::Permit, String::new()),
        };
        Self {
            effect: RwSignal::new(effect.name().to_owned()),
            addresses: RwSignal::new(addresses),
        }
    }

    fn parse(self) -> Result<AccessControl, (Field, String)> {
        let addresses = Addresses::parse(&self.addresses.read())
            .map_err(|error| (Field::Addresses, sentence(&error.to_string())))?;
        let effect = self.effect.read().parse().unwrap_or(AccessEffect::Permit);
        Ok(AccessControl { effect, addresses })
    }
}

fn number(field: Field, text: RwSignal<String>) -> Result<u32, (Field, String)> {
    let number = text.read().trim().parse();
    number.map_err(|_| (field, "Must be a whole number".to_owned()))
}

fn optional(field: Field, text: RwSignal<String>) -> Result<Option<u32>, (Field, String)> {
    match text.read().trim().is_empty() {
        true => Ok(None),
        false => number(field, text).map(Some),
    }
}
