//! Sets of gateway responses that API groups have besides the default one.

use sluice_app::console::ConsoleError;
use sluice_domain::gateway_response::{
    GatewayResponse, GatewayResponses, ResponseSet, ResponseSetName, ResponseType,
};
use sluice_domain::id::{ApiGroupId, ResponseSetId};
use sluice_domain::trigger::ApigTriggerSettings;

use super::{RequestConsole, refused};
use crate::drawn;

impl RequestConsole {
    pub(super) async fn add_response_set(
        &self,
        group_id: ApiGroupId,
        name: ResponseSetName,
    ) -> Result<ResponseSetId, ConsoleError> {
        self.signed_in().await?;
        let set = ResponseSet {
            response_id: ResponseSetId::from_bytes(drawn::id_bytes()),
            name,
            responses: GatewayResponses::new(),
        };
        // No API has chosen it, so that it changes nothing for callers.
        let store = &self.shared.store;
        let created = store.create_response_set(&group_id, &set, drawn::now());
        created.await.map_err(refused)?;
        Ok(set.response_id)
    }

    pub(super) async fn name_response_set(
        &self,
        group_id: ApiGroupId,
        response_id: ResponseSetId,
        name: ResponseSetName,
    ) -> Result<(), ConsoleError> {
        self.signed_in().await?;
        let store = &self.shared.store;
        let renamed = store.rename_response_set(&group_id, &response_id, &name);
        renamed.await.map_err(refused)
    }

    pub(super) async fn remove_response_set(
        &self,
        group_id: ApiGroupId,
        response_id: ResponseSetId,
    ) -> Result<(), ConsoleError> {
        self.signed_in().await?;
        let store = &self.shared.store;
        self.republishing(store.delete_response_set(&group_id, &response_id))
            .await
    }

    /// Sets what callers get of a type of answers, by the group's default set or by another one.
    pub(super) async fn set_gateway_response(
        &self,
        group_id: ApiGroupId,
        response_id: Option<ResponseSetId>,
        kind: ResponseType,
        response: Option<GatewayResponse>,
    ) -> Result<(), ConsoleError> {
        self.signed_in().await?;
        // What says the same as the gateway by itself is no change.
        let response = response.filter(|it| *it != GatewayResponse::default());
        let (store, response) = (&self.shared.store, response.as_ref());
        match response_id {
            Some(id) => {
                let set = store.set_response_of_set(&group_id, &id, kind, response);
                self.republishing(set).await
            }
            None => {
                let set = store.set_gateway_response(&group_id, kind, response);
                self.republishing(set).await
            }
        }
    }

    /// The ids and names of the sets of a group.
    pub(super) async fn response_sets_of(
        &self,
        group_id: &ApiGroupId,
    ) -> Result<Vec<(ResponseSetId, ResponseSetName)>, ConsoleError> {
        let groups = self.shared.store.list_group_settings().await;
        let mut groups = groups.map_err(refused)?.into_iter();
        let group = groups.find(|row| row.group.group_id == *group_id);
        let sets = group.map(|row| row.settings.response_sets);
        let sets = sets.unwrap_or_default().into_iter();
        Ok(sets.map(|set| (set.response_id, set.name)).collect())
    }

    /// Refuses a definition that chooses a set that its group does not have.
    pub(super) async fn check_response_set(
        &self,
        settings: &ApigTriggerSettings,
    ) -> Result<(), ConsoleError> {
        let Some(chosen) = &settings.response_id else {
            return Ok(());
        };
        let sets = self.response_sets_of(&settings.group_id).await?;
        if sets.iter().any(|(id, _)| id == chosen) {
            return Ok(());
        }
        let message = "The API group has no such gateway response";
        Err(ConsoleError::field(
            "response_id",
            "APIG.2011",
            400,
            message,
        ))
    }
}
