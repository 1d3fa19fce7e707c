//! API Gateway > Certificates.

mod api;
mod form;
mod page;
mod validity;

pub(crate) use api::{
    delete_certificate, list_certificates, replace_certificate, upload_certificate,
};
pub(crate) use page::CertificatesPage;
pub(crate) use validity::ValidTo;

use serde::{Deserialize, Serialize};
use sluice_domain::certificate::{CertificateFacts, CertificateName};
use sluice_domain::domain_name::DomainName;
use sluice_domain::id::CertificateId;
use sluice_domain::time::Timestamp;

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateList {
    /// All certificates, oldest first.
    pub certificates: Vec<CertificateView>,
    /// When they were looked at.
    pub now: Timestamp,
}

/// A certificate as it is shown. Nobody is shown its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateView {
    /// Its id.
    pub certificate_id: CertificateId,
    /// Its name.
    pub name: CertificateName,
    /// What it says of itself.
    pub facts: CertificateFacts,
    /// The domain names that it is bound to.
    pub used_by: Vec<DomainName>,
}
