//! Certificates by ACME: the server's settings, the account there, and how it is with each name.

use sluice_domain::acme::{AcmeFailure, AcmeSettings};
use sluice_domain::domain_name::DomainName;
use sluice_domain::env_vars::Secret;
use sluice_domain::id::DomainNameId;
use sluice_domain::time::Timestamp;

use crate::error::{damaged, doing, found};
use crate::{Kind, Store, StoreError};

/// Most characters of what is kept of a failure.
const MAX_FAILURE_CHARS: usize = 500;

/// An account at an ACME server.
#[derive(Debug, Clone)]
pub struct AcmeAccount {
    /// Its id and its private key, as the client writes them.
    pub credentials: Secret,
    /// To whom the server writes.
    pub contact: String,
}

/// A domain name whose certificate is issued by ACME.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcmeRow {
    /// The domain name.
    pub domain_name_id: DomainNameId,
    /// Its name.
    pub name: DomainName,
    /// What was issued for it, in PEM form.
    pub chain: Option<String>,
    /// How often it failed, one time after the other; an attempt that was interrupted counts.
    pub failures: u32,
    /// Why the last attempt failed.
    pub failure: Option<AcmeFailure>,
    /// When the next attempt may begin.
    pub next_try_at: Timestamp,
}

/// A certificate that ACME has issued, with its key, for the gateway.
#[derive(Debug, Clone)]
pub struct AcmeCertificate {
    /// The domain name that it was issued for.
    pub domain_name_id: DomainNameId,
    /// It and those that lead to its authority, in PEM form.
    pub chain: String,
    /// Its private key in PEM form.
    pub key: Secret,
}

impl Store {
    /// The settings; none until the terms of a server were agreed to.
    pub async fn acme_settings(&self) -> Result<Option<AcmeSettings>, StoreError> {
        let row = sqlx::query!("select directory, contact from acme_setting")
            .fetch_optional(&self.readers)
            .await
            .map_err(doing("reading the settings of ACME"))?;
        row.map(|row| {
            Ok(AcmeSettings {
                directory: row
                    .directory
                    .parse()
                    .map_err(damaged("acme_setting", "directory"))?,
                contact: row
                    .contact
                    .parse()
                    .map_err(damaged("acme_setting", "contact"))?,
            })
        })
        .transpose()
    }

    /// Sets them. With another directory every name gets a certificate from there; otherwise those
    /// that failed are tried again, as soon as the server lets them.
    pub async fn set_acme_settings(
        &self,
        settings: &AcmeSettings,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (directory, contact) = (settings.directory.as_str(), settings.contact.as_str());
        let now = now.millis();
        let writing = || doing("setting the settings of ACME");
        let mut tx = self.begin().await?;
        let before = sqlx::query_scalar!("select directory from acme_setting")
            .fetch_optional(&mut *tx)
            .await
            .map_err(writing())?;
        sqlx::query!(
            "insert into acme_setting (only_one, directory, contact) values (1, ?, ?)
             on conflict (only_one) do update set directory = excluded.directory, contact = excluded.contact",
            directory,
            contact
        )
        .execute(&mut *tx)
        .await
        .map_err(writing())?;
        if before.is_some_and(|before| before != directory) {
            sqlx::query!("update acme_setting set sealed_account = null, known_contact = null")
                .execute(&mut *tx)
                .await
                .map_err(writing())?;
            sqlx::query!(
                "update acme_certificate set next_try_at_ms = ?, not_before_ms = 0, failures = 0,
                     failure = null, failed_at_ms = null",
                now
            )
            .execute(&mut *tx)
            .await
            .map_err(writing())?;
        }
        sqlx::query!(
            "update acme_certificate set next_try_at_ms = max(?, not_before_ms) where failures > 0",
            now
        )
        .execute(&mut *tx)
        .await
        .map_err(writing())?;
        tx.commit().await.map_err(writing())
    }

    /// The account at the server of these settings, if one was registered.
    pub async fn acme_account(
        &self,
        settings: &AcmeSettings,
    ) -> Result<Option<AcmeAccount>, StoreError> {
        let directory = settings.directory.as_str();
        let row = sqlx::query!(
            "select sealed_account, known_contact from acme_setting where directory = ?",
            directory
        )
        .fetch_optional(&self.readers)
        .await
        .map_err(doing("reading the account of ACME"))?;
        let Some((sealed, contact)) = row.and_then(|row| row.sealed_account.zip(row.known_contact))
        else {
            return Ok(None);
        };
        let credentials = self.secrets.unseal(&account_owner(directory), &sealed)?;
        Ok(Some(AcmeAccount {
            credentials: Secret::new(credentials),
            contact,
        }))
    }

    /// Keeps the account at the server of these settings, with their contact, or forgets it. Nothing
    /// happens where another server was chosen since.
    pub async fn keep_acme_account(
        &self,
        settings: &AcmeSettings,
        credentials: Option<&Secret>,
    ) -> Result<(), StoreError> {
        let (directory, contact) = (settings.directory.as_str(), settings.contact.as_str());
        let owner = account_owner(directory);
        let sealed = credentials.map(|it| self.secrets.seal(&owner, it.expose()));
        sqlx::query!(
            "update acme_setting set sealed_account = ?, known_contact = ? where directory = ?",
            sealed,
            contact,
            directory
        )
        .execute(&self.writer)
        .await
        .map_err(doing("keeping the account of ACME"))?;
        Ok(())
    }

    /// The domain names whose certificates are issued by ACME, the one whose turn is next first.
    pub async fn list_acme(&self) -> Result<Vec<AcmeRow>, StoreError> {
        let rows = sqlx::query!(
            r#"select domain_name_id, name, chain, failures as "failures: u32", failure, failed_at_ms,
                   next_try_at_ms
               from domain_name join acme_certificate using (domain_name_id)
               where source = 'acme' order by next_try_at_ms, name"#
        )
        .fetch_all(&self.readers)
        .await
        .map_err(doing("listing what ACME issues"))?;
        rows.into_iter()
            .map(|row| {
                let failure = row.failure.zip(row.failed_at_ms);
                Ok(AcmeRow {
                    domain_name_id: row
                        .domain_name_id
                        .parse()
                        .map_err(damaged("acme_certificate", "domain_name_id"))?,
                    name: row.name.parse().map_err(damaged("domain_name", "name"))?,
                    chain: row.chain,
                    failures: row.failures,
                    failure: failure.map(|(reason, at)| AcmeFailure {
                        reason,
                        at: Timestamp(at),
                    }),
                    next_try_at: Timestamp(row.next_try_at_ms),
                })
            })
            .collect()
    }

    /// What ACME has issued for the domain names that have it as their source, with the keys.
    pub async fn acme_certificates(&self) -> Result<Vec<AcmeCertificate>, StoreError> {
        let rows = sqlx::query!(
            r#"select domain_name_id, chain as "chain!", sealed_key as "sealed_key!"
               from domain_name join acme_certificate using (domain_name_id)
               where source = 'acme' and chain is not null"#
        )
        .fetch_all(&self.readers)
        .await
        .map_err(doing("reading what ACME has issued"))?;
        rows.into_iter()
            .map(|row| {
                let key = self
                    .secrets
                    .unseal(&key_owner(&row.domain_name_id), &row.sealed_key)?;
                Ok(AcmeCertificate {
                    domain_name_id: row
                        .domain_name_id
                        .parse()
                        .map_err(damaged("acme_certificate", "domain_name_id"))?,
                    chain: row.chain,
                    key: Secret::new(key),
                })
            })
            .collect()
    }

    /// Writes down that an attempt begins, as one that failed until it has not: one that is interrupted
    /// by the end of the process is not made again before `next_try_at`.
    pub async fn begin_acme_attempt(
        &self,
        domain_name_id: &DomainNameId,
        next_try_at: Timestamp,
    ) -> Result<(), StoreError> {
        let (id, next_try_at) = (domain_name_id.as_str(), next_try_at.millis());
        sqlx::query!(
            "update acme_certificate set failures = failures + 1, next_try_at_ms = ? where domain_name_id = ?",
            next_try_at,
            id
        )
        .execute(&self.writer)
        .await
        .map_err(doing("beginning an attempt by ACME"))?;
        Ok(())
    }

    /// Keeps what was issued, to be renewed at `next_try_at`. False where another server was chosen
    /// since, or the domain name was deleted.
    pub async fn keep_acme_certificate(
        &self,
        settings: &AcmeSettings,
        certificate: &AcmeCertificate,
        next_try_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let (id, directory) = (
            certificate.domain_name_id.as_str(),
            settings.directory.as_str(),
        );
        let sealed = self.secrets.seal(&key_owner(id), certificate.key.expose());
        let (chain, next_try_at) = (&certificate.chain, next_try_at.millis());
        let result = sqlx::query!(
            "update acme_certificate set chain = ?, sealed_key = ?, next_try_at_ms = ?, not_before_ms = 0,
                 failures = 0, failure = null, failed_at_ms = null
             where domain_name_id = ? and exists (select 1 from acme_setting where directory = ?)",
            chain,
            sealed,
            next_try_at,
            id,
            directory
        )
        .execute(&self.writer)
        .await
        .map_err(doing("keeping what ACME has issued"))?;
        Ok(result.rows_affected() > 0)
    }

    /// Writes down why an attempt failed, and when the next one may be made; `not_before` is what the
    /// server asked for, which counts for **Try again** too. Nothing happens where another server was chosen since.
    pub async fn fail_acme_attempt(
        &self,
        settings: &AcmeSettings,
        domain_name_id: &DomainNameId,
        failure: &AcmeFailure,
        next_try_at: Timestamp,
        not_before: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let (id, directory) = (domain_name_id.as_str(), settings.directory.as_str());
        let reason: String = failure.reason.chars().take(MAX_FAILURE_CHARS).collect();
        let (at, next_try_at) = (failure.at.millis(), next_try_at.millis());
        let not_before = not_before.map_or(0, Timestamp::millis);
        sqlx::query!(
            "update acme_certificate set failure = ?, failed_at_ms = ?, next_try_at_ms = max(?5, ?3),
                 not_before_ms = ?3
             where domain_name_id = ?4 and exists (select 1 from acme_setting where directory = ?6)",
            reason,
            at,
            not_before,
            id,
            next_try_at,
            directory
        )
        .execute(&self.writer)
        .await
        .map_err(doing("writing down a failure of ACME"))?;
        Ok(())
    }

    /// Has a certificate asked for at once, or as soon as the server lets it.
    pub async fn retry_acme(
        &self,
        domain_name_id: &DomainNameId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (id, now) = (domain_name_id.as_str(), now.millis());
        let result = sqlx::query!(
            "update acme_certificate set next_try_at_ms = max(?, not_before_ms)
             where domain_name_id = ? and failures > 0",
            now,
            id
        )
        .execute(&self.writer)
        .await
        .map_err(doing("asking for a certificate again"))?;
        found(result, Kind::DomainName)
    }
}

/// Whose account a sealed one is: no other server is told of its key.
fn account_owner(directory: &str) -> String {
    format!("acme account {directory}")
}

/// Whose key a sealed one is.
fn key_owner(domain_name_id: &str) -> String {
    format!("acme certificate {domain_name_id}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestStore, bound, group};
    use sluice_domain::domain_name::DomainCertificate;

    fn settings(directory: &str) -> AcmeSettings {
        AcmeSettings {
            directory: directory.parse().unwrap(),
            contact: "admin@example.com".parse().unwrap(),
        }
    }

    /// A store with a name whose certificate is to be issued.
    async fn world() -> (TestStore, DomainNameId) {
        let test = TestStore::new().await;
        let group = group(1, "APIGroup_a");
        let created = test.store.create_api_group(&group, Timestamp(0));
        created.await.unwrap();
        let name = bound(1, "a.example.com", &group, DomainCertificate::Acme);
        test.store.create_domain_name(&name).await.unwrap();
        (test, name.domain_name_id)
    }

    fn issued(domain_name_id: &DomainNameId) -> AcmeCertificate {
        AcmeCertificate {
            domain_name_id: domain_name_id.clone(),
            chain: "a chain".to_owned(),
            key: Secret::new("a key".to_owned()),
        }
    }

    #[tokio::test]
    async fn an_account_is_of_one_server_and_sealed() {
        let test = TestStore::new().await;
        let store = &test.store;
        let (one, other) = (
            settings("https://a.example/"),
            settings("https://b.example/"),
        );
        assert_eq!(store.acme_settings().await.unwrap(), None);
        store.set_acme_settings(&one, Timestamp(0)).await.unwrap();
        assert_eq!(store.acme_settings().await.unwrap(), Some(one.clone()));
        let secret = Secret::new("account key".to_owned());
        store
            .keep_acme_account(&other, Some(&secret))
            .await
            .unwrap();
        assert!(store.acme_account(&one).await.unwrap().is_none());
        store.keep_acme_account(&one, Some(&secret)).await.unwrap();
        let account = store.acme_account(&one).await.unwrap().unwrap();
        assert_eq!(account.credentials.expose(), "account key");
        assert!(!format!("{account:?}").contains("account key"));
        let bytes = std::fs::read(test.path()).unwrap();
        assert!(!bytes.windows(11).any(|part| part == b"account key"));
        // The same settings again leave it.
        store.set_acme_settings(&one, Timestamp(0)).await.unwrap();
        assert!(store.acme_account(&one).await.unwrap().is_some());
        store.set_acme_settings(&other, Timestamp(0)).await.unwrap();
        assert!(store.acme_account(&other).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_name_is_due_at_once_then_after_its_pause_and_at_its_renewal() {
        let (test, id) = world().await;
        let (store, settings) = (&test.store, settings("https://a.example/"));
        store
            .set_acme_settings(&settings, Timestamp(0))
            .await
            .unwrap();
        let row = async || store.list_acme().await.unwrap().remove(0);
        assert_eq!(
            (row().await.next_try_at, row().await.failures),
            (Timestamp(0), 0)
        );
        store.begin_acme_attempt(&id, Timestamp(60)).await.unwrap();
        assert_eq!(
            (row().await.next_try_at, row().await.failures),
            (Timestamp(60), 1)
        );
        let failure = AcmeFailure {
            reason: "x".repeat(600),
            at: Timestamp(1),
        };
        let fail = |not_before| {
            store.fail_acme_attempt(&settings, &id, &failure, Timestamp(60), not_before)
        };
        fail(None).await.unwrap();
        assert_eq!(row().await.failure.unwrap().reason.len(), MAX_FAILURE_CHARS);
        store.retry_acme(&id, Timestamp(5)).await.unwrap();
        assert_eq!(row().await.next_try_at, Timestamp(5));
        // What the server asked for counts for who presses a button, too.
        fail(Some(Timestamp(500))).await.unwrap();
        assert_eq!(row().await.next_try_at, Timestamp(500));
        store.retry_acme(&id, Timestamp(5)).await.unwrap();
        assert_eq!(row().await.next_try_at, Timestamp(500));

        assert!(store.acme_certificates().await.unwrap().is_empty());
        let certificate = issued(&id);
        let kept = store.keep_acme_certificate(&settings, &certificate, Timestamp(900));
        assert!(kept.await.unwrap());
        let now = row().await;
        assert_eq!(
            (now.next_try_at, now.failures, now.failure),
            (Timestamp(900), 0, None)
        );
        let published = store.acme_certificates().await.unwrap();
        assert_eq!(published[0].key.expose(), "a key");
        assert!(!format!("{published:?}").contains("a key"));
        // What has not failed is not asked for again.
        assert!(store.retry_acme(&id, Timestamp(5)).await.is_err());
    }

    #[tokio::test]
    async fn another_server_issues_all_anew_and_hears_nothing_of_the_old_one() {
        let (test, id) = world().await;
        let store = &test.store;
        let (one, other) = (
            settings("https://a.example/"),
            settings("https://b.example/"),
        );
        store.set_acme_settings(&one, Timestamp(0)).await.unwrap();
        store
            .keep_acme_certificate(&one, &issued(&id), Timestamp(900))
            .await
            .unwrap();
        store.set_acme_settings(&one, Timestamp(7)).await.unwrap();
        assert_eq!(
            store.list_acme().await.unwrap()[0].next_try_at,
            Timestamp(900)
        );
        store.set_acme_settings(&other, Timestamp(7)).await.unwrap();
        let row = store.list_acme().await.unwrap().remove(0);
        assert_eq!(
            (row.next_try_at, row.chain.as_deref()),
            (Timestamp(7), Some("a chain"))
        );
        // An attempt at the old one was on its way.
        let certificate = issued(&id);
        let kept = store.keep_acme_certificate(&one, &certificate, Timestamp(900));
        assert!(!kept.await.unwrap());
        let failure = AcmeFailure {
            reason: "late".to_owned(),
            at: Timestamp(8),
        };
        let failed = store.fail_acme_attempt(&one, &id, &failure, Timestamp(99), None);
        failed.await.unwrap();
        assert_eq!(store.list_acme().await.unwrap(), [row]);
    }

    #[tokio::test]
    async fn what_was_issued_stays_while_the_name_does() {
        let (test, id) = world().await;
        let (store, server) = (&test.store, settings("https://a.example/"));
        store
            .set_acme_settings(&server, Timestamp(0))
            .await
            .unwrap();
        store
            .keep_acme_certificate(&server, &issued(&id), Timestamp(900))
            .await
            .unwrap();
        let set = async |certificate| {
            let settings = bound(1, "a.example.com", &group(1, "APIGroup_a"), certificate).settings;
            store.update_domain_name(&id, &settings).await.unwrap();
            (
                store.list_acme().await.unwrap().len(),
                store.acme_certificates().await.unwrap().len(),
            )
        };
        assert_eq!(set(DomainCertificate::None).await, (0, 0));
        assert_eq!(set(DomainCertificate::Acme).await, (1, 1));
        store.delete_domain_name(&id).await.unwrap();
        assert_eq!(test.count("acme_certificate").await, 0);
    }
}
