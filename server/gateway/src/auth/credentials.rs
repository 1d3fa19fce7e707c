//! The credentials, arranged for finding one.

use std::collections::HashMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use sluice_domain::credential::CredentialSecrets;
use sluice_domain::gateway_settings::GatewaySettings;

/// The credentials of all callers. Built whole, it never changes.
#[derive(Debug, Default)]
pub struct Credentials {
    by_key: HashMap<String, Arc<CredentialSecrets>>,
    /// By the digests of their AppCodes: how long it takes to find one tells nothing of others.
    by_code: HashMap<[u8; 32], Arc<CredentialSecrets>>,
    /// By the digests of their AppSecrets.
    by_secret: HashMap<[u8; 32], Arc<CredentialSecrets>>,
    settings: GatewaySettings,
}

impl Credentials {
    /// Arranges these.
    pub fn new(credentials: impl IntoIterator<Item = CredentialSecrets>) -> Self {
        let mut arranged = Self::default();
        for credential in credentials {
            let credential = Arc::new(credential);
            for code in &credential.app_codes {
                let digest = Sha256::digest(code.expose()).into();
                arranged.by_code.insert(digest, Arc::clone(&credential));
            }
            let digest = Sha256::digest(credential.app_secret.expose()).into();
            arranged.by_secret.insert(digest, Arc::clone(&credential));
            let key = credential.app_key.to_string();
            arranged.by_key.insert(key, credential);
        }
        arranged
    }

    /// The same, with what callers may send instead of a signature.
    pub fn with_settings(self, settings: GatewaySettings) -> Self {
        Self { settings, ..self }
    }

    pub(crate) fn settings(&self) -> GatewaySettings {
        self.settings
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<CredentialSecrets>> {
        self.by_key.values()
    }

    pub(super) fn of_key(&self, key: &str) -> Option<&Arc<CredentialSecrets>> {
        self.by_key.get(key)
    }

    pub(super) fn of_code(&self, code: &[u8]) -> Option<&Arc<CredentialSecrets>> {
        let digest: [u8; 32] = Sha256::digest(code).into();
        self.by_code.get(&digest)
    }

    pub(super) fn of_secret(&self, secret: &[u8]) -> Option<&Arc<CredentialSecrets>> {
        let digest: [u8; 32] = Sha256::digest(secret).into();
        self.by_secret.get(&digest)
    }
}
