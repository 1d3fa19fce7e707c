//! Custom authorizers: a function decides who may call an API. Source: APIG user guide, "Custom
//! Authorizers".
//!
//! In this order:
//! 1. The request has to have every identity source, and each has to satisfy its validation. A
//!    request that does not costs no call of the function.
//! 2. A decision that is kept counts, where decisions are kept: the authorizer has a cache age and
//!    at least one identity source.
//! 3. The function is called, straight and not by a trigger URL. So no authentication stands before
//!    it, not even where its own trigger has this very authorizer: it is never called to decide on
//!    a call of itself to decide. Of several requests at once that would have the same decision, one
//!    calls it, and the others wait for what it says.
//!
//! A decision is kept for requests that are the same but for headers and parameters of the query
//! that are no identity sources: for one API, environment, method, path and address of the caller,
//! and where the function gets the body, for that body. A function that looks at more headers or
//! parameters has to have them as identity sources, or no cache age. Decisions are forgotten when
//! the authorizer, or the code or the settings of its function change. What is no decision, because
//! the function failed, is not kept.
//!
//! Nobody is let in but by a decision to allow.

mod decision;
mod refused;
mod sources;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use moka::future::Cache;
use sha2::{Digest, Sha256};
use sluice_domain::authorizer::AuthorizerRule;
use sluice_domain::id::RequestId;
use sluice_domain::invocation::Origin;
use sluice_domain::time::Timestamp;
use sluice_executor::{Call, Outcome, Trace};

pub use decision::{AuthorizerContext, InvalidDecision};
pub use refused::{AuthorizerFailed, AuthorizerRefused, IdentityRefused};
pub use sources::{InvalidValidation, check_validations};

use crate::backend::Backend;
use crate::encode::{Arrival, authorizer_event};
use crate::route_table::PublishedApi;
use decision::Decision;
use sources::Sources;

/// How long a caller waits for the function: as long as an API waits for its own, where it does not
/// say otherwise. The function may run on.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes that the decisions of one authorizer may have: some 15,000 without a context. Beyond, those
/// that are asked for least are forgotten.
const KEPT_BYTES: u64 = 4 * 1024 * 1024;

/// Bytes of a decision besides its context, with its key and its place.
const DECISION_BYTES: usize = 256;

/// What finds a decision: the digest of all that it may depend on.
type Key = [u8; 32];

/// What decides who may call an API. It keeps its decisions, so one that did not change is published
/// again as it is.
pub struct Authorizer<D> {
    rule: AuthorizerRule,
    sources: Sources,
    deployment: Option<D>,
    kept: Option<Cache<Key, Kept>>,
    secrets: Arc<[String]>,
}

/// A decision, and when it was asked for.
#[derive(Debug, Clone)]
struct Kept {
    decision: Decision,
    at: Timestamp,
}

/// A request that is to be decided on.
pub(crate) struct Question<'a, D> {
    pub(crate) api: &'a PublishedApi<D>,
    pub(crate) arrival: &'a Arrival,
    pub(crate) request: &'a Parts,
    /// The request's path within the API's group.
    pub(crate) path: &'a str,
    pub(crate) now: Timestamp,
    /// Draws the 16 bytes of an id.
    pub(crate) ids: fn() -> [u8; 16],
}

impl<D> fmt::Debug for Authorizer<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = f.debug_struct("Authorizer");
        text.field("rule", &self.rule).finish_non_exhaustive()
    }
}

impl<D> Authorizer<D> {
    /// An authorizer whose function is `deployment`, or has none: it lets in nobody then.
    pub fn new(rule: AuthorizerRule, deployment: Option<D>) -> Result<Self, InvalidValidation> {
        let age = Duration::from_secs(rule.max_cache_age.seconds().into());
        let weight = |_: &Key, kept: &Kept| {
            let bytes = DECISION_BYTES + kept.decision.bytes();
            u32::try_from(bytes).unwrap_or(u32::MAX)
        };
        let kept = rule.keeps_decisions().then(|| {
            Cache::builder()
                .weigher(weight)
                .max_capacity(KEPT_BYTES)
                .time_to_live(age)
                .build()
        });
        let sources = rule.identity_sources.iter();
        let secrets = sources.map(|source| source.name().to_owned());
        Ok(Self {
            sources: Sources::new(&rule.identity_sources)?,
            secrets: secrets.chain(["user_data".to_owned()]).collect(),
            rule,
            deployment,
            kept,
        })
    }

    /// How it asks.
    pub fn rule(&self) -> &AuthorizerRule {
        &self.rule
    }

    /// The function that it asks, if it is ready to be called.
    pub fn deployment(&self) -> Option<&D> {
        self.deployment.as_ref()
    }

    /// Names of what callers prove by who they are, and of what the function gets of its own.
    pub(crate) fn secrets(&self) -> &Arc<[String]> {
        &self.secrets
    }

    /// Whether the function gets the body of the request.
    pub(crate) fn needs_body(&self) -> bool {
        self.rule.sends_body
    }

    /// Decides on a request; gives what is said of a caller who is let in. `body` is not looked at
    /// unless the function gets it.
    pub(crate) async fn decide<B: Backend<Deployment = D>>(
        &self,
        backend: &B,
        question: &Question<'_, D>,
        body: &[u8],
    ) -> Result<Arc<AuthorizerContext>, AuthorizerRefused> {
        let body = self.rule.sends_body.then_some(body);
        let mut key = Sha256::new();
        self.sources.identify(question.request, &mut key)?;
        let asking = self.ask(backend, question, body);
        let decision = match &self.kept {
            None => asking.await.map_err(Arc::new)?,
            Some(kept) => {
                question.add_to(&mut key, body);
                let key = key.finalize().into();
                // What is too old is no answer, though it may still be there.
                let is_old = |kept: &Kept| !self.is_young(kept.at, question.now);
                if kept.get(&key).await.is_some_and(|kept| is_old(&kept)) {
                    kept.invalidate(&key).await;
                }
                let asking = async {
                    let (decision, at) = (asking.await?, question.now);
                    Ok(Kept { decision, at })
                };
                kept.try_get_with(key, asking).await?.decision
            }
        };
        match decision {
            Decision::Allow(context) => Ok(context),
            Decision::Deny => Err(AuthorizerRefused::Denied),
        }
    }

    /// Calls the function.
    async fn ask<B: Backend<Deployment = D>>(
        &self,
        backend: &B,
        question: &Question<'_, D>,
        body: Option<&[u8]>,
    ) -> Result<Decision, AuthorizerFailed> {
        let deployment = self.deployment.as_ref();
        let deployment = deployment.ok_or(AuthorizerFailed::NoDeployment)?;
        let Question {
            api,
            arrival,
            request,
            path,
            ..
        } = question;
        let user_data = self.rule.user_data.as_str();
        let call = Call {
            request_id: RequestId::from_bytes((question.ids)()),
            origin: Origin::Trigger {
                trigger_id: api.api.trigger_id.clone(),
                api_request_id: arrival.request_id.clone(),
            },
            event: authorizer_event(api, arrival, request, path, body, user_data),
            secrets: Some(Arc::clone(&self.secrets)),
            trace: Trace::default(),
        };
        let called = tokio::time::timeout(PATIENCE, backend.invoke(deployment, call));
        let outcome = called
            .await
            .map_err(|_| AuthorizerFailed::TooSlow(PATIENCE))?
            .map_err(AuthorizerFailed::NotCalled)?;
        match outcome {
            Outcome::Returned(response) => Ok(Decision::parse(&response)?),
            Outcome::Failed(failure) => Err(AuthorizerFailed::Raised(failure)),
            Outcome::Refused(refused) => Err(AuthorizerFailed::NoResponse(refused)),
        }
    }

    /// Whether a decision of `at` may be used `now`. A clock that was set back must not make it last
    /// for longer.
    fn is_young(&self, at: Timestamp, now: Timestamp) -> bool {
        let age_ms = u64::from(self.rule.max_cache_age.seconds()) * 1000;
        now.millis().abs_diff(at.millis()) < age_ms
    }
}

impl<D> Question<'_, D> {
    /// Adds to a key what a decision may depend on besides the identity sources.
    fn add_to(&self, key: &mut Sha256, body: Option<&[u8]>) {
        let address = self.arrival.client_ip.map(|ip| ip.to_string());
        for part in [
            self.api.api.api_id.as_str(),
            self.api.environment.as_str(),
            self.request.method.as_str(),
            self.path,
            address.as_deref().unwrap_or_default(),
        ] {
            add_part(key, part.as_bytes());
        }
        if let Some(body) = body {
            add_part(key, body);
        }
    }
}

/// Adds a part to a key, with its length: parts must not be shifted against each other.
fn add_part(key: &mut Sha256, part: &[u8]) {
    key.update((part.len() as u64).to_le_bytes());
    key.update(part);
}
