use leptos::prelude::*;
use sluice_domain::policy::{CallerId, Exclusion, MAX_EXCLUSIONS};

use super::Wrong;
use crate::policies::NamedCaller;
use crate::ui::{Button, ButtonKind, Hint};

/// Which field it is, for what is wrong with it.
pub(super) const EXCLUDED: &str = "excluded";

/// Who has a limit of their own.
#[component]
pub(super) fn ExcludedFields(
    inputs: ExcludedInputs,
    error: Signal<Option<String>>,
) -> impl IntoView {
    let rows = inputs.rows;
    let is_full = Signal::derive(move || rows.read().len() >= 2 * MAX_EXCLUSIONS);
    view! {
        <div class="field" role="group" aria-labelledby="excluded-label" aria-describedby="excluded-error">
            <span class="field__label" id="excluded-label">"Excluded"</span>
            <div class="field__body">
                <div class="env-vars">
                    <For each=move || rows.get() key=|row| row.id let:row>
                        <ExcludedRow row callers=inputs.callers remove=Callback::new(move |()| rows.update(|rows| rows.retain(|other| other.id != row.id)))/>
                    </For>
                    <div><Button disabled=is_full on_press=Callback::new(move |()| inputs.add())>"+ Add"</Button></div>
                </div>
                <p id="excluded-error" class="field__error" aria-live="polite">{move || error.get()}</p>
                <Hint text="Credentials and users, at most 30 of each, with a limit of their own instead of the one that all others have. They count among all callers."/>
            </div>
        </div>
    }
}

/// One row, told apart by a number of its own.
#[derive(Clone, Copy)]
struct Row {
    id: usize,
    /// The id of the credential or user; empty until one is chosen.
    caller: RwSignal<String>,
    requests: RwSignal<String>,
}

impl Row {
    fn new(id: usize, saved: Option<&Exclusion>) -> Self {
        let caller = saved.map_or("", |it| it.caller.id()).to_owned();
        let requests = saved.map_or_else(String::new, |it| it.requests.to_string());
        Self {
            id,
            caller: RwSignal::new(caller),
            requests: RwSignal::new(requests),
        }
    }
}

#[component]
fn ExcludedRow(
    row: Row,
    callers: StoredValue<Vec<NamedCaller>>,
    remove: Callback<()>,
) -> impl IntoView {
    let Row {
        caller, requests, ..
    } = row;
    let options = move |label: &'static str, is_shown: fn(&CallerId) -> bool| {
        let shown = callers.get_value().into_iter();
        let shown = shown.filter(|it| is_shown(&it.caller));
        let options = shown.map(|it| {
            let id = it.caller.id().to_owned();
            let chosen = id.clone();
            view! { <option value=id selected=move || *caller.read() == chosen>{it.name}</option> }
        });
        let options: Vec<_> = options.collect();
        (!options.is_empty()).then(|| view! { <optgroup label=label>{options}</optgroup> })
    };
    view! {
        <div class="env-vars__row">
            <select class="input select" aria-label="Excluded Caller" on:change=move |event| caller.set(event_target_value(&event))>
                <option value="" selected=move || caller.read().is_empty()>"Choose"</option>
                {options("Credentials", |caller| matches!(caller, CallerId::Credential(_)))}
                {options("Users", |caller| matches!(caller, CallerId::User(_)))}
            </select>
            <input class="input" aria-label="Threshold" placeholder="Max. requests" inputmode="numeric" autocomplete="off"
                prop:value=requests on:input=move |event| requests.set(event_target_value(&event))/>
            <Button kind=ButtonKind::Link on_press=remove>"Delete"</Button>
        </div>
    }
}

#[derive(Clone, Copy)]
pub(super) struct ExcludedInputs {
    rows: RwSignal<Vec<Row>>,
    next_id: StoredValue<usize>,
    callers: StoredValue<Vec<NamedCaller>>,
}

impl ExcludedInputs {
    /// The rows of what is saved, without callers that were deleted.
    pub(super) fn new(saved: &[Exclusion], callers: StoredValue<Vec<NamedCaller>>) -> Self {
        let is_there = |it: &&Exclusion| {
            callers.with_value(|callers| callers.iter().any(|one| one.caller == it.caller))
        };
        let rows = (0..).zip(saved.iter().filter(is_there));
        let rows: Vec<_> = rows.map(|(id, saved)| Row::new(id, Some(saved))).collect();
        Self {
            next_id: StoredValue::new(rows.len()),
            rows: RwSignal::new(rows),
            callers,
        }
    }

    fn add(self) {
        let id = self.next_id.get_value();
        self.next_id.set_value(id + 1);
        self.rows.update(|rows| rows.push(Row::new(id, None)));
    }

    /// What is typed, without rows that were left wholly empty.
    pub(super) fn parse(self) -> Result<Vec<Exclusion>, Wrong> {
        let wrong = |message: &str| (EXCLUDED, message.to_owned());
        let mut excluded = Vec::new();
        for row in self.rows.read().iter() {
            let (id, requests) = (row.caller.get(), row.requests.get());
            let requests = requests.trim();
            if id.is_empty() && requests.is_empty() {
                continue;
            }
            let callers = self.callers.get_value();
            let chosen = callers.into_iter().find(|one| one.caller.id() == id);
            let chosen = chosen.ok_or_else(|| wrong("Choose a credential or a user"))?;
            let requests = requests.parse();
            excluded.push(Exclusion {
                caller: chosen.caller,
                requests: requests.map_err(|_| wrong("Must be a whole number"))?,
            });
        }
        Ok(excluded)
    }
}
