use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use sluice_domain::environment::Environment;
use sluice_domain::id::{ApiId, EnvironmentId};
use sluice_domain::trigger::ApigTriggerSettings;

use super::difference::Differences;
use super::parameters::ParametersCard;
use super::publish::PublishForm;
use super::records::Records;
use super::{
    ApiDetails, ApiFields, ApiInputs, ApiNameField, Facts, PublishedApi, PublishedFacts,
    ResponseSetField, differences, facts, find_api, take_offline, update_api,
};
use crate::console::ConsoleError;
use crate::routes;
use crate::ui::{
    Button, ButtonKind, Card, Dialog, ErrorNotice, Loaded, Moment, Notice, NoticeKind,
};

/// API Gateway > APIs > one of them.
#[component]
pub(crate) fn ApiPage() -> impl IntoView {
    let params = use_params_map();
    let api_id = Memo::new(move |_| params.read().get("api_id").unwrap_or_default());
    let found = Resource::new(move || api_id.get(), find_api);
    let on_changed = Callback::new(move |()| found.refetch());
    // A dialog stays open while the page below it is made anew.
    let (editing, publishing) = (RwSignal::new(false), RwSignal::new(false));
    view! {
        <Title text="API"/>
        <Loaded heading="API" resource=found view=move |details| view! { <ApiView details editing publishing on_changed/> }/>
    }
}

#[component]
fn ApiView(
    details: ApiDetails,
    editing: RwSignal<bool>,
    publishing: RwSignal<bool>,
    on_changed: Callback<()>,
) -> impl IntoView {
    let name = details.api.settings.api_name.to_string();
    let is_latest = |api: &PublishedApi| api.settings == details.api.settings;
    // The button has to be seen where there is something to publish.
    let is_due = details.published.is_empty() || !details.published.iter().all(is_latest);
    let is_published = !details.published.is_empty();
    let debug = routes::debug(&details.api.api_id);
    let environments = details.environments.clone();
    let details = StoredValue::new(details);
    view! {
        <Title text=name.clone()/>
        <header class="page-header">
            <div>
                <a href=routes::APIS class="back">"← APIs"</a>
                <h1 class="page-header__title">{name}</h1>
            </div>
            <div class="page-header__actions">
                {is_published.then(|| view! { <a class=ButtonKind::Normal.class() href=debug>"Debug"</a> })}
                <Button on_press=Callback::new(move |()| editing.set(true))>"Edit"</Button>
                <Button kind=ButtonKind::Primary on_press=Callback::new(move |()| publishing.set(true))>
                    "Publish Latest Version"
                    {is_due.then(|| view! { <span class="button__mark" title="The definition differs from what is published."><span aria-hidden="true">"!"</span></span> })}
                </Button>
            </div>
        </header>
        <Definition details/>
        <ParametersCard details on_changed/>
        <section class="item-cards" aria-label="Environments">
            {environments.into_iter().map(|environment| {
                view! { <EnvironmentCard details environment on_changed/> }
            }).collect_view()}
        </section>
        <Dialog title="Edit API" open=editing wide=true>
            <EditForm details open=editing on_changed/>
        </Dialog>
        <Dialog title="Publish Latest Version" open=publishing wide=true>
            <PublishForm details open=publishing on_changed/>
        </Dialog>
    }
}

/// The latest definition.
#[component]
fn Definition(details: StoredValue<ApiDetails>) -> impl IntoView {
    let details = details.get_value();
    let function = details.function_name.to_string();
    view! {
        <Card title="Latest Definition">
            <dl class="facts">
                <div><dt>"Function"</dt><dd><a href=routes::triggers(&function)>{function.clone()}</a></dd></div>
                <div><dt>"API Group"</dt><dd>{details.group_name.to_string()}</dd></div>
                <div><dt>"API ID"</dt><dd><code>{details.api.api_id.to_string()}</code></dd></div>
                <div><dt>"Created"</dt><dd><Moment at=details.api.created_at/></dd></div>
            </dl>
            <div class="tiles-frame"><Facts facts=facts(&details.api.settings, details.names())/></div>
            <p class="muted">"An edit reaches callers once it is published."</p>
        </Card>
    }
}

/// What callers reach in one environment, and what can be done about it.
#[component]
fn EnvironmentCard(
    details: StoredValue<ApiDetails>,
    environment: Environment,
    on_changed: Callback<()>,
) -> impl IntoView {
    let (leaving, listing) = (RwSignal::new(false), RwSignal::new(false));
    let name = environment.name.to_string();
    let published = details.with_value(|details| details.published_in(&environment).cloned());
    let latest = details.with_value(|details| details.api.settings.clone());
    let badge = match &published {
        None => view! { <span class="badge">"Offline"</span> },
        Some(api) if api.settings == latest => {
            view! { <span class="badge badge--success">"Latest definition"</span> }
        }
        Some(_) => view! { <span class="badge badge--warning">"Definition changed since"</span> },
    };
    let is_published = published.is_some();
    let api_id = StoredValue::new(details.with_value(|details| details.api.api_id.clone()));
    let environment_id = StoredValue::new(environment.environment_id);
    view! {
        <article class="item-card" aria-label=name.clone()>
            <header class="item-card__header">
                <div>
                    <h2 class="item-card__name">{name.clone()} " " {badge}</h2>
                    <p class="muted">{environment.description.to_string()}</p>
                </div>
                <div class="item-card__actions">
                    <Button label=format!("View Publishing Records of {name}") on_press=Callback::new(move |()| listing.set(true))>"View Publishing Records"</Button>
                    {is_published.then(|| view! {
                        <Button label=format!("Take Offline in {name}") on_press=Callback::new(move |()| leaving.set(true))>"Take Offline"</Button>
                    })}
                </div>
            </header>
            {match published {
                Some(api) => view! { <Published api details/> }.into_any(),
                None => view! { <p class="muted">"It is not published here: callers are answered with 404."</p> }.into_any(),
            }}
        </article>
        <Dialog title=format!("Publishing Records of {name}") open=listing wide=true>
            <Records details environment_id open=listing on_changed/>
        </Dialog>
        <Dialog title=format!("Take Offline in {name}") open=leaving>
            <TakeOfflineForm api_id environment_id open=leaving on_changed/>
        </Dialog>
    }
}

#[component]
fn Published(api: PublishedApi, details: StoredValue<ApiDetails>) -> impl IntoView {
    let differences = details
        .with_value(|details| differences(&api.settings, &details.api.settings, details.names()));
    let belongs = vec![("Published Name", api.settings.api_name.to_string())];
    let description = api.description.to_string();
    view! {
        <p>
            {format!("Record {}, published ", api.number)} <Moment at=api.published_at/>
            {(!description.is_empty()).then(|| view! { ": " {description} })}
        </p>
        {(!differences.is_empty()).then(|| view! {
            <Notice kind=NoticeKind::Warning>"The definition has changed since it was published here. Callers reach what was published."</Notice>
            <Differences differences/>
        })}
        <PublishedFacts api belongs/>
    }
}

/// Changes the definition.
#[component]
fn EditForm(
    details: StoredValue<ApiDetails>,
    open: RwSignal<bool>,
    on_changed: Callback<()>,
) -> impl IntoView {
    let api = details.with_value(|details| details.api.clone());
    let authorizers = details.with_value(|details| details.authorizers.clone());
    let (targets, sets) =
        details.with_value(|details| (details.targets.clone(), details.response_sets.clone()));
    let inputs = ApiInputs::of(&api.settings, authorizers, targets, sets);
    let group_id = api.settings.group_id;
    let settings = Memo::new(move |_| inputs.settings(group_id.clone()));
    let wrong = move || {
        let field = inputs.wrong();
        field.map(|field| format!("Check the field {field}."))
    };
    let api_id = api.api_id;
    let sent = RwSignal::new(None::<ApigTriggerSettings>);
    let saving = Action::new(move |settings: &ApigTriggerSettings| {
        update_api(api_id.clone(), settings.clone())
    });
    Effect::new(move || {
        if let Some(Ok(())) = saving.value().get() {
            open.set(false);
            on_changed.run(());
        }
    });
    // A refusal stands beside its field until the form changes.
    let refused = Memo::new(move |_| {
        let error = saving.value().get().and_then(Result::err)?;
        (*sent.read() == settings.get()).then_some(error)
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Some(settings) = settings.get_untracked() {
            sent.set(Some(settings.clone()));
            saving.dispatch(settings);
        }
    };
    view! {
        <form class="form" on:submit=submit>
            {move || match refused.get() {
                Some(ConsoleError::Refused { field: Some(_), .. }) | None => None,
                Some(error) => Some(view! { <ErrorNotice error/> }),
            }}
            <Notice kind=NoticeKind::Info>"Callers reach what is published: an edit counts for them once it is published. The function and the API group stay."</Notice>
            <ApiNameField inputs refused/>
            <ApiFields inputs refused/>
            <ResponseSetField inputs/>
            <div class="dialog__footer">
                <p class="dialog__reason" aria-live="polite">{wrong}</p>
                <Button on_press=Callback::new(move |()| open.set(false))>"Cancel"</Button>
                <Button kind=ButtonKind::Primary submit=true busy=saving.pending() disabled=Signal::derive(move || settings.read().is_none())>"OK"</Button>
            </div>
        </form>
    }
}

#[component]
fn TakeOfflineForm(
    api_id: StoredValue<ApiId>,
    environment_id: StoredValue<EnvironmentId>,
    open: RwSignal<bool>,
    on_changed: Callback<()>,
) -> impl IntoView {
    let leaving =
        Action::new(move |(): &()| take_offline(api_id.get_value(), environment_id.get_value()));
    Effect::new(move || {
        if let Some(Ok(())) = leaving.value().get() {
            open.set(false);
            on_changed.run(());
        }
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        leaving.dispatch(());
    };
    view! {
        <form class="form" on:submit=submit>
            {move || leaving.value().get().and_then(Result::err).map(|error| view! { <ErrorNotice error/> })}
            <p>"Callers are answered with 404 at once. The records stay, and so does what is bound to the API: it counts again when the API is published again."</p>
            <div class="dialog__footer">
                <Button on_press=Callback::new(move |()| open.set(false))>"Cancel"</Button>
                <Button kind=ButtonKind::Danger submit=true busy=leaving.pending()>"OK"</Button>
            </div>
        </form>
    }
}
