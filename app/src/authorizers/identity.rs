use leptos::prelude::*;
use sluice_domain::authorizer::{
    IdentityLocation, IdentitySource, IdentitySourceFields, IdentitySources, MAX_IDENTITY_SOURCES,
};

use crate::console::sentence;
use crate::ui::{Button, ButtonKind, Hint};

/// What a request must have for the function to be asked.
#[component]
pub(super) fn IdentitySourceInputs(
    inputs: IdentityInputs,
    error: Signal<Option<String>>,
) -> impl IntoView {
    let rows = inputs.rows;
    let is_full = Signal::derive(move || rows.read().len() >= MAX_IDENTITY_SOURCES);
    view! {
        <div class="field" role="group" aria-labelledby="identity-sources-label" aria-describedby="identity-sources-error">
            <span class="field__label" id="identity-sources-label">"Identity Sources"</span>
            <div class="field__body">
                <div class="header-changes">
                    <For each=move || rows.get() key=|row| row.id let:row>
                        <SourceRow row remove=Callback::new(move |()| rows.update(|rows| rows.retain(|other| other.id != row.id)))/>
                    </For>
                </div>
                <Button disabled=is_full on_press=Callback::new(move |()| inputs.add())>"+ Add"</Button>
                <p id="identity-sources-error" class="field__error" aria-live="polite">{move || error.get()}</p>
                <Hint text="At most 10. A request that lacks one is refused, and decisions are kept by what they are. A validation is a regular expression that has to be found in the value: ^Bearer .+"/>
            </div>
        </div>
    }
}

/// One row, told apart by a number of its own.
#[derive(Clone, Copy)]
struct Row {
    id: usize,
    name: RwSignal<String>,
    location: RwSignal<String>,
    validation: RwSignal<String>,
}

impl Row {
    fn new(id: usize, saved: Option<&IdentitySource>) -> Self {
        let text = |of: fn(&IdentitySource) -> &str| saved.map_or("", of).to_owned();
        let location = saved.map_or(IdentityLocation::Header, IdentitySource::location);
        Self {
            id,
            name: RwSignal::new(text(IdentitySource::name)),
            location: RwSignal::new(location.name().to_owned()),
            validation: RwSignal::new(text(IdentitySource::validation)),
        }
    }

    /// What it says; nothing where it was left wholly empty.
    fn fields(self) -> Option<IdentitySourceFields> {
        let (name, validation) = (self.name.get(), self.validation.get());
        let location = self.location.read().parse();
        (!(name.is_empty() && validation.is_empty())).then(|| IdentitySourceFields {
            name,
            location: location.unwrap_or(IdentityLocation::Header),
            validation,
        })
    }
}

#[component]
fn SourceRow(row: Row, remove: Callback<()>) -> impl IntoView {
    let Row {
        name,
        location,
        validation,
        ..
    } = row;
    view! {
        <div class="header-changes__row">
            <input class="input" aria-label="Source Name" placeholder="Name" autocomplete="off" prop:value=name on:input=move |event| name.set(event_target_value(&event))/>
            <select class="input select" aria-label="Location" on:change=move |event| location.set(event_target_value(&event))>
                {IdentityLocation::ALL.iter().map(|one| view! {
                    <option value=one.name() selected=move || *location.read() == one.name()>{one.label()}</option>
                }).collect_view()}
            </select>
            <input class="input" aria-label="Validation" placeholder="Any text" autocomplete="off" spellcheck="false" prop:value=validation on:input=move |event| validation.set(event_target_value(&event))/>
            <Button kind=ButtonKind::Link on_press=remove>"Delete"</Button>
        </div>
    }
}

#[derive(Clone, Copy)]
pub(super) struct IdentityInputs {
    rows: RwSignal<Vec<Row>>,
    next_id: StoredValue<usize>,
}

impl IdentityInputs {
    /// The sources as they are, or one row to begin with.
    pub(super) fn new(saved: Option<&IdentitySources>) -> Self {
        let saved: Vec<_> = match saved {
            Some(sources) => sources.iter().map(Some).collect(),
            None => vec![None],
        };
        let rows = (0..).zip(saved).map(|(id, saved)| Row::new(id, saved));
        let rows: Vec<_> = rows.collect();
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

    pub(super) fn parse(self) -> Result<IdentitySources, String> {
        let rows = self.rows.read();
        let sources = rows.iter().filter_map(|row| row.fields());
        let sources: Result<Vec<_>, _> = sources.map(IdentitySource::try_from).collect();
        let sources = sources.map_err(|error| sentence(&error.to_string()))?;
        let sources = IdentitySources::try_from(sources);
        sources.map_err(|error| sentence(&error.to_string()))
    }
}
