//! Why the store could not do what it was asked.

use std::path::PathBuf;

use sluice_domain::api_group::ApiGroupName;
use sluice_domain::credential::{CredentialName, MAX_APP_CODES, MAX_CREDENTIALS};
use sluice_domain::environment::EnvironmentName;
use sluice_domain::function::FunctionName;
use sluice_domain::policy::{MAX_POLICIES, PolicyName};
use sluice_domain::trigger::ApiName;
use sluice_domain::user::UserName;

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Source: `FSS.1061`.
    #[error("a function named {0} already exists")]
    FunctionNameTaken(FunctionName),
    /// Source: `APIG.3202`.
    #[error("an API named {0} already exists")]
    ApiNameTaken(ApiName),
    /// The group already has an API for the same requests. Source: `FSS.1147`.
    #[error("The request path already exists.")]
    PathTaken,
    /// The gateway already has a group of this name.
    #[error("an API group named {0} already exists")]
    ApiGroupNameTaken(ApiGroupName),
    /// The gateway already has an environment of this name.
    #[error("an environment named {0} already exists")]
    EnvironmentNameTaken(EnvironmentName),
    /// The gateway already has a credential of this name.
    #[error("a credential named {0} already exists")]
    CredentialNameTaken(CredentialName),
    /// There is a policy of this kind and name.
    #[error("a policy named {0} already exists")]
    PolicyNameTaken(PolicyName),
    /// Source: APIG quotas.
    #[error("there are {MAX_POLICIES} policies of this kind already")]
    TooManyPolicies,
    /// Source: APIG quotas.
    #[error("there are {MAX_CREDENTIALS} credentials already")]
    TooManyCredentials,
    /// Source: APIG user guide, AppCodes.
    #[error("the credential has {MAX_APP_CODES} AppCodes already")]
    TooManyAppCodes,
    /// The name is taken, perhaps in other letter case.
    #[error("a user named {0} already exists")]
    UserNameTaken(UserName),
    /// The first administrator can only be created while there is no user.
    #[error("there are users already")]
    UsersExist,
    /// What is meant does not exist, or no longer.
    #[error("the {0} does not exist")]
    NotFound(Kind),
    /// A row has a value that the domain does not know: the file was changed
    /// by something other than Sluice.
    #[error("the database has a damaged value in {table}.{column}")]
    Damaged {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// What is wrong with the value.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file could not be created.
    #[error("the database file {} cannot be opened", path.display())]
    File {
        /// The database file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// The file is not a database, or is damaged.
    #[error(
        "{} is damaged or is not a database: restore it from a backup, or move it away to begin with an empty one",
        path.display()
    )]
    DamagedFile {
        /// The database file.
        path: PathBuf,
        /// What SQLite says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The key of encrypted values could not be read or drawn.
    #[error("the key file {} cannot be used", path.display())]
    KeyFile {
        /// The key file.
        path: PathBuf,
        /// What is wrong with it.
        source: std::io::Error,
    },
    /// There are encrypted values, but not their key.
    #[error(
        "{} is missing, and the database has values that are encrypted with it: bring it back from the backup that the database is of",
        path.display()
    )]
    NoKey {
        /// The key file.
        path: PathBuf,
    },
    /// The key does not open a value, or the value was changed.
    #[error(
        "the database has a value that secrets.key does not open: bring back the key that belongs to this database"
    )]
    OtherKey,
    /// The database has a migration that this version does not know.
    #[error(
        "this database was written by a newer version of Sluice (migration {migration}); start that version again, or restore a backup from before the update"
    )]
    Newer {
        /// The unknown migration.
        migration: i64,
    },
    /// The migrations could not be applied.
    #[error("the database could not be brought up to date")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    /// A statement failed for a reason that is not the caller's.
    #[error("the database failed {doing}")]
    Database {
        /// What was being done, for example "inserting a trigger".
        doing: &'static str,
        /// What SQLite says.
        source: sqlx::Error,
    },
}

/// What a [`StoreError::NotFound`] speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A function.
    Function,
    /// A trigger.
    Trigger,
    /// An API group.
    ApiGroup,
    /// An environment of the gateway.
    Environment,
    /// A policy of the gateway.
    Policy,
    /// A credential of the gateway.
    Credential,
    /// An AppCode of a credential.
    AppCode,
    /// A user of the console.
    User,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Function => "function",
            Self::Trigger => "trigger",
            Self::ApiGroup => "API group",
            Self::Environment => "environment",
            Self::Policy => "policy",
            Self::Credential => "credential",
            Self::AppCode => "AppCode",
            Self::User => "user",
        })
    }
}

/// For `map_err` of a statement that no input of the caller's can make fail.
pub(crate) fn doing(doing: &'static str) -> impl FnOnce(sqlx::Error) -> StoreError {
    move |source| StoreError::Database { doing, source }
}

/// For `map_err` of a statement that can break one unique rule: SQLite names no
/// constraint, so the statement has to say which rule that is.
pub(crate) fn unique(
    taken: impl FnOnce() -> StoreError,
    doing: &'static str,
) -> impl FnOnce(sqlx::Error) -> StoreError {
    move |source| match &source {
        sqlx::Error::Database(error) if error.is_unique_violation() => taken(),
        _ => StoreError::Database { doing, source },
    }
}

/// For `map_err` of a value that does not parse.
pub(crate) fn damaged<E>(table: &'static str, column: &'static str) -> impl FnOnce(E) -> StoreError
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    move |error| StoreError::Damaged {
        table,
        column,
        source: error.into(),
    }
}

/// `Ok` when a statement changed a row, which it does unless `kind` is missing.
pub(crate) fn found(result: sqlx::sqlite::SqliteQueryResult, kind: Kind) -> Result<(), StoreError> {
    match result.rows_affected() {
        0 => Err(StoreError::NotFound(kind)),
        _ => Ok(()),
    }
}
