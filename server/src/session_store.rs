//! Keeps the console's sessions in the store. The id in a user's cookie is not
//! kept, only its SHA-256: who reads the database can sign in as nobody.

use std::fmt::Display;

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use sluice_domain::time::Timestamp;
use sluice_store::{SessionRow, Store};
use time::OffsetDateTime;
use tower_sessions::SessionStore;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};

/// The key under which a session's data has the id of who is signed in. The
/// store keeps it beside the data too, to end all sessions of one user.
pub const USER_ID: &str = "user_id";

/// The sessions in the store.
#[derive(Debug, Clone)]
pub struct StoredSessions(pub Store);

#[async_trait]
impl SessionStore for StoredSessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        while !self
            .0
            .create_session(&row(record)?)
            .await
            .map_err(backend)?
        {
            record.id = Id::default(); // in use already: draw another one
        }
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        self.0.save_session(&row(record)?).await.map_err(backend)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let now = timestamp(OffsetDateTime::now_utc());
        let loaded = self.0.load_session(&hash(id), now).await;
        let Some((data, expires_at)) = loaded.map_err(backend)? else {
            return Ok(None);
        };
        let decode = |error: &dyn Display| Error::Decode(error.to_string());
        let nanos = i128::from(expires_at.millis()) * 1_000_000;
        Ok(Some(Record {
            id: *id,
            data: serde_json::from_slice(&data).map_err(|error| decode(&error))?,
            expiry_date: OffsetDateTime::from_unix_timestamp_nanos(nanos)
                .map_err(|error| decode(&error))?,
        }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.0.delete_session(&hash(id)).await.map_err(backend)
    }
}

fn row(record: &Record) -> Result<SessionRow> {
    let encode = |error: &dyn Display| Error::Encode(error.to_string());
    let user_id = record.data.get(USER_ID).and_then(|value| value.as_str());
    Ok(SessionRow {
        session_hash: hash(&record.id),
        user_id: user_id
            .map(str::parse)
            .transpose()
            .map_err(|error| encode(&error))?,
        data: serde_json::to_vec(&record.data).map_err(|error| encode(&error))?,
        expires_at: timestamp(record.expiry_date),
    })
}

fn hash(id: &Id) -> String {
    hex::encode(Sha256::digest(id.0.to_le_bytes()))
}

fn timestamp(moment: OffsetDateTime) -> Timestamp {
    let millis = moment.unix_timestamp_nanos() / 1_000_000;
    Timestamp(i64::try_from(millis).unwrap_or(i64::MAX))
}

/// The causes are told here: the session layer passes on a text only.
fn backend(error: sluice_store::StoreError) -> Error {
    let error: &dyn std::error::Error = &error;
    let causes: Vec<_> = std::iter::successors(Some(error), |&error| error.source())
        .map(ToString::to_string)
        .collect();
    Error::Backend(causes.join(": "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(data: &[(&str, &str)]) -> Record {
        let data = data
            .iter()
            .map(|&(key, value)| (key.to_owned(), value.into()));
        Record {
            id: Id(7),
            data: data.collect(),
            expiry_date: OffsetDateTime::now_utc() + time::Duration::hours(1),
        }
    }

    async fn sessions() -> (tempfile::TempDir, StoredSessions) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("sluice.db")).await.unwrap();
        (folder, StoredSessions(store))
    }

    #[tokio::test]
    async fn a_session_is_loaded_as_it_was_saved() {
        let (_folder, sessions) = sessions().await;
        let mut first = record(&[("color", "blue")]);
        sessions.create(&mut first).await.unwrap();
        first.data.insert("color".to_owned(), "red".into());
        sessions.save(&first).await.unwrap();
        let loaded = sessions.load(&first.id).await.unwrap().unwrap();
        assert_eq!(loaded.data, first.data);
        sessions.delete(&first.id).await.unwrap();
        assert!(sessions.load(&first.id).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn an_id_in_use_is_drawn_again() {
        let (_folder, sessions) = sessions().await;
        let (mut first, mut second) = (record(&[]), record(&[]));
        sessions.create(&mut first).await.unwrap();
        sessions.create(&mut second).await.unwrap();
        assert_ne!(first.id, second.id);
    }

    #[test]
    fn the_id_is_kept_as_a_hash_and_the_user_beside_the_data() {
        let user = "458e8cfb-5f30-4582-9054-a17d60702c55";
        let row = row(&record(&[(USER_ID, user)])).unwrap();
        assert_eq!(row.user_id.unwrap().as_str(), user);
        assert_eq!(
            row.session_hash,
            hex::encode(Sha256::digest(7_i128.to_le_bytes()))
        );
    }
}
