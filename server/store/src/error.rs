//! Why the store could not do what it was asked.

use std::path::PathBuf;

use sluice_domain::access_key::MAX_ACCESS_KEYS;
use sluice_domain::access_token::MAX_ACCESS_TOKENS;
use sluice_domain::alias::{AliasName, MAX_ALIASES};
use sluice_domain::api_group::ApiGroupName;
use sluice_domain::authorizer::{AuthorizerName, MAX_AUTHORIZERS};
use sluice_domain::certificate::{CertificateName, MAX_CERTIFICATES};
use sluice_domain::credential::{CredentialName, MAX_APP_CODES, MAX_CREDENTIALS};
use sluice_domain::domain_name::{DomainName, MAX_DOMAIN_NAMES};
use sluice_domain::environment::{EnvironmentName, MAX_ENVIRONMENTS};
use sluice_domain::function::FunctionName;
use sluice_domain::gateway_response::{MAX_RESPONSE_SETS, ResponseSetName};
use sluice_domain::policy::{MAX_POLICIES, PolicyName};
use sluice_domain::test_event::{MAX_TEST_EVENTS, TestEventName};
use sluice_domain::trigger::ApiName;
use sluice_domain::user::UserName;
use sluice_domain::version::{MAX_VERSIONS, VersionName};

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Source: `FSS.1061`.
    #[error("a function named {0} already exists")]
    FunctionNameTaken(FunctionName),
    /// Source: `APIG.3202`.
    #[error("an API named {0} already exists")]
    ApiNameTaken(ApiName),
    /// The group already has an API for the same requests in the environment: this one. Source:
    /// `FSS.1147`, `APIG.3301`.
    #[error("The request path already exists.")]
    PathTaken(ApiName),
    /// The function already has a version of this name. Source: `FSS.1062`.
    #[error("a version named {0} already exists")]
    VersionNameTaken(VersionName),
    /// Source: quotas.
    #[error("the function has {MAX_VERSIONS} versions already")]
    TooManyVersions,
    /// Neither code nor settings were changed since this version was published. Source: `FSS.1016`.
    #[error("nothing has changed since {0} was published")]
    NothingToPublish(VersionName),
    /// An alias sends calls to it. Source: `FSS.1094`.
    #[error("the version is the additional version of the alias {0}")]
    AdditionalVersion(AliasName),
    /// APIs call the version or the alias: these. Source: `FSS.1154`.
    #[error("APIs call it")]
    CalledByApis(Vec<ApiName>),
    /// The function already has an alias of this name. Source: `FSS.1063`.
    #[error("an alias named {0} already exists")]
    AliasNameTaken(AliasName),
    /// Source: `FSS.1043`.
    #[error("the function has {MAX_ALIASES} aliases already")]
    TooManyAliases,
    /// The function already has a test event of this name. Source: `FSS.1073`.
    #[error("a test event named {0} already exists")]
    TestEventNameTaken(TestEventName),
    /// The function has as many test events as it may have. Source: `FSS.1068`.
    #[error("the function has {MAX_TEST_EVENTS} test events already")]
    TooManyTestEvents,
    /// Another alias calls the version: this one. Source: `FSS.1066`.
    #[error("the version is called by the alias {0} already")]
    VersionHasAlias(AliasName),
    /// The gateway already has a group of this name.
    #[error("an API group named {0} already exists")]
    ApiGroupNameTaken(ApiGroupName),
    /// Source: `APIG.3415`.
    #[error("the API group has APIs")]
    ApiGroupHasApis,
    /// The gateway already has an environment of this name.
    #[error("an environment named {0} already exists")]
    EnvironmentNameTaken(EnvironmentName),
    /// Source: APIG quotas.
    #[error("there are {MAX_ENVIRONMENTS} environments already")]
    TooManyEnvironments,
    /// Callers without `X-Stage` mean it.
    #[error("RELEASE cannot be deleted")]
    ReleaseEnvironment,
    /// Source: `APIG.3418`.
    #[error("the environment contains published APIs")]
    EnvironmentInUse,
    /// The gateway already has a credential of this name.
    #[error("a credential named {0} already exists")]
    CredentialNameTaken(CredentialName),
    /// The gateway already has a credential of this key. Source: `APIG.3310`.
    #[error("The AppKey already exists.")]
    AppKeyTaken,
    /// Another credential has this secret, and callers may send it without the key.
    #[error("another credential has this AppSecret")]
    AppSecretTaken,
    /// There is a policy of this kind and name.
    #[error("a policy named {0} already exists")]
    PolicyNameTaken(PolicyName),
    /// Source: APIG quotas.
    #[error("there are {MAX_POLICIES} policies of this kind already")]
    TooManyPolicies,
    /// The gateway already has an authorizer of this name. Source: `APIG.3211`.
    #[error("an authorizer named {0} already exists")]
    AuthorizerNameTaken(AuthorizerName),
    /// Source: `APIG.3116`.
    #[error("there are {MAX_AUTHORIZERS} authorizers already")]
    TooManyAuthorizers,
    /// An API needs it.
    #[error("an API uses the authorizer")]
    AuthorizerInUse,
    /// The group already has a set of responses of this name. Source: `APIG.3216`.
    #[error("a gateway response named {0} already exists")]
    ResponseSetNameTaken(ResponseSetName),
    /// Source: `APIG.3136`.
    #[error("there are {MAX_RESPONSE_SETS} gateway responses already")]
    TooManyResponseSets,
    /// Source: APIG quotas.
    #[error("there are {MAX_CREDENTIALS} credentials already")]
    TooManyCredentials,
    /// Source: APIG user guide, AppCodes.
    #[error("the credential has {MAX_APP_CODES} AppCodes already")]
    TooManyAppCodes,
    /// Source: IAM user guide, "Managing Access Keys".
    #[error("the user has {MAX_ACCESS_KEYS} access keys already")]
    TooManyAccessKeys,
    /// There is a certificate of this name.
    #[error("a certificate named {0} already exists")]
    CertificateNameTaken(CertificateName),
    /// Every one is read at each start.
    #[error("there are {MAX_CERTIFICATES} certificates already")]
    TooManyCertificates,
    /// It is bound to a domain name.
    #[error("the certificate is in use")]
    CertificateInUse,
    /// It is bound to a group, perhaps this one.
    #[error("the domain name {0} is bound already")]
    DomainNameTaken(DomainName),
    /// Source: `APIG.3108`; APIG quotas.
    #[error("the API group has {MAX_DOMAIN_NAMES} domain names already")]
    TooManyDomainNames,
    /// A limit of our own.
    #[error("the user has {MAX_ACCESS_TOKENS} access tokens already")]
    TooManyAccessTokens,
    /// The name is taken, perhaps in other letter case.
    #[error("a user named {0} already exists")]
    UserNameTaken(UserName),
    /// Without one nobody could manage users.
    #[error("the user is the last administrator")]
    LastAdministrator,
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
    /// SQLite can read the file, but what is in it does not fit together: this.
    #[error("the database does not fit together: {0}")]
    Integrity(String),
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
    /// A published version of a function.
    Version,
    /// An alias of a function.
    Alias,
    /// A test event of a function.
    TestEvent,
    /// A trigger.
    Trigger,
    /// An API.
    Api,
    /// A record of a publication.
    Publication,
    /// An API group.
    ApiGroup,
    /// An environment of the gateway.
    Environment,
    /// A policy of the gateway.
    Policy,
    /// A custom authorizer of the gateway.
    Authorizer,
    /// A set of gateway responses of a group.
    ResponseSet,
    /// A credential of the gateway.
    Credential,
    /// An AppCode of a credential.
    AppCode,
    /// A certificate that was uploaded.
    Certificate,
    /// A domain name that is bound to an API group.
    DomainName,
    /// A user of the console.
    User,
    /// An access key of a user.
    AccessKey,
    /// An access token of a user.
    AccessToken,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Function => "function",
            Self::Version => "version",
            Self::Alias => "alias",
            Self::TestEvent => "test event",
            Self::Trigger => "trigger",
            Self::Api => "API",
            Self::Publication => "API publication record",
            Self::ApiGroup => "API group",
            Self::Environment => "environment",
            Self::Policy => "policy",
            Self::Authorizer => "authorizer",
            Self::ResponseSet => "gateway response",
            Self::Credential => "credential",
            Self::AppCode => "AppCode",
            Self::Certificate => "certificate",
            Self::DomainName => "domain name",
            Self::User => "user",
            Self::AccessKey => "access key",
            Self::AccessToken => "token",
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
