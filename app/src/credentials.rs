//! API Gateway > Credentials.

mod access;
mod api;
mod card;
mod forms;
mod page;

pub(crate) use api::{
    bind_credential, create_app_code, create_credential, delete_app_code, delete_credential,
    list_credentials, reset_app_secret, set_credential_access,
};
pub(crate) use page::CredentialsPage;

use serde::{Deserialize, Serialize};
use sluice_domain::credential::{AppKey, Credential};

use crate::apis::BindableApi;
use crate::ui::Told;

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialList {
    /// All credentials, oldest first.
    pub credentials: Vec<Credential>,
    /// All published APIs, which credentials can be bound to.
    pub apis: Vec<BindableApi>,
}

/// A new credential's key and secret. The secret is told this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewSecret {
    /// By which callers name the credential.
    pub app_key: AppKey,
    /// What they sign with.
    pub app_secret: String,
}

impl NewSecret {
    /// What is told once.
    fn told(self) -> Told {
        vec![
            ("AppKey", self.app_key.to_string()),
            ("AppSecret", self.app_secret),
        ]
    }
}
