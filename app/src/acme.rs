//! Certificates by ACME: the server that issues them (API Gateway > Gateway Settings), and how it is with
//! each domain name (API Gateway > Domain Names).

mod api;
mod form;
mod progress;

pub(crate) use api::{retry_acme, update_acme_settings};
pub(crate) use form::AcmeForm;
pub(crate) use progress::AcmeProgress;

use serde::{Deserialize, Serialize};
use sluice_domain::acme::{AcmeDirectory, AcmeSettings};

/// What the form begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcmeView {
    /// As it is set; none until the terms of a server were agreed to.
    pub settings: Option<AcmeSettings>,
    /// The directory to begin with: the operator's, or that of Let's Encrypt.
    pub suggested: AcmeDirectory,
}
