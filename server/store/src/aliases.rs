//! Aliases of functions.

use sluice_domain::alias::{
    Alias, AliasName, AliasTarget, AliasTargetFields, MAX_ALIASES, Shifting,
};
use sluice_domain::id::FunctionId;
use sluice_domain::target::Target;
use sluice_domain::text::Description;
use sluice_domain::time::Timestamp;
use sqlx::SqliteConnection;

use crate::error::{damaged, doing, found, unique};
use crate::targets::{check_target, check_uncalled};
use crate::{Kind, Store, StoreError};

/// An alias with all that the gateway has to know to call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedAlias {
    /// The function it is of.
    pub function_id: FunctionId,
    /// Its name.
    pub name: AliasName,
    /// What it calls.
    pub target: AliasTarget,
}

impl Store {
    /// Creates an alias of versions that the function has.
    pub async fn create_alias(
        &self,
        function_id: &FunctionId,
        alias: &Alias,
    ) -> Result<(), StoreError> {
        let (id, name) = (function_id.as_str(), alias.name.as_str());
        let (description, now) = (alias.description.as_str(), alias.modified_at.millis());
        let version = alias.target.fields().version.as_str();
        let shifting = encode(&alias.target)?;
        let mut tx = self.begin().await?;
        let count = sqlx::query_scalar!(
            r#"select count(*) as "count!: i64" from alias where function_id = ?"#,
            id
        )
        .fetch_one(&mut *tx)
        .await
        .map_err(doing("counting the aliases"))?;
        if count.unsigned_abs() >= MAX_ALIASES as u64 {
            return Err(StoreError::TooManyAliases);
        }
        if check_target(&mut tx, function_id, &Target::Alias(alias.name.clone()))
            .await
            .is_ok()
        {
            return Err(StoreError::AliasNameTaken(alias.name.clone()));
        }
        check_versions(&mut tx, function_id, &alias.name, &alias.target).await?;
        sqlx::query!(
            "insert into alias (function_id, name, version, shifting, description, modified_at_ms)
             values (?, ?, ?, ?, ?, ?)",
            id,
            name,
            version,
            shifting,
            description,
            now
        )
        .execute(&mut *tx)
        .await
        .map_err(unique(
            || StoreError::AliasNameTaken(alias.name.clone()),
            "inserting an alias",
        ))?;
        tx.commit().await.map_err(doing("inserting an alias"))
    }

    /// Gives an alias another version or another description. Its name stays.
    pub async fn update_alias(
        &self,
        function_id: &FunctionId,
        alias: &Alias,
    ) -> Result<(), StoreError> {
        let (id, name) = (function_id.as_str(), alias.name.as_str());
        let (description, now) = (alias.description.as_str(), alias.modified_at.millis());
        let version = alias.target.fields().version.as_str();
        let shifting = encode(&alias.target)?;
        let mut tx = self.begin().await?;
        check_versions(&mut tx, function_id, &alias.name, &alias.target).await?;
        let result = sqlx::query!(
            "update alias set version = ?, shifting = ?, description = ?, modified_at_ms = ?
             where function_id = ? and name = ?",
            version,
            shifting,
            description,
            now,
            id,
            name
        )
        .execute(&mut *tx)
        .await
        .map_err(doing("updating an alias"))?;
        found(result, Kind::Alias)?;
        tx.commit().await.map_err(doing("updating an alias"))
    }

    /// The aliases of a function, by name.
    pub async fn aliases_of(&self, function_id: &FunctionId) -> Result<Vec<Alias>, StoreError> {
        let id = function_id.as_str();
        let rows = sqlx::query!(
            "select name, version, shifting, description, modified_at_ms from alias
             where function_id = ? order by lower(name), name",
            id
        )
        .fetch_all(&self.readers)
        .await
        .map_err(doing("listing the aliases of a function"))?;
        rows.into_iter()
            .map(|row| {
                let description: Result<Description, _> = row.description.try_into();
                Ok(Alias {
                    name: row.name.parse().map_err(damaged("alias", "name"))?,
                    target: decode(&row.version, row.shifting.as_deref())?,
                    description: description.map_err(damaged("alias", "description"))?,
                    modified_at: Timestamp(row.modified_at_ms),
                })
            })
            .collect()
    }

    /// All aliases of all functions, for the gateway.
    pub async fn published_aliases(&self) -> Result<Vec<PublishedAlias>, StoreError> {
        let rows = sqlx::query!("select function_id, name, version, shifting from alias")
            .fetch_all(&self.readers)
            .await
            .map_err(doing("reading the aliases"))?;
        rows.into_iter()
            .map(|row| {
                let function_id = row.function_id.parse();
                Ok(PublishedAlias {
                    function_id: function_id.map_err(damaged("alias", "function_id"))?,
                    name: row.name.parse().map_err(damaged("alias", "name"))?,
                    target: decode(&row.version, row.shifting.as_deref())?,
                })
            })
            .collect()
    }

    /// Deletes an alias that no API calls.
    pub async fn delete_alias(
        &self,
        function_id: &FunctionId,
        name: &AliasName,
    ) -> Result<(), StoreError> {
        let (id, text) = (function_id.as_str(), name.as_str());
        let mut tx = self.begin().await?;
        check_uncalled(&mut tx, function_id, &Target::Alias(name.clone())).await?;
        let result = sqlx::query!(
            "delete from alias where function_id = ? and name = ?",
            id,
            text
        )
        .execute(&mut *tx)
        .await
        .map_err(doing("deleting an alias"))?;
        found(result, Kind::Alias)?;
        tx.commit().await.map_err(doing("deleting an alias"))
    }
}

/// Refuses versions that the function does not have, and one that another alias calls.
async fn check_versions(
    tx: &mut SqliteConnection,
    function_id: &FunctionId,
    name: &AliasName,
    target: &AliasTarget,
) -> Result<(), StoreError> {
    let AliasTargetFields { version, shifting } = target.fields();
    check_target(tx, function_id, &version.clone().into()).await?;
    if let Some(Shifting {
        additional_version, ..
    }) = shifting
    {
        let additional = Target::Version(additional_version.clone());
        check_target(tx, function_id, &additional).await?;
    }
    let (id, version, name) = (function_id.as_str(), version.as_str(), name.as_str());
    let other = sqlx::query_scalar!(
        "select name from alias where function_id = ? and version = ? and name <> ?",
        id,
        version,
        name
    )
    .fetch_optional(tx)
    .await
    .map_err(doing("looking for another alias"))?;
    match other {
        None => Ok(()),
        Some(other) => Err(StoreError::VersionHasAlias(
            other.parse().map_err(damaged("alias", "name"))?,
        )),
    }
}

fn encode(target: &AliasTarget) -> Result<Option<String>, StoreError> {
    let shifting = target.fields().shifting.as_ref();
    let json = shifting.map(serde_json::to_string).transpose();
    json.map_err(damaged("alias", "shifting"))
}

fn decode(version: &str, shifting: Option<&str>) -> Result<AliasTarget, StoreError> {
    let shifting = shifting.map(serde_json::from_str).transpose();
    let fields = AliasTargetFields {
        version: version.parse().map_err(damaged("alias", "version"))?,
        shifting: shifting.map_err(damaged("alias", "shifting"))?,
    };
    AliasTarget::try_from(fields).map_err(damaged("alias", "shifting"))
}
