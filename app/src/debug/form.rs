use leptos::prelude::*;
use sluice_domain::debug::{DebugFields, DebugRequest, debug_path};
use sluice_domain::path::{ApiPath, Segment};
use sluice_domain::request_parameter::ParameterLocation;
use sluice_domain::trigger::{Matching, Method};

use super::recent::Draft;
use super::rows::{Rows, RowsField};
use super::{DebugTarget, PublishedIn};
use crate::console::sentence;
use crate::ui::{SelectField, TextField, choices};

/// What is filled in.
#[derive(Clone, Copy)]
pub(super) struct Inputs {
    target: StoredValue<DebugTarget>,
    environment: RwSignal<String>,
    method: RwSignal<String>,
    parameters: RwSignal<Vec<(String, String)>>,
    below: RwSignal<String>,
    query: Rows,
    headers: Rows,
    body: RwSignal<String>,
}

impl Inputs {
    pub(super) fn new(target: StoredValue<DebugTarget>) -> Self {
        let first = target.with_value(|target| {
            let first = target.published.first();
            first.map(|published| published.environment.to_string())
        });
        let inputs = Self {
            target,
            environment: RwSignal::new(first.unwrap_or_default()),
            method: RwSignal::new(Method::Get.name().to_owned()),
            parameters: RwSignal::new(Vec::new()),
            below: RwSignal::new(String::new()),
            query: Rows::new(),
            headers: Rows::new(),
            body: RwSignal::new(String::new()),
        };
        inputs.require();
        inputs
    }

    /// Adds rows for what the API requires in the environment that is chosen.
    pub(super) fn require(self) {
        let Some(published) = untrack(move || self.published()) else {
            return;
        };
        for parameter in published.parameters.iter() {
            let fields = parameter.fields();
            match fields.location {
                _ if !fields.required => {}
                ParameterLocation::Path => {} // each has a field of its own
                ParameterLocation::Query => self.query.require(&fields.name, |a, b| a == b),
                ParameterLocation::Header => {
                    self.headers
                        .require(&fields.name, str::eq_ignore_ascii_case);
                }
            }
        }
    }

    /// The API as it is published in the environment that is chosen.
    pub(super) fn published(self) -> Option<PublishedIn> {
        let environment = self.environment.read();
        self.target.with_value(|target| {
            let mut published = target.published.iter();
            let chosen = published.find(|it| it.environment.as_str() == *environment);
            chosen.or(target.published.first()).cloned()
        })
    }

    /// The name of the environment that is chosen.
    pub(super) fn environment(self) -> String {
        self.environment.get()
    }

    /// The method: the API's own, or the one that is chosen where it takes any.
    fn method(self, published: &PublishedIn) -> Method {
        match published.method {
            Method::Any => self.method.read().parse().unwrap_or(Method::Get),
            method => method,
        }
    }

    fn parameter(self, name: &str) -> String {
        let parameters = self.parameters.read();
        let found = parameters.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }

    fn set_parameter(self, name: &str, value: String) {
        self.parameters.update(
            |all| match all.iter_mut().find(|(other, _)| other == name) {
                Some((_, old)) => *old = value,
                None => all.push((name.to_owned(), value)),
            },
        );
    }

    /// The request, or what is wrong with it as a sentence.
    pub(super) fn request(self) -> Result<(PublishedIn, DebugRequest), String> {
        let published = self.published().ok_or("Choose an environment")?;
        let empty = names(&published.path).find(|name| self.parameter(name).is_empty());
        if let Some(name) = empty {
            return Err(format!("The path's parameter {name} must have a value"));
        }
        let value_of = |name: &str| self.parameter(name);
        let fields = DebugFields {
            method: self.method(&published),
            path: debug_path(
                &published.path,
                published.matching,
                value_of,
                &self.below.read(),
            ),
            query: self.query.pairs(),
            headers: self.headers.pairs(),
            body: self.body.get(),
        };
        let request = DebugRequest::try_from(fields);
        match request {
            Ok(request) => Ok((published, request)),
            Err(error) => Err(sentence(&error.to_string())),
        }
    }

    /// What is filled in, to be filled in again.
    pub(super) fn draft(self, published: &PublishedIn) -> Draft {
        Draft {
            environment: published.environment.clone(),
            method: self.method(published),
            parameters: self.parameters.get(),
            below: self.below.get(),
            query: self.query.pairs(),
            headers: self.headers.pairs(),
            body: self.body.get(),
        }
    }

    /// Fills in what was filled in before.
    pub(super) fn fill(self, draft: &Draft) {
        self.environment.set(draft.environment.to_string());
        self.method.set(draft.method.name().to_owned());
        self.parameters.set(draft.parameters.clone());
        self.below.set(draft.below.clone());
        self.query.fill(&draft.query);
        self.headers.fill(&draft.headers);
        self.body.set(draft.body.clone());
    }
}

/// The names of a path's parameters.
fn names(path: &ApiPath) -> impl Iterator<Item = &str> {
    path.segments().filter_map(|segment| match segment {
        Segment::Parameter(name) | Segment::Rest(name) => Some(name),
        Segment::Literal(_) => None,
    })
}

/// The fields of the request.
#[component]
pub(super) fn RequestFields(inputs: Inputs) -> impl IntoView {
    let environments = inputs.target.with_value(|target| {
        let names = target.published.iter().map(|it| it.environment.to_string());
        choices(names.map(|name| (name.clone(), name)))
    });
    let published = Memo::new(move |_| inputs.published());
    let is =
        move |what: fn(&PublishedIn) -> bool| move || published.read().as_ref().is_some_and(what);
    let methods = choices(
        Method::ALL
            .iter()
            .filter(|method| **method != Method::Any)
            .map(|method| (method.name(), method.label())),
    );
    let own_method = move || {
        let published = published.read();
        published.as_ref().map_or("", |it| it.method.label())
    };
    let own_path = move || {
        let published = published.read();
        published
            .as_ref()
            .map_or_else(String::new, |it| it.path.to_string())
    };
    let parameters = Memo::new(move |_| {
        let published = published.read();
        let path = published.as_ref().map(|it| &it.path);
        path.map_or_else(Vec::new, |path| names(path).map(str::to_owned).collect())
    });
    view! {
        <SelectField name="environment" label="Environment" value=inputs.environment options=environments/>
        <Show
            when=is(|it| it.method == Method::Any)
            fallback=move || view! { <div class="field"><span class="field__label">"Method"</span><div class="field__body"><span>{own_method}</span></div></div> }
        >
            <SelectField name="method" label="Method" value=inputs.method options=methods.clone()/>
        </Show>
        <div class="field">
            <span class="field__label">"Path"</span>
            <div class="field__body"><span><code>{own_path}</code></span></div>
        </div>
        <For each=move || parameters.get() key=Clone::clone let:name>
            <ParameterField inputs name/>
        </For>
        <Show when=is(|it| it.matching == Matching::Prefix)>
            <TextField name="below" label="Below the Path" value=inputs.below placeholder="more/of/the/path"/>
        </Show>
        <RowsField rows=inputs.query label="Query" one="Query Parameter"/>
        <RowsField rows=inputs.headers label="Headers" one="Header"/>
        <TextField name="body" label="Body" value=inputs.body rows=5/>
    }
}

#[component]
fn ParameterField(inputs: Inputs, name: String) -> impl IntoView {
    let id = format!("parameter-{name}");
    let (shown, of) = (format!("{{{name}}}"), name.clone());
    view! {
        <div class="field">
            <label class="field__label field__label--required" for=id.clone()>{shown}</label>
            <div class="field__body">
                <input id=id class="input" required autocomplete="off" spellcheck="false"
                    prop:value=move || inputs.parameter(&of)
                    on:input=move |event| inputs.set_parameter(&name, event_target_value(&event))/>
            </div>
        </div>
    }
}
