//! All that Sluice keeps, in one SQLite file. Every line of the product's SQL
//! is in this crate and in `migrations/`; one file a feature. It hands out
//! domain values and knows no HTTP, no sandbox and no clock.
//!
//! Everything that changes the database goes through one connection, so that
//! writers queue here, fairly, and never see "database is locked". Readers
//! have connections of their own and are not held up by a writer (WAL).

mod access_keys;
mod access_tokens;
mod acme;
mod aliases;
mod api_groups;
mod apis;
mod audit;
mod authorizers;
mod backup;
mod certificates;
mod credentials;
mod domain_names;
mod environments;
mod error;
mod events;
mod functions;
mod gateway_settings;
mod group_settings;
mod invocations;
mod metrics;
mod open;
mod policies;
mod publications;
mod recorder;
mod response_sets;
mod retention;
mod secrets;
mod sessions;
mod targets;
mod test_events;
mod throttles;
mod triggers;
mod users;
mod versions;

#[cfg(test)]
mod testing;

pub use access_keys::NewAccessKey;
pub use access_tokens::NewAccessToken;
pub use acme::{AcmeAccount, AcmeCertificate, AcmeRow};
pub use aliases::PublishedAlias;
pub use apis::StoredApi;
pub use authorizers::PublishedAuthorizer;
pub use backup::copy_database;
pub use certificates::NewCertificate;
pub use credentials::NewCredential;
pub use environments::{EnvironmentRow, RELEASE_ENVIRONMENT_ID};
pub use error::{Kind, StoreError};
pub use functions::{FunctionRow, NewFunction};
pub use group_settings::ApiGroupRow;
pub use invocations::{
    Cursor, LogLines, Period, RequestListQuery, RequestLogsQuery, RequestPage, RequestRow,
};
pub use open::Store;
pub use publications::PublishedTrigger;
pub use recorder::{LostRecords, RecordObserver, Recorder};
pub use retention::Retention;
pub use sessions::SessionRow;
pub use users::{NewUser, UserRow};
pub use versions::{NewVersion, VersionRow};
