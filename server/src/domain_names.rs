//! Serves the domain names that are stored: the gateway finds their groups, and
//! the TLS door their certificates.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rustls::ServerConfig;
use sluice_domain::certificate::{CertificateFacts, CertificateSecrets};
use sluice_domain::domain_name::{BoundDomainName, DomainCertificate, DomainName, TlsVersion};
use sluice_domain::id::{CertificateId, DomainNameId};
use sluice_executor::Executor;
use sluice_gateway::{DomainNames, Gateway, Ports, ServedDomainName};
use sluice_store::{AcmeCertificate, Store, StoreError};

use crate::console::Addresses;
use crate::logging::chain;
use crate::tls::{Issued, NamedConfigs, TlsError, TlsSource, domain_config};

/// Publishes domain names and their certificates.
pub struct DomainPublisher {
    store: Store,
    gateway: Gateway<Executor>,
    ports: Ports,
    authority: TlsSource,
    configs: NamedConfigs,
    /// What was made of certificates. It stays while they do: whoever has spoken by a name can resume
    /// that, and a certificate is not issued again each time.
    kept: Mutex<Kept>,
}

/// What is stored for the names that do not have theirs of the local authority.
struct Certificates {
    uploaded: HashMap<CertificateId, CertificateSecrets>,
    by_acme: Vec<AcmeCertificate>,
}

#[derive(Default)]
struct Kept {
    issued: HashMap<DomainName, Arc<Issued>>,
    configs: HashMap<Key, Arc<ServerConfig>>,
}

/// All that a configuration is made of.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    source: Source,
    min_tls: TlsVersion,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Source {
    /// When it ends tells it from the one that it is renewed by.
    Issued(DomainName, i64),
    /// With its chain, which is another one when it is replaced.
    Uploaded(CertificateId, String),
    /// With its chain, which is another one when it is renewed.
    Acme(DomainNameId, String),
}

impl DomainPublisher {
    /// A publisher that has published nothing yet.
    pub fn new(
        store: Store,
        gateway: Gateway<Executor>,
        addresses: &Addresses,
        authority: TlsSource,
    ) -> Self {
        Self {
            store,
            gateway,
            ports: Ports {
                http: addresses.http_port,
                https: addresses.https_port,
            },
            authority,
            configs: NamedConfigs::default(),
            kept: Mutex::default(),
        }
    }

    /// The configurations that it publishes to.
    pub fn configs(&self) -> NamedConfigs {
        self.configs.clone()
    }

    /// Publishes the domain names that are stored, and issues and renews certificates. A certificate
    /// that cannot be served does not keep the others from it.
    pub async fn publish(&self, now: SystemTime) -> Result<(), StoreError> {
        let names = self.store.list_domain_names().await?;
        let certificates = self.store.published_certificates().await?;
        let by_id = certificates.into_iter();
        let certificates = Certificates {
            uploaded: by_id.map(|it| (it.certificate_id.clone(), it)).collect(),
            by_acme: self.store.acme_certificates().await?,
        };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::take(&mut *kept);
        let mut configs = Vec::new();
        let mut without = HashSet::new();
        for bound in &names {
            match self.config(bound, &certificates, &old, &mut kept, now) {
                Ok(Some(config)) => configs.push((bound.name.clone(), config)),
                Ok(None) => drop(without.insert(bound.name.clone())),
                Err(error) => {
                    tracing::error!(domain.name = %bound.name, error = chain(&*error), "the certificate of a domain name cannot be served");
                }
            }
        }
        self.configs.serve(configs.into_iter().collect());
        let served = |bound: BoundDomainName| {
            let fields = bound.settings.fields();
            ServedDomainName {
                min_tls: fields.min_tls,
                // To HTTPS only once there is a certificate: ACME may not have issued it yet.
                redirect: fields.redirect && !without.contains(&bound.name),
                name: bound.name,
                group_id: bound.group_id,
            }
        };
        let served = names.into_iter().map(served);
        self.gateway.name(DomainNames::new(served, self.ports));
        Ok(())
    }

    /// Refuses a name that the local authority cannot issue a certificate for.
    pub fn check_issuing(&self, name: &DomainName) -> Result<(), TlsError> {
        self.authority.issue(name, SystemTime::now()).map(drop)
    }

    /// What the certificate that was issued for a name says of itself.
    pub fn issued(&self, name: &DomainName) -> Option<CertificateFacts> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.issued.get(name).map(|issued| issued.facts.clone())
    }

    /// The configuration of a domain name, made or taken from what there was before.
    fn config(
        &self,
        bound: &BoundDomainName,
        certificates: &Certificates,
        old: &Kept,
        kept: &mut Kept,
        now: SystemTime,
    ) -> Result<Option<Arc<ServerConfig>>, Box<dyn std::error::Error>> {
        let fields = bound.settings.fields();
        let min_tls = fields.min_tls;
        let key = |source| Key { source, min_tls };
        let (key, make): (Key, Box<dyn FnOnce() -> _>) = match &fields.certificate {
            DomainCertificate::None => return Ok(None),
            DomainCertificate::Issued => {
                let before = old.issued.get(&bound.name).filter(|it| it.stays(now));
                let issued = match before {
                    Some(before) => Arc::clone(before),
                    None => Arc::new(self.authority.issue(&bound.name, now)?),
                };
                let name = bound.name.clone();
                kept.issued.insert(name.clone(), Arc::clone(&issued));
                let key = key(Source::Issued(name, issued.facts.valid_to.millis()));
                (
                    key,
                    Box::new(move || domain_config(&issued.chain, &issued.key, min_tls)),
                )
            }
            DomainCertificate::Acme => {
                let mut by_acme = certificates.by_acme.iter();
                match by_acme.find(|it| it.domain_name_id == bound.domain_name_id) {
                    Some(certificate) => {
                        let (id, chain) = (&certificate.domain_name_id, &certificate.chain);
                        let key = key(Source::Acme(id.clone(), chain.clone()));
                        let make = || domain_config(chain, &certificate.key, min_tls);
                        (key, Box::new(make))
                    }
                    // Until it has issued one, as without a certificate.
                    None => return Ok(None),
                }
            }
            DomainCertificate::Uploaded(id) => {
                let Some(certificate) = certificates.uploaded.get(id) else {
                    return Ok(None); // it was deleted between two reads, with the name
                };
                let key = key(Source::Uploaded(id.clone(), certificate.chain.clone()));
                let make = || domain_config(&certificate.chain, &certificate.key, min_tls);
                (key, Box::new(make))
            }
        };
        let config = match kept.configs.get(&key).or_else(|| old.configs.get(&key)) {
            Some(config) => Arc::clone(config),
            None => make()?,
        };
        kept.configs.insert(key, Arc::clone(&config));
        Ok(Some(config))
    }
}
