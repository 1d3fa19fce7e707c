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
    use crate::console::{ask, parse, sentence};
    use sluice_domain::user::Password;

    let name = parse("name", "", &name)?;
    if password != repeated {
        return Err(ConsoleError::field(
            "repeated",
            "",
            400,
            "The two passwords differ",
        ));
    }
    let password = Password::parse(&password)
        .map_err(|error| ConsoleError::field("password", "", 400, sentence(&error.to_string())))?;
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
