//! Credentials: what callers of an API with App authentication prove who they are by. The vendor
//! also calls them apps.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::env_vars::Secret;
use crate::id::{AppCodeId, AppKey, CredentialId};
use crate::parsed::parsed_string;
use crate::publication::BoundApi;
use crate::time::Timestamp;
use crate::trigger::{ApiName, InvalidApiName};

/// Name of a credential, by the same rule as the name of an API: 3 to 64
/// characters, a letter first, then letters, digits and underscores.
/// Source: APIG user guide, "Creating a Credential".
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CredentialName(String);

impl CredentialName {
    /// Parses the name of a credential.
    pub fn parse(text: &str) -> Result<Self, InvalidApiName> {
        ApiName::parse(text).map(|name| Self(name.into()))
    }
}

parsed_string!(CredentialName, InvalidApiName);

/// Most AppCodes that a credential may have. Source: APIG user guide, AppCodes.
pub const MAX_APP_CODES: usize = 5;

/// Most credentials. Source: APIG quotas.
pub const MAX_CREDENTIALS: usize = 50;

/// A credential as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// Its id.
    pub credential_id: CredentialId,
    /// Its name, unique on the gateway.
    pub name: CredentialName,
    /// By which callers name it; it never changes.
    pub app_key: AppKey,
    /// When it was created.
    pub created_at: Timestamp,
    /// Its AppCodes, oldest first.
    pub app_codes: Vec<AppCode>,
    /// The APIs that it may call, each in an environment.
    pub apis: Vec<BoundApi>,
}

/// An AppCode as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppCode {
    /// Its id.
    pub app_code_id: AppCodeId,
    /// Its last four characters, to tell it from others.
    pub ending: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A credential with all that the gateway has to know to check its callers.
#[derive(Debug, Clone)]
pub struct CredentialSecrets {
    /// Its id.
    pub credential_id: CredentialId,
    /// Its name.
    pub name: CredentialName,
    /// By which callers name it.
    pub app_key: AppKey,
    /// What they sign with.
    pub app_secret: Secret,
    /// What they may send instead, where an API allows it.
    pub app_codes: Vec<Secret>,
    /// The APIs that they may call.
    pub apis: HashSet<BoundApi>,
}
