//! Certificates by ACME: which server issues them, and how it is with each domain name.

use std::collections::HashMap;

use sluice_app::acme::AcmeView;
use sluice_app::console::ConsoleError;
use sluice_domain::acme::{AcmeSettings, AcmeState};
use sluice_domain::certificate::CertificateFacts;
use sluice_domain::domain_name::DomainName;
use sluice_domain::id::DomainNameId;

use super::{RequestConsole, internal, refused};
use crate::drawn;
use crate::tls::certificate::Chain;

impl RequestConsole {
    /// What the form of the settings begins with.
    pub(super) async fn acme(&self) -> Result<AcmeView, ConsoleError> {
        let suggested = self.shared.acme.operators_directory().cloned();
        Ok(AcmeView {
            settings: self.shared.store.acme_settings().await.map_err(refused)?,
            suggested: suggested.unwrap_or_default(),
        })
    }

    pub(super) async fn set_acme_settings(
        &self,
        settings: AcmeSettings,
        agrees_to_terms: bool,
    ) -> Result<(), ConsoleError> {
        self.signed_in().await?;
        if !agrees_to_terms {
            let message = "Issues nothing before its terms of service are agreed to";
            return Err(ConsoleError::field("acme-terms", "APIG.2011", 400, message));
        }
        let set = self.shared.store.set_acme_settings(&settings, drawn::now());
        set.await.map_err(refused)?;
        self.shared.acme.wake();
        Ok(())
    }

    pub(super) async fn ask_acme_again(
        &self,
        domain_name_id: DomainNameId,
    ) -> Result<(), ConsoleError> {
        self.signed_in().await?;
        let asked = self.shared.store.retry_acme(&domain_name_id, drawn::now());
        asked.await.map_err(refused)?;
        self.shared.acme.wake();
        Ok(())
    }

    /// Refuses a name that ACME cannot issue a certificate for.
    pub(super) async fn check_acme(&self, name: &DomainName) -> Result<(), ConsoleError> {
        let wrong = |what: &str| {
            Err(ConsoleError::field(
                "domain-certificate",
                "APIG.2011",
                400,
                what,
            ))
        };
        if name.below().is_some() {
            return wrong(
                "Is issued for one name, not for all below one: that would need a record in your DNS",
            );
        }
        let settings = self.shared.store.acme_settings().await.map_err(refused)?;
        match settings {
            Some(_) => Ok(()),
            None => wrong("Needs a server: set it in Gateway Settings, Certificates by ACME"),
        }
    }

    /// How it is with the names that ACME issues certificates for, and what these say of themselves.
    pub(super) async fn acme_states(
        &self,
    ) -> Result<HashMap<DomainNameId, (AcmeState, Option<CertificateFacts>)>, ConsoleError> {
        let rows = self.shared.store.list_acme().await.map_err(refused)?;
        rows.into_iter()
            .map(|row| {
                // It was read when it was issued.
                let chain = row.chain.as_deref().map(Chain::read).transpose();
                let facts = chain.map_err(|error| internal(&error))?.map(|it| it.facts);
                let state = AcmeState {
                    failure: row.failure,
                    next_try_at: row.next_try_at,
                    is_asking: self.shared.acme.is_asking_for(&row.domain_name_id),
                };
                Ok((row.domain_name_id, (state, facts)))
            })
            .collect()
    }
}
