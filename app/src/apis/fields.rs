use leptos::prelude::*;
use sluice_domain::authorizer::AuthorizerName;
use sluice_domain::gateway_response::ResponseSetName;
use sluice_domain::id::{ApiGroupId, AuthorizerId, ResponseSetId};
use sluice_domain::path::ApiPath;
use sluice_domain::request_parameter::RequestParameters;
use sluice_domain::target::Target;
use sluice_domain::trigger::{
    ApiName, ApigTriggerSettings, Authentication, BackendTimeout, Matching, Method, Protocol,
};

use crate::console::{ConsoleError, sentence};
use crate::ui::{Hint, Notice, NoticeKind, SelectField, TextField, choices};

/// A field's text as its value, or the rule it breaks.
pub(crate) fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
    text: &str,
) -> Result<T, String> {
    text.parse()
        .map_err(|error: T::Err| sentence(&error.to_string()))
}

/// What is typed and chosen of a definition: all but its group.
#[derive(Clone, Copy)]
pub(crate) struct ApiInputs {
    name: RwSignal<String>,
    targets: StoredValue<Vec<Target>>,
    target: RwSignal<String>,
    authentication: RwSignal<String>,
    simple: RwSignal<bool>,
    authorizers: StoredValue<Vec<(AuthorizerId, AuthorizerName)>>,
    authorizer: RwSignal<String>,
    protocol: RwSignal<String>,
    path: RwSignal<String>,
    matching: RwSignal<String>,
    method: RwSignal<String>,
    timeout: RwSignal<String>,
    /// What is declared stays: it has a form of its own.
    request_parameters: StoredValue<RequestParameters>,
    response_sets: StoredValue<Vec<(ResponseSetId, ResponseSetName)>>,
    /// The id of the chosen set of gateway responses; empty for the default one.
    response_set: RwSignal<String>,
    parsed_name: Memo<Result<ApiName, String>>,
    parsed_authorizer: Memo<Result<Option<AuthorizerId>, String>>,
    parsed_path: Memo<Result<ApiPath, String>>,
    parsed_timeout: Memo<Result<BackendTimeout, String>>,
}

impl ApiInputs {
    /// Those of a new API.
    pub(crate) fn new(
        name: String,
        path: String,
        authorizers: Vec<(AuthorizerId, AuthorizerName)>,
        targets: Vec<Target>,
    ) -> Self {
        Self::beginning(
            (name, path),
            (&Target::Latest, targets),
            (Authentication::None, false),
            (None, authorizers),
            Protocol::Https,
            (Matching::Prefix, Method::Any),
            (BackendTimeout::default(), RequestParameters::default()),
        )
    }

    /// Those of an API that is there.
    pub(crate) fn of(
        settings: &ApigTriggerSettings,
        authorizers: Vec<(AuthorizerId, AuthorizerName)>,
        targets: Vec<Target>,
        response_sets: Vec<(ResponseSetId, ResponseSetName)>,
    ) -> Self {
        let inputs = Self::beginning(
            (settings.api_name.to_string(), settings.path.to_string()),
            (&settings.target, targets),
            (settings.authentication, settings.simple_authentication),
            (settings.authorizer_id.as_ref(), authorizers),
            settings.protocol,
            (settings.matching, settings.method),
            (settings.timeout, settings.request_parameters.clone()),
        );
        // One that was deleted is the default one.
        let chosen = response_sets.iter().map(|(id, _)| id);
        let chosen = chosen.filter(|id| settings.response_id.as_ref() == Some(id));
        let chosen = chosen.map(ToString::to_string).next();
        inputs.response_set.set(chosen.unwrap_or_default());
        inputs.response_sets.set_value(response_sets);
        inputs
    }

    fn beginning(
        (name, path): (String, String),
        (target, targets): (&Target, Vec<Target>),
        (authentication, simple): (Authentication, bool),
        (authorizer, authorizers): (Option<&AuthorizerId>, Vec<(AuthorizerId, AuthorizerName)>),
        protocol: Protocol,
        (matching, method): (Matching, Method),
        (timeout, request_parameters): (BackendTimeout, RequestParameters),
    ) -> Self {
        let request_parameters = StoredValue::new(request_parameters);
        let (name, path) = (RwSignal::new(name), RwSignal::new(path));
        let timeout = RwSignal::new(timeout.millis().to_string());
        let authentication = RwSignal::new(authentication.name().to_owned());
        let first = authorizers.first().map(|(id, _)| id);
        let authorizer = authorizer.or(first).map(ToString::to_string);
        let authorizer = RwSignal::new(authorizer.unwrap_or_default());
        Self {
            name,
            targets: StoredValue::new(targets),
            target: RwSignal::new(target.to_string()),
            authentication,
            simple: RwSignal::new(simple),
            authorizers: StoredValue::new(authorizers),
            authorizer,
            protocol: RwSignal::new(protocol.name().to_owned()),
            path,
            matching: RwSignal::new(matching.name().to_owned()),
            method: RwSignal::new(method.name().to_owned()),
            timeout,
            request_parameters,
            response_sets: StoredValue::new(Vec::new()),
            response_set: RwSignal::new(String::new()),
            parsed_name: Memo::new(move |_| parsed(&name.read())),
            parsed_authorizer: Memo::new(move |_| match is_custom(authentication) {
                false => Ok(None),
                true => AuthorizerId::parse(&authorizer.read())
                    .map(Some)
                    .map_err(|_| "Create one in API Gateway > Custom Authorizers first".to_owned()),
            }),
            parsed_path: Memo::new(move |_| {
                let path: ApiPath = parsed(&path.read())?;
                let checked = request_parameters.with_value(|it| it.check_path(&path));
                checked.map_err(|error| sentence(&error.to_string()))?;
                Ok(path)
            }),
            parsed_timeout: Memo::new(move |_| {
                let millis: u32 = timeout
                    .read()
                    .trim()
                    .parse()
                    .map_err(|_| "Must be a whole number".to_owned())?;
                BackendTimeout::try_from(millis).map_err(|error| sentence(&error.to_string()))
            }),
        }
    }

    fn may_be_simple(self) -> bool {
        *self.authentication.read() == Authentication::App.name()
            && *self.protocol.read() != Protocol::Http.name()
    }

    /// The definition, once every field is right.
    pub(crate) fn settings(self, group_id: ApiGroupId) -> Option<ApigTriggerSettings> {
        Some(ApigTriggerSettings {
            api_name: self.parsed_name.get().ok()?,
            group_id,
            target: self.target.read().parse().ok()?,
            authentication: self.authentication.read().parse().ok()?,
            simple_authentication: self.simple.get() && self.may_be_simple(),
            authorizer_id: self.parsed_authorizer.get().ok()?,
            protocol: self.protocol.read().parse().ok()?,
            path: self.parsed_path.get().ok()?,
            matching: self.matching.read().parse().ok()?,
            method: self.method.read().parse().ok()?,
            timeout: self.parsed_timeout.get().ok()?,
            request_parameters: self.request_parameters.get_value(),
            response_id: ResponseSetId::parse(&self.response_set.read()).ok(),
        })
    }

    /// The field that is wrong. It can be far up the form, so that this stands beside OK.
    pub(crate) fn wrong(self) -> Option<&'static str> {
        [
            ("API Name", self.parsed_name.get().is_err()),
            ("Custom Authorizer", self.parsed_authorizer.get().is_err()),
            ("Path", self.parsed_path.get().is_err()),
            ("Timeout", self.parsed_timeout.get().is_err()),
        ]
        .into_iter()
        .find_map(|(field, is_wrong)| is_wrong.then_some(field))
    }
}

fn is_custom(authentication: RwSignal<String>) -> bool {
    *authentication.read() == Authentication::Custom.name()
}

/// What a refusal says of a field.
fn refusal(
    refused: Memo<Option<ConsoleError>>,
    field: &'static str,
) -> impl Fn() -> Option<String> + Send + Sync + 'static {
    move || refused.get().and_then(|error| error.for_field(field))
}

/// The name of the API.
#[component]
pub(crate) fn ApiNameField(
    inputs: ApiInputs,
    /// Why the server did not take the form.
    refused: Memo<Option<ConsoleError>>,
) -> impl IntoView {
    let refused = refusal(refused, "api_name");
    view! {
        <TextField name="api_name" label="API Name" value=inputs.name required=true
            error=Signal::derive(move || inputs.parsed_name.get().err().or_else(&refused))
            hint="Enter 3 to 64 characters, starting with a letter. Only letters, digits, and underscores (_) are allowed."/>
    }
}

/// By which of its group's gateway responses the API's callers are refused.
#[component]
pub(crate) fn ResponseSetField(inputs: ApiInputs) -> impl IntoView {
    let sets = inputs.response_sets.get_value().into_iter();
    let named = sets.map(|(id, name)| (id.to_string(), name.to_string()));
    let default = (String::new(), ResponseSetName::DEFAULT.to_owned());
    view! {
        <SelectField name="response_set" label="Gateway Response" value=inputs.response_set
            options=choices(std::iter::once(default).chain(named))
            hint="What callers get when the gateway refuses a call. The API group has up to four (API Groups > Gateway Responses)."/>
    }
}

/// All of a definition but its name, its group and its gateway responses.
#[component]
pub(crate) fn ApiFields(
    inputs: ApiInputs,
    /// Why the server did not take the form.
    refused: Memo<Option<ConsoleError>>,
) -> impl IntoView {
    let ApiInputs {
        targets,
        target,
        authentication,
        simple,
        authorizers,
        authorizer,
        protocol,
        path,
        matching,
        method,
        timeout,
        ..
    } = inputs;
    let path_refused = refusal(refused, "path");
    let target_refused = refusal(refused, "target");
    view! {
        <SelectField name="target" label="Version/Alias" value=target required=true
            options=choices(targets.get_value().iter().map(|target| (target.to_string(), target.label())))
            error=Signal::derive(target_refused)
            hint="What of the function is called. latest: what is deployed. A published version stays the same; an alias calls the version that it is given."/>
        <SelectField name="authentication" label="Security Authentication" value=authentication required=true
            options=choices(Authentication::ALL.iter().map(|authentication| (authentication.name(), authentication.label())))
            hint="App: callers prove that they have a credential (API Gateway > Credentials). IAM: callers prove that they are a user of this console, by an access key (Access Keys). Custom: a function lets them in (API Gateway > Custom Authorizers). None: everybody is let in."/>
        <Show when=move || inputs.may_be_simple()>
            <div class="field">
                <span class="field__label">"Simple Authentication"</span>
                <div class="field__body">
                    <label class="check">
                        <input type="checkbox" prop:checked=simple on:change=move |event| simple.set(event_target_checked(&event))/>
                        <span>"An AppCode is enough"</span>
                    </label>
                    <Hint text="Callers may send the header X-Apig-AppCode over HTTPS instead of a signature."/>
                </div>
            </div>
        </Show>
        <Show when=move || is_custom(authentication)>
            <SelectField name="authorizer" label="Custom Authorizer" value=authorizer required=true
                options=choices(authorizers.get_value().into_iter().map(|(id, name)| (id.to_string(), name.to_string())))
                error=Signal::derive(move || inputs.parsed_authorizer.get().err())
                hint="Its function is asked about each caller, unless it has decided lately."/>
        </Show>
        <Show when=move || *authentication.read() == Authentication::None.name()>
            <Notice kind=NoticeKind::Warning>"No authentication. Access is granted to all users. (Not recommended)"</Notice>
        </Show>
        <SelectField name="protocol" label="Protocol" value=protocol required=true
            options=choices(Protocol::ALL.iter().map(|protocol| (protocol.name(), protocol.label())))
            hint="HTTPS is encrypted and recommended; HTTP is not."/>
        <TextField name="path" label="Path" value=path required=true
            error=Signal::derive(move || inputs.parsed_path.get().err().or_else(&path_refused))
            hint="Starts with a slash (/), at most 512 characters, case-sensitive. Parameters stand in braces: /a/{b} takes one segment, /a/{b+} all that follow."/>
        <SelectField name="matching" label="Matching" value=matching required=true
            options=choices([Matching::Exact, Matching::Prefix].map(|matching| (matching.name(), matching.label())))
            hint="Exact match: the request path must be the same as the defined path. Prefix match: the request path must start with the defined path."/>
        <SelectField name="method" label="Method" value=method required=true
            options=choices(Method::ALL.iter().map(|method| (method.name(), method.label())))
            hint="ANY: the API can be called by any request method."/>
        <TextField name="timeout" label="Timeout (ms)" value=timeout required=true kind="number"
            error=Signal::derive(move || inputs.parsed_timeout.get().err())
            hint="Set a backend timeout from 1 ms to 60,000 ms."/>
    }
}
