use leptos::prelude::*;
use sluice_domain::api_group::GroupSettings;
use sluice_domain::environment::EnvironmentName;
use sluice_domain::gateway_response::{
    AddedHeader, AddedHeaders, ContextVariable, GatewayResponse, HeaderFields, InvalidAddedHeader,
    MAX_RESPONSE_HEADERS, ResponseBody, ResponseStatus, ResponseType,
};
use sluice_domain::id::{ApiGroupId, ResponseSetId};

use super::preview::preview;
use crate::api_groups::pairs::{PairInputs, Pairs};
use crate::api_groups::update_gateway_response;
use crate::console::sentence;
use crate::ui::{Button, ButtonKind, ErrorNotice, Hint, TextField};

/// Changes what callers get of one type of responses.
#[component]
pub(super) fn ResponseForm(
    group_id: ApiGroupId,
    response_id: Option<ResponseSetId>,
    kind: ResponseType,
    settings: GroupSettings,
    open: RwSignal<bool>,
    on_saved: Callback<()>,
) -> impl IntoView {
    let saved = settings.responses_of(response_id.as_ref()).get(&kind);
    let saved = saved.cloned().unwrap_or_default();
    let status = RwSignal::new(
        saved
            .status
            .map_or_else(String::new, |it| it.code().to_string()),
    );
    let body = RwSignal::new(saved.body.as_str().to_owned());
    let headers = saved.headers.iter();
    let headers = Pairs::new(headers.map(|it| (it.name().to_owned(), it.value().to_owned())));

    let parsed_status = Memo::new(move |_| parse_status(&status.read()));
    let parsed_body = Memo::new(move |_| {
        ResponseBody::parse(&body.read()).map_err(|error| sentence(&error.to_string()))
    });
    let parsed_headers = Memo::new(move |_| {
        parse_headers(headers.typed()).map_err(|error| sentence(&error.to_string()))
    });
    let wanted = Memo::new(move |_| {
        Some(GatewayResponse {
            status: parsed_status.get().ok()?,
            body: parsed_body.get().ok()?,
            headers: parsed_headers.get().ok()?,
        })
    });
    // Only an example: each environment has its own.
    let released = settings.variables.into_iter();
    let released = released.filter(|(name, _)| name.as_str() == EnvironmentName::RELEASE);
    let variables = StoredValue::new(released.map(|(_, it)| it).next().unwrap_or_default());
    let shown = move || match wanted.get() {
        Some(response) => variables.with_value(|variables| preview(kind, &response, variables)),
        None => "Correct what is marked above to see the response.".to_owned(),
    };

    let saving = Action::new(move |response: &GatewayResponse| {
        let (group, set) = (group_id.clone(), response_id.clone());
        update_gateway_response(group, set, kind, Some(response.clone()))
    });
    Effect::new(move || {
        if let Some(Ok(())) = saving.value().get() {
            open.set(false);
            on_saved.run(());
        }
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Some(response) = wanted.get_untracked() {
            saving.dispatch(response);
        }
    };
    let default = match kind.default_status() {
        Some(status) => format!("200 to 599, but not 444. Empty: {status}, the default."),
        None => "200 to 599, but not 444. Empty: each error has its own.".to_owned(),
    };
    view! {
        <form class="form" on:submit=submit>
            {move || saving.value().get().and_then(Result::err).map(|error| view! { <ErrorNotice error/> })}
            <dl class="facts">
                <div><dt>"Response Type"</dt><dd>{kind.label()} " " <code>{kind.name()}</code></dd></div>
            </dl>
            <TextField name="response-status" label="Status" value=status autofocus=true
                error=Signal::derive(move || parsed_status.get().err()) hint=default/>
            <TextField name="response-body" label="Body" value=body rows=6 required=true
                error=Signal::derive(move || parsed_body.get().err())
                hint="JSON of at most 8192 characters. Variables stand inside of its strings; what callers sent is escaped."/>
            <div class="field" role="group" aria-labelledby="response-headers-label" aria-describedby="response-headers-error">
                <span class="field__label" id="response-headers-label">"Headers"</span>
                <div class="field__body">
                    <PairInputs pairs=headers most=MAX_RESPONSE_HEADERS name="Header Name" value="Header Value"/>
                    <p id="response-headers-error" class="field__error" aria-live="polite">{move || parsed_headers.get().err()}</p>
                    <Hint text="At most 10, with variables too. The gateway's own headers cannot be set."/>
                </div>
            </div>
            <div class="field">
                <span class="field__label" id="response-variables-label">"Variables"</span>
                <div class="field__body">
                    <p class="field__hint">{variable_names()}</p>
                </div>
            </div>
            <div class="field">
                <span class="field__label" id="response-preview-label">"Preview"</span>
                <div class="field__body">
                    <pre class="output" tabindex="0" role="region" aria-labelledby="response-preview-label">{shown}</pre>
                </div>
            </div>
            <div class="dialog__footer">
                <Button on_press=Callback::new(move |()| open.set(false))>"Cancel"</Button>
                <Button kind=ButtonKind::Primary submit=true busy=saving.pending() disabled=Signal::derive(move || wanted.read().is_none())>"OK"</Button>
            </div>
        </form>
    }
}

/// All variables that a response may have.
fn variable_names() -> String {
    let names = ContextVariable::ALL.iter();
    let names = names.map(|variable| format!("$context.{}", variable.name()));
    let names: Vec<_> = names.collect();
    format!(
        "{}, and #Name# for a variable of the group in the environment that is called.",
        names.join(", ")
    )
}

fn parse_status(text: &str) -> Result<Option<ResponseStatus>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let code: u16 = text
        .parse()
        .map_err(|_| "Must be a whole number".to_owned())?;
    let status = ResponseStatus::try_from(code);
    status
        .map(Some)
        .map_err(|error| sentence(&error.to_string()))
}

fn parse_headers(typed: Vec<(String, String)>) -> Result<AddedHeaders, InvalidAddedHeader> {
    let typed = typed.into_iter();
    let headers: Result<Vec<_>, _> = typed
        .map(|(name, value)| AddedHeader::try_from(HeaderFields { name, value }))
        .collect();
    headers?.try_into()
}
