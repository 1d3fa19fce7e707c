//! Domain names that are bound to API groups.

use sluice_domain::domain_name::{
    BoundDomainName, DomainCertificate, DomainSettings, DomainSettingsFields, MAX_DOMAIN_NAMES,
};
use sluice_domain::id::{CertificateId, DomainNameId};
use sluice_domain::time::Timestamp;
use sqlx::{Sqlite, Transaction};

use crate::error::{damaged, doing, found, unique};
use crate::{Kind, Store, StoreError};

impl Store {
    /// Binds a domain name to its group.
    pub async fn create_domain_name(&self, bound: &BoundDomainName) -> Result<(), StoreError> {
        let (id, name) = (bound.domain_name_id.as_str(), bound.name.as_str());
        let (group, now) = (bound.group_id.as_str(), bound.created_at.millis());
        let fields = bound.settings.fields();
        let (source, certificate) = stored(&fields.certificate);
        let (min_tls, redirect) = (fields.min_tls.name(), fields.redirect);
        let mut tx = self.begin().await?;
        let seen = sqlx::query!(
            r#"select exists (select 1 from api_group where group_id = ?1) as "there!: bool",
                   (select count(*) from domain_name where group_id = ?1) as "names!: i64",
                   exists (select 1 from certificate where certificate_id = ?2) as "certificate!: bool""#,
            group,
            certificate
        )
        .fetch_one(&mut *tx)
        .await
        .map_err(doing("counting the domain names"))?;
        if !seen.there {
            return Err(StoreError::NotFound(Kind::ApiGroup));
        }
        if certificate.is_some() && !seen.certificate {
            return Err(StoreError::NotFound(Kind::Certificate));
        }
        if seen.names.unsigned_abs() >= MAX_DOMAIN_NAMES as u64 {
            return Err(StoreError::TooManyDomainNames);
        }
        sqlx::query!(
            "insert into domain_name
                 (domain_name_id, name, group_id, source, certificate_id, min_tls, redirect, created_at_ms)
             values (?, ?, ?, ?, ?, ?, ?, ?)",
            id,
            name,
            group,
            source,
            certificate,
            min_tls,
            redirect,
            now
        )
        .execute(&mut *tx)
        .await
        .map_err(unique(
            || StoreError::DomainNameTaken(bound.name.clone()),
            "inserting a domain name",
        ))?;
        if fields.certificate == DomainCertificate::Acme {
            ask_acme(&mut tx, id).await?;
        }
        tx.commit().await.map_err(doing("inserting a domain name"))
    }

    /// Changes what a domain name is set to.
    pub async fn update_domain_name(
        &self,
        domain_name_id: &DomainNameId,
        settings: &DomainSettings,
    ) -> Result<(), StoreError> {
        let (id, fields) = (domain_name_id.as_str(), settings.fields());
        let (source, certificate) = stored(&fields.certificate);
        let (min_tls, redirect) = (fields.min_tls.name(), fields.redirect);
        let mut tx = self.begin().await?;
        let result = sqlx::query!(
            "update domain_name set source = ?, certificate_id = ?, min_tls = ?, redirect = ?
             where domain_name_id = ?",
            source,
            certificate,
            min_tls,
            redirect,
            id
        )
        .execute(&mut *tx)
        .await
        .map_err(|source| match &source {
            sqlx::Error::Database(error) if error.is_foreign_key_violation() => {
                StoreError::NotFound(Kind::Certificate)
            }
            _ => doing("updating a domain name")(source),
        })?;
        found(result, Kind::DomainName)?;
        if fields.certificate == DomainCertificate::Acme {
            ask_acme(&mut tx, id).await?;
        }
        tx.commit().await.map_err(doing("updating a domain name"))
    }

    /// Unbinds a domain name.
    pub async fn delete_domain_name(
        &self,
        domain_name_id: &DomainNameId,
    ) -> Result<(), StoreError> {
        let id = domain_name_id.as_str();
        let result = sqlx::query!("delete from domain_name where domain_name_id = ?", id)
            .execute(&self.writer)
            .await
            .map_err(doing("deleting a domain name"))?;
        found(result, Kind::DomainName)
    }

    /// All domain names, oldest first.
    pub async fn list_domain_names(&self) -> Result<Vec<BoundDomainName>, StoreError> {
        let rows = sqlx::query!(
            r#"select domain_name_id, name, group_id, source, certificate_id,
                   min_tls, redirect as "redirect: bool", created_at_ms
               from domain_name order by created_at_ms, name"#
        )
        .fetch_all(&self.readers)
        .await
        .map_err(doing("listing the domain names"))?;
        rows.into_iter()
            .map(|row| {
                let certificate = match (&*row.source, row.certificate_id) {
                    ("local", _) => DomainCertificate::Issued,
                    ("acme", _) => DomainCertificate::Acme,
                    (_, None) => DomainCertificate::None,
                    (_, Some(id)) => DomainCertificate::Uploaded(
                        id.parse()
                            .map_err(damaged("domain_name", "certificate_id"))?,
                    ),
                };
                let fields = DomainSettingsFields {
                    certificate,
                    min_tls: row
                        .min_tls
                        .parse()
                        .map_err(damaged("domain_name", "min_tls"))?,
                    redirect: row.redirect,
                };
                Ok(BoundDomainName {
                    domain_name_id: row
                        .domain_name_id
                        .parse()
                        .map_err(damaged("domain_name", "domain_name_id"))?,
                    name: row.name.parse().map_err(damaged("domain_name", "name"))?,
                    group_id: row
                        .group_id
                        .parse()
                        .map_err(damaged("domain_name", "group_id"))?,
                    settings: fields
                        .try_into()
                        .map_err(damaged("domain_name", "redirect"))?,
                    created_at: Timestamp(row.created_at_ms),
                })
            })
            .collect()
    }
}

/// Where a certificate comes from, and which one was uploaded.
fn stored(certificate: &DomainCertificate) -> (&'static str, Option<&str>) {
    match certificate {
        DomainCertificate::None => ("none", None),
        DomainCertificate::Issued => ("local", None),
        DomainCertificate::Acme => ("acme", None),
        DomainCertificate::Uploaded(id) => ("uploaded", Some(CertificateId::as_str(id))),
    }
}

/// Has ACME asked for a certificate, at once, where it has not issued one for the name before.
async fn ask_acme(
    tx: &mut Transaction<'static, Sqlite>,
    domain_name_id: &str,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into acme_certificate (domain_name_id, next_try_at_ms) values (?, 0)
         on conflict (domain_name_id) do nothing",
        domain_name_id
    )
    .execute(&mut **tx)
    .await
    .map_err(doing("asking for a certificate by ACME"))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestStore, bound, group, id};
    use sluice_domain::api_group::ApiGroup;
    use sluice_domain::domain_name::TlsVersion;

    async fn world() -> TestStore {
        let test = TestStore::new().await;
        for group in [group(1, "APIGroup_a"), group(2, "APIGroup_b")] {
            let created = test.store.create_api_group(&group, Timestamp(0)).await;
            created.unwrap();
        }
        test
    }

    #[tokio::test]
    async fn a_domain_name_is_bound_to_one_group_and_keeps_what_it_is_set_to() {
        let test = world().await;
        let store = &test.store;
        let (one, other) = (group(1, "APIGroup_a"), group(2, "APIGroup_b"));
        let mut first = bound(1, "a.example.com", &one, DomainCertificate::None);
        let wildcard = bound(2, "*.example.com", &other, DomainCertificate::Issued);
        for name in [&first, &wildcard] {
            store.create_domain_name(name).await.unwrap();
        }
        let again = bound(3, "a.example.com", &other, DomainCertificate::None);
        let again = store.create_domain_name(&again).await;
        assert!(matches!(again, Err(StoreError::DomainNameTaken(_))));

        let fields = DomainSettingsFields {
            certificate: DomainCertificate::Issued,
            min_tls: TlsVersion::V1_3,
            redirect: true,
        };
        first.settings = fields.try_into().unwrap();
        let (id, settings) = (&first.domain_name_id, &first.settings);
        store.update_domain_name(id, settings).await.unwrap();
        assert_eq!(
            store.list_domain_names().await.unwrap(),
            [first.clone(), wildcard]
        );
        store.delete_domain_name(id).await.unwrap();
        let missing = StoreError::NotFound(Kind::DomainName).to_string();
        for refused in [
            store.delete_domain_name(id).await,
            store.update_domain_name(id, settings).await,
        ] {
            assert_eq!(refused.unwrap_err().to_string(), missing);
        }
    }

    #[tokio::test]
    async fn a_group_has_five_domain_names_at_most() {
        let test = world().await;
        let create = async |group: &ApiGroup, n: u8| {
            let name = format!("n{n}.example.com");
            let name = bound(n, &name, group, DomainCertificate::None);
            test.store.create_domain_name(&name).await
        };
        let (one, other) = (group(1, "APIGroup_a"), group(2, "APIGroup_b"));
        for n in 1..=5 {
            create(&one, n).await.unwrap();
        }
        let sixth = create(&one, 6).await;
        assert!(matches!(sixth, Err(StoreError::TooManyDomainNames)));
        create(&other, 6).await.unwrap();
    }

    #[tokio::test]
    async fn what_is_not_there_is_named() {
        let test = world().await;
        let missing = DomainCertificate::Uploaded(CertificateId::from_bytes(id(9)));
        let check = async |name: BoundDomainName| {
            let created = test.store.create_domain_name(&name).await;
            created.unwrap_err().to_string()
        };
        let name = bound(
            1,
            "a.example.com",
            &group(9, "APIGroup_x"),
            DomainCertificate::None,
        );
        assert_eq!(check(name).await, "the API group does not exist");
        let name = bound(1, "a.example.com", &group(1, "APIGroup_a"), missing.clone());
        let settings = name.settings.clone();
        assert_eq!(check(name).await, "the certificate does not exist");
        let name = bound(
            1,
            "a.example.com",
            &group(1, "APIGroup_a"),
            DomainCertificate::None,
        );
        test.store.create_domain_name(&name).await.unwrap();
        let updated = test
            .store
            .update_domain_name(&name.domain_name_id, &settings)
            .await;
        assert_eq!(
            updated.unwrap_err().to_string(),
            "the certificate does not exist"
        );
    }
}
