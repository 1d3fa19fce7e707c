//! The audit log: who changed what in the console.

use sluice_domain::audit::{AUDIT_PAGE, AuditEntry, AuditQuery, MAX_AUDIT_ENTRIES};
use sluice_domain::time::Timestamp;

use crate::error::doing;
use crate::{Kind, Store, StoreError};

impl Store {
    /// Notes a change; its `entry_id` is not looked at. The oldest goes where there are too many.
    pub async fn note_change(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        let at = entry.at.millis();
        let mut tx = self.begin().await?;
        let noted = sqlx::query!(
            "insert into audit_entry (at_ms, user_name, address, action, object, status)
             values (?, ?, ?, ?, ?, ?)",
            at,
            entry.user_name,
            entry.address,
            entry.action,
            entry.object,
            entry.status
        )
        .execute(&mut *tx)
        .await
        .map_err(doing("noting a change"))?;
        let last_to_go = noted.last_insert_rowid() - MAX_AUDIT_ENTRIES;
        sqlx::query!("delete from audit_entry where entry_id <= ?", last_to_go)
            .execute(&mut *tx)
            .await
            .map_err(doing("dropping old changes"))?;
        tx.commit().await.map_err(doing("noting a change"))
    }

    /// The changes that a query asks for, newest first: a page of them and one more, if there is
    /// one.
    pub async fn list_changes(&self, query: &AuditQuery) -> Result<Vec<AuditEntry>, StoreError> {
        let before = query.before.unwrap_or(i64::MAX);
        let limit = AUDIT_PAGE as i64 + 1;
        let rows = sqlx::query!(
            r#"select entry_id, at_ms, user_name, address, action, object, status as "status: u16"
               from audit_entry
               where entry_id < ?1 and (?2 = '' or user_name = ?2 collate nocase)
                   and (?3 = '' or instr(lower(action || ' ' || object || ' ' || address), lower(?3)))
               order by entry_id desc limit ?4"#,
            before,
            query.user,
            query.text,
            limit
        )
        .fetch_all(&self.readers)
        .await
        .map_err(doing("listing the changes"))?;
        let entries = rows.into_iter().map(|row| AuditEntry {
            entry_id: row.entry_id,
            at: Timestamp(row.at_ms),
            user_name: row.user_name,
            address: row.address,
            action: row.action,
            object: row.object,
            status: row.status,
        });
        Ok(entries.collect())
    }

    /// The name of what has this id, if it is there and has a name.
    pub async fn name_of(&self, kind: Kind, id: &str) -> Result<Option<String>, StoreError> {
        let readers = &self.readers;
        let name = match kind {
            Kind::Credential => {
                sqlx::query_scalar!("select name from credential where credential_id = ?", id)
                    .fetch_optional(readers)
                    .await
            }
            Kind::ApiGroup => {
                sqlx::query_scalar!("select name from api_group where group_id = ?", id)
                    .fetch_optional(readers)
                    .await
            }
            Kind::Environment => {
                sqlx::query_scalar!("select name from environment where environment_id = ?", id)
                    .fetch_optional(readers)
                    .await
            }
            Kind::Policy => {
                sqlx::query_scalar!("select name from policy where policy_id = ?", id)
                    .fetch_optional(readers)
                    .await
            }
            Kind::Authorizer => {
                sqlx::query_scalar!("select name from authorizer where authorizer_id = ?", id)
                    .fetch_optional(readers)
                    .await
            }
            Kind::Certificate => {
                sqlx::query_scalar!("select name from certificate where certificate_id = ?", id)
                    .fetch_optional(readers)
                    .await
            }
            Kind::DomainName => {
                sqlx::query_scalar!("select name from domain_name where domain_name_id = ?", id)
                    .fetch_optional(readers)
                    .await
            }
            Kind::Api => {
                sqlx::query_scalar!("select api_name from trigger where api_id = ?", id)
                    .fetch_optional(readers)
                    .await
            }
            Kind::Trigger => {
                sqlx::query_scalar!("select api_name from trigger where trigger_id = ?", id)
                    .fetch_optional(readers)
                    .await
            }
            Kind::User => {
                sqlx::query_scalar!("select name from user where user_id = ?", id)
                    .fetch_optional(readers)
                    .await
            }
            _ => return Ok(None),
        };
        name.map_err(doing("finding a name"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RELEASE_ENVIRONMENT_ID;
    use crate::testing::TestStore;

    fn entry(user_name: &str, action: &str, object: &str) -> AuditEntry {
        AuditEntry {
            entry_id: 0,
            at: Timestamp(7),
            user_name: user_name.to_owned(),
            address: "192.0.2.1".to_owned(),
            action: action.to_owned(),
            object: object.to_owned(),
            status: 200,
        }
    }

    #[tokio::test]
    async fn changes_are_found_by_who_and_what_newest_first() {
        let test = TestStore::new().await;
        let store = &test.store;
        for (user, action, object) in [
            ("anna", "functions/create", "demo"),
            ("Bert", "functions/delete", "demo"),
            ("anna", "policies/bind", "strict"),
        ] {
            store
                .note_change(&entry(user, action, object))
                .await
                .unwrap();
        }
        let check = async |user: &str, text: &str, before| {
            let query = AuditQuery {
                user: user.to_owned(),
                text: text.to_owned(),
                before,
            };
            let found = store.list_changes(&query).await.unwrap();
            let told = found
                .iter()
                .map(|it| format!("{} {}", it.user_name, it.action));
            told.collect::<Vec<_>>().join(", ")
        };
        assert_eq!(
            check("", "", None).await,
            "anna policies/bind, Bert functions/delete, anna functions/create"
        );
        assert_eq!(check("bert", "", None).await, "Bert functions/delete");
        assert_eq!(
            check("", "DEMO", None).await,
            "Bert functions/delete, anna functions/create"
        );
        assert_eq!(check("anna", "%", None).await, "");
        assert_eq!(check("", "", Some(2)).await, "anna functions/create");
        assert_eq!(check("", "192.0.2", Some(2)).await, "anna functions/create");
    }

    #[tokio::test]
    async fn the_oldest_changes_go_where_there_are_too_many() {
        let test = TestStore::new().await;
        let store = &test.store;
        store
            .note_change(&entry("anna", "a/b", "first"))
            .await
            .unwrap();
        let sql = format!("update audit_entry set entry_id = {MAX_AUDIT_ENTRIES}");
        test.sql(&sql).await.unwrap();
        for object in ["second", "third"] {
            test.sql("insert into audit_entry values (null, 0, '', '', 'x', 'y', 200)")
                .await
                .unwrap();
            store
                .note_change(&entry("anna", "a/b", object))
                .await
                .unwrap();
        }
        assert_eq!(test.count("audit_entry").await, 5);
        test.sql("update audit_entry set entry_id = 1 where object = 'first'")
            .await
            .unwrap();
        store
            .note_change(&entry("anna", "a/b", "last"))
            .await
            .unwrap();
        assert_eq!(test.count("audit_entry").await, 5);
    }

    #[tokio::test]
    async fn what_has_an_id_has_a_name() {
        let test = TestStore::new().await;
        let name = async |kind, id| test.store.name_of(kind, id).await.unwrap();
        let release = name(Kind::Environment, RELEASE_ENVIRONMENT_ID).await;
        assert_eq!(release.as_deref(), Some("RELEASE"));
        for kind in [
            Kind::Credential,
            Kind::ApiGroup,
            Kind::Environment,
            Kind::Policy,
            Kind::Authorizer,
            Kind::Certificate,
            Kind::DomainName,
            Kind::Api,
            Kind::Trigger,
            Kind::User,
            Kind::AppCode,
        ] {
            assert_eq!(name(kind, "nothing").await, None);
        }
    }
}
