use leptos::prelude::*;
use sluice_domain::policy::{AccessControl, AccessEffect, Addresses, PolicyRule};

use super::{Errors, Wrong, wrong};
use crate::ui::{SelectField, TextField, choices};

const ADDRESSES: &str = "addresses";

/// From which addresses an API may be called.
#[component]
pub(super) fn AccessFields(inputs: AccessInputs, errors: Errors) -> impl IntoView {
    view! {
        <SelectField name="effect" label="Effect" value=inputs.effect required=true
            options=choices(AccessEffect::ALL.iter().map(|effect| (effect.name(), effect.label())))
            hint="Permit: only these addresses are let in. Deny: all but these."/>
        <TextField name=ADDRESSES label="IP Addresses" value=inputs.addresses required=true rows=5
            error=errors.of(ADDRESSES)
            hint="An address, a network such as 10.0.0.0/8 or a range such as 10.0.0.1-10.0.0.9 in each line; at most 100."/>
    }
}

#[derive(Clone, Copy)]
pub(super) struct AccessInputs {
    effect: RwSignal<String>,
    addresses: RwSignal<String>,
}

impl AccessInputs {
    pub(super) fn new(rule: Option<&PolicyRule>) -> Self {
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

    pub(super) fn parse(self) -> Result<AccessControl, Wrong> {
        let addresses = Addresses::parse(&self.addresses.read()).map_err(wrong(ADDRESSES))?;
        let effect = self.effect.read().parse().unwrap_or(AccessEffect::Permit);
        Ok(AccessControl { effect, addresses })
    }
}
