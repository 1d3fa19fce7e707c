use leptos::prelude::*;
use sluice_domain::policy::{AccessControl, AccessEffect, Addresses};

use crate::console::sentence;
use crate::ui::{SelectField, TextField, choices};

pub(super) const ADDRESSES: &str = "addresses";

/// From which addresses something may be called or used. `error` is about the addresses.
#[component]
pub(crate) fn AccessFields(
    inputs: AccessInputs,
    #[prop(into)] error: Signal<Option<String>>,
) -> impl IntoView {
    view! {
        <SelectField name="effect" label="Effect" value=inputs.effect required=true
            options=choices(AccessEffect::ALL.iter().map(|effect| (effect.name(), effect.label())))
            hint="Permit: only these addresses are let in. Deny: all but these."/>
        <TextField name=ADDRESSES label="IP Addresses" value=inputs.addresses required=true rows=5
            error=error
            hint="An address, a network such as 10.0.0.0/8 or a range such as 10.0.0.1-10.0.0.9 in each line; at most 100."/>
    }
}

/// What is typed into [`AccessFields`].
#[derive(Clone, Copy)]
pub(crate) struct AccessInputs {
    effect: RwSignal<String>,
    addresses: RwSignal<String>,
}

impl AccessInputs {
    pub(crate) fn new(access: Option<&AccessControl>) -> Self {
        let (effect, addresses) = match access {
            Some(access) => {
                let addresses = access.addresses.iter().map(|rule| rule.as_str());
                (access.effect, addresses.collect::<Vec<_>>().join("\n"))
            }
            None => (AccessEffect::Permit, String::new()),
        };
        Self {
            effect: RwSignal::new(effect.name().to_owned()),
            addresses: RwSignal::new(addresses),
        }
    }

    /// True while no address is typed.
    pub(crate) fn is_empty(self) -> bool {
        self.addresses.read().is_empty()
    }

    /// What is wanted, or what is wrong with the addresses.
    pub(crate) fn parse(self) -> Result<AccessControl, String> {
        let addresses = Addresses::parse(&self.addresses.read());
        let addresses = addresses.map_err(|error| sentence(&error.to_string()))?;
        let effect = self.effect.read().parse().unwrap_or(AccessEffect::Permit);
        Ok(AccessControl { effect, addresses })
    }
}
