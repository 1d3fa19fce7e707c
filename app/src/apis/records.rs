use leptos::prelude::*;
use sluice_domain::id::EnvironmentId;
use sluice_domain::publication::Publication;

use super::difference::Differences;
use super::{ApiDetails, Facts, differences, facts, list_publications, switch_version};
use crate::console::ConsoleError;
use crate::ui::{Button, ButtonKind, ErrorNotice, Loaded, Moment};

/// The publishing records of an API in an environment.
#[component]
pub(super) fn Records(
    details: StoredValue<ApiDetails>,
    environment_id: StoredValue<EnvironmentId>,
    open: RwSignal<bool>,
    on_changed: Callback<()>,
) -> impl IntoView {
    let api_id = move || details.with_value(|details| details.api.api_id.clone());
    let listed = Resource::new(
        || (),
        move |()| list_publications(api_id(), environment_id.get_value()),
    );
    let switching = Action::new(move |number: &u32| {
        switch_version(api_id(), environment_id.get_value(), *number)
    });
    Effect::new(move || {
        if let Some(Ok(())) = switching.value().get() {
            open.set(false);
            on_changed.run(());
        }
    });
    view! {
        <div class="form">
            {move || switching.value().get().and_then(Result::err).map(|error| view! { <ErrorNotice error/> })}
            <Loaded resource=listed view=move |records| view! { <RecordTable records details switching/> }/>
            <div class="dialog__footer">
                <Button on_press=Callback::new(move |()| open.set(false))>"Done"</Button>
            </div>
        </div>
    }
}

#[component]
fn RecordTable(
    records: Vec<Publication>,
    details: StoredValue<ApiDetails>,
    switching: Action<u32, Result<(), ConsoleError>>,
) -> impl IntoView {
    if records.is_empty() {
        return view! { <p class="empty">"It was never published here."</p> }.into_any();
    }
    let shown = RwSignal::new(None::<u32>);
    let all = StoredValue::new(records.clone());
    view! {
        <p class="muted">"The last 10 are kept. Switch Version publishes a record again; the latest definition stays as it is."</p>
        <div class="table-frame" role="region" aria-label="Publishing Records" tabindex="0">
            <table class="table">
                <caption class="visually-hidden">"Publishing Records"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Record"</th>
                        <th scope="col">"Description"</th>
                        <th scope="col">"Published"</th>
                        <th scope="col">"Operation"</th>
                    </tr>
                </thead>
                <tbody>
                    {records.into_iter().map(|record| view! { <RecordRow record shown switching/> }).collect_view()}
                </tbody>
            </table>
        </div>
        {move || {
            let number = shown.get()?;
            let record = all.with_value(|all| all.iter().find(|it| it.number == number).cloned())?;
            Some(view! { <RecordDetails record details/> })
        }}
    }
    .into_any()
}

#[component]
fn RecordRow(
    record: Publication,
    shown: RwSignal<Option<u32>>,
    switching: Action<u32, Result<(), ConsoleError>>,
) -> impl IntoView {
    let Publication {
        number,
        description,
        published_at,
        is_current,
        ..
    } = record;
    let is_shown = move || shown.get() == Some(number);
    let toggle = move |()| shown.set((!is_shown()).then_some(number));
    view! {
        <tr class:table__row--open=is_shown>
            <td>
                {number} " "
                {is_current.then(|| view! { <span class="badge badge--success">"Current"</span> })}
            </td>
            <td class="table__text">{description.to_string()}</td>
            <td><Moment at=published_at/></td>
            <td class="table__operations">
                <Button kind=ButtonKind::Link label=format!("View Details of {number}") on_press=Callback::new(toggle)>
                    "View Details"
                </Button>
                {(!is_current).then(|| view! {
                    <Button kind=ButtonKind::Link label=format!("Switch Version to {number}") busy=switching.pending()
                        on_press=Callback::new(move |()| { switching.dispatch(number); })>"Switch Version"</Button>
                })}
            </td>
        </tr>
    }
}

/// What a record says, and in what the latest definition differs from it.
#[component]
fn RecordDetails(record: Publication, details: StoredValue<ApiDetails>) -> impl IntoView {
    let title = format!("Record {}", record.number);
    let (facts, differences) = details.with_value(|details| {
        let names = details.names();
        let latest = &details.api.settings;
        (
            facts(&record.settings, names),
            differences(&record.settings, latest, names),
        )
    });
    view! {
        <section class="form" aria-label=title.clone()>
            <h3 class="card__subtitle">{title.clone()}</h3>
            <div class="tiles-frame"><Facts facts/></div>
            {match differences.is_empty() {
                true => view! { <p class="muted">"It is the latest definition."</p> }.into_any(),
                false => view! { <Differences differences heads=("This record", "Latest definition")/> }.into_any(),
            }}
        </section>
    }
}
