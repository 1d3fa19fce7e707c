//! Triggers, API groups and environments.

use std::collections::HashMap;

use sluice_app::console::ConsoleError;
use sluice_app::triggers::{TriggerCardView, TriggerChoices};
use sluice_domain::api_group::{ApiGroup, ApiGroupName};
use sluice_domain::environment::{Environment, EnvironmentName};
use sluice_domain::function::FunctionName;
use sluice_domain::id::{ApiGroupId, ApiId, EnvironmentId, TriggerId};
use sluice_domain::trigger::{ApigTrigger, ApigTriggerSettings, Authentication, Protocol};

use super::{Addresses, RequestConsole, refused};
use crate::drawn;

/// Name of the one gateway.
const API_INSTANCE: &str = "apig-sluice";

impl Addresses {
    /// The address of a path in a group: by the group's own host, and in the
    /// form that needs no name of its own, by `host`.
    fn of(
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
        let environments = self
            .shared
            .store
            .list_environments()
            .await
            .map_err(refused)?;
        let environments: HashMap<_, _> = environments
            .into_iter()
            .map(|environment| (environment.environment_id, environment.name))
            .collect();
        let view = |trigger: ApigTrigger| {
            let (url, path_url) =
                self.shared
                    .addresses
                    .of(&trigger.settings.group_id, &trigger.settings, &self.host);
            Some(TriggerCardView {
                url,
                path_url,
                api_instance: API_INSTANCE.to_owned(),
                // Foreign keys keep both there for as long as the trigger is.
                group_name: groups.get(&trigger.settings.group_id)?.clone(),
                environment_name: environments.get(&trigger.settings.environment_id)?.clone(),
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
        })
    }

    pub(super) async fn add_trigger(
        &self,
        name: FunctionName,
        settings: ApigTriggerSettings,
    ) -> Result<(), ConsoleError> {
        let row = self.function(&name).await?;
        if !settings.authentication.is_available() {
            let message = format!("{} is not available yet", settings.authentication);
            return Err(ConsoleError::field(
                "authentication",
                "FSS.1417",
                400,
                message,
            ));
        }
        let code_is_of_use =
            settings.authentication == Authentication::App && settings.protocol.allows(true);
        if settings.simple_authentication && !code_is_of_use {
            let message = "Simple authentication needs App authentication and HTTPS";
            let field = "simple_authentication";
            return Err(ConsoleError::field(field, "FSS.1417", 400, message));
        }
        let trigger = ApigTrigger {
            trigger_id: TriggerId::from_bytes(drawn::id_bytes()),
            api_id: ApiId::from_bytes(drawn::id_bytes()),
            settings,
            created_at: drawn::now(),
        };
        let deployments = self.shared.publisher.change().await;
        self.shared
            .store
            .create_trigger(&row.function_id, &trigger)
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

    pub(super) async fn add_api_group(&self, name: ApiGroupName) -> Result<ApiGroup, ConsoleError> {
        self.signed_in().await?;
        let group = ApiGroup {
            group_id: ApiGroupId::from_bytes(drawn::id_bytes()),
            name,
        };
        self.shared
            .store
            .create_api_group(&group, drawn::now())
            .await
            .map_err(refused)?;
        Ok(group)
    }

    pub(super) async fn add_environment(
        &self,
        name: EnvironmentName,
    ) -> Result<Environment, ConsoleError> {
        self.signed_in().await?;
        let environment = Environment {
            environment_id: EnvironmentId::from_bytes(drawn::id_bytes()),
            name,
        };
        self.shared
            .store
            .create_environment(&environment, drawn::now())
            .await
            .map_err(refused)?;
        Ok(environment)
    }
}
