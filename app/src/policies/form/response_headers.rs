use leptos::prelude::*;
use sluice_domain::policy::{
    HeaderAction, HeaderChange, HeaderChangeFields, MAX_HEADER_CHANGES, PolicyRule, ResponseHeaders,
};

use super::{Errors, Wrong, wrong};
use crate::ui::{Button, ButtonKind, Hint};

const CHANGES: &str = "header-changes";

/// Which headers the answers of an API have.
#[component]
pub(super) fn ResponseHeadersFields(
    inputs: ResponseHeadersInputs,
    errors: Errors,
) -> impl IntoView {
    let rows = inputs.rows;
    let error = errors.of(CHANGES);
    let is_full = Signal::derive(move || rows.read().len() >= MAX_HEADER_CHANGES);
    view! {
        <div class="field" role="group" aria-labelledby="header-changes-label" aria-describedby="header-changes-error">
            <span class="field__label field__label--required" id="header-changes-label">"Headers"</span>
            <div class="field__body">
                <div class="header-changes">
                    <For each=move || rows.get() key=|row| row.id let:row>
                        <ChangeRow row remove=Callback::new(move |()| rows.update(|rows| rows.retain(|other| other.id != row.id)))/>
                    </For>
                </div>
                <Button disabled=is_full on_press=Callback::new(move |()| inputs.add())>"+ Add"</Button>
                <p id="header-changes-error" class="field__error" aria-live="polite">{move || error.get()}</p>
                <Hint text="At most 10, from the first to the last. Override: in the place of what the function sends. Append: after it, with a comma between. Delete: taken out. Skip: where the function sends none. Add: one more."/>
            </div>
        </div>
    }
}

/// One row, told apart by a number of its own.
#[derive(Clone, Copy)]
struct Row {
    id: usize,
    name: RwSignal<String>,
    action: RwSignal<String>,
    value: RwSignal<String>,
}

impl Row {
    fn new(id: usize, saved: Option<&HeaderChange>) -> Self {
        let text = |of: fn(&HeaderChange) -> &str| saved.map_or("", of).to_owned();
        let action = saved.map_or(HeaderAction::Override, HeaderChange::action);
        Self {
            id,
            name: RwSignal::new(text(HeaderChange::name)),
            action: RwSignal::new(action.name().to_owned()),
            value: RwSignal::new(text(HeaderChange::value)),
        }
    }

    fn is_delete(self) -> bool {
        *self.action.read() == HeaderAction::Delete.name()
    }

    /// What it says; nothing where it was left wholly empty.
    fn fields(self) -> Option<HeaderChangeFields> {
        let (name, value) = (self.name.get(), self.value.get());
        (!(name.is_empty() && value.is_empty())).then(|| HeaderChangeFields {
            name,
            action: self.action.read().parse().unwrap_or(HeaderAction::Override),
            value: if self.is_delete() {
                String::new()
            } else {
                value
            },
        })
    }
}

#[component]
fn ChangeRow(row: Row, remove: Callback<()>) -> impl IntoView {
    let Row {
        name,
        action,
        value,
        ..
    } = row;
    view! {
        <div class="header-changes__row">
            <input class="input" aria-label="Header Name" placeholder="Name" autocomplete="off" prop:value=name on:input=move |event| name.set(event_target_value(&event))/>
            <select class="input select" aria-label="Action" on:change=move |event| action.set(event_target_value(&event))>
                {HeaderAction::ALL.iter().map(|one| view! {
                    <option value=one.name() selected=move || *action.read() == one.name()>{one.label()}</option>
                }).collect_view()}
            </select>
            <input class="input" aria-label="Header Value" autocomplete="off" disabled=move || row.is_delete()
                placeholder=move || if row.is_delete() { "No value" } else { "Value" }
                prop:value=value on:input=move |event| value.set(event_target_value(&event))/>
            <Button kind=ButtonKind::Link on_press=remove>"Delete"</Button>
        </div>
    }
}

#[derive(Clone, Copy)]
pub(super) struct ResponseHeadersInputs {
    rows: RwSignal<Vec<Row>>,
    next_id: StoredValue<usize>,
}

impl ResponseHeadersInputs {
    pub(super) fn new(rule: Option<&PolicyRule>) -> Self {
        let saved: Vec<_> = match rule {
            Some(PolicyRule::ResponseHeaders(headers)) => headers.iter().map(Some).collect(),
            _ => vec![None],
        };
        let rows: Vec<_> = (0..)
            .zip(saved)
            .map(|(id, saved)| Row::new(id, saved))
            .collect();
        Self {
            next_id: StoredValue::new(rows.len()),
            rows: RwSignal::new(rows),
        }
    }

    fn add(self) {
        let id = self.next_id.get_value();
        self.next_id.set_value(id + 1);
        self.rows.update(|rows| rows.push(Row::new(id, None)));
    }

    pub(super) fn parse(self) -> Result<ResponseHeaders, Wrong> {
        let rows = self.rows.read();
        let changes = rows.iter().filter_map(|row| row.fields());
        let changes: Result<Vec<_>, _> = changes.map(HeaderChange::try_from).collect();
        let changes = changes.map_err(wrong(CHANGES))?;
        changes.try_into().map_err(wrong(CHANGES))
    }
}
