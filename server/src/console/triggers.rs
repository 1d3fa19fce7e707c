//! Triggers and API groups.

use std::collections::HashMap;

use sluice_app::console::ConsoleError;
use sluice_app::triggers::{TriggerCardView, TriggerChoices};
use sluice_domain::domain_name::{BoundDomainName, DomainCertificate};
use sluice_domain::function::FunctionName;
use sluice_domain::id::{ApiGroupId, ApiId, EnvironmentId, TriggerId};
use sluice_domain::trigger::{ApigTrigger, ApigTriggerSettings, Protocol};

use super::apis::check;
use super::{Addresses, RequestConsole, refused};
use crate::drawn;

/// Name of the one gateway.
pub(super) const API_INSTANCE: &str = "apig-sluice";

impl Addresses {
    /// The address of a path in a group: by the group's own host, and in the
    /// form that needs no name of its own, by `host`.
    pub(super) fn of(
        &self,
        group: &ApiGroupId,
        settings: &ApigTriggerSettings,
        host: &str,
    ) -> (String, String) {
        let (scheme, port, usual) = match settings.protocol {
            Protocol::Http => ("http", self.http_port, 80),
            Protocol::Https | Protocol::Both => ("https", self.https_port, 443),
        };
        let port = if port == usual {
            String::new()
        } else {
            format!(":{port}")
        };
        let path = &settings.path;
        (
            format!("{scheme}://{group}.{}{port}{path}", self.domain),
            format!("{scheme}://{host}{port}/_group/{group}{path}"),
        )
    }

    /// The address of a path by a domain name of its group.
    pub(super) fn by_name(
        &self,
        bound: &BoundDomainName,
        settings: &ApigTriggerSettings,
    ) -> String {
        let has_certificate = bound.settings.fields().certificate != DomainCertificate::None;
        let (scheme, port, usual) = match settings.protocol {
            Protocol::Https => ("https", self.https_port, 443),
            Protocol::Both if has_certificate => ("https", self.https_port, 443),
            Protocol::Http | Protocol::Both => ("http", self.http_port, 80),
        };
        let name = &bound.name;
        let path = &settings.path;
        match port == usual {
            true => format!("{scheme}://{name}{path}"),
            false => format!("{scheme}://{name}:{port}{path}"),
        }
    }
}

impl RequestConsole {
    pub(super) async fn triggers(
        &self,
        name: FunctionName,
    ) -> Result<Vec<TriggerCardView>, ConsoleError> {
        let row = self.function(&name).await?;
        let triggers = self
            .shared
            .store
            .triggers_of(&row.function_id)
            .await
            .map_err(refused)?;
        let groups = self.shared.store.list_api_groups().await.map_err(refused)?;
        let groups: HashMap<_, _> = groups
            .into_iter()
            .map(|group| (group.group_id, group.name))
            .collect();
        let mut published = self.published().await?;
        let surroundings = self.surroundings().await?;
        let view = |trigger: ApigTrigger| {
            Some(TriggerCardView {
                api_instance: API_INSTANCE.to_owned(),
                // A foreign key keeps it there for as long as the trigger is.
                group_name: groups.get(&trigger.settings.group_id)?.clone(),
                published: self
                    .published_views(published.remove(&trigger.trigger_id), &surroundings),
                trigger,
            })
        };
        Ok(triggers.into_iter().filter_map(view).collect())
    }

    pub(super) async fn choices(&self) -> Result<TriggerChoices, ConsoleError> {
        self.signed_in().await?;
        Ok(TriggerChoices {
            api_instance: API_INSTANCE.to_owned(),
            groups: self.shared.store.list_api_groups().await.map_err(refused)?,
            environments: self
                .shared
                .store
                .list_environments()
                .await
                .map_err(refused)?,
            authorizers: self.authorizer_choices().await?,
        })
    }

    pub(super) async fn add_trigger(
        &self,
        name: FunctionName,
        settings: ApigTriggerSettings,
        environment_id: EnvironmentId,
    ) -> Result<(), ConsoleError> {
        let row = self.function(&name).await?;
        check(&settings)?;
        self.check_response_set(&settings).await?;
        let trigger = ApigTrigger {
            trigger_id: TriggerId::from_bytes(drawn::id_bytes()),
            api_id: ApiId::from_bytes(drawn::id_bytes()),
            settings,
            created_at: drawn::now(),
        };
        let deployments = self.shared.publisher.change().await;
        self.shared
            .store
            .create_trigger(&row.function_id, &trigger, &environment_id)
            .await
            .map_err(refused)?;
        self.shared
            .publisher
            .publish(&deployments)
            .await
            .map_err(refused)
    }

    pub(super) async fn remove_trigger(
        &self,
        name: FunctionName,
        trigger_id: TriggerId,
    ) -> Result<(), ConsoleError> {
        let row = self.function(&name).await?;
        let deployments = self.shared.publisher.change().await;
        self.shared
            .store
            .delete_trigger(&row.function_id, &trigger_id)
            .await
            .map_err(refused)?;
        self.shared
            .publisher
            .publish(&deployments)
            .await
            .map_err(refused)
    }
}
