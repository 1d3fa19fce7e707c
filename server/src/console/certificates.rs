//! Certificates that are uploaded for domain names.

use rustls::crypto::ring;
use sluice_app::certificates::{CertificateList, CertificateView};
use sluice_app::console::ConsoleError;
use sluice_domain::certificate::{Certificate, CertificateName};
use sluice_domain::env_vars::Secret;
use sluice_domain::id::CertificateId;
use sluice_store::{NewCertificate, StoreError};

use super::{RequestConsole, internal, refused};
use crate::drawn;
use crate::tls::certificate::{self, Chain, InvalidCertificate};

impl RequestConsole {
    pub(super) async fn certificates(&self) -> Result<CertificateList, ConsoleError> {
        self.signed_in().await?;
        Ok(CertificateList {
            certificates: self.certificate_views().await?,
            now: drawn::now(),
        })
    }

    /// All certificates with what they say of themselves.
    pub(super) async fn certificate_views(&self) -> Result<Vec<CertificateView>, ConsoleError> {
        let certificates = self.shared.store.list_certificates().await;
        let view = |certificate: Certificate| {
            // It was read when it was uploaded.
            let chain = Chain::read(&certificate.chain).map_err(|error| internal(&error))?;
            Ok(CertificateView {
                certificate_id: certificate.certificate_id,
                name: certificate.name,
                facts: chain.facts,
                used_by: certificate.used_by,
            })
        };
        let certificates = certificates.map_err(refused)?.into_iter();
        certificates.map(view).collect()
    }

    pub(super) async fn add_certificate(
        &self,
        name: CertificateName,
        chain: String,
        key: Secret,
    ) -> Result<(), ConsoleError> {
        self.signed_in().await?;
        check(&chain, &key)?;
        let new = NewCertificate {
            certificate_id: CertificateId::from_bytes(drawn::id_bytes()),
            name,
            chain,
            key,
            now: drawn::now(),
        };
        // Bound to nothing, it changes nothing for callers.
        let created = self.shared.store.create_certificate(&new).await;
        created.map_err(refused)
    }

    pub(super) async fn change_certificate(
        &self,
        certificate_id: CertificateId,
        chain: String,
        key: Secret,
    ) -> Result<(), ConsoleError> {
        self.signed_in().await?;
        check(&chain, &key)?;
        let store = &self.shared.store;
        self.renaming(store.replace_certificate(&certificate_id, &chain, &key))
            .await
    }

    pub(super) async fn remove_certificate(
        &self,
        certificate_id: CertificateId,
    ) -> Result<(), ConsoleError> {
        self.signed_in().await?;
        let deleted = self.shared.store.delete_certificate(&certificate_id).await;
        deleted.map_err(refused)
    }

    /// Makes a change, and publishes all domain names with it.
    pub(super) async fn renaming(
        &self,
        change: impl Future<Output = Result<(), StoreError>> + Send,
    ) -> Result<(), ConsoleError> {
        let _changing = self.shared.publisher.change().await;
        change.await.map_err(refused)?;
        let published = self.shared.publisher.publish_domain_names().await;
        published.map_err(refused)
    }
}

/// Refuses what cannot be served, beside the field that is wrong.
fn check(chain: &str, key: &Secret) -> Result<(), ConsoleError> {
    let provider = ring::default_provider();
    certificate::check(chain, key, drawn::now(), &provider).map_err(|error| {
        let field = match error.is_of_key() {
            true => "certificate-key",
            false => "certificate-chain",
        };
        let code = match error {
            InvalidCertificate::EncryptedKey => "APIG.2105",
            _ => "APIG.2011",
        };
        ConsoleError::field(field, code, 400, error.to_string())
    })
}
