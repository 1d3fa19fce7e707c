use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use sluice_domain::acme::AcmeSettings;
use sluice_domain::id::DomainNameId;

use crate::console::ConsoleError;

/// Sets which ACME server issues certificates. Refused without the agreement to its terms.
#[server(prefix = "/api", endpoint = "acme/update", input = Json)]
pub async fn update_acme_settings(
    settings: AcmeSettings,
    agrees_to_terms: bool,
) -> Result<(), ConsoleError> {
    crate::console::ask(|console| async move {
        console
            .update_acme_settings(settings, agrees_to_terms)
            .await
    })
    .await
}

/// Has the ACME server asked again for the certificate of a domain name.
#[server(prefix = "/api", endpoint = "acme/retry", input = Json)]
pub async fn retry_acme(domain_name_id: DomainNameId) -> Result<(), ConsoleError> {
    crate::console::ask(|console| async move { console.retry_acme(domain_name_id).await }).await
}
