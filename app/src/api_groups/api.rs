use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, Json};
use sluice_domain::api_group::{ApiGroup, ApiGroupName, GroupDescription};
use sluice_domain::gateway_response::{GatewayResponse, ResponseSetName, ResponseType};
use sluice_domain::id::{ApiGroupId, EnvironmentId, ResponseSetId};
use sluice_domain::stage_variables::StageVariable;

use super::{GroupRow, GroupView};
use crate::console::ConsoleError;

/// Lists the API groups, oldest first.
#[server(prefix = "/api", endpoint = "api-groups/list", input = GetUrl)]
pub async fn list_api_groups() -> Result<Vec<GroupRow>, ConsoleError> {
    crate::console::ask(|console| async move { console.list_api_groups().await }).await
}

/// Finds an API group with all that is its own.
#[server(prefix = "/api", endpoint = "api-groups/find", input = GetUrl)]
pub async fn find_api_group(group_id: String) -> Result<GroupView, ConsoleError> {
    use crate::console::{ask, parse};

    let group_id = parse("group_id", "APIG.2011", &group_id)?;
    ask(|console| async move { console.find_api_group(group_id).await }).await
}

/// Creates an API group.
#[server(prefix = "/api", endpoint = "api-groups/create", input = Json)]
pub async fn create_api_group(
    name: ApiGroupName,
    #[server(default)] description: GroupDescription,
) -> Result<ApiGroup, ConsoleError> {
    crate::console::ask(|console| async move { console.create_api_group(name, description).await })
        .await
}

/// Changes the name and the description of an API group.
#[server(prefix = "/api", endpoint = "api-groups/update", input = Json)]
pub async fn update_api_group(
    group_id: ApiGroupId,
    name: ApiGroupName,
    description: GroupDescription,
) -> Result<(), ConsoleError> {
    crate::console::ask(|console| async move {
        console.update_api_group(group_id, name, description).await
    })
    .await
}

/// Deletes an API group without APIs.
#[server(prefix = "/api", endpoint = "api-groups/delete", input = Json)]
pub async fn delete_api_group(group_id: ApiGroupId) -> Result<(), ConsoleError> {
    crate::console::ask(|console| async move { console.delete_api_group(group_id).await }).await
}

/// Says whether the APIs of a group can be called by the group's own host.
#[server(prefix = "/api", endpoint = "api-groups/debugging-domain", input = Json)]
pub async fn enable_debugging_domain(
    group_id: ApiGroupId,
    is_enabled: bool,
) -> Result<(), ConsoleError> {
    crate::console::ask(|console| async move {
        console.enable_debugging_domain(group_id, is_enabled).await
    })
    .await
}

/// Sets the variables of a group in an environment.
#[server(prefix = "/api", endpoint = "api-groups/variables", input = Json)]
pub async fn update_stage_variables(
    group_id: ApiGroupId,
    environment_id: EnvironmentId,
    variables: Vec<StageVariable>,
) -> Result<(), ConsoleError> {
    crate::console::ask(|console| async move {
        let updated = console.update_stage_variables(group_id, environment_id, variables);
        updated.await
    })
    .await
}

/// Sets what callers get of a type of answers, by a set of responses, without one by the default one;
/// no response is the default again.
#[server(prefix = "/api", endpoint = "api-groups/response", input = Json)]
pub async fn update_gateway_response(
    group_id: ApiGroupId,
    #[server(default)] response_id: Option<ResponseSetId>,
    kind: ResponseType,
    response: Option<GatewayResponse>,
) -> Result<(), ConsoleError> {
    crate::console::ask(|console| async move {
        console
            .update_gateway_response(group_id, response_id, kind, response)
            .await
    })
    .await
}

/// Creates a set of gateway responses of a group.
#[server(prefix = "/api", endpoint = "api-groups/create-response-set", input = Json)]
pub async fn create_response_set(
    group_id: ApiGroupId,
    name: ResponseSetName,
) -> Result<ResponseSetId, ConsoleError> {
    crate::console::ask(|console| async move { console.create_response_set(group_id, name).await })
        .await
}

/// Gives a set of gateway responses another name.
#[server(prefix = "/api", endpoint = "api-groups/rename-response-set", input = Json)]
pub async fn rename_response_set(
    group_id: ApiGroupId,
    response_id: ResponseSetId,
    name: ResponseSetName,
) -> Result<(), ConsoleError> {
    crate::console::ask(|console| async move {
        console
            .rename_response_set(group_id, response_id, name)
            .await
    })
    .await
}

/// Deletes a set of gateway responses.
#[server(prefix = "/api", endpoint = "api-groups/delete-response-set", input = Json)]
pub async fn delete_response_set(
    group_id: ApiGroupId,
    response_id: ResponseSetId,
) -> Result<(), ConsoleError> {
    crate::console::ask(|console| async move {
        console.delete_response_set(group_id, response_id).await
    })
    .await
}
