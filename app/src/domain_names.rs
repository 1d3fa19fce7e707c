//! API Gateway > Domain Names.

mod api;
mod form;
mod page;

pub(crate) use api::{bind_domain_name, list_domain_names, unbind_domain_name, update_domain_name};
pub(crate) use page::DomainNamesPage;

use serde::{Deserialize, Serialize};
use sluice_domain::acme::AcmeState;
use sluice_domain::api_group::{ApiGroup, ApiGroupName};
use sluice_domain::certificate::CertificateFacts;
use sluice_domain::domain_name::BoundDomainName;
use sluice_domain::time::Timestamp;

use crate::certificates::CertificateView;

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainNameList {
    /// All domain names, oldest first.
    pub domain_names: Vec<DomainNameView>,
    /// All API groups, which domain names can be bound to.
    pub groups: Vec<ApiGroup>,
    /// All certificates that they can have.
    pub certificates: Vec<CertificateView>,
    /// When they were looked at.
    pub now: Timestamp,
}

/// A domain name as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainNameView {
    /// The name and what it is set to.
    pub bound: BoundDomainName,
    /// The name of its group.
    pub group: ApiGroupName,
    /// What its certificate says of itself, where it has one that is served.
    pub facts: Option<CertificateFacts>,
    /// How it is with its certificate, where that is issued by ACME.
    pub acme: Option<AcmeState>,
}
