mod form;
mod words;

pub(crate) use words::parameter_differences;

use leptos::prelude::*;
use sluice_domain::path::ApiPath;
use sluice_domain::request_parameter::{
    ParameterLocation, ParameterType, RequestParameter, RequestParameterFields, RequestParameters,
};
use sluice_domain::text::ShortDescription;
use sluice_domain::trigger::ApigTriggerSettings;

use super::{ApiDetails, update_api};
use crate::ui::{Button, ButtonKind, Card, ConfirmDelete, Dialog};
use form::ParameterForm;
use words::rule_told;

/// A row of the table, which a form can begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    fields: RequestParameterFields,
    /// What is declared; none for what only stands in the path, and for what is new.
    declared: Option<RequestParameter>,
}

impl Row {
    fn of(parameter: &RequestParameter) -> Self {
        Self {
            fields: parameter.fields().clone(),
            declared: Some(parameter.clone()),
        }
    }

    /// One that is not declared.
    fn new(name: &str, location: ParameterLocation) -> Self {
        let fields = RequestParameterFields {
            name: name.to_owned(),
            location,
            kind: ParameterType::String,
            required: true,
            default_value: None,
            enumeration: Vec::new(),
            min: None,
            max: None,
            is_validated: true,
            passes_through: true,
            description: ShortDescription::default(),
        };
        Self {
            fields,
            declared: None,
        }
    }

    /// All that there are: what is declared, and what stands in the path.
    fn all(declared: &RequestParameters, path: &ApiPath) -> Vec<Self> {
        let undeclared = declared.undeclared(path);
        let undeclared = undeclared.map(|name| Self::new(name, ParameterLocation::Path));
        let (of_path, others): (Vec<_>, Vec<_>) = declared
            .iter()
            .map(Self::of)
            .partition(|row| row.fields.location == ParameterLocation::Path);
        of_path
            .into_iter()
            .chain(undeclared)
            .chain(others)
            .collect()
    }
}

/// The definition without a parameter.
fn without(
    mut settings: ApigTriggerSettings,
    parameter: Option<&RequestParameter>,
) -> (ApigTriggerSettings, Vec<RequestParameter>) {
    let all = std::mem::take(&mut settings.request_parameters);
    let mut all: Vec<RequestParameter> = all.into();
    all.retain(|one| Some(one) != parameter);
    (settings, all)
}

/// What requests of an API must have, and what may stand in it.
#[component]
pub(super) fn ParametersCard(
    details: StoredValue<ApiDetails>,
    on_changed: Callback<()>,
) -> impl IntoView {
    let chosen = RwSignal::new(None::<Row>);
    let (adding, editing, confirming) = (
        RwSignal::new(false),
        RwSignal::new(false),
        RwSignal::new(false),
    );
    let deleting = Action::new(move |parameter: &RequestParameter| {
        let api = details.with_value(|details| details.api.clone());
        let (mut settings, left) = without(api.settings, Some(parameter));
        // Fewer of them are right as well.
        settings.request_parameters = left.try_into().unwrap_or_default();
        update_api(api.api_id, settings)
    });
    Effect::new(move || {
        if let Some(Ok(())) = deleting.value().get() {
            confirming.set(false);
            on_changed.run(());
        }
    });
    let on_edit = Callback::new(move |row| {
        chosen.set(Some(row));
        editing.set(true);
    });
    let on_delete = Callback::new(move |row| {
        deleting.value().set(None);
        chosen.set(Some(row));
        confirming.set(true);
    });
    let rows = details.with_value(|details| {
        let settings = &details.api.settings;
        Row::all(&settings.request_parameters, &settings.path)
    });
    let is_full = details.with_value(|details| {
        details.api.settings.request_parameters.len() >= RequestParameters::MAX_COUNT
    });
    let add = move || {
        view! { <Button disabled=is_full on_press=Callback::new(move |()| adding.set(true))>"Add Request Parameter"</Button> }
    };
    let form = move |row: Row, open: RwSignal<bool>| {
        view! { <ParameterForm details row open on_saved=on_changed/> }
    };
    view! {
        <Card title="Request Parameters" actions=ViewFn::from(add)>
            <p class="muted">"A request that lacks one that is required, or has one that breaks its rule, is answered with 400 before the function is called. What is not declared passes as it is."</p>
            {match rows.is_empty() {
                true => view! { <p class="empty">"No request parameters."</p> }.into_any(),
                false => view! { <ParameterTable rows on_edit on_delete/> }.into_any(),
            }}
        </Card>
        <Dialog title="Add Request Parameter" open=adding wide=true>
            {move || form(Row::new("", ParameterLocation::Query), adding)}
        </Dialog>
        <Dialog title="Edit Request Parameter" open=editing wide=true>
            {move || chosen.get().map(|row| form(row, editing))}
        </Dialog>
        <ConfirmDelete
            title="Delete Request Parameter"
            message=Signal::derive(move || chosen.read().as_ref().map_or_else(String::new, |row| {
                format!("{} will be taken out of the definition. Callers notice it once that is published.", row.fields.name)
            }))
            open=confirming
            busy=deleting.pending()
            error=Signal::derive(move || deleting.value().get().and_then(Result::err).map(|error| error.with_code()))
            on_confirm=Callback::new(move |()| {
                if let Some(parameter) = chosen.get_untracked().and_then(|row| row.declared) {
                    deleting.dispatch(parameter);
                }
            })
        />
    }
}

#[component]
fn ParameterTable(
    rows: Vec<Row>,
    on_edit: Callback<Row>,
    on_delete: Callback<Row>,
) -> impl IntoView {
    view! {
        <div class="table-frame" role="region" aria-label="Parameters" tabindex="0">
            <table class="table">
                <caption class="visually-hidden">"Request Parameters"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Name"</th>
                        <th scope="col">"Location"</th>
                        <th scope="col">"Type"</th>
                        <th scope="col">"Required"</th>
                        <th scope="col">"Default"</th>
                        <th scope="col">"Rule"</th>
                        <th scope="col">"Operation"</th>
                    </tr>
                </thead>
                <tbody>
                    {rows.into_iter().map(|row| view! { <ParameterRow row on_edit on_delete/> }).collect_view()}
                </tbody>
            </table>
        </div>
    }
}

#[component]
fn ParameterRow(row: Row, on_edit: Callback<Row>, on_delete: Callback<Row>) -> impl IntoView {
    let fields = row.fields.clone();
    let description = fields.description.to_string();
    let name = fields.name.clone();
    let is_declared = row.declared.is_some();
    let row = StoredValue::new(row);
    view! {
        <tr>
            <td>
                <code>{name.clone()}</code>
                {(!description.is_empty()).then(|| view! { <span class="table__note">{description}</span> })}
            </td>
            <td>{fields.location.label()}</td>
            <td>{fields.kind.label()}</td>
            <td>{if fields.required { "Yes" } else { "No" }}</td>
            <td class="table__wraps">{match fields.default_value.clone() {
                Some(value) => view! { <code>{value}</code> }.into_any(),
                None => "—".into_any(),
            }}</td>
            <td class="table__wraps">{rule_told(&fields)}</td>
            <td class="table__operations">
                <Button kind=ButtonKind::Link label=format!("Edit {name}") on_press=Callback::new(move |()| on_edit.run(row.get_value()))>"Edit"</Button>
                {is_declared.then(|| view! {
                    <Button kind=ButtonKind::Link label=format!("Delete {name}") on_press=Callback::new(move |()| on_delete.run(row.get_value()))>"Delete"</Button>
                })}
            </td>
        </tr>
    }
}
