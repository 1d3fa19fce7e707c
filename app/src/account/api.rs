use leptos::prelude::*;

use crate::console::ConsoleError;

/// Sets one's own password. All other sessions end.
#[server(prefix = "/api", endpoint = "account/change-password")]
pub async fn change_password(
    current: String,
    password: String,
    repeated: String,
) -> Result<(), ConsoleError> {
    use crate::console::{ask, parse_password, refuse};

    if password != repeated {
        let message = "The two passwords differ";
        return Err(refuse(ConsoleError::field("repeated", "", 400, message)));
    }
    let password = parse_password(&password)?;
    ask(|console| async move { console.change_password(current, password).await }).await
}
