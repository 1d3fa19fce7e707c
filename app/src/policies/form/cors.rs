use leptos::prelude::*;
use sluice_domain::policy::{
    Cors, CorsFields as Fields, CorsMethods, HeaderNames, InvalidCors, Origins, PolicyRule,
};

use super::{Errors, Wrong, number, wrong};
use crate::ui::{Hint, TextField};

const ORIGINS: &str = "allow-origin";
const METHODS: &str = "allow-methods";
const HEADERS: &str = "allow-headers";
const EXPOSED: &str = "expose-headers";
const MAX_AGE: &str = "max-age";

/// Which pages of other origins may read the answers of an API.
#[component]
pub(super) fn CorsFields(inputs: CorsInputs, errors: Errors) -> impl IntoView {
    let with_credentials = inputs.with_credentials;
    view! {
        <TextField name=ORIGINS label="Allowed Origins" value=inputs.origins required=true rows=3
            error=errors.of(ORIGINS)
            hint="An origin such as https://www.example.com in each line, at most 100; or * for every page."/>
        <TextField name=METHODS label="Allowed Methods" value=inputs.methods required=true
            error=errors.of(METHODS)
            hint="With commas between. Browsers let GET, HEAD and POST pass in any case."/>
        <TextField name=HEADERS label="Allowed Headers" value=inputs.headers
            error=errors.of(HEADERS)
            hint="What pages may send, with commas between: for example Content-Type, which JSON needs. * for all but Authorization. Empty: none of their own."/>
        <TextField name=EXPOSED label="Exposed Headers" value=inputs.exposed
            error=errors.of(EXPOSED)
            hint="What pages may read of an answer, with commas between: for example X-Request-Id. * for all. Empty: none but the usual ones, such as Content-Type."/>
        <TextField name=MAX_AGE label="Maximum Cache Age (s)" value=inputs.max_age required=true kind="number"
            error=errors.of(MAX_AGE)
            hint="0 to 172,800: how long a browser need not ask again. Most take less than a day."/>
        <div class="field">
            <span class="field__label">"Credentials"</span>
            <div class="field__body">
                <label class="check">
                    <input type="checkbox" prop:checked=with_credentials on:change=move |event| with_credentials.set(event_target_checked(&event))/>
                    <span>"Allow Credentials"</span>
                </label>
                <Hint text="Pages may have the browser send cookies along. Every origin and header has to be named then."/>
            </div>
        </div>
    }
}

#[derive(Clone, Copy)]
pub(super) struct CorsInputs {
    origins: RwSignal<String>,
    methods: RwSignal<String>,
    headers: RwSignal<String>,
    exposed: RwSignal<String>,
    max_age: RwSignal<String>,
    with_credentials: RwSignal<bool>,
}

impl CorsInputs {
    pub(super) fn new(rule: Option<&PolicyRule>) -> Self {
        let fields = match rule {
            Some(PolicyRule::Cors(cors)) => Some(cors.fields()),
            _ => None,
        };
        let text = |of: fn(&Fields) -> String| fields.map_or_else(String::new, of);
        let methods = fields.map_or_else(CorsMethods::all, |it| it.allow_methods.clone());
        // Each in a line of its own, as it was asked for.
        let origins = text(|it| it.allow_origin.to_string()).replace(", ", "\n");
        Self {
            origins: RwSignal::new(origins),
            methods: RwSignal::new(methods.to_string()),
            headers: RwSignal::new(text(|it| it.allow_headers.to_string())),
            exposed: RwSignal::new(text(|it| it.expose_headers.to_string())),
            max_age: RwSignal::new(fields.map_or(86_400, |it| it.max_age).to_string()),
            with_credentials: RwSignal::new(fields.is_some_and(|it| it.allow_credentials)),
        }
    }

    pub(super) fn parse(self) -> Result<Cors, Wrong> {
        let fields = Fields {
            allow_origin: Origins::parse(&self.origins.read()).map_err(wrong(ORIGINS))?,
            allow_methods: CorsMethods::parse(&self.methods.read()).map_err(wrong(METHODS))?,
            allow_headers: HeaderNames::parse(&self.headers.read()).map_err(wrong(HEADERS))?,
            expose_headers: HeaderNames::parse(&self.exposed.read()).map_err(wrong(EXPOSED))?,
            max_age: number(MAX_AGE, self.max_age)?,
            allow_credentials: self.with_credentials.get(),
        };
        Cors::try_from(fields).map_err(|error| {
            let field = match error {
                InvalidCors::AnyOrigin => ORIGINS,
                InvalidCors::AnyHeader => HEADERS,
                InvalidCors::AnyExposed => EXPOSED,
                InvalidCors::MaxAge(_) => MAX_AGE,
            };
            wrong(field)(error)
        })
    }
}
