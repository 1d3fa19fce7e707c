use leptos::prelude::*;
use sluice_domain::credential::{AppKey, ChosenKey, ChosenSecret, CredentialName};
use sluice_domain::id::CredentialId;

use super::{NewSecret, create_credential, reset_app_secret};
use crate::console::{ConsoleError, sentence};
use crate::ui::{Button, ButtonKind, ErrorNotice, Hint, TextField, Told};

const SECRET_HINT: &str = "8 to 128 characters: letters, digits and _ - ! @ # $ %. Who has it can call as the credential: choose one that cannot be guessed.";

/// Creates a credential.
#[component]
pub(super) fn CreateCredentialForm(
    open: RwSignal<bool>,
    on_created: Callback<NewSecret>,
) -> impl IntoView {
    let (name, key, secret) = (text(), text(), text());
    let customizes = RwSignal::new(false);
    let parsed_name = Memo::new(move |_| parsed(name, CredentialName::parse));
    let parsed_key = Memo::new(move |_| parsed(key, AppKey::parse));
    let parsed_secret = Memo::new(move |_| parsed(secret, ChosenSecret::parse));
    let wanted = Memo::new(move |_| {
        let chosen = match customizes.get() {
            true => Some(ChosenKey {
                app_key: parsed_key.get().ok()?,
                app_secret: parsed_secret.get().ok()?,
            }),
            false => None,
        };
        Some((parsed_name.get().ok()?, chosen))
    });
    let creating = Action::new(
        move |(name, chosen): &(CredentialName, Option<ChosenKey>)| {
            create_credential(name.clone(), chosen.clone())
        },
    );
    Effect::new(move || {
        if let Some(Ok(secret)) = creating.value().get() {
            open.set(false);
            on_created.run(secret);
        }
    });
    let refused = Refused::of(wanted, creating);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Some(wanted) = wanted.get_untracked() {
            refused.sent.set(Some(wanted.clone()));
            creating.dispatch(wanted);
        }
    };
    view! {
        <form class="form" on:submit=submit>
            {refused.notice()}
            <TextField name="credential-name" label="Name" value=name required=true autofocus=true
                error=refused.beside("name", name, parsed_name)
                hint="3 to 64 characters, a letter first: letters, digits and underscores."/>
            <Customize customizes text="Choose the key and the secret" hint="Otherwise they are drawn at random, which is best."/>
            <Show when=move || customizes.get()>
                <TextField name="app-key" label="AppKey" value=key required=true
                    error=refused.beside("app_key", key, parsed_key)
                    hint="8 to 200 letters, digits, underscores and hyphens. It is no secret, and never changes."/>
                <TextField name="app-secret" label="AppSecret" value=secret required=true kind="password" autocomplete="new-password"
                    error=refused.beside("app_secret", secret, parsed_secret) hint=SECRET_HINT/>
            </Show>
            <div class="dialog__footer">
                <Button on_press=Callback::new(move |()| open.set(false))>"Cancel"</Button>
                <Button kind=ButtonKind::Primary submit=true busy=creating.pending() disabled=Signal::derive(move || wanted.read().is_none())>"OK"</Button>
            </div>
        </form>
    }
}

/// Gives a credential another secret.
#[component]
pub(super) fn ResetForm(
    id: StoredValue<CredentialId>,
    told: RwSignal<Option<Told>>,
    open: RwSignal<bool>,
) -> impl IntoView {
    let (secret, customizes) = (text(), RwSignal::new(false));
    let parsed_secret = Memo::new(move |_| parsed(secret, ChosenSecret::parse));
    let wanted = Memo::new(move |_| match customizes.get() {
        true => parsed_secret.get().ok().map(Some),
        false => Some(None),
    });
    let resetting = Action::new(move |chosen: &Option<ChosenSecret>| {
        reset_app_secret(id.get_value(), chosen.clone())
    });
    Effect::new(move || {
        if let Some(Ok(secret)) = resetting.value().get() {
            open.set(false);
            told.set(Some(secret.told()));
        }
    });
    let refused = Refused::of(wanted, resetting);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Some(wanted) = wanted.get_untracked() {
            refused.sent.set(Some(wanted.clone()));
            resetting.dispatch(wanted);
        }
    };
    view! {
        <form class="form" on:submit=submit>
            {refused.notice()}
            <p>"A new AppSecret is made. Requests that are signed with the old one are refused at once. The AppKey and the AppCodes stay."</p>
            <Customize customizes text="Choose the secret" hint="Otherwise it is drawn at random, which is best."/>
            <Show when=move || customizes.get()>
                <TextField name="app-secret" label="AppSecret" value=secret required=true kind="password" autocomplete="new-password"
                    error=refused.beside("app_secret", secret, parsed_secret) hint=SECRET_HINT/>
            </Show>
            <div class="dialog__footer">
                <Button on_press=Callback::new(move |()| open.set(false))>"Cancel"</Button>
                <Button kind=ButtonKind::Danger submit=true busy=resetting.pending() disabled=Signal::derive(move || wanted.read().is_none())>"OK"</Button>
            </div>
        </form>
    }
}

#[component]
fn Customize(customizes: RwSignal<bool>, text: &'static str, hint: &'static str) -> impl IntoView {
    view! {
        <div class="field">
            <span class="field__label">"Customize"</span>
            <div class="field__body">
                <label class="check">
                    <input type="checkbox" prop:checked=customizes on:change=move |event| customizes.set(event_target_checked(&event))/>
                    <span>{text}</span>
                </label>
                <Hint text=hint/>
            </div>
        </div>
    }
}

fn text() -> RwSignal<String> {
    RwSignal::new(String::new())
}

fn parsed<T, E: std::fmt::Display>(
    text: RwSignal<String>,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, String> {
    parse(&text.read()).map_err(|error| sentence(&error.to_string()))
}

/// What the server did not accept. It stands beside its field until the form changes.
struct Refused<W: 'static> {
    /// What was sent last.
    sent: RwSignal<Option<W>>,
    error: Memo<Option<ConsoleError>>,
}

impl<W> Clone for Refused<W> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<W> Copy for Refused<W> {}

impl<W: Clone + PartialEq + Send + Sync + 'static> Refused<W> {
    fn of<T: Clone + Send + Sync + 'static>(
        wanted: Memo<Option<W>>,
        sending: Action<W, Result<T, ConsoleError>>,
    ) -> Self {
        let sent = RwSignal::new(None);
        let error = Memo::new(move |_| {
            let error = sending.value().get().and_then(Result::err)?;
            (*sent.read() == wanted.get()).then_some(error)
        });
        Self { sent, error }
    }

    /// What belongs to no field.
    fn notice(self) -> impl IntoView {
        move || match self.error.get() {
            Some(ConsoleError::Refused { field: Some(_), .. }) | None => None,
            Some(error) => Some(view! { <ErrorNotice error/> }),
        }
    }

    /// What is wrong with a field: its rule once something is typed, or what the server says.
    fn beside<T: Clone + PartialEq + Send + Sync + 'static>(
        self,
        field: &'static str,
        text: RwSignal<String>,
        parsed: Memo<Result<T, String>>,
    ) -> Signal<Option<String>> {
        Signal::derive(move || {
            let broken = parsed.get().err().filter(|_| !text.read().is_empty());
            broken.or_else(|| self.error.get()?.for_field(field))
        })
    }
}
