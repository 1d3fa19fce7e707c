use leptos::prelude::*;

use crate::ui::{Button, ButtonKind};

/// Names and values that are typed, a row for each.
#[derive(Clone, Copy)]
pub(super) struct Pairs {
    rows: RwSignal<Vec<Row>>,
    next_id: StoredValue<usize>,
}

/// One row, told apart by a number of its own.
#[derive(Clone, Copy)]
struct Row {
    id: usize,
    name: RwSignal<String>,
    value: RwSignal<String>,
}

impl Row {
    fn new(id: usize, name: String, value: String) -> Self {
        Self {
            id,
            name: RwSignal::new(name),
            value: RwSignal::new(value),
        }
    }
}

impl Pairs {
    /// The rows of what is saved.
    pub(super) fn new(saved: impl IntoIterator<Item = (String, String)>) -> Self {
        let rows: Vec<_> = (0..)
            .zip(saved)
            .map(|(id, (name, value))| Row::new(id, name, value))
            .collect();
        Self {
            next_id: StoredValue::new(rows.len()),
            rows: RwSignal::new(rows),
        }
    }

    /// One row more, to be filled in.
    pub(super) fn add(self) {
        let id = self.next_id.get_value();
        self.next_id.set_value(id + 1);
        let row = Row::new(id, String::new(), String::new());
        self.rows.update(|rows| rows.push(row));
    }

    /// What is typed, without rows that were left wholly empty.
    pub(super) fn typed(self) -> Vec<(String, String)> {
        let rows = self.rows.read();
        let pairs = rows.iter().map(|row| (row.name.get(), row.value.get()));
        pairs
            .filter(|(name, value)| !(name.is_empty() && value.is_empty()))
            .collect()
    }

    fn len(self) -> usize {
        self.rows.read().len()
    }
}

/// The rows, and a button for one more where there are fewer than `most`.
#[component]
pub(super) fn PairInputs(
    pairs: Pairs,
    most: usize,
    /// What the inputs are called.
    name: &'static str,
    value: &'static str,
) -> impl IntoView {
    let rows = pairs.rows;
    let is_full = Signal::derive(move || pairs.len() >= most);
    view! {
        <div class="env-vars">
            <For each=move || rows.get() key=|row| row.id let:row>
                <div class="env-vars__row">
                    <input class="input" aria-label=name placeholder=name autocomplete="off"
                        prop:value=row.name on:input=move |event| row.name.set(event_target_value(&event))/>
                    <input class="input" aria-label=value placeholder=value autocomplete="off"
                        prop:value=row.value on:input=move |event| row.value.set(event_target_value(&event))/>
                    <Button kind=ButtonKind::Link on_press=Callback::new(move |()| {
                        rows.update(|rows| rows.retain(|other| other.id != row.id));
                    })>"Delete"</Button>
                </div>
            </For>
            <div><Button disabled=is_full on_press=Callback::new(move |()| pairs.add())>"+ Add"</Button></div>
        </div>
    }
}
