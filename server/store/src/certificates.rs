//! Certificates that were uploaded for domain names.

use std::collections::HashMap;

use sluice_domain::certificate::{
    Certificate, CertificateName, CertificateSecrets, MAX_CERTIFICATES,
};
use sluice_domain::domain_name::DomainName;
use sluice_domain::env_vars::Secret;
use sluice_domain::id::CertificateId;
use sluice_domain::time::Timestamp;

use crate::error::{damaged, doing, found, unique};
use crate::{Kind, Store, StoreError};

/// A certificate to be kept.
#[derive(Debug, Clone)]
pub struct NewCertificate {
    /// Drawn by the caller.
    pub certificate_id: CertificateId,
    /// Unique on the gateway.
    pub name: CertificateName,
    /// It and those that lead to its authority, in PEM form.
    pub chain: String,
    /// Its private key in PEM form.
    pub key: Secret,
    /// When it is uploaded.
    pub now: Timestamp,
}

impl Store {
    /// Keeps a certificate.
    pub async fn create_certificate(&self, new: &NewCertificate) -> Result<(), StoreError> {
        let (id, name) = (new.certificate_id.as_str(), new.name.as_str());
        let (chain, now) = (&new.chain, new.now.millis());
        let sealed = self.secrets.seal(&owner(id), new.key.expose());
        let mut tx = self.begin().await?;
        let count = sqlx::query_scalar!(r#"select count(*) as "count!: i64" from certificate"#)
            .fetch_one(&mut *tx)
            .await
            .map_err(doing("counting the certificates"))?;
        if count.unsigned_abs() >= MAX_CERTIFICATES as u64 {
            return Err(StoreError::TooManyCertificates);
        }
        sqlx::query!(
            "insert into certificate (certificate_id, name, chain, sealed_key, created_at_ms)
             values (?, ?, ?, ?, ?)",
            id,
            name,
            chain,
            sealed,
            now
        )
        .execute(&mut *tx)
        .await
        .map_err(unique(
            || StoreError::CertificateNameTaken(new.name.clone()),
            "inserting a certificate",
        ))?;
        tx.commit().await.map_err(doing("inserting a certificate"))
    }

    /// Puts another chain and key in the place of a certificate's, for all domain names that it is
    /// bound to.
    pub async fn replace_certificate(
        &self,
        certificate_id: &CertificateId,
        chain: &str,
        key: &Secret,
    ) -> Result<(), StoreError> {
        let id = certificate_id.as_str();
        let sealed = self.secrets.seal(&owner(id), key.expose());
        let result = sqlx::query!(
            "update certificate set chain = ?, sealed_key = ? where certificate_id = ?",
            chain,
            sealed,
            id
        )
        .execute(&self.writer)
        .await
        .map_err(doing("replacing a certificate"))?;
        found(result, Kind::Certificate)
    }

    /// Deletes a certificate that is bound to no domain name.
    pub async fn delete_certificate(
        &self,
        certificate_id: &CertificateId,
    ) -> Result<(), StoreError> {
        let id = certificate_id.as_str();
        let result = sqlx::query!("delete from certificate where certificate_id = ?", id)
            .execute(&self.writer)
            .await
            .map_err(|source| match &source {
                sqlx::Error::Database(error) if error.is_foreign_key_violation() => {
                    StoreError::CertificateInUse
                }
                _ => doing("deleting a certificate")(source),
            })?;
        found(result, Kind::Certificate)
    }

    /// All certificates, oldest first.
    pub async fn list_certificates(&self) -> Result<Vec<Certificate>, StoreError> {
        let mut tx = self.begin_reading().await?;
        let names = sqlx::query!(
            r#"select certificate_id as "certificate_id!", name from domain_name
               where certificate_id is not null order by name"#
        )
        .fetch_all(&mut *tx)
        .await
        .map_err(doing("listing what certificates are bound to"))?;
        let mut used_by: HashMap<String, Vec<DomainName>> = HashMap::new();
        for row in names {
            let name = row.name.parse().map_err(damaged("domain_name", "name"))?;
            used_by.entry(row.certificate_id).or_default().push(name);
        }
        let rows = sqlx::query!(
            "select certificate_id, name, chain, created_at_ms from certificate
             order by created_at_ms, name"
        )
        .fetch_all(&mut *tx)
        .await
        .map_err(doing("listing the certificates"))?;
        rows.into_iter()
            .map(|row| {
                Ok(Certificate {
                    used_by: used_by.remove(&row.certificate_id).unwrap_or_default(),
                    certificate_id: row
                        .certificate_id
                        .parse()
                        .map_err(damaged("certificate", "certificate_id"))?,
                    name: row.name.parse().map_err(damaged("certificate", "name"))?,
                    chain: row.chain,
                    created_at: Timestamp(row.created_at_ms),
                })
            })
            .collect()
    }

    /// The certificates that are bound to domain names, with their keys, for the gateway.
    pub async fn published_certificates(&self) -> Result<Vec<CertificateSecrets>, StoreError> {
        let rows = sqlx::query!(
            "select certificate_id, chain, sealed_key from certificate
             where certificate_id in (select certificate_id from domain_name)"
        )
        .fetch_all(&self.readers)
        .await
        .map_err(doing("reading the certificates"))?;
        rows.into_iter()
            .map(|row| {
                let key = self
                    .secrets
                    .unseal(&owner(&row.certificate_id), &row.sealed_key)?;
                Ok(CertificateSecrets {
                    certificate_id: row
                        .certificate_id
                        .parse()
                        .map_err(damaged("certificate", "certificate_id"))?,
                    chain: row.chain,
                    key: Secret::new(key),
                })
            })
            .collect()
    }
}

/// Whose key a sealed one is.
fn owner(id: &str) -> String {
    format!("certificate {id}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestStore, bound, group, id};
    use sluice_domain::domain_name::DomainCertificate;

    fn new(n: u8, name: &str) -> NewCertificate {
        NewCertificate {
            certificate_id: CertificateId::from_bytes(id(n)),
            name: name.parse().unwrap(),
            chain: format!("chain of {name}"),
            key: Secret::new(format!("key of {name}")),
            now: Timestamp(i64::from(n)),
        }
    }

    #[tokio::test]
    async fn a_certificate_is_listed_without_its_key_and_published_with_it_where_it_is_used() {
        let test = TestStore::new().await;
        let store = &test.store;
        for one in [new(1, "First"), new(2, "Second")] {
            store.create_certificate(&one).await.unwrap();
        }
        assert!(store.published_certificates().await.unwrap().is_empty());
        let group = group(1, "APIGroup_a");
        store.create_api_group(&group, Timestamp(0)).await.unwrap();
        let second = CertificateId::from_bytes(id(2));
        let name = bound(
            1,
            "a.example.com",
            &group,
            DomainCertificate::Uploaded(second.clone()),
        );
        store.create_domain_name(&name).await.unwrap();

        let listed = store.list_certificates().await.unwrap();
        let shown = listed
            .iter()
            .map(|one| (one.name.as_str(), one.used_by.len()));
        assert_eq!(shown.collect::<Vec<_>>(), [("First", 0), ("Second", 1)]);
        assert_eq!(listed[1].used_by, std::slice::from_ref(&name.name));
        assert!(!format!("{listed:?}").contains("key of"));
        let published = store.published_certificates().await.unwrap();
        assert_eq!(published.len(), 1);
        assert_eq!(published[0].key.expose(), "key of Second");
        assert!(!format!("{published:?}").contains("key of"));

        let key = Secret::new("another key".to_owned());
        store
            .replace_certificate(&second, "another chain", &key)
            .await
            .unwrap();
        let published = store.published_certificates().await.unwrap();
        assert_eq!(published[0].chain, "another chain");
        assert_eq!(published[0].key.expose(), "another key");
        // A key that was given to another certificate opens nothing there.
        test.sql("update certificate set sealed_key = (select sealed_key from certificate where name = 'First')")
            .await
            .unwrap();
        let refused = store.published_certificates().await;
        assert!(matches!(refused, Err(StoreError::OtherKey)));
    }

    #[tokio::test]
    async fn a_certificate_in_use_is_not_deleted() {
        let test = TestStore::new().await;
        let store = &test.store;
        let certificate = new(1, "Shop");
        store.create_certificate(&certificate).await.unwrap();
        let again = store.create_certificate(&new(2, "Shop")).await;
        assert!(matches!(again, Err(StoreError::CertificateNameTaken(_))));
        let group = group(1, "APIGroup_a");
        store.create_api_group(&group, Timestamp(0)).await.unwrap();
        let id = certificate.certificate_id;
        let name = bound(
            1,
            "a.example.com",
            &group,
            DomainCertificate::Uploaded(id.clone()),
        );
        store.create_domain_name(&name).await.unwrap();
        let refused = store.delete_certificate(&id).await;
        assert!(matches!(refused, Err(StoreError::CertificateInUse)));
        store
            .delete_domain_name(&name.domain_name_id)
            .await
            .unwrap();
        store.delete_certificate(&id).await.unwrap();
        let missing = StoreError::NotFound(Kind::Certificate).to_string();
        let key = Secret::new(String::new());
        for refused in [
            store.delete_certificate(&id).await,
            store.replace_certificate(&id, "chain", &key).await,
        ] {
            assert_eq!(refused.unwrap_err().to_string(), missing);
        }
    }

    #[tokio::test]
    async fn there_are_so_many_certificates_at_most() {
        let test = TestStore::new().await;
        for n in 0..MAX_CERTIFICATES {
            let one = new(u8::try_from(n).unwrap(), &format!("Shop_{n}"));
            test.store.create_certificate(&one).await.unwrap();
        }
        let refused = test.store.create_certificate(&new(200, "Another")).await;
        assert!(matches!(refused, Err(StoreError::TooManyCertificates)));
    }
}
