use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use sluice_domain::user::{Password, Role, UserName};

use super::{CreateAdministrator, SessionState, SignIn, SignOut};
use crate::console::{ConsoleError, sentence};
use crate::routes;
use crate::ui::{Button, ButtonKind, ErrorNotice, TextField};

/// Goes to `path` by a whole page load, so that everything is read anew under
/// the new session.
fn go_to(path: String) {
    drop(window().location().set_href(&path));
}

/// The sign-in form. It leads on to the page that was asked for.
#[component]
pub(crate) fn SignInPage() -> impl IntoView {
    let action = ServerAction::<SignIn>::new();
    let query = use_query_map();
    let next = move || routes::after_sign_in(query.read().get_str("next"));
    let (name, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    Effect::new(move || {
        if let Some(Ok(())) = action.value().get() {
            go_to(next());
        }
    });
    view! {
        <Title text="Sign In"/>
        <FormPage title="Sign In to Sluice">
            <ActionForm action attr:class="form">
                <FormError value=action.value().into()/>
                <TextField name="name" label="User Name" value=name required=true autocomplete="username" autofocus=true/>
                <TextField name="password" label="Password" value=password required=true kind="password" autocomplete="current-password"/>
                <Button kind=ButtonKind::Primary submit=true busy=action.pending()>"Sign In"</Button>
            </ActionForm>
        </FormPage>
    }
}

/// The first visit: creates the administrator.
#[component]
pub(crate) fn WelcomePage() -> impl IntoView {
    let action = ServerAction::<CreateAdministrator>::new();
    let (name, password, repeated) = (
        RwSignal::new("admin".to_owned()),
        RwSignal::new(String::new()),
        RwSignal::new(String::new()),
    );
    Effect::new(move || {
        if let Some(Ok(())) = action.value().get() {
            go_to(routes::FUNCTIONS.to_owned());
        }
    });
    let refused = move |field: &'static str| {
        action
            .value()
            .get()
            .and_then(Result::err)
            .and_then(|error| error.for_field(field))
    };
    let name_error = Signal::derive(move || {
        let name = name.get();
        let rule = UserName::parse(&name)
            .err()
            .filter(|_| !name.is_empty())
            .map(|error| sentence(&error.to_string()));
        rule.or_else(|| refused("name"))
    });
    let password_error = Signal::derive(move || {
        let password = password.get();
        let rule = Password::parse(&password)
            .err()
            .filter(|_| !password.is_empty())
            .map(|error| sentence(&error.to_string()));
        rule.or_else(|| refused("password"))
    });
    let repeated_error = Signal::derive(move || {
        let repeated = repeated.get();
        let differs = !repeated.is_empty() && repeated != password.get();
        differs
            .then(|| "The two passwords differ".to_owned())
            .or_else(|| refused("repeated"))
    });
    view! {
        <Title text="Create the Administrator"/>
        <FormPage title="Welcome to Sluice">
            <p class="muted">"Create the administrator of this console. Everything else waits behind this account."</p>
            <ActionForm action attr:class="form">
                <FormError value=action.value().into()/>
                <TextField name="name" label="User Name" value=name error=name_error required=true autocomplete="username" autofocus=true/>
                <TextField name="password" label="Password" value=password error=password_error required=true kind="password"
                    autocomplete="new-password" hint="8 to 256 characters."/>
                <TextField name="repeated" label="Repeat Password" value=repeated error=repeated_error required=true kind="password"
                    autocomplete="new-password"/>
                <Button kind=ButtonKind::Primary submit=true busy=action.pending()>"Create Administrator"</Button>
            </ActionForm>
        </FormPage>
    }
}

/// A page that is one form in the middle.
#[component]
fn FormPage(title: &'static str, children: Children) -> impl IntoView {
    view! {
        <main class="form-page">
            <section class="card form-page__card">
                <h1 class="form-page__title">{title}</h1>
                {children()}
            </section>
        </main>
    }
}

/// The action's error, unless it stands beside a field.
#[component]
fn FormError(value: Signal<Option<Result<(), ConsoleError>>>) -> impl IntoView {
    move || match value.get() {
        Some(Err(ConsoleError::Refused { field: Some(_), .. })) | Some(Ok(())) | None => None,
        Some(Err(error)) => Some(view! { <ErrorNotice error/> }),
    }
}

/// Who is signed in, and the way out.
#[component]
pub(crate) fn UserMenu(state: Resource<Result<SessionState, ConsoleError>>) -> impl IntoView {
    let action = ServerAction::<SignOut>::new();
    Effect::new(move || {
        if let Some(Ok(())) = action.value().get() {
            go_to(routes::SIGN_IN.to_owned());
        }
    });
    view! {
        <Transition>
            {move || Suspend::new(async move {
                match state.await {
                    Ok(SessionState::SignedIn(user)) => Some(view! {
                        {(user.role == Role::Viewer).then(|| view! {
                            <span class="badge" title="You can look at everything and change nothing.">"View only"</span>
                        })}
                        <a href=routes::ACCOUNT class="user-menu__name">{user.name.to_string()}</a>
                        <ActionForm action attr:class="user-menu__form">
                            <Button kind=ButtonKind::Link submit=true>"Sign Out"</Button>
                        </ActionForm>
                    }),
                    _ => None,
                }
            })}
        </Transition>
    }
}
