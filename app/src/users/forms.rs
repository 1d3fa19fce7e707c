use leptos::prelude::*;
use sluice_domain::user::{Password, Role, User, UserName};

use super::{create_user, reset_password, set_user_role};
use crate::console::{ConsoleError, sentence};
use crate::ui::{Button, ButtonKind, ErrorNotice, SelectField, TextField, choices};

/// What each role may do, beside the choice.
const ROLES: &str = "Administrator: everything. Developer: functions and the gateway, not users and not settings of the server. Viewer: looks at everything and changes nothing.";

fn roles(value: RwSignal<String>) -> impl IntoView {
    let options = choices(Role::ALL.iter().map(|role| (role.name(), role.label())));
    view! { <SelectField name="role" label="Role" value required=true options hint=ROLES/> }
}

/// What is wrong with a password that is typed, or what the server says of it.
fn password_error(
    password: RwSignal<String>,
    refused: impl Fn() -> Option<ConsoleError> + Send + Sync + 'static,
) -> Signal<Option<String>> {
    Signal::derive(move || {
        let password = password.get();
        let broken = Password::parse(&password).err();
        let shown = broken.filter(|_| !password.is_empty());
        let shown = shown.map(|error| sentence(&error.to_string()));
        shown.or_else(|| refused()?.for_field("password"))
    })
}

/// The error, unless it stands beside a field.
fn notice(error: Option<ConsoleError>) -> impl IntoView {
    match error {
        Some(ConsoleError::Refused { field: Some(_), .. }) | None => None,
        Some(error) => Some(view! { <ErrorNotice error/> }),
    }
}

#[component]
pub(super) fn CreateUserForm(open: RwSignal<bool>, on_created: Callback<()>) -> impl IntoView {
    let (name, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let role = RwSignal::new(Role::Developer.name().to_owned());
    let parsed_name = Memo::new(move |_| {
        UserName::parse(&name.read()).map_err(|error| sentence(&error.to_string()))
    });
    let wanted = Memo::new(move |_| {
        Password::parse(&password.read()).ok()?;
        Some((
            parsed_name.get().ok()?,
            role.read().parse::<Role>().ok()?,
            password.get(),
        ))
    });
    let creating = Action::new(move |(name, role, password): &(UserName, Role, String)| {
        create_user(name.clone(), *role, password.clone())
    });
    Effect::new(move || {
        if let Some(Ok(())) = creating.value().get() {
            open.set(false);
            on_created.run(());
        }
    });
    let sent = RwSignal::new(None);
    // A refusal stands beside its field until the form changes.
    let refused = Memo::new(move |_| {
        let error = creating.value().get().and_then(Result::err)?;
        (*sent.read() == wanted.get()).then_some(error)
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Some(wanted) = wanted.get_untracked() {
            sent.set(Some(wanted.clone()));
            creating.dispatch(wanted);
        }
    };
    let name_error = move || {
        let broken = parsed_name.get().err().filter(|_| !name.read().is_empty());
        broken.or_else(|| refused.get()?.for_field("name"))
    };
    view! {
        <form class="form" on:submit=submit>
            {move || notice(refused.get())}
            <TextField name="user-name" label="User Name" value=name required=true autofocus=true error=Signal::derive(name_error)
                hint="1 to 64 characters, a letter first: letters, digits, underscores, hyphens and dots."/>
            {roles(role)}
            <TextField name="password" label="Password" value=password required=true kind="password" autocomplete="new-password"
                error=password_error(password, move || refused.get())
                hint="8 to 256 characters. Tell it to them: they change it in My Account."/>
            <div class="dialog__footer">
                <Button on_press=Callback::new(move |()| open.set(false))>"Cancel"</Button>
                <Button kind=ButtonKind::Primary submit=true busy=creating.pending() disabled=Signal::derive(move || wanted.read().is_none())>"OK"</Button>
            </div>
        </form>
    }
}

#[component]
pub(super) fn RoleForm(
    user: User,
    open: RwSignal<bool>,
    on_changed: Callback<()>,
) -> impl IntoView {
    let role = RwSignal::new(user.role.name().to_owned());
    let user_id = user.user_id;
    let saving = Action::new(move |role: &Role| set_user_role(user_id.clone(), *role));
    Effect::new(move || {
        if let Some(Ok(())) = saving.value().get() {
            open.set(false);
            on_changed.run(());
        }
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Ok(role) = role.read_untracked().parse() {
            saving.dispatch(role);
        }
    };
    view! {
        <form class="form" on:submit=submit>
            {move || notice(saving.value().get().and_then(Result::err))}
            <p>{format!("What {} may do, from the next request on.", user.name)}</p>
            {roles(role)}
            <div class="dialog__footer">
                <Button on_press=Callback::new(move |()| open.set(false))>"Cancel"</Button>
                <Button kind=ButtonKind::Primary submit=true busy=saving.pending()>"OK"</Button>
            </div>
        </form>
    }
}

#[component]
pub(super) fn ResetPasswordForm(user: User, open: RwSignal<bool>) -> impl IntoView {
    let password = RwSignal::new(String::new());
    let user_id = user.user_id;
    let saving =
        Action::new(move |password: &String| reset_password(user_id.clone(), password.clone()));
    Effect::new(move || {
        if let Some(Ok(())) = saving.value().get() {
            open.set(false);
        }
    });
    let refused = move || saving.value().get().and_then(Result::err);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        saving.dispatch(password.get_untracked());
    };
    view! {
        <form class="form" on:submit=submit>
            {move || notice(refused())}
            <p>{format!("{} is signed out everywhere. Their access keys stay.", user.name)}</p>
            <TextField name="password" label="New Password" value=password required=true kind="password" autocomplete="new-password" autofocus=true
                error=password_error(password, refused) hint="8 to 256 characters."/>
            <div class="dialog__footer">
                <Button on_press=Callback::new(move |()| open.set(false))>"Cancel"</Button>
                <Button kind=ButtonKind::Primary submit=true busy=saving.pending()
                    disabled=Signal::derive(move || Password::parse(&password.read()).is_err())>"OK"</Button>
            </div>
        </form>
    }
}
