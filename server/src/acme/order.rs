//! One order of a certificate, from the account to the chain (RFC 8555, section 7).

use std::time::Duration;

use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, ChallengeType, Error, Identifier, NewAccount,
    NewOrder, Order, OrderStatus, Problem, RetryPolicy,
};
use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use sluice_domain::acme::AcmeSettings;
use sluice_domain::domain_name::DomainName;
use sluice_domain::env_vars::Secret;
use sluice_executor::Executor;
use sluice_gateway::{Challenge, Challenges, Gateway};
use sluice_store::{Store, StoreError};

use super::client::Client;
use crate::logging::chain;
use crate::tls::certificate::InvalidCertificate;

/// How often the server is asked whether it is done: after a quarter of a second, then ever more seldom.
const PATIENCE: RetryPolicy = RetryPolicy::new().timeout(Duration::from_secs(2 * 60));

/// Most characters of a token; they have 43.
const MAX_TOKEN: usize = 256;

/// Most characters of what a server says that are shown.
const MAX_SHOWN: usize = 400;

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub(super) enum OrderError {
    #[error("the ACME server refuses or cannot be talked to")]
    Server(#[from] Error),
    #[error("the server could not see that the name leads here: {0}")]
    Challenge(String),
    #[error("the server has no challenge of the type http-01 for the name")]
    NoHttp01,
    #[error("the server's order is of something else than the name")]
    OtherOrder,
    #[error("the server gave up the order without saying why")]
    GivenUp,
    #[error("the server has not issued it within 5 minutes")]
    TooSlow,
    #[error("what the server issued cannot be served: {0}")]
    Certificate(#[from] InvalidCertificate),
    #[error("what the server issued is for another name")]
    OtherName,
    #[error("the request for a certificate cannot be made")]
    Make(#[from] rcgen::Error),
    #[error("the account cannot be read")]
    Account(#[from] serde_json::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OrderError {
    /// What it is, as the console and the log say it: the server's own words, where it has any, on one line.
    pub(super) fn words(&self) -> String {
        let words = match self {
            Self::Server(Error::Api(problem)) => problem_words(problem),
            Self::Server(Error::Json(_)) => "The server's answer is not one of ACME.".to_owned(),
            Self::Server(Error::Timeout(_)) => {
                "The server has not come to an end within 2 minutes.".to_owned()
            }
            Self::Server(Error::Other(error)) => {
                format!("The server cannot be used: {}", chain(&**error))
            }
            Self::Server(error) => format!("The server cannot be used: {error}"),
            error => sluice_app::console::sentence(&error.to_string()),
        };
        shown(&words)
    }

    /// True when the server does not know the account that we have there.
    pub(super) fn is_of_lost_account(&self) -> bool {
        let Self::Server(Error::Api(problem)) = self else {
            return false;
        };
        let kind = problem.r#type.as_deref().unwrap_or_default();
        kind.ends_with(":accountDoesNotExist")
    }
}

/// The certificate and its key in PEM form.
pub(super) async fn order(
    store: &Store,
    gateway: &Gateway<Executor>,
    client: &Client,
    settings: &AcmeSettings,
    name: &DomainName,
) -> Result<(String, Secret), OrderError> {
    let account = account(store, client, settings).await?;
    let identifiers = [Identifier::Dns(name.to_string())];
    let mut order = account.new_order(&NewOrder::new(&identifiers)).await?;
    if order.state().authorizations.len() != 1 {
        return Err(OrderError::OtherOrder);
    }
    prove(gateway, &mut order, name).await?;
    match order.poll_ready(&PATIENCE).await {
        Ok(OrderStatus::Ready) => {}
        // An order does not say which challenge failed, and why.
        Ok(_) => return Err(refusal(&mut order).await.unwrap_or(OrderError::GivenUp)),
        Err(error @ Error::Api(_)) => {
            return Err(refusal(&mut order).await.unwrap_or(error.into()));
        }
        Err(error) => return Err(error.into()),
    }
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new([name.to_string()])?;
    params.distinguished_name = DistinguishedName::new();
    let request = params.serialize_request(&key)?;
    order.finalize_csr(request.der()).await?;
    let chain = order.poll_certificate(&PATIENCE).await?;
    Ok((chain, Secret::new(key.serialize_pem())))
}

/// The account at the server, which is registered the first time.
async fn account(
    store: &Store,
    client: &Client,
    settings: &AcmeSettings,
) -> Result<Account, OrderError> {
    let builder = Account::builder_with_http(Box::new(client.clone()));
    let contact = format!("mailto:{}", settings.contact);
    if let Some(known) = store.acme_account(settings).await? {
        let credentials: AccountCredentials = serde_json::from_str(known.credentials.expose())?;
        let account = builder.from_credentials(credentials).await?;
        if known.contact != settings.contact.as_str() {
            account.update_contacts(&[&contact]).await?;
            let kept = store.keep_acme_account(settings, Some(&known.credentials));
            kept.await?;
        }
        return Ok(account);
    }
    let new = NewAccount {
        contact: &[&contact],
        terms_of_service_agreed: true, // settings are stored with the user's agreement only
        only_return_existing: false,
    };
    let directory = settings.directory.to_string();
    let (account, credentials) = builder.create(&new, directory, None).await?;
    let credentials = Secret::new(serde_json::to_string(&credentials)?);
    let kept = store.keep_acme_account(settings, Some(&credentials));
    kept.await?;
    Ok(account)
}

/// Has the gateway answer the server's challenge, and tells the server so.
async fn prove(
    gateway: &Gateway<Executor>,
    order: &mut Order,
    name: &DomainName,
) -> Result<(), OrderError> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        match authorization.status {
            AuthorizationStatus::Pending => {}
            AuthorizationStatus::Valid => continue, // proved for an earlier order
            _ => return Err(OrderError::GivenUp),
        }
        if authorization.identifier().to_string() != name.as_str() {
            return Err(OrderError::OtherOrder);
        }
        let challenge = authorization.challenge(ChallengeType::Http01);
        let mut challenge = challenge.ok_or(OrderError::NoHttp01)?;
        // What RFC 8555 lets it be, so that it can be a path and nothing else.
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if !(1..=MAX_TOKEN).contains(&challenge.token.len())
            || !challenge.token.bytes().all(is_token)
        {
            return Err(OrderError::NoHttp01);
        }
        gateway.challenge(Challenges::new([Challenge {
            name: name.clone(),
            token: challenge.token.clone(),
            key_authorization: challenge.key_authorization().as_str().to_owned(),
        }]));
        challenge.set_ready().await?;
    }
    Ok(())
}

/// What the server says of the challenge that failed.
async fn refusal(order: &mut Order) -> Option<OrderError> {
    let mut authorizations = order.authorizations();
    while let Some(Ok(authorization)) = authorizations.next().await {
        let mut problems = authorization.challenges.iter();
        if let Some(problem) = problems.find_map(|challenge| challenge.error.as_ref()) {
            return Some(OrderError::Challenge(problem_words(problem)));
        }
    }
    None
}

/// What a problem says, with the last part of its type: `rateLimited`.
fn problem_words(problem: &Problem) -> String {
    let kind = problem
        .r#type
        .as_deref()
        .and_then(|kind| kind.rsplit(':').next());
    let details = problem
        .subproblems
        .iter()
        .filter_map(|it| it.detail.as_deref());
    let details = problem.detail.as_deref().into_iter().chain(details).take(5);
    let details = details.collect::<Vec<_>>().join(" ");
    match (details.is_empty(), kind) {
        (false, Some(kind)) => format!("{details} ({kind})"),
        (false, None) => details,
        (true, kind) => format!(
            "The server refuses ({})",
            kind.unwrap_or("without a reason")
        ),
    }
}

/// What strangers wrote, as a line of bounded length.
fn shown(text: &str) -> String {
    let line = text.split(|c: char| c.is_whitespace() || c.is_control());
    let line = line
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    match line.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;

    #[test]
    fn a_refusal_has_the_servers_words_on_one_line() {
        let check = |problem: &str| {
            let problem: Problem = serde_json::from_str(problem).unwrap();
            OrderError::Server(Error::Api(problem)).words()
        };
        assert_snapshot!(
            check(r#"{"type": "urn:ietf:params:acme:error:rateLimited", "detail": "too many\ncertificates\u0007"}"#),
            @"too many certificates (rateLimited)"
        );
        assert_snapshot!(
            check(r#"{"type": "x", "detail": "Some are wrong", "subproblems": [{"detail": "a.example: no"}]}"#),
            @"Some are wrong a.example: no (x)"
        );
        assert_snapshot!(check("{}"), @"The server refuses (without a reason)");
        let long = check(&format!(r#"{{"detail": "{}"}}"#, "ä".repeat(5000)));
        assert_eq!(long.chars().count(), MAX_SHOWN + 1);
    }
}
