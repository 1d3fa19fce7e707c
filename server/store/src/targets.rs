//! What of a function an API calls: that it is there, and which APIs call it.

use sluice_domain::id::FunctionId;
use sluice_domain::target::Target;
use sluice_domain::trigger::ApiName;
use sqlx::SqliteConnection;

use crate::error::{damaged, doing};
use crate::{Kind, StoreError};

/// Refuses what the function does not have.
pub(crate) async fn check_target(
    tx: &mut SqliteConnection,
    function_id: &FunctionId,
    target: &Target,
) -> Result<(), StoreError> {
    let id = function_id.as_str();
    let (found, kind) = match target {
        Target::Latest => return Ok(()),
        Target::Version(version) => {
            let version = version.as_str();
            let found = sqlx::query_scalar!(
                r#"select exists (select 1 from function_version where function_id = ? and version = ?) as "found!: bool""#,
                id,
                version
            );
            (found.fetch_one(tx).await, Kind::Version)
        }
        Target::Alias(alias) => {
            let alias = alias.as_str();
            let found = sqlx::query_scalar!(
                r#"select exists (select 1 from alias where function_id = ? and name = ?) as "found!: bool""#,
                id,
                alias
            );
            (found.fetch_one(tx).await, Kind::Alias)
        }
    };
    match found.map_err(doing("looking for what an API calls"))? {
        true => Ok(()),
        false => Err(StoreError::NotFound(kind)),
    }
}

/// Refuses a change while APIs call the target, by their latest definition or by what is published of
/// them. Records that callers do not reach keep nothing from being deleted.
pub(crate) async fn check_uncalled(
    tx: &mut SqliteConnection,
    function_id: &FunctionId,
    target: &Target,
) -> Result<(), StoreError> {
    let (id, target) = (function_id.as_str(), target.to_string());
    let names = sqlx::query_scalar!(
        "select api_name from trigger t
         where function_id = ?1 and (target = ?2 or exists (
             select 1 from publication p
             where p.trigger_id = t.trigger_id and is_current and settings ->> '$.target' = ?2))
         order by api_name",
        id,
        target
    )
    .fetch_all(tx)
    .await
    .map_err(doing("finding the APIs that call a version"))?;
    if names.is_empty() {
        return Ok(());
    }
    let names: Result<Vec<ApiName>, _> = names.into_iter().map(|name| name.parse()).collect();
    Err(StoreError::CalledByApis(
        names.map_err(damaged("trigger", "api_name"))?,
    ))
}
