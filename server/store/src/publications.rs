//! Publications: snapshots of APIs' definitions, each in an environment. What callers reach are
//! those that are current.

use sluice_domain::api_group::ApiGroup;
use sluice_domain::environment::Environment;
use sluice_domain::id::{FunctionId, TriggerId};
use sluice_domain::publication::{BoundApi, MAX_PUBLICATIONS, Publication};
use sluice_domain::text::ShortDescription;
use sluice_domain::time::Timestamp;
use sluice_domain::trigger::{ApigTrigger, ApigTriggerSettings};
use sqlx::SqliteConnection;

use crate::api_groups::api_group;
use crate::error::{damaged, doing, found};
use crate::targets::check_target;
use crate::triggers::RawTrigger;
use crate::{Kind, Store, StoreError};

/// An API as it is published in an environment, with all that the gateway has to know to route to
/// it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedTrigger {
    /// The function it invokes.
    pub function_id: FunctionId,
    /// The trigger that the API is of, with the definition that is published.
    pub trigger: ApigTrigger,
    /// The group it belongs to.
    pub group: ApiGroup,
    /// The environment it is published in.
    pub environment: Environment,
    /// Which publication this is of the API in the environment.
    pub number: u32,
    /// What was said of it.
    pub description: ShortDescription,
    /// When it was published.
    pub published_at: Timestamp,
}

impl PublishedTrigger {
    /// Which API it is, and in which environment.
    pub fn place(&self) -> BoundApi {
        BoundApi {
            trigger_id: self.trigger.trigger_id.clone(),
            environment_id: self.environment.environment_id.clone(),
        }
    }
}

impl Store {
    /// What is published in all environments, for the snapshot of routes: by the age of the API,
    /// RELEASE first.
    pub async fn published_triggers(&self) -> Result<Vec<PublishedTrigger>, StoreError> {
        let rows = sqlx::query!(
            r#"select t.function_id, t.trigger_id, t.api_id, t.created_at_ms, t.group_id,
                 g.name as group_name, p.environment_id, e.name as environment_name,
                 e.description as environment_description, p.number as "number!: i64", p.settings, p.description,
                 p.published_at_ms
             from publication p join trigger t using (trigger_id) join api_group g using (group_id)
                 join environment e on e.environment_id = p.environment_id
             where p.is_current
             order by t.created_at_ms, t.trigger_id, e.created_at_ms, e.name"#
        )
        .fetch_all(&self.readers)
        .await
        .map_err(doing("listing what is published"))?;
        rows.into_iter()
            .map(|row| {
                Ok(PublishedTrigger {
                    function_id: row
                        .function_id
                        .parse()
                        .map_err(damaged("trigger", "function_id"))?,
                    trigger: ApigTrigger {
                        trigger_id: row
                            .trigger_id
                            .parse()
                            .map_err(damaged("trigger", "trigger_id"))?,
                        api_id: row.api_id.parse().map_err(damaged("trigger", "api_id"))?,
                        settings: settings(&row.settings)?,
                        created_at: Timestamp(row.created_at_ms),
                    },
                    group: api_group(&row.group_id, &row.group_name)?,
                    environment: Environment {
                        environment_id: row
                            .environment_id
                            .parse()
                            .map_err(damaged("publication", "environment_id"))?,
                        name: row
                            .environment_name
                            .parse()
                            .map_err(damaged("environment", "name"))?,
                        description: row
                            .environment_description
                            .parse()
                            .map_err(damaged("environment", "description"))?,
                    },
                    number: number(row.number)?,
                    description: description(row.description)?,
                    published_at: Timestamp(row.published_at_ms),
                })
            })
            .collect()
    }

    /// The records of an API in an environment, newest first: at most [`MAX_PUBLICATIONS`].
    pub async fn publications(&self, place: &BoundApi) -> Result<Vec<Publication>, StoreError> {
        let (trigger, environment) = (place.trigger_id.as_str(), place.environment_id.as_str());
        let rows = sqlx::query!(
            r#"select number as "number!: i64", settings, description, published_at_ms, is_current
               from publication where trigger_id = ? and environment_id = ? order by number desc"#,
            trigger,
            environment
        )
        .fetch_all(&self.readers)
        .await
        .map_err(doing("listing the publications of an API"))?;
        rows.into_iter()
            .map(|row| {
                Ok(Publication {
                    number: number(row.number)?,
                    settings: settings(&row.settings)?,
                    description: description(row.description)?,
                    published_at: Timestamp(row.published_at_ms),
                    is_current: row.is_current != 0,
                })
            })
            .collect()
    }

    /// Publishes the latest definition of an API in an environment, in the place of what is
    /// published of it there.
    pub async fn publish_api(
        &self,
        place: &BoundApi,
        description: &ShortDescription,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (trigger, environment) = (place.trigger_id.as_str(), place.environment_id.as_str());
        let mut tx = self.begin().await?;
        let settings = definition(&mut tx, &place.trigger_id).await?;
        let there = sqlx::query_scalar!(
            r#"select exists (select 1 from environment where environment_id = ?) as "there!: bool""#,
            environment
        )
        .fetch_one(&mut *tx)
        .await
        .map_err(doing("finding an environment"))?;
        if !there {
            return Err(StoreError::NotFound(Kind::Environment));
        }
        clear(&mut tx, place).await?;
        insert(&mut tx, place, &settings, description, now).await?;
        let most = i64::try_from(MAX_PUBLICATIONS).unwrap_or(i64::MAX);
        sqlx::query!(
            "delete from publication where trigger_id = ?1 and environment_id = ?2 and number not in (
                 select number from publication where trigger_id = ?1 and environment_id = ?2
                 order by number desc limit ?3)",
            trigger,
            environment,
            most
        )
        .execute(&mut *tx)
        .await
        .map_err(doing("deleting old publications"))?;
        tx.commit().await.map_err(doing("publishing an API"))
    }

    /// Publishes an earlier definition again: what callers reach in the environment is record
    /// `number` then. The latest definition stays as it is.
    pub async fn switch_version(&self, place: &BoundApi, number: u32) -> Result<(), StoreError> {
        let (trigger, environment) = (place.trigger_id.as_str(), place.environment_id.as_str());
        let mut tx = self.begin().await?;
        let record = sqlx::query_scalar!(
            "select settings from publication
             where trigger_id = ? and environment_id = ? and number = ?",
            trigger,
            environment,
            number
        )
        .fetch_optional(&mut *tx)
        .await
        .map_err(doing("finding a publication"))?;
        let record = record.ok_or(StoreError::NotFound(Kind::Publication))?;
        clear(&mut tx, place).await?;
        let settings = settings(&record)?;
        check_path(&mut tx, place, &settings).await?;
        // What an old record calls can be gone.
        let function = sqlx::query_scalar!(
            "select function_id from trigger where trigger_id = ?",
            trigger
        )
        .fetch_one(&mut *tx)
        .await
        .map_err(doing("finding an API"))?;
        let function = function
            .parse()
            .map_err(damaged("trigger", "function_id"))?;
        check_target(&mut tx, &function, &settings.target).await?;
        sqlx::query!(
            "update publication set is_current = 1
             where trigger_id = ? and environment_id = ? and number = ?",
            trigger,
            environment,
            number
        )
        .execute(&mut *tx)
        .await
        .map_err(doing("switching the version"))?;
        tx.commit().await.map_err(doing("switching the version"))
    }

    /// Takes an API offline in an environment. Its records stay, and what is bound to it there.
    pub async fn take_offline(&self, place: &BoundApi) -> Result<(), StoreError> {
        let (trigger, environment) = (place.trigger_id.as_str(), place.environment_id.as_str());
        let result = sqlx::query!(
            "update publication set is_current = 0
             where trigger_id = ? and environment_id = ? and is_current",
            trigger,
            environment
        )
        .execute(&self.writer)
        .await
        .map_err(doing("taking an API offline"))?;
        found(result, Kind::Publication)
    }
}

/// Inserts a publication as the current one. There must be no other.
pub(crate) async fn insert(
    tx: &mut SqliteConnection,
    place: &BoundApi,
    settings: &ApigTriggerSettings,
    description: &ShortDescription,
    now: Timestamp,
) -> Result<(), StoreError> {
    check_path(tx, place, settings).await?;
    let (trigger, environment) = (place.trigger_id.as_str(), place.environment_id.as_str());
    let json = serde_json::to_string(settings).map_err(damaged("publication", "settings"))?;
    let shape = settings.path.shape();
    let (description, now) = (description.as_str(), now.millis());
    sqlx::query!(
        "insert into publication (trigger_id, environment_id, number, settings, path_shape,
             description, published_at_ms, is_current)
         select ?1, ?2, coalesce(max(number), 0) + 1, ?3, ?4, ?5, ?6, 1 from publication
         where trigger_id = ?1 and environment_id = ?2",
        trigger,
        environment,
        json,
        shape,
        description,
        now
    )
    .execute(tx)
    .await
    .map_err(doing("inserting a publication"))?;
    Ok(())
}

/// Refuses what would take the requests of another API. The table refuses it too, but cannot say
/// which one that is.
async fn check_path(
    tx: &mut SqliteConnection,
    place: &BoundApi,
    settings: &ApigTriggerSettings,
) -> Result<(), StoreError> {
    let (group, environment) = (settings.group_id.as_str(), place.environment_id.as_str());
    let (method, shape) = (settings.method.name(), settings.path.shape());
    let (matching, trigger) = (settings.matching.name(), place.trigger_id.as_str());
    let other = sqlx::query_scalar!(
        r#"select settings ->> '$.api_name' as "api_name!: String" from publication
         where is_current and environment_id = ? and settings ->> '$.group_id' = ?
             and settings ->> '$.method' = ? and path_shape = ?
             and settings ->> '$.matching' = ? and trigger_id <> ?"#,
        environment,
        group,
        method,
        shape,
        matching,
        trigger
    )
    .fetch_optional(tx)
    .await
    .map_err(doing("looking for a path"))?;
    match other {
        None => Ok(()),
        Some(name) => Err(StoreError::PathTaken(
            name.parse().map_err(damaged("publication", "settings"))?,
        )),
    }
}

/// Makes no publication of an API current in an environment.
async fn clear(tx: &mut SqliteConnection, place: &BoundApi) -> Result<(), StoreError> {
    let (trigger, environment) = (place.trigger_id.as_str(), place.environment_id.as_str());
    sqlx::query!(
        "update publication set is_current = 0
         where trigger_id = ? and environment_id = ? and is_current",
        trigger,
        environment
    )
    .execute(tx)
    .await
    .map_err(doing("replacing a publication"))?;
    Ok(())
}

/// The latest definition of the API of a trigger.
async fn definition(
    tx: &mut SqliteConnection,
    trigger_id: &TriggerId,
) -> Result<ApigTriggerSettings, StoreError> {
    let id = trigger_id.as_str();
    let row = sqlx::query_as!(
        RawTrigger,
        "select trigger_id, api_id, api_name, group_id, authentication, protocol, path, matching,
             method, timeout_ms, created_at_ms, simple_authentication, authorizer_id,
             request_parameters, target, response_id
         from trigger where trigger_id = ?",
        id
    )
    .fetch_optional(tx)
    .await
    .map_err(doing("finding an API"))?;
    let row = row.ok_or(StoreError::NotFound(Kind::Api))?;
    Ok(row.parse()?.settings)
}

fn settings(json: &str) -> Result<ApigTriggerSettings, StoreError> {
    serde_json::from_str(json).map_err(damaged("publication", "settings"))
}

fn number(number: i64) -> Result<u32, StoreError> {
    u32::try_from(number).map_err(damaged("publication", "number"))
}

fn description(text: String) -> Result<ShortDescription, StoreError> {
    text.try_into()
        .map_err(damaged("publication", "description"))
}

#[cfg(test)]
mod tests;
