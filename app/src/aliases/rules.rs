use leptos::prelude::*;
use sluice_domain::alias::{
    CombineRules, MAX_SHIFT_RULES, RuleHeader, RuleValue, ShiftOperator, ShiftRule, ShiftRules,
};

use crate::console::sentence;
use crate::ui::{Button, ButtonKind, Hint, SelectField, choices};

/// The rules by which calls go to an additional version.
#[component]
pub(super) fn RulesFields(inputs: RulesInputs, error: Signal<Option<String>>) -> impl IntoView {
    let rows = inputs.rows;
    let is_full = Signal::derive(move || rows.read().len() >= MAX_SHIFT_RULES);
    view! {
        <SelectField name="rule-type" label="Rule Type" value=inputs.combine required=true
            options=choices(CombineRules::ALL.iter().map(|one| (one.name(), one.label())))/>
        <div class="field" role="group" aria-labelledby="rules-label" aria-describedby="rules-error">
            <span class="field__label field__label--required" id="rules-label">"Rules"</span>
            <div class="field__body">
                <div class="header-changes">
                    <For each=move || rows.get() key=|row| row.id let:row>
                        <RuleRow row remove=Callback::new(move |()| rows.update(|rows| rows.retain(|other| other.id != row.id)))/>
                    </For>
                </div>
                <Button disabled=is_full on_press=Callback::new(move |()| inputs.add())>"+ Add"</Button>
                <p id="rules-error" class="field__error" aria-live="polite">{move || error.get()}</p>
                <Hint text="At most 10. =: a header has this value. in: it has one of these values, with commas between."/>
            </div>
        </div>
    }
}

/// One row, told apart by a number of its own.
#[derive(Clone, Copy)]
struct Row {
    id: usize,
    header: RwSignal<String>,
    operator: RwSignal<String>,
    value: RwSignal<String>,
}

impl Row {
    fn new(id: usize, saved: Option<&ShiftRule>) -> Self {
        let text = |of: fn(&ShiftRule) -> &str| RwSignal::new(saved.map_or("", of).to_owned());
        let operator = saved.map_or(ShiftOperator::Equal, |rule| rule.operator);
        Self {
            id,
            header: text(|rule| rule.header.as_str()),
            operator: RwSignal::new(operator.name().to_owned()),
            value: text(|rule| rule.value.as_str()),
        }
    }

    /// What it says; nothing where it was left wholly empty.
    fn parse(self) -> Option<Result<ShiftRule, String>> {
        let (header, value) = (self.header.get(), self.value.get());
        if header.trim().is_empty() && value.trim().is_empty() {
            return None;
        }
        let rule = || {
            Ok(ShiftRule {
                header: RuleHeader::parse(&header)
                    .map_err(|error| sentence(&format!("the header {error}")))?,
                operator: self.operator.read().parse().unwrap_or(ShiftOperator::Equal),
                value: RuleValue::parse(&value)
                    .map_err(|error| sentence(&format!("the value {error}")))?,
            })
        };
        Some(rule())
    }
}

#[component]
fn RuleRow(row: Row, remove: Callback<()>) -> impl IntoView {
    let Row {
        header,
        operator,
        value,
        ..
    } = row;
    view! {
        <div class="header-changes__row">
            <input class="input" aria-label="Header" placeholder="Header" autocomplete="off" prop:value=header on:input=move |event| header.set(event_target_value(&event))/>
            <select class="input select" aria-label="Operator" on:change=move |event| operator.set(event_target_value(&event))>
                {ShiftOperator::ALL.iter().map(|one| view! {
                    <option value=one.name() selected=move || *operator.read() == one.name()>{one.label()}</option>
                }).collect_view()}
            </select>
            <input class="input" aria-label="Value" placeholder="Value" autocomplete="off" prop:value=value on:input=move |event| value.set(event_target_value(&event))/>
            <Button kind=ButtonKind::Link on_press=remove>"Delete"</Button>
        </div>
    }
}

#[derive(Clone, Copy)]
pub(super) struct RulesInputs {
    combine: RwSignal<String>,
    rows: RwSignal<Vec<Row>>,
    next_id: StoredValue<usize>,
}

impl RulesInputs {
    pub(super) fn new(saved: Option<&ShiftRules>) -> Self {
        let combine = saved.map_or(CombineRules::All, |rules| rules.combine);
        let rules: Vec<_> = match saved {
            Some(rules) => rules.rules.iter().map(Some).collect(),
            None => vec![None],
        };
        let rows: Vec<_> = (0..)
            .zip(rules)
            .map(|(id, saved)| Row::new(id, saved))
            .collect();
        Self {
            combine: RwSignal::new(combine.name().to_owned()),
            next_id: StoredValue::new(rows.len()),
            rows: RwSignal::new(rows),
        }
    }

    fn add(self) {
        let id = self.next_id.get_value();
        self.next_id.set_value(id + 1);
        self.rows.update(|rows| rows.push(Row::new(id, None)));
    }

    pub(super) fn parse(self) -> Result<ShiftRules, String> {
        let rows = self.rows.read();
        let rules: Result<Vec<_>, _> = rows.iter().filter_map(|row| row.parse()).collect();
        let rules = rules?;
        if rules.is_empty() {
            return Err(
                "Enter a rule: without one, no call goes to the additional version".to_owned(),
            );
        }
        Ok(ShiftRules {
            combine: self.combine.read().parse().unwrap_or(CombineRules::All),
            rules: rules
                .try_into()
                .map_err(|error: sluice_domain::alias::TooManyRules| {
                    sentence(&error.to_string())
                })?,
        })
    }
}
