//! APIs as what credentials and policies are bound to.

use std::collections::BTreeSet;

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use sluice_domain::api_group::ApiGroupName;
use sluice_domain::environment::EnvironmentName;
use sluice_domain::path::ApiPath;
use sluice_domain::publication::BoundApi;
use sluice_domain::trigger::{ApiName, Authentication};

use crate::console::ConsoleError;
use crate::ui::{Button, ButtonKind, ErrorNotice};

/// An API, published in an environment, that something can be bound to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BindableApi {
    /// Which API it is, and the environment it is published in.
    pub place: BoundApi,
    /// Its name.
    pub name: ApiName,
    /// Its group.
    pub group: ApiGroupName,
    /// The name of that environment.
    pub environment: EnvironmentName,
    /// Its path.
    pub path: ApiPath,
    /// Who may call it.
    pub authentication: Authentication,
}

impl BindableApi {
    fn described(&self) -> String {
        let Self {
            name,
            path,
            group,
            environment,
            ..
        } = self;
        format!("{name} ({path}, {group}, {environment})")
    }
}

/// The APIs that something is bound to.
#[component]
pub(crate) fn BoundApis(
    apis: StoredValue<Vec<BindableApi>>,
    bound: StoredValue<Vec<BoundApi>>,
    /// What stands there where there is none.
    none: &'static str,
) -> impl IntoView {
    let bound: Vec<_> = apis.with_value(|apis| {
        let is_bound = |api: &&BindableApi| bound.with_value(|bound| bound.contains(&api.place));
        apis.iter()
            .filter(is_bound)
            .map(BindableApi::described)
            .collect()
    });
    if bound.is_empty() {
        return view! { <span class="muted">{none}</span> }.into_any();
    }
    view! { <ul class="plain-list">{bound.into_iter().map(|api| view! { <li>{api}</li> }).collect_view()}</ul> }.into_any()
}

/// Chooses the APIs that something is bound to.
#[component]
pub(crate) fn BindForm<S, F>(
    offered: StoredValue<Vec<BindableApi>>,
    bound: StoredValue<Vec<BoundApi>>,
    save: S,
    open: RwSignal<bool>,
    on_changed: Callback<()>,
    /// What stands there where none is offered.
    none: &'static str,
) -> impl IntoView
where
    S: Fn(Vec<BoundApi>) -> F + Send + Sync + 'static,
    F: Future<Output = Result<(), ConsoleError>> + Send + 'static,
{
    let chosen = RwSignal::new(bound.get_value().into_iter().collect::<BTreeSet<_>>());
    let binding = Action::new(move |apis: &Vec<BoundApi>| save(apis.clone()));
    Effect::new(move || {
        if let Some(Ok(())) = binding.value().get() {
            open.set(false);
            on_changed.run(());
        }
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        binding.dispatch(chosen.get_untracked().into_iter().collect());
    };
    let offered = offered.get_value();
    let is_empty = offered.is_empty();
    view! {
        <form class="form" on:submit=submit>
            {move || binding.value().get().and_then(Result::err).map(|error| view! { <ErrorNotice error/> })}
            {is_empty.then(|| view! { <p class="empty">{none}</p> })}
            <ul class="plain-list">
                {offered.into_iter().map(|api| {
                    let (this, toggled) = (api.place.clone(), api.place.clone());
                    let toggle = move |_| chosen.update(|chosen| {
                        if !chosen.remove(&toggled) {
                            chosen.insert(toggled.clone());
                        }
                    });
                    view! {
                        <li>
                            <label class="check">
                                <input type="checkbox" prop:checked=move || chosen.read().contains(&this) on:change=toggle/>
                                <span>{api.described()}</span>
                            </label>
                        </li>
                    }
                }).collect_view()}
            </ul>
            <div class="dialog__footer">
                <Button on_press=Callback::new(move |()| open.set(false))>"Cancel"</Button>
                <Button kind=ButtonKind::Primary submit=true busy=binding.pending() disabled=is_empty>"OK"</Button>
            </div>
        </form>
    }
}
