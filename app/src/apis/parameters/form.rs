use leptos::prelude::*;
use sluice_domain::request_parameter::{
    InvalidRequestParameters, Number, ParameterLocation, ParameterType, RequestParameter,
    RequestParameterFields, RequestParameters,
};
use sluice_domain::text::ShortDescription;
use sluice_domain::trigger::ApigTriggerSettings;

use super::{Row, without};
use crate::apis::{ApiDetails, update_api};
use crate::console::sentence;
use crate::ui::{Button, ButtonKind, ErrorNotice, Hint, SelectField, TextField, choices};

/// The field that is wrong, by its name in the domain, and what is wrong with it.
type Wrong = (&'static str, String);

/// For `map_err`: it is this field that is wrong.
fn wrong<E: std::fmt::Display>(field: &'static str) -> impl FnOnce(E) -> Wrong {
    move |error| (field, sentence(&error.to_string()))
}

/// Declares a parameter, or changes one.
#[component]
pub(super) fn ParameterForm(
    details: StoredValue<ApiDetails>,
    row: Row,
    open: RwSignal<bool>,
    on_saved: Callback<()>,
) -> impl IntoView {
    let inputs = Inputs::of(&row.fields);
    let api = details.with_value(|details| details.api.clone());
    let (settings, others) = without(api.settings, row.declared.as_ref());
    let wanted = Memo::new(move |_| inputs.settings(settings.clone(), others.clone()));
    let error = move |field: &'static str| {
        Signal::derive(move || {
            let (wrong, message) = wanted.get().err()?;
            (wrong == field).then_some(message)
        })
    };
    let name_error = error("name");
    let api_id = api.api_id;
    let saving = Action::new(move |settings: &ApigTriggerSettings| {
        update_api(api_id.clone(), settings.clone())
    });
    Effect::new(move || {
        if let Some(Ok(())) = saving.value().get() {
            open.set(false);
            on_saved.run(());
        }
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Ok(settings) = wanted.get_untracked() {
            saving.dispatch(settings);
        }
    };
    let Inputs {
        name,
        location,
        kind,
        required,
        default,
        enumeration,
        is_validated,
        passes_through,
        description,
        ..
    } = inputs;
    view! {
        <form class="form" on:submit=submit>
            {move || saving.value().get().and_then(Result::err).map(|error| view! { <ErrorNotice error/> })}
            <TextField name="parameter-name" label="Name" value=name required=true autofocus=true
                error=Signal::derive(move || name_error.get().filter(|_| !name.read().is_empty()))
                hint="1 to 32 characters, a letter first: letters, digits, hyphens, underscores and dots. Not of a header: underscores, and what the gateway uses itself."/>
            <SelectField name="parameter-location" label="Location" value=location required=true
                options=choices(ParameterLocation::ALL.iter().map(|one| (one.name(), one.label())))
                hint="Path: what stands in braces in the API's path. Names of headers match in either case, others in their own."/>
            <SelectField name="parameter-type" label="Type" value=kind required=true
                options=choices(ParameterType::ALL.iter().map(|one| (one.name(), one.label())))
                hint="A number is a decimal one, as in JSON: -1.5e3."/>
            <Show when=move || !inputs.is_in_path()>
                <Check label="Required" text="A request must have it" value=required
                    hint="One that may be missing can have a default value."/>
            </Show>
            <Show when=move || inputs.may_have_default()>
                <TextField name="parameter-default" label="Default Value" value=default error=error("default_value")
                    hint="The function gets it where a request has none. Empty: nothing."/>
            </Show>
            <TextField name="parameter-enumeration" label="Enumerated Values" value=enumeration error=error("enumeration")
                hint="The only values that it may have, with commas between, at most 100. Empty: any."/>
            {move || inputs.bounds(error("min"), error("max"))}
            <Check label="Validation" text="Values are checked" value=is_validated
                hint="Without it only a parameter that is missing is refused."/>
            <Show when=move || !inputs.is_in_path()>
                <Check label="Pass Through" text="The function gets it" value=passes_through
                    hint="Without it the parameter is checked and then kept from the function."/>
            </Show>
            <TextField name="parameter-description" label="Description" value=description
                error=error("description") hint="At most 255 characters."/>
            <div class="dialog__footer">
                <Button on_press=Callback::new(move |()| open.set(false))>"Cancel"</Button>
                <Button kind=ButtonKind::Primary submit=true busy=saving.pending() disabled=Signal::derive(move || wanted.read().is_err())>"OK"</Button>
            </div>
        </form>
    }
}

/// A labelled box to tick.
#[component]
fn Check(
    label: &'static str,
    text: &'static str,
    value: RwSignal<bool>,
    hint: &'static str,
) -> impl IntoView {
    view! {
        <div class="field">
            <span class="field__label">{label}</span>
            <div class="field__body">
                <label class="check">
                    <input type="checkbox" prop:checked=value on:change=move |event| value.set(event_target_checked(&event))/>
                    <span>{text}</span>
                </label>
                <Hint text=hint/>
            </div>
        </div>
    }
}

/// What is typed and chosen of a parameter.
#[derive(Clone, Copy)]
struct Inputs {
    name: RwSignal<String>,
    location: RwSignal<String>,
    kind: RwSignal<String>,
    required: RwSignal<bool>,
    default: RwSignal<String>,
    enumeration: RwSignal<String>,
    min: RwSignal<String>,
    max: RwSignal<String>,
    is_validated: RwSignal<bool>,
    passes_through: RwSignal<bool>,
    description: RwSignal<String>,
}

impl Inputs {
    fn of(fields: &RequestParameterFields) -> Self {
        let bound = |bound: &Option<Number>| {
            RwSignal::new(bound.as_ref().map_or_else(String::new, ToString::to_string))
        };
        Self {
            name: RwSignal::new(fields.name.clone()),
            location: RwSignal::new(fields.location.name().to_owned()),
            kind: RwSignal::new(fields.kind.name().to_owned()),
            required: RwSignal::new(fields.required),
            default: RwSignal::new(fields.default_value.clone().unwrap_or_default()),
            enumeration: RwSignal::new(fields.enumeration.join(", ")),
            min: bound(&fields.min),
            max: bound(&fields.max),
            is_validated: RwSignal::new(fields.is_validated),
            passes_through: RwSignal::new(fields.passes_through),
            description: RwSignal::new(fields.description.to_string()),
        }
    }

    fn is_in_path(self) -> bool {
        *self.location.read() == ParameterLocation::Path.name()
    }

    fn may_have_default(self) -> bool {
        !self.is_in_path() && !self.required.get()
    }

    /// The fields for the least and the most, which mean another thing of a number than of a text.
    fn bounds(
        self,
        min_error: Signal<Option<String>>,
        max_error: Signal<Option<String>>,
    ) -> AnyView {
        let (min, max) = (self.min, self.max);
        match *self.kind.read() == ParameterType::Number.name() {
            true => view! {
                <TextField name="parameter-min" label="Minimum Value" value=min error=min_error hint="Empty: not limited."/>
                <TextField name="parameter-max" label="Maximum Value" value=max error=max_error hint="Empty: not limited."/>
            }
            .into_any(),
            false => view! {
                <TextField name="parameter-min" label="Minimum Length" value=min error=min_error hint="In characters. Empty: not limited."/>
                <TextField name="parameter-max" label="Maximum Length" value=max error=max_error hint="In characters. Empty: not limited."/>
            }
            .into_any(),
        }
    }

    fn parse(self) -> Result<RequestParameter, Wrong> {
        let is_in_path = self.is_in_path();
        let default = self.default.read().trim().to_owned();
        let values = self.enumeration.read();
        let values = values.split(',').map(str::trim);
        let fields = RequestParameterFields {
            name: self.name.read().trim().to_owned(),
            location: self.location.read().parse().map_err(wrong("location"))?,
            kind: self.kind.read().parse().map_err(wrong("type"))?,
            required: is_in_path || self.required.get(),
            default_value: (self.may_have_default() && !default.is_empty()).then_some(default),
            enumeration: values
                .filter(|value| !value.is_empty())
                .map(str::to_owned)
                .collect(),
            min: bound("min", self.min)?,
            max: bound("max", self.max)?,
            is_validated: self.is_validated.get(),
            passes_through: is_in_path || self.passes_through.get(),
            description: ShortDescription::parse(&self.description.read())
                .map_err(wrong("description"))?,
        };
        RequestParameter::try_from(fields).map_err(|error| wrong(error.wrong.field())(error.wrong))
    }

    /// The definition with the parameter besides the others, once every field is right.
    fn settings(
        self,
        settings: ApigTriggerSettings,
        mut others: Vec<RequestParameter>,
    ) -> Result<ApigTriggerSettings, Wrong> {
        others.push(self.parse()?);
        let all: Result<RequestParameters, InvalidRequestParameters> = others.try_into();
        let request_parameters = all.map_err(wrong("name"))?;
        let in_path = request_parameters.check_path(&settings.path);
        in_path.map_err(wrong("name"))?;
        Ok(ApigTriggerSettings {
            request_parameters,
            ..settings
        })
    }
}

fn bound(field: &'static str, text: RwSignal<String>) -> Result<Option<Number>, Wrong> {
    match text.read().trim() {
        "" => Ok(None),
        text => Number::parse(text).map(Some).map_err(wrong(field)),
    }
}
