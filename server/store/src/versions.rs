//! Published versions of functions: settings, variables and code as they were.

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use sluice_domain::alias::AliasName;
use sluice_domain::code::CodePackage;
use sluice_domain::env_vars::{EnvVar, EnvVars};
use sluice_domain::function::FunctionSettings;
use sluice_domain::id::FunctionId;
use sluice_domain::target::Target;
use sluice_domain::text::Description;
use sluice_domain::time::Timestamp;
use sluice_domain::version::{MAX_VERSIONS, VersionName};
use sqlx::SqliteConnection;

use crate::error::{damaged, doing, found, unique};
use crate::functions::RawEnvVar;
use crate::targets::check_uncalled;
use crate::{Kind, Store, StoreError};

/// A version to be published of what a function is now.
#[derive(Debug, Clone)]
pub struct NewVersion {
    /// Unique among the function's versions.
    pub version: VersionName,
    /// What is said of it.
    pub description: Description,
    /// When it is published.
    pub now: Timestamp,
}

/// A published version as stored, without its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRow {
    /// The function it is of.
    pub function_id: FunctionId,
    /// Its name.
    pub version: VersionName,
    /// What was said of it.
    pub description: Description,
    /// The function's settings as they were.
    pub settings: FunctionSettings,
    /// Bytes of all its files.
    pub code_size: u64,
    /// SHA-512 of the code in 128 hexadecimal digits.
    pub code_digest: String,
    /// When the code was deployed.
    pub deployed_at: Timestamp,
    /// When it was published.
    pub published_at: Timestamp,
}

impl Store {
    /// Publishes a version of what a function is now: its settings, its variables and its code. It
    /// is refused where there are too many, and where nothing has changed since the last one that
    /// is there.
    pub async fn publish_version(
        &self,
        function_id: &FunctionId,
        new: &NewVersion,
    ) -> Result<(), StoreError> {
        let (id, version) = (function_id.as_str(), new.version.as_str());
        let mut tx = self.begin().await?;
        let function = self.function_in(&mut tx, function_id).await?;
        let published = self.versions_in(&mut tx, Some(function_id)).await?;
        if published.iter().any(|row| row.version == new.version) {
            return Err(StoreError::VersionNameTaken(new.version.clone()));
        }
        let is_same = |row: &&VersionRow| {
            row.code_digest == function.code_digest && row.settings == function.settings
        };
        if let Some(last) = published.first().filter(is_same) {
            return Err(StoreError::NothingToPublish(last.version.clone()));
        }
        if published.len() + 1 >= MAX_VERSIONS {
            return Err(StoreError::TooManyVersions);
        }
        let without_variables = FunctionSettings {
            env_vars: EnvVars::default(),
            ..function.settings
        };
        let settings = serde_json::to_string(&without_variables)
            .map_err(damaged("function_version", "settings"))?;
        let (description, now) = (new.description.as_str(), new.now.millis());
        sqlx::query!(
            "insert into function_version (function_id, version, description, settings, code_size,
                 code_digest, deployed_at_ms, published_at_ms)
             select function_id, ?, ?, ?, code_size, code_digest, deployed_at_ms, ?
             from function where function_id = ?",
            version,
            description,
            settings,
            now,
            id
        )
        .execute(&mut *tx)
        .await
        .map_err(unique(
            || StoreError::VersionNameTaken(new.version.clone()),
            "inserting a version",
        ))?;
        // A sealed value can be opened as this variable of this function, whichever version has it.
        sqlx::query!(
            "insert into function_version_env_var (function_id, version, position, key, value, sealed)
             select function_id, ?, position, key, value, sealed
             from function_env_var where function_id = ?",
            version,
            id
        )
        .execute(&mut *tx)
        .await
        .map_err(doing("inserting the variables of a version"))?;
        insert_files(&mut tx, function_id, &new.version).await?;
        tx.commit().await.map_err(doing("publishing a version"))
    }

    /// The published versions of a function, newest first.
    pub async fn versions_of(
        &self,
        function_id: &FunctionId,
    ) -> Result<Vec<VersionRow>, StoreError> {
        let mut tx = self.begin_reading().await?;
        self.versions_in(&mut tx, Some(function_id)).await
    }

    /// The published versions of all functions.
    pub async fn list_versions(&self) -> Result<Vec<VersionRow>, StoreError> {
        let mut tx = self.begin_reading().await?;
        self.versions_in(&mut tx, None).await
    }

    async fn versions_in(
        &self,
        tx: &mut SqliteConnection,
        function_id: Option<&FunctionId>,
    ) -> Result<Vec<VersionRow>, StoreError> {
        let id = function_id.map(FunctionId::as_str);
        let rows = sqlx::query!(
            "select function_id, version, key, value, sealed from function_version_env_var
             where ?1 is null or function_id = ?1 order by function_id, version, position",
            id
        )
        .fetch_all(&mut *tx)
        .await
        .map_err(doing("reading the variables of versions"))?;
        let mut env_vars: HashMap<_, Vec<EnvVar>> = HashMap::new();
        for row in rows {
            let of_version = env_vars.entry((row.function_id.clone(), row.version));
            let raw = RawEnvVar {
                function_id: row.function_id,
                key: row.key,
                value: row.value,
                sealed: row.sealed,
            };
            of_version.or_default().push(raw.parse(&self.secrets)?);
        }
        let rows = sqlx::query!(
            "select * from function_version where ?1 is null or function_id = ?1
             order by function_id, published_at_ms desc, rowid desc",
            id
        )
        .fetch_all(tx)
        .await
        .map_err(doing("listing versions"))?;
        rows.into_iter()
            .map(|row| {
                let place = (row.function_id, row.version);
                let env_vars = env_vars.remove(&place).unwrap_or_default();
                let settings: FunctionSettings = serde_json::from_str(&row.settings)
                    .map_err(damaged("function_version", "settings"))?;
                let (function_id, version) = place;
                let function_id = function_id.parse();
                let version = version.parse();
                let description = row.description.parse();
                Ok(VersionRow {
                    function_id: function_id.map_err(damaged("function_version", "function_id"))?,
                    version: version.map_err(damaged("function_version", "version"))?,
                    description: description.map_err(damaged("function_version", "description"))?,
                    settings: FunctionSettings {
                        env_vars: env_vars
                            .try_into()
                            .map_err(damaged("function_version_env_var", "key"))?,
                        ..settings
                    },
                    code_size: row.code_size.unsigned_abs(),
                    code_digest: row.code_digest,
                    deployed_at: Timestamp(row.deployed_at_ms),
                    published_at: Timestamp(row.published_at_ms),
                })
            })
            .collect()
    }

    /// The code of a published version.
    pub async fn version_code(
        &self,
        function_id: &FunctionId,
        version: &VersionName,
    ) -> Result<CodePackage, StoreError> {
        let (id, version) = (function_id.as_str(), version.as_str());
        let files = sqlx::query!(
            "select path, content from function_version_file join file_content using (digest)
             where function_id = ? and version = ?",
            id,
            version
        )
        .fetch_all(&self.readers)
        .await
        .map_err(doing("reading the code of a version"))?;
        if files.is_empty() {
            return Err(StoreError::NotFound(Kind::Version)); // a version has at least one file
        }
        let files = files.into_iter().map(|row| (row.path, row.content));
        CodePackage::new(files).map_err(damaged("function_version_file", "path"))
    }

    /// Deletes a published version with the aliases that call it. It is refused while an API calls
    /// it, or calls one of these aliases, and while it is an additional version.
    pub async fn delete_version(
        &self,
        function_id: &FunctionId,
        version: &VersionName,
    ) -> Result<(), StoreError> {
        let (id, name) = (function_id.as_str(), version.as_str());
        let mut tx = self.begin().await?;
        let additional_of = sqlx::query_scalar!(
            "select name from alias
             where function_id = ? and shifting ->> '$.additional_version' = ? order by name",
            id,
            name
        )
        .fetch_optional(&mut *tx)
        .await
        .map_err(doing("finding what a version is an additional one of"))?;
        if let Some(alias) = additional_of {
            let alias = alias.parse().map_err(damaged("alias", "name"))?;
            return Err(StoreError::AdditionalVersion(alias));
        }
        check_uncalled(&mut tx, function_id, &Target::Version(version.clone())).await?;
        let aliases = sqlx::query_scalar!(
            "delete from alias where function_id = ? and version = ? returning name",
            id,
            name
        )
        .fetch_all(&mut *tx)
        .await
        .map_err(doing("deleting the aliases of a version"))?;
        for alias in aliases {
            let alias: AliasName = alias.parse().map_err(damaged("alias", "name"))?;
            check_uncalled(&mut tx, function_id, &Target::Alias(alias)).await?;
        }
        let result = sqlx::query!(
            "delete from function_version where function_id = ? and version = ?",
            id,
            name
        )
        .execute(&mut *tx)
        .await
        .map_err(doing("deleting a version"))?;
        found(result, Kind::Version)?;
        tx.commit().await.map_err(doing("deleting a version"))
    }
}

/// Gives a version the files that the function has now. One is in memory at a time.
async fn insert_files(
    tx: &mut SqliteConnection,
    function_id: &FunctionId,
    version: &VersionName,
) -> Result<(), StoreError> {
    let (id, version) = (function_id.as_str(), version.as_str());
    let paths = sqlx::query_scalar!("select path from function_file where function_id = ?", id)
        .fetch_all(&mut *tx)
        .await
        .map_err(doing("listing the files of a function"))?;
    for path in paths {
        let content = sqlx::query_scalar!(
            "select content from function_file where function_id = ? and path = ?",
            id,
            path
        )
        .fetch_one(&mut *tx)
        .await
        .map_err(doing("reading a file"))?;
        let digest = Sha256::digest(&content);
        let digest = digest.as_slice();
        sqlx::query!(
            "insert into file_content (digest, content) values (?, ?) on conflict do nothing",
            digest,
            content
        )
        .execute(&mut *tx)
        .await
        .map_err(doing("inserting the content of a file"))?;
        sqlx::query!(
            "insert into function_version_file (function_id, version, path, digest) values (?, ?, ?, ?)",
            id,
            version,
            path,
            digest
        )
        .execute(&mut *tx)
        .await
        .map_err(doing("inserting a file of a version"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
