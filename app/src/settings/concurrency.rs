use leptos::prelude::*;
use leptos_meta::Title;
use sluice_domain::concurrency::{Concurrency, InvalidConcurrency};

use super::form::{SettingsForm, number};
use super::{ConcurrencyView, find_concurrency, update_concurrency};
use crate::console::sentence;
use crate::functions::current_function;
use crate::ui::{Card, Loaded, SelectField, TextField, choices};

/// Configuration > Concurrency.
#[component]
pub(crate) fn ConcurrencyPage() -> impl IntoView {
    let current = current_function();
    let view = Resource::new(move || current.name.get(), find_concurrency);
    view! {
        <Title text=current.title("Concurrency")/>
        <Loaded resource=view view=|view| view! { <ConcurrencyForm view/> }/>
    }
}

/// The values of the list of how calls share instances.
const SHARED: &str = "shared";
const FRESH: &str = "fresh";

#[component]
fn ConcurrencyForm(view: ConcurrencyView) -> impl IntoView {
    let name = current_function().name.get_untracked();
    let ConcurrencyView {
        concurrency,
        busy,
        ready,
        throttled,
    } = view;
    let max = RwSignal::new(concurrency.max_instances().to_string());
    let reserved = RwSignal::new(concurrency.reserved_instances().to_string());
    let kind = if concurrency.fresh_instances() {
        FRESH
    } else {
        SHARED
    };
    let sharing = RwSignal::new(kind.to_owned());

    let parsed_max = Memo::new(move |_| number::<u32>(&max.read()));
    let parsed_reserved = Memo::new(move |_| number::<u32>(&reserved.read()));
    let parsed = Memo::new(move |_| {
        let (max, reserved) = (parsed_max.get().ok()?, parsed_reserved.get().ok()?);
        Some(Concurrency::new(max, reserved, *sharing.read() == FRESH))
    });
    // What the numbers together are against, belongs to one of them.
    let error = move |of_max: bool| match parsed.get()?.err()? {
        error if of_max == matches!(error, InvalidConcurrency::MaxInstances(_)) => {
            Some(sentence(&error.to_string()))
        }
        _ => None,
    };
    let max_error = Signal::derive(move || parsed_max.get().err().or_else(|| error(true)));
    let reserved_error =
        Signal::derive(move || parsed_reserved.get().err().or_else(|| error(false)));
    let saved = RwSignal::new(concurrency);
    let save = move |concurrency| update_concurrency(name.clone(), concurrency);
    let wanted = Signal::derive(move || parsed.get()?.ok());
    view! {
        <SettingsForm saved wanted save>
            <Card title="Concurrency">
                <TextField name="max-instances" label="Max. Instances per Function" value=max required=true kind="number"
                    error=max_error
                    hint="1 to 1000. Each instance runs one call at a time. Calls beyond wait for a while, then they are answered with 429."/>
                <TextField name="reserved-instances" label="Reserved Instances" value=reserved required=true kind="number"
                    error=reserved_error
                    hint="0 to 100. So many instances are always there, initialized, whether anybody calls or not."/>
                <SelectField name="sharing" label="Instances" value=sharing
                    options=choices([(SHARED, "Shared by calls, one after the other"), (FRESH, "Fresh for every request")])
                    hint="A shared instance keeps its globals and its /tmp for the next call. A fresh one knows nothing of the calls before."/>
            </Card>
        </SettingsForm>
        <Card title="Instances Now">
            <dl class="facts">
                <div><dt>"Busy"</dt><dd>{busy}</dd></div>
                <div><dt>"Ready"</dt><dd>{ready}</dd></div>
                <div><dt>"Throttles of the Last Day"</dt><dd>{throttled}</dd></div>
            </dl>
        </Card>
    }
}
