//! All that Sluice keeps, in one SQLite file. Every line of the product's SQL
//! is in this crate and in `migrations/`; one file a feature. It hands out
//! domain values and knows no HTTP, no sandbox and no clock.
//!
//! Everything that changes the database goes through one connection, so that
//! writers queue here, fairly, and never see "database is locked". Readers
//! have connections of their own and are not held up by a writer (WAL).

mod api_groups;
mod credentials;
mod environments;
mod error;
mod functions;
mod invocations;
mod open;
mod policies;
mod recorder;
mod retention;
mod secrets;
mod sessions;
mod throttles;
mod triggers;
mod users;

#[cfg(test)]
mod testing;

pub use credentials::NewCredential;
pub use environments::RELEASE_ENVIRONMENT_ID;
pub use error::{Kind, StoreError};
pub use functions::{FunctionRow, NewFunction};
pub use invocations::{
    Cursor, LogLines, Period, RequestListQuery, RequestLogsQuery, RequestPage, RequestRow,
};
pub use open::Store;
pub use recorder::{LostRecords, Recorder};
pub use retention::Retention;
pub use sessions::SessionRow;
pub use triggers::PublishedTrigger;
pub use users::{NewUser, UserRow};
