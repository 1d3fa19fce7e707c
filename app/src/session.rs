//! Signing in: the administrator's first visit, the sign-in form, sign-out.

mod api;
mod page;

pub(crate) use api::{CreateAdministrator, SignIn, SignOut, read_session};
pub(crate) use page::{SignInPage, UserMenu, WelcomePage};

use serde::{Deserialize, Serialize};
use sluice_domain::user::{Role, UserName};

/// Who is asking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionState {
    /// There is no user yet: the first one is created as administrator.
    NeedsAdministrator,
    /// Nobody is signed in.
    SignedOut,
    /// This user is.
    SignedIn(SignedIn),
}

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    /// Their name.
    pub name: UserName,
    /// What they may do.
    pub role: Role,
}
