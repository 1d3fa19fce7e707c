use leptos::prelude::*;
use sluice_domain::debug::MAX_DEBUG_ROWS;

use crate::ui::{Button, ButtonKind};

/// Rows of a name and a value each, one more at a time.
#[component]
pub(super) fn RowsField(
    rows: Rows,
    /// What they are, in the plural.
    label: &'static str,
    /// What one of them is.
    one: &'static str,
) -> impl IntoView {
    let id = format!("debug-{}", label.to_lowercase());
    let is_full = Signal::derive(move || rows.all.read().len() >= MAX_DEBUG_ROWS);
    view! {
        <div class="field" role="group" aria-labelledby=id.clone()>
            <span class="field__label" id=id.clone()>{label}</span>
            <div class="field__body">
                <div class="pairs">
                    <For each=move || rows.all.get() key=|row| row.id let:row>
                        <div class="pairs__row">
                            <Cell value=row.name label=format!("{one} Name") placeholder="Name"/>
                            <Cell value=row.value label=format!("{one} Value") placeholder=if row.is_required { "Required" } else { "Value" } required=row.is_required/>
                            <Button kind=ButtonKind::Link label=format!("Delete {one}") on_press=Callback::new(move |()| rows.remove(row.id))>"Delete"</Button>
                        </div>
                    </For>
                </div>
                <Button disabled=is_full label=format!("Add {one}") on_press=Callback::new(move |()| rows.add("", "", false))>"+ Add"</Button>
            </div>
        </div>
    }
}

#[component]
fn Cell(
    value: RwSignal<String>,
    label: String,
    placeholder: &'static str,
    #[prop(optional)] required: bool,
) -> impl IntoView {
    view! {
        <input class="input" aria-label=label placeholder=placeholder required=required autocomplete="off" spellcheck="false"
            prop:value=value on:input=move |event| value.set(event_target_value(&event))/>
    }
}

/// One row, told apart by a number of its own.
#[derive(Clone, Copy)]
struct Row {
    id: usize,
    name: RwSignal<String>,
    value: RwSignal<String>,
    /// Whether the API refuses a request without it.
    is_required: bool,
}

/// Names and values that are filled in.
#[derive(Clone, Copy)]
pub(super) struct Rows {
    all: RwSignal<Vec<Row>>,
    next_id: StoredValue<usize>,
}

impl Rows {
    /// None yet.
    pub(super) fn new() -> Self {
        Self {
            all: RwSignal::new(Vec::new()),
            next_id: StoredValue::new(0),
        }
    }

    /// What they say; those that were left empty are none.
    pub(super) fn pairs(self) -> Vec<(String, String)> {
        let rows = self.all.read();
        let pairs = rows.iter().map(|row| (row.name.get(), row.value.get()));
        pairs
            .filter(|(name, value)| !(name.is_empty() && value.is_empty()))
            .collect()
    }

    /// Has these instead of what it has.
    pub(super) fn fill(self, pairs: &[(String, String)]) {
        self.all.set(Vec::new());
        for (name, value) in pairs {
            self.add(name, value, false);
        }
    }

    /// Adds what the API requires and no row has. `is` tells two names that are one.
    pub(super) fn require(self, name: &str, is: fn(&str, &str) -> bool) {
        let rows = self.all.read_untracked();
        let has = rows.iter().any(|row| is(&row.name.read_untracked(), name));
        drop(rows);
        if !has {
            self.add(name, "", true);
        }
    }

    fn add(self, name: &str, value: &str, is_required: bool) {
        let id = self.next_id.get_value();
        self.next_id.set_value(id + 1);
        let row = Row {
            id,
            name: RwSignal::new(name.to_owned()),
            value: RwSignal::new(value.to_owned()),
            is_required,
        };
        self.all.update(|all| all.push(row));
    }

    fn remove(self, id: usize) {
        self.all.update(|all| all.retain(|row| row.id != id));
    }
}
