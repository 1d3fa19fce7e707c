use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use super::SessionState;
use crate::console::ConsoleError;

/// Says who asks.
#[server(prefix = "/api", endpoint = "session/read", input = GetUrl)]
pub async fn read_session() -> Result<SessionState, ConsoleError> {
    crate::console::ask(|console| async move { console.session_state().await }).await
}

/// Creates the first user and leads on.
#[server(prefix = "/api", endpoint = "session/create-administrator")]
pub async fn create_administrator(
    name: String,
    password: String,
    repeated: String,
) -> Result<(), ConsoleError> {
    use crate::console::{ask, parse, refuse, sentence};
    use sluice_domain::user::Password;

    let wrong =
        |field, message: &str| refuse(ConsoleError::field(field, "", 400, sentence(message)));
    let name = parse("name", "", &name)?;
    if password != repeated {
        return Err(wrong("repeated", "the two passwords differ"));
    }
    let password =
        Password::parse(&password).map_err(|error| wrong("password", &error.to_string()))?;
    ask(|console| async move { console.create_administrator(name, password).await }).await
}

/// Signs in.
#[server(prefix = "/api", endpoint = "session/sign-in")]
pub async fn sign_in(name: String, password: String) -> Result<(), ConsoleError> {
    crate::console::ask(|console| async move { console.sign_in(name, password).await }).await
}

/// Ends the session.
#[server(prefix = "/api", endpoint = "session/sign-out")]
pub async fn sign_out() -> Result<(), ConsoleError> {
    crate::console::ask(|console| async move { console.sign_out().await }).await
}
