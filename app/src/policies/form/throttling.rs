use leptos::prelude::*;
use sluice_domain::policy::{PeriodUnit, PolicyRule, Throttling, ThrottlingFields as Fields};

use super::excluded::{EXCLUDED, ExcludedFields, ExcludedInputs};
use super::{Errors, Wrong, number, wrong};
use crate::policies::NamedCaller;
use crate::ui::{SelectField, TextField, choices};

const PERIOD: &str = "period";
const REQUESTS: &str = "requests";
const USER_REQUESTS: &str = "user-requests";
const CREDENTIAL_REQUESTS: &str = "credential-requests";
const ADDRESS_REQUESTS: &str = "address-requests";

const EACH: &str = "EACH";
const TOGETHER: &str = "TOGETHER";

/// How often an API may be called.
#[component]
pub(super) fn ThrottlingFields(inputs: ThrottlingInputs, errors: Errors) -> impl IntoView {
    view! {
        <TextField name=PERIOD label="Period" value=inputs.period required=true kind="number"
            error=errors.of(PERIOD) hint="1 to 999."/>
        <SelectField name="unit" label="Unit" value=inputs.unit required=true
            options=choices(PeriodUnit::ALL.iter().map(|unit| (unit.name(), unit.label())))/>
        <TextField name=REQUESTS label="Max. Requests" value=inputs.requests required=true kind="number"
            error=errors.of(REQUESTS)
            hint="Of all callers in a period: 1 to 1,000,000. So many may come at once; then there is room for one more after each part of the period."/>
        <TextField name=USER_REQUESTS label="Max. User Requests" value=inputs.user_requests kind="number"
            error=errors.of(USER_REQUESTS) hint="Of one user, with IAM authentication. Empty: not limited."/>
        <TextField name=CREDENTIAL_REQUESTS label="Max. Credential Requests" value=inputs.credential_requests kind="number"
            error=errors.of(CREDENTIAL_REQUESTS) hint="Of one credential, with App authentication: at most what one user has. Empty: not limited."/>
        <TextField name=ADDRESS_REQUESTS label="Max. IP Address Requests" value=inputs.address_requests kind="number"
            error=errors.of(ADDRESS_REQUESTS) hint="Of one IP address. Empty: not limited."/>
        <ExcludedFields inputs=inputs.excluded error=errors.of(EXCLUDED)/>
        <SelectField name="counted" label="Counted" value=inputs.counted required=true
            options=choices([(EACH, "Each API by itself"), (TOGETHER, "All APIs together")])/>
    }
}

#[derive(Clone, Copy)]
pub(super) struct ThrottlingInputs {
    period: RwSignal<String>,
    unit: RwSignal<String>,
    requests: RwSignal<String>,
    user_requests: RwSignal<String>,
    credential_requests: RwSignal<String>,
    address_requests: RwSignal<String>,
    excluded: ExcludedInputs,
    counted: RwSignal<String>,
}

impl ThrottlingInputs {
    pub(super) fn new(rule: Option<&PolicyRule>, callers: StoredValue<Vec<NamedCaller>>) -> Self {
        let fields = match rule {
            Some(PolicyRule::Throttling(throttling)) => throttling.fields().clone(),
            _ => Fields {
                period: 1,
                unit: PeriodUnit::Second,
                requests: 200,
                user_requests: None,
                credential_requests: None,
                address_requests: None,
                excluded: Vec::new(),
                is_shared: false,
            },
        };
        let text = |number: Option<u32>| number.map_or_else(String::new, |it| it.to_string());
        let counted = if fields.is_shared { TOGETHER } else { EACH };
        Self {
            period: RwSignal::new(fields.period.to_string()),
            unit: RwSignal::new(fields.unit.name().to_owned()),
            requests: RwSignal::new(fields.requests.to_string()),
            user_requests: RwSignal::new(text(fields.user_requests)),
            credential_requests: RwSignal::new(text(fields.credential_requests)),
            address_requests: RwSignal::new(text(fields.address_requests)),
            excluded: ExcludedInputs::new(&fields.excluded, callers),
            counted: RwSignal::new(counted.to_owned()),
        }
    }

    pub(super) fn parse(self) -> Result<Throttling, Wrong> {
        let fields = Fields {
            period: number(PERIOD, self.period)?,
            unit: self.unit.read().parse().unwrap_or(PeriodUnit::Second),
            requests: number(REQUESTS, self.requests)?,
            user_requests: None,
            credential_requests: None,
            address_requests: None,
            excluded: Vec::new(),
            is_shared: *self.counted.read() == TOGETHER,
        };
        // Each with what is right already, so that the field that is wrong is the one named.
        let checked = |field, fields: Fields| Throttling::try_from(fields).map_err(wrong(field));
        let first = match fields.period {
            1..=999 => REQUESTS,
            _ => PERIOD,
        };
        checked(first, fields.clone())?;
        let user_requests = optional(USER_REQUESTS, self.user_requests)?;
        let fields = Fields {
            user_requests,
            ..fields
        };
        checked(USER_REQUESTS, fields.clone())?;
        let credential_requests = optional(CREDENTIAL_REQUESTS, self.credential_requests)?;
        let fields = Fields {
            credential_requests,
            ..fields
        };
        checked(CREDENTIAL_REQUESTS, fields.clone())?;
        let address_requests = optional(ADDRESS_REQUESTS, self.address_requests)?;
        let fields = Fields {
            address_requests,
            ..fields
        };
        checked(ADDRESS_REQUESTS, fields.clone())?;
        let excluded = self.excluded.parse()?;
        checked(EXCLUDED, Fields { excluded, ..fields })
    }
}

fn optional(field: &'static str, text: RwSignal<String>) -> Result<Option<u32>, Wrong> {
    match text.read().trim().is_empty() {
        true => Ok(None),
        false => number(field, text).map(Some),
    }
}
