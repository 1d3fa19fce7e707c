use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, Json};
use sluice_domain::certificate::CertificateName;
use sluice_domain::id::CertificateId;

use super::CertificateList;
use crate::console::ConsoleError;

/// Lists the certificates.
#[server(prefix = "/api", endpoint = "certificates/list", input = GetUrl)]
pub async fn list_certificates() -> Result<CertificateList, ConsoleError> {
    crate::console::ask(|console| async move { console.list_certificates().await }).await
}

/// Keeps a certificate. `chain` and `key` are in PEM form.
#[server(prefix = "/api", endpoint = "certificates/upload", input = Json)]
pub async fn upload_certificate(
    name: CertificateName,
    chain: String,
    key: String,
) -> Result<(), ConsoleError> {
    use sluice_domain::env_vars::Secret;

    let key = Secret::new(key);
    crate::console::ask(|console| async move { console.upload_certificate(name, chain, key).await })
        .await
}

/// Puts another certificate in the place of one.
#[server(prefix = "/api", endpoint = "certificates/replace", input = Json)]
pub async fn replace_certificate(
    certificate_id: CertificateId,
    chain: String,
    key: String,
) -> Result<(), ConsoleError> {
    use sluice_domain::env_vars::Secret;

    let key = Secret::new(key);
    crate::console::ask(|console| async move {
        console
            .replace_certificate(certificate_id, chain, key)
            .await
    })
    .await
}

/// Deletes a certificate that no domain name has.
#[server(prefix = "/api", endpoint = "certificates/delete", input = Json)]
pub async fn delete_certificate(certificate_id: CertificateId) -> Result<(), ConsoleError> {
    crate::console::ask(|console| async move { console.delete_certificate(certificate_id).await })
        .await
}
