use leptos::prelude::*;
use sluice_domain::authorizer::{Authorizer, AuthorizerName, AuthorizerRule, CacheAge, UserData};
use sluice_domain::function::FunctionName;

use super::identity::{IdentityInputs, IdentitySourceInputs};
use super::{create_authorizer, update_authorizer};
use crate::console::{ConsoleError, sentence};
use crate::ui::{Button, ButtonKind, ErrorNotice, Hint, SelectField, TextField, choices};

/// What the form says, when it says all.
type Wanted = (AuthorizerName, FunctionName, AuthorizerRule);

/// Creates an authorizer, or changes one.
#[component]
pub(super) fn AuthorizerForm(
    #[prop(optional)] edited: Option<Authorizer>,
    functions: StoredValue<Vec<FunctionName>>,
    open: RwSignal<bool>,
    on_saved: Callback<()>,
) -> impl IntoView {
    let functions = functions.get_value();
    let rule = edited.as_ref().map(|it| it.rule.clone());
    let name = edited.as_ref().map(|it| it.name.to_string());
    let name = RwSignal::new(name.unwrap_or_default());
    // A new one decides by the first function; for one that was deleted another has to be chosen.
    let chosen = match &edited {
        Some(edited) => edited.function.clone(),
        None => functions.first().cloned(),
    };
    let function = RwSignal::new(chosen.map(String::from).unwrap_or_default());
    let sources = IdentityInputs::new(rule.as_ref().map(|it| &it.identity_sources));
    let rule = rule.unwrap_or_default();
    let age = RwSignal::new(rule.max_cache_age.seconds().to_string());
    let sends_body = RwSignal::new(rule.sends_body);
    let user_data = RwSignal::new(rule.user_data.to_string());

    let parsed_name = Memo::new(move |_| {
        AuthorizerName::parse(&name.read()).map_err(|error| sentence(&error.to_string()))
    });
    let parsed_sources = Memo::new(move |_| sources.parse());
    let parsed_age = Memo::new(move |_| {
        let seconds = age.read().trim().parse::<u32>();
        let seconds = seconds.map_err(|_| "Must be a whole number".to_owned())?;
        CacheAge::try_from(seconds).map_err(|error| sentence(&error.to_string()))
    });
    let parsed_user_data = Memo::new(move |_| {
        UserData::parse(&user_data.read()).map_err(|error| sentence(&error.to_string()))
    });
    let wanted = Memo::new(move |_| {
        let rule = AuthorizerRule {
            identity_sources: parsed_sources.get().ok()?,
            max_cache_age: parsed_age.get().ok()?,
            sends_body: sends_body.get(),
            user_data: parsed_user_data.get().ok()?,
        };
        let function = FunctionName::parse(&function.read()).ok()?;
        Some((parsed_name.get().ok()?, function, rule))
    });
    let authorizer_id = edited.map(|edited| edited.authorizer_id);
    let sent = RwSignal::new(None::<Wanted>);
    let saving = Action::new(move |(name, function, rule): &Wanted| {
        let id = authorizer_id.clone();
        let (name, function, rule) = (name.clone(), function.clone(), rule.clone());
        async move {
            match id {
                Some(id) => update_authorizer(id, name, function, rule).await,
                None => create_authorizer(name, function, rule).await,
            }
        }
    });
    Effect::new(move || {
        if let Some(Ok(())) = saving.value().get() {
            open.set(false);
            on_saved.run(());
        }
    });
    // A refusal stands beside its field until the form changes.
    let refused = Memo::new(move |_| {
        let error = saving.value().get().and_then(Result::err)?;
        (*sent.read() == wanted.get()).then_some(error)
    });
    let error_of =
        move |field: &'static str| move || refused.get().and_then(|error| error.for_field(field));
    let (name_refused, sources_refused) = (error_of("name"), error_of("identity-sources"));
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Some(wanted) = wanted.get_untracked() {
            sent.set(Some(wanted.clone()));
            saving.dispatch(wanted);
        }
    };
    let name_error = move || {
        let rule = parsed_name.get().err();
        let shown = rule.filter(|_| !name.read().is_empty());
        shown.or_else(name_refused)
    };
    let options = {
        let names = functions.iter().map(|name| (name.as_str(), name.as_str()));
        let none = function.read_untracked().is_empty();
        choices(
            none.then_some(("", "Choose a function"))
                .into_iter()
                .chain(names),
        )
    };
    let is_alone = functions.is_empty();
    view! {
        <form class="form" on:submit=submit>
            {move || match refused.get() {
                Some(ConsoleError::Refused { field: Some(_), .. }) | None => None,
                Some(error) => Some(view! { <ErrorNotice error/> }),
            }}
            <TextField name="authorizer-name" label="Name" value=name required=true autofocus=true
                error=Signal::derive(name_error)
                hint="3 to 64 characters, a letter first: letters, digits and underscores."/>
            <SelectField name="authorizer-function" label="Function" value=function options required=true
                error=Signal::derive(move || is_alone.then(|| "Create a function first".to_owned()))
                hint="It answers with the status code 200 and as body the text {\"status\": \"allow\", \"context\": {\"user\": \"anna\"}}, or \"deny\". The function that is called gets the context as requestContext.authorizer."/>
            <IdentitySourceInputs inputs=sources
                error=Signal::derive(move || parsed_sources.get().err().or_else(sources_refused))/>
            <TextField name="authorizer-age" label="Max. Cache Age (s)" value=age required=true kind="number"
                error=Signal::derive(move || parsed_age.get().err())
                hint="0 to 3600. For so long a decision holds for requests with the same identity sources, API, method, path and address; 0: the function is asked each time."/>
            <div class="field">
                <span class="field__label">"Send Request Body"</span>
                <div class="field__body">
                    <label class="check">
                        <input type="checkbox" prop:checked=sends_body on:change=move |event| sends_body.set(event_target_checked(&event))/>
                        <span>"The function gets the body"</span>
                    </label>
                    <Hint text="A decision holds for the same body only, then."/>
                </div>
            </div>
            <TextField name="authorizer-user-data" label="User Data" value=user_data rows=3
                error=Signal::derive(move || parsed_user_data.get().err())
                hint="The function gets it as user_data. At most 2048 characters; it is no place for secrets."/>
            <div class="dialog__footer">
                <Button on_press=Callback::new(move |()| open.set(false))>"Cancel"</Button>
                <Button kind=ButtonKind::Primary submit=true busy=saving.pending() disabled=Signal::derive(move || wanted.read().is_none())>"OK"</Button>
            </div>
        </form>
    }
}
