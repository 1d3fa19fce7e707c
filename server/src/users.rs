//! `sluice user add`: users without a browser.

use std::io::IsTerminal;

use sluice_domain::id::UserId;
use sluice_domain::user::{Password, Role, UserName};
use sluice_store::{NewUser, Store};

use crate::cli::{UserArgs, UserCommand};
use crate::{drawn, passwords};

/// Runs `sluice user …`.
pub async fn run(args: UserArgs) -> Result<(), Box<dyn std::error::Error>> {
    let UserCommand::Add {
        name,
        admin,
        role,
        data,
    } = args.command;
    let role = if admin { Role::Administrator } else { role };
    let name = UserName::parse(&name).map_err(|error| format!("the user name {error}"))?;
    let password =
        Password::parse(&ask_password()?).map_err(|error| format!("the password {error}"))?;
    crate::serve::make_folder(&data.data).map_err(|error| {
        format!(
            "the data folder {} cannot be made: {error}",
            data.data.display()
        )
    })?;
    let store = Store::open(&data.data.join("sluice.db")).await?;
    let user = NewUser {
        user_id: UserId::from_bytes(drawn::id_bytes()),
        name: name.clone(),
        password_hash: passwords::hash(password.expose()).await?,
        role,
        now: drawn::now(),
    };
    store.create_user(&user).await?;
    store.close().await?;
    tracing::info!(user.name = %name, user.role = role.label(), "added a user");
    Ok(())
}

/// The password from `SLUICE_PASSWORD`, or typed twice.
fn ask_password() -> Result<String, Box<dyn std::error::Error>> {
    if let Ok(password) = std::env::var("SLUICE_PASSWORD") {
        return Ok(password);
    }
    if !std::io::stdin().is_terminal() {
        return Err("there is no terminal to ask for the password: set SLUICE_PASSWORD".into());
    }
    let password = rpassword::prompt_password("Password: ")?;
    if rpassword::prompt_password("Repeat: ")? != password {
        return Err("the two passwords differ".into());
    }
    Ok(password)
}
