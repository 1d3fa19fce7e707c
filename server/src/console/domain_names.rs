//! Domain names of API groups.

use std::collections::HashMap;

use sluice_app::console::{ConsoleError, sentence};
use sluice_app::domain_names::{DomainNameList, DomainNameView};
use sluice_domain::domain_name::{BoundDomainName, DomainCertificate, DomainName, DomainSettings};
use sluice_domain::id::{ApiGroupId, DomainNameId};
use sluice_store::{Kind, StoreError};

use super::{RequestConsole, internal, refused};
use crate::drawn;
use crate::tls::TlsError;

impl RequestConsole {
    pub(super) async fn domain_names(&self) -> Result<DomainNameList, ConsoleError> {
        self.signed_in().await?;
        let store = &self.shared.store;
        let groups = store.list_api_groups().await.map_err(refused)?;
        let certificates = self.certificate_views().await?;
        let names = groups.iter().map(|it| (&it.group_id, &it.name));
        let names: HashMap<_, _> = names.collect();
        let by_acme = self.acme_states().await?;
        let view = |bound: BoundDomainName| {
            let by_acme = by_acme.get(&bound.domain_name_id);
            let facts = match &bound.settings.fields().certificate {
                DomainCertificate::None => None,
                DomainCertificate::Issued => {
                    self.shared.publisher.domain_names().issued(&bound.name)
                }
                DomainCertificate::Acme => by_acme.and_then(|(_, facts)| facts.clone()),
                DomainCertificate::Uploaded(id) => {
                    let uploaded = certificates.iter().find(|it| it.certificate_id == *id);
                    uploaded.map(|it| it.facts.clone())
                }
            };
            Some(DomainNameView {
                // A foreign key keeps it there for as long as the domain name is.
                group: (*names.get(&bound.group_id)?).clone(),
                acme: by_acme.map(|(state, _)| state.clone()),
                bound,
                facts,
            })
        };
        let bound = store.list_domain_names().await.map_err(refused)?;
        Ok(DomainNameList {
            domain_names: bound.into_iter().filter_map(view).collect(),
            groups,
            certificates,
            now: drawn::now(),
        })
    }

    pub(super) async fn add_domain_name(
        &self,
        name: DomainName,
        group_id: ApiGroupId,
        settings: DomainSettings,
    ) -> Result<(), ConsoleError> {
        self.signed_in().await?;
        let wrong = |what: &str| Err(ConsoleError::field("domain-name", "APIG.2011", 400, what));
        if name.reaches(&self.shared.addresses.domain) {
            return wrong(
                "Must not be the domain of the gateway, nor below it: groups have their own hosts there",
            );
        }
        // A function's page would share the console's cookies: ports do not keep them apart.
        if name.covers(&self.host) {
            return wrong("Must not be the host of this console");
        }
        self.check_certificate(&name, &settings).await?;
        let bound = BoundDomainName {
            domain_name_id: DomainNameId::from_bytes(drawn::id_bytes()),
            name,
            group_id,
            settings,
            created_at: drawn::now(),
        };
        self.renaming(self.shared.store.create_domain_name(&bound))
            .await?;
        self.shared.acme.wake();
        Ok(())
    }

    pub(super) async fn set_domain_name(
        &self,
        domain_name_id: DomainNameId,
        settings: DomainSettings,
    ) -> Result<(), ConsoleError> {
        self.signed_in().await?;
        let store = &self.shared.store;
        let listed = store.list_domain_names().await.map_err(refused)?;
        let mut listed = listed.into_iter();
        let bound = listed.find(|it| it.domain_name_id == domain_name_id);
        let bound = bound.ok_or_else(|| refused(StoreError::NotFound(Kind::DomainName)))?;
        self.check_certificate(&bound.name, &settings).await?;
        self.renaming(store.update_domain_name(&domain_name_id, &settings))
            .await?;
        self.shared.acme.wake();
        Ok(())
    }

    pub(super) async fn remove_domain_name(
        &self,
        domain_name_id: DomainNameId,
    ) -> Result<(), ConsoleError> {
        self.signed_in().await?;
        self.renaming(self.shared.store.delete_domain_name(&domain_name_id))
            .await
    }

    /// Refuses a certificate that would have to be issued and cannot be.
    async fn check_certificate(
        &self,
        name: &DomainName,
        settings: &DomainSettings,
    ) -> Result<(), ConsoleError> {
        match settings.fields().certificate {
            DomainCertificate::Issued => {}
            DomainCertificate::Acme => return self.check_acme(name).await,
            DomainCertificate::None | DomainCertificate::Uploaded(_) => return Ok(()),
        }
        let issued = self.shared.publisher.domain_names().check_issuing(name);
        issued.map_err(|error| match error {
            TlsError::NoAuthority | TlsError::NotPermitted { .. } => {
                let message = sentence(&error.to_string());
                ConsoleError::field("domain-certificate", "APIG.2011", 400, message)
            }
            _ => internal(&error),
        })
    }
}
