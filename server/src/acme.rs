//! Issues certificates of domain names by ACME, and renews them: in the background, one at a time.
//!
//! What is to be done stands in the database, with the time of the next attempt, so that it outlives the
//! process. An attempt is written down as one that failed before it begins: however often a server is
//! restarted in the middle, it does not ask more often than its pauses allow. A name keeps being served as
//! it was until there is something better.

mod client;
mod order;

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use sluice_domain::acme::{AcmeDirectory, AcmeFailure, AcmeSettings, after_failure, renewal_at};
use sluice_domain::id::DomainNameId;
use sluice_domain::time::Timestamp;
use sluice_gateway::Challenges;
use sluice_store::{AcmeCertificate, AcmeRow, StoreError};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

use crate::console::Shared;
use crate::drawn;
use crate::logging::chain;
use crate::tls::TlsError;
use crate::tls::certificate::{self, Chain};

use client::Client;
use order::{OrderError, order};

/// Longest time for one attempt. It is waited for in the background alone.
const LONGEST_ATTEMPT: Duration = Duration::from_secs(5 * 60);

/// Longest time between two looks: clocks are set, and machines sleep.
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);

/// Shortest time between two looks, and between an issue and its renewal, however short its life.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
const SHORTEST_LIFE_MS: i64 = 60 * 1000;

/// Longest time that a server can have us wait.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What the operator says of ACME servers, by flags.
#[derive(Debug, Clone, Default)]
pub struct AcmeConfig {
    /// A server that may have an address of this machine or of a private network; all others need a
    /// public one.
    pub directory: Option<AcmeDirectory>,
    /// Authorities that ACME servers may have their own certificate of, besides those that this machine trusts.
    pub authorities: Vec<CertificateDer<'static>>,
}

impl AcmeConfig {
    /// Reads it; `ca_file` has certificates in PEM form.
    pub fn read(
        directory: Option<AcmeDirectory>,
        ca_file: Option<&Path>,
    ) -> Result<Self, TlsError> {
        let Some(path) = ca_file else {
            return Ok(Self {
                directory,
                authorities: Vec::new(),
            });
        };
        let pem = fs::read(path).map_err(|source| TlsError::File {
            path: path.to_owned(),
            doing: "read",
            source,
        })?;
        let wrong = |what: String| TlsError::Content {
            path: path.to_owned(),
            what,
        };
        let authorities: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        let authorities =
            authorities.map_err(|error| wrong(format!("is not in PEM form: {error}")))?;
        match authorities.is_empty() {
            true => Err(wrong("has no certificate in PEM form".to_owned())),
            false => Ok(Self {
                directory,
                authorities,
            }),
        }
    }
}

/// What the console and the background share of it.
#[derive(Debug, Default)]
pub struct Acme {
    config: AcmeConfig,
    /// Something is due earlier than it was.
    wake: Notify,
    /// Held by who asks.
    asking: tokio::sync::Mutex<()>,
    /// The name that a certificate is asked for now.
    asked_for: Mutex<Option<DomainNameId>>,
}

impl Acme {
    /// Nothing is asked yet.
    pub fn new(config: AcmeConfig) -> Self {
        Self {
            config,
            ..Self::default()
        }
    }

    /// The directory that the operator names.
    pub fn operators_directory(&self) -> Option<&AcmeDirectory> {
        self.config.directory.as_ref()
    }

    /// Has the background look for what is due.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Whether a certificate for this name is being asked for.
    pub fn is_asking_for(&self, domain_name_id: &DomainNameId) -> bool {
        let asked_for = self
            .asked_for
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        asked_for.as_ref() == Some(domain_name_id)
    }

    fn ask_for(&self, domain_name_id: Option<&DomainNameId>) {
        let mut asked_for = self
            .asked_for
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *asked_for = domain_name_id.cloned();
    }
}

/// Issues and renews until it is finished.
pub struct Issuing {
    shared: Arc<Shared>,
    /// Dropped to stop the task.
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Issuing {
    /// Begins to look for what is due.
    pub fn start(shared: Arc<Shared>) -> Self {
        let (stop, mut stopped) = oneshot::channel();
        let looking = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            loop {
                let issued = tokio::select! {
                    _ = &mut stopped => return, // an attempt ends in the middle
                    issued = issue_due(&looking, drawn::now()) => issued,
                };
                let pause = match issued {
                    Ok(next) => next.map_or(LONGEST_PAUSE, |at| until(at, drawn::now())),
                    Err(error) => {
                        tracing::warn!(
                            error = chain(&error),
                            "could not look for certificates that are due by ACME"
                        );
                        LONGEST_PAUSE
                    }
                };
                tokio::select! {
                    _ = &mut stopped => return,
                    () = looking.acme.wake.notified() => {}
                    () = tokio::time::sleep(pause) => {}
                }
            }
        });
        Self { shared, stop, task }
    }

    /// Issues and renews all that is due at `now`, after what is being asked for.
    pub async fn issue_due(&self, now: Timestamp) -> Result<(), StoreError> {
        issue_due(&self.shared, now).await.map(drop)
    }

    /// Stops. A certificate that is being asked for is asked for again after the next start.
    pub async fn finish(self) {
        drop(self.stop);
        if let Err(ended) = self.task.await {
            tracing::warn!(error = chain(&ended), "issuing by ACME had ended");
        }
    }
}

/// Tries each name that is due once, one after the other. Tells when the next one is.
async fn issue_due(shared: &Shared, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    let _asking = shared.acme.asking.lock().await;
    for row in shared.store.list_acme().await? {
        // They may have been changed while the last name was asked for.
        let Some(settings) = shared.store.acme_settings().await? else {
            return Ok(None);
        };
        if row.next_try_at <= now {
            attempt(shared, &settings, row, now).await?;
        }
    }
    let rows = shared.store.list_acme().await?;
    Ok(rows.first().map(|row| row.next_try_at))
}

/// One attempt for one name, which ends in the database.
async fn attempt(
    shared: &Shared,
    settings: &AcmeSettings,
    row: AcmeRow,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (store, acme) = (&shared.store, &shared.acme);
    let AcmeRow {
        domain_name_id,
        name,
        failures,
        ..
    } = row;
    let next_try_at = after_failure(failures.saturating_add(1), now);
    store
        .begin_acme_attempt(&domain_name_id, next_try_at)
        .await?;
    acme.ask_for(Some(&domain_name_id));
    let client = Client::new(&settings.directory, &acme.config).await;
    let gateway = shared.publisher.gateway();
    let ordering = order(store, gateway, &client, settings, &name);
    let ordered = tokio::time::timeout(LONGEST_ATTEMPT, ordering).await;
    gateway.challenge(Challenges::default());
    acme.ask_for(None);
    let checked = ordered
        .unwrap_or(Err(OrderError::TooSlow))
        .and_then(|(chain, key)| {
            certificate::check(&chain, &key, now, &ring::default_provider())?;
            let facts = Chain::read(&chain)?.facts;
            match facts.covers(&name) {
                true => Ok((facts, chain, key)),
                false => Err(OrderError::OtherName),
            }
        });
    let failed = match checked {
        Ok((facts, chain, key)) => {
            let soonest = Timestamp(now.millis().saturating_add(SHORTEST_LIFE_MS));
            let renewal = renewal_at(facts.valid_from, facts.valid_to).max(soonest);
            let certificate = AcmeCertificate {
                domain_name_id,
                chain,
                key,
            };
            let _changing = shared.publisher.change().await;
            if store
                .keep_acme_certificate(settings, &certificate, renewal)
                .await?
            {
                tracing::info!(domain.name = %name, "a certificate was issued by ACME");
                shared.publisher.publish_domain_names().await?;
            }
            return Ok(());
        }
        Err(OrderError::Store(error)) => return Err(error),
        Err(failed) => failed,
    };
    tracing::warn!(domain.name = %name, error = failed.words(), "no certificate was issued by ACME");
    if failed.is_of_lost_account() {
        store.keep_acme_account(settings, None).await?;
    }
    let failure = AcmeFailure {
        reason: failed.words(),
        at: now,
    };
    let not_before = client.retry_after().map(|pause| {
        let pause = pause.min(LONGEST_RETRY_AFTER).as_millis();
        Timestamp(
            now.millis()
                .saturating_add(i64::try_from(pause).unwrap_or(i64::MAX)),
        )
    });
    let written =
        store.fail_acme_attempt(settings, &domain_name_id, &failure, next_try_at, not_before);
    written.await
}

/// How long to sleep before something is due.
fn until(at: Timestamp, now: Timestamp) -> Duration {
    let millis = at.millis().saturating_sub(now.millis());
    let pause = Duration::from_millis(u64::try_from(millis).unwrap_or(0));
    pause.clamp(SHORTEST_PAUSE, LONGEST_PAUSE)
}

/// How long until a moment of this machine's clock; no time where it is over.
fn from_now(at: SystemTime) -> Duration {
    at.duration_since(SystemTime::now()).unwrap_or_default()
}
