//! Who callers say to be, and prove by a secret.

use std::sync::Arc;

use sluice_domain::access_token::AccessTokenDigest;
use sluice_domain::credential::CredentialSecrets;
use sluice_domain::env_vars::Secret;
use sluice_domain::policy::CallerId;
use sluice_domain::time::Timestamp;

use super::access_keys::KnownKey;
use super::refused::{AppRefused, IamRefused, SignatureRefused};
use crate::error::GatewayError;

/// Who has a credential or an access key.
#[derive(Debug, Clone)]
pub(crate) enum Identity {
    /// With App authentication.
    Credential(Arc<CredentialSecrets>),
    /// With IAM authentication, by a signature.
    AccessKey(Arc<KnownKey>),
    /// With IAM authentication, by a token, which signs nothing.
    AccessToken(Arc<AccessTokenDigest>),
}

impl Identity {
    /// By which its calls are counted.
    pub(crate) fn caller_id(&self) -> CallerId {
        match self {
            Self::Credential(credential) => CallerId::Credential(credential.credential_id.clone()),
            Self::AccessKey(key) => CallerId::User(key.secrets.user_id.clone()),
            Self::AccessToken(token) => CallerId::User(token.user_id.clone()),
        }
    }

    /// By which signatures name it.
    pub(super) fn key(&self) -> &str {
        match self {
            Self::Credential(credential) => credential.app_key.as_str(),
            Self::AccessKey(key) => key.secrets.access_key_id.as_str(),
            Self::AccessToken(token) => token.user_id.as_str(),
        }
    }

    /// What it signs with, if it can.
    pub(super) fn secret(&self) -> Option<&Secret> {
        match self {
            Self::Credential(credential) => Some(&credential.app_secret),
            Self::AccessKey(key) => Some(&key.secrets.secret),
            Self::AccessToken(_) => None,
        }
    }

    /// Knows that a signature was tried as its own: too many wrong ones lock an access key.
    pub(super) fn tried(&self, is_right: bool, now: Timestamp) {
        match self {
            Self::Credential(_) | Self::AccessToken(_) => {}
            Self::AccessKey(key) if is_right => key.failures.forget(),
            Self::AccessKey(key) => key.failures.add(now),
        }
    }

    /// The refusal of a signature that is to be its own.
    pub(super) fn refused(&self, why: SignatureRefused) -> GatewayError {
        match self {
            Self::Credential(_) => AppRefused::from(why).into(),
            Self::AccessKey(_) | Self::AccessToken(_) => IamRefused::from(why).into(),
        }
    }
}
