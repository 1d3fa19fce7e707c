//! APIs: their definitions, and what is published of them.

use std::collections::HashMap;

use sluice_app::apis::{ApiDetails, ApiRow, PublishedApi, PublishedIn};
use sluice_app::console::{ConsoleError, sentence};
use sluice_domain::authorizer::AuthorizerName;
use sluice_domain::domain_name::BoundDomainName;
use sluice_domain::gateway_response::ResponseSetName;
use sluice_domain::id::{ApiId, AuthorizerId, EnvironmentId, ResponseSetId, TriggerId};
use sluice_domain::publication::{BoundApi, Publication};
use sluice_domain::request_parameter::NotInPath;
use sluice_domain::text::ShortDescription;
use sluice_domain::trigger::{ApigTriggerSettings, Authentication};
use sluice_store::{Kind, PublishedTrigger, StoreError, StoredApi};

use super::{RequestConsole, path_taken, refused};
use crate::drawn;

/// What there is besides APIs that pages of them show.
pub(super) struct Surroundings {
    domain_names: Vec<BoundDomainName>,
    authorizers: Vec<(AuthorizerId, AuthorizerName)>,
    response_sets: Vec<(ResponseSetId, ResponseSetName)>,
}

impl RequestConsole {
    pub(super) async fn apis(&self) -> Result<Vec<ApiRow>, ConsoleError> {
        self.signed_in().await?;
        let apis = self.shared.store.list_apis().await.map_err(refused)?;
        let mut published = self.published().await?;
        let row = |api: StoredApi| {
            let of_api = published.remove(&api.trigger.trigger_id);
            let published_in = |it: PublishedTrigger| PublishedIn {
                is_latest: it.trigger.settings == api.trigger.settings,
                environment_name: it.environment.name,
            };
            ApiRow {
                published: of_api
                    .unwrap_or_default()
                    .into_iter()
                    .map(published_in)
                    .collect(),
                api: api.trigger,
                group_name: api.group.name,
                function_name: api.function_name,
            }
        };
        Ok(apis.into_iter().map(row).collect())
    }

    pub(super) async fn api_details(&self, api_id: ApiId) -> Result<ApiDetails, ConsoleError> {
        let api = self.api(&api_id).await?;
        let published = self.published().await?.remove(&api.trigger.trigger_id);
        let environments = self.shared.store.list_environments().await;
        let surroundings = self.surroundings().await?;
        Ok(ApiDetails {
            group_name: api.group.name,
            function_name: api.function_name,
            environments: environments.map_err(refused)?,
            published: self.published_views(published, &surroundings),
            authorizers: surroundings.authorizers,
            targets: self.targets_of(&api.function_id).await?,
            response_sets: self
                .response_sets_of(&api.trigger.settings.group_id)
                .await?,
            api: api.trigger,
        })
    }

    pub(super) async fn set_api(
        &self,
        api_id: ApiId,
        settings: ApigTriggerSettings,
    ) -> Result<(), ConsoleError> {
        let api = self.api(&api_id).await?;
        check(&settings)?;
        self.check_response_set(&settings).await?;
        if settings.group_id != api.group.group_id {
            let message = "The API group of an API stays";
            return Err(ConsoleError::field("group", "FSS.1417", 400, message));
        }
        let updated = self.shared.store.update_api(&api_id, &settings).await;
        updated.map_err(refused)
    }

    pub(super) async fn publish(
        &self,
        api_id: ApiId,
        environment_id: EnvironmentId,
        description: ShortDescription,
    ) -> Result<(), ConsoleError> {
        let place = self.place(&api_id, environment_id).await?;
        let store = &self.shared.store;
        self.changing_routes(store.publish_api(&place, &description, drawn::now()))
            .await
    }

    pub(super) async fn take_api_offline(
        &self,
        api_id: ApiId,
        environment_id: EnvironmentId,
    ) -> Result<(), ConsoleError> {
        let place = self.place(&api_id, environment_id).await?;
        self.changing_routes(self.shared.store.take_offline(&place))
            .await
    }

    pub(super) async fn publications(
        &self,
        api_id: ApiId,
        environment_id: EnvironmentId,
    ) -> Result<Vec<Publication>, ConsoleError> {
        let place = self.place(&api_id, environment_id).await?;
        let records = self.shared.store.publications(&place).await;
        records.map_err(refused)
    }

    pub(super) async fn switch_to(
        &self,
        api_id: ApiId,
        environment_id: EnvironmentId,
        number: u32,
    ) -> Result<(), ConsoleError> {
        let place = self.place(&api_id, environment_id).await?;
        self.changing_routes(self.shared.store.switch_version(&place, number))
            .await
    }

    /// The API of that id, for someone who is signed in.
    async fn api(&self, api_id: &ApiId) -> Result<StoredApi, ConsoleError> {
        self.signed_in().await?;
        let found = self.shared.store.find_api(api_id).await.map_err(refused)?;
        found.ok_or_else(|| refused(StoreError::NotFound(Kind::Api)))
    }

    async fn place(
        &self,
        api_id: &ApiId,
        environment_id: EnvironmentId,
    ) -> Result<BoundApi, ConsoleError> {
        Ok(BoundApi {
            trigger_id: self.api(api_id).await?.trigger.trigger_id,
            environment_id,
        })
    }

    /// Changes what is published. That a path is taken is the gateway's refusal here: there is no
    /// field that it could stand beside.
    async fn changing_routes(
        &self,
        change: impl Future<Output = Result<(), StoreError>> + Send,
    ) -> Result<(), ConsoleError> {
        let deployments = self.shared.publisher.change().await;
        change.await.map_err(|error| match error {
            StoreError::PathTaken(api) => {
                ConsoleError::refused("APIG.3301", 409, format!("{}.", path_taken(&api)))
            }
            error => refused(error),
        })?;
        let published = self.shared.publisher.publish(&deployments).await;
        published.map_err(refused)
    }

    /// What is published of each API, RELEASE first.
    pub(super) async fn published(
        &self,
    ) -> Result<HashMap<TriggerId, Vec<PublishedTrigger>>, ConsoleError> {
        let published = self.shared.store.published_triggers().await;
        let mut of_triggers: HashMap<_, Vec<_>> = HashMap::new();
        for one in published.map_err(refused)? {
            let of_trigger = of_triggers.entry(one.trigger.trigger_id.clone());
            of_trigger.or_default().push(one);
        }
        Ok(of_triggers)
    }

    /// What there is besides APIs that pages of them show.
    pub(super) async fn surroundings(&self) -> Result<Surroundings, ConsoleError> {
        let store = &self.shared.store;
        let authorizers = store.list_authorizers().await.map_err(refused)?;
        let authorizers = authorizers.into_iter();
        Ok(Surroundings {
            domain_names: store.list_domain_names().await.map_err(refused)?,
            authorizers: authorizers
                .map(|one| (one.authorizer_id, one.name))
                .collect(),
            response_sets: {
                let groups = store.list_group_settings().await.map_err(refused)?;
                let sets = groups
                    .into_iter()
                    .flat_map(|row| row.settings.response_sets);
                sets.map(|set| (set.response_id, set.name)).collect()
            },
        })
    }

    /// What pages show of what is published of an API.
    pub(super) fn published_views(
        &self,
        published: Option<Vec<PublishedTrigger>>,
        surroundings: &Surroundings,
    ) -> Vec<PublishedApi> {
        let view = |one: PublishedTrigger| {
            let settings = one.trigger.settings;
            let addresses = &self.shared.addresses;
            let (url, path_url) = addresses.of(&settings.group_id, &settings, &self.host);
            let of_group = surroundings.domain_names.iter();
            let of_group = of_group.filter(|it| it.group_id == settings.group_id);
            let mut authorizers = surroundings.authorizers.iter();
            let authorizer =
                authorizers.find(|(id, _)| settings.authorizer_id.as_ref() == Some(id));
            PublishedApi {
                domain_urls: of_group
                    .map(|bound| addresses.by_name(bound, &settings))
                    .collect(),
                authorizer_name: authorizer.map(|(_, name)| name.clone()),
                response_name: {
                    let mut sets = surroundings.response_sets.iter();
                    let set = sets.find(|(id, _)| settings.response_id.as_ref() == Some(id));
                    set.map(|(_, name)| name.clone())
                },
                environment: one.environment,
                settings,
                url,
                path_url,
                number: one.number,
                description: one.description,
                published_at: one.published_at,
            }
        };
        let published = published.unwrap_or_default();
        published.into_iter().map(view).collect()
    }
}

/// Refuses a definition whose fields do not go together.
pub(super) fn check(settings: &ApigTriggerSettings) -> Result<(), ConsoleError> {
    let code_is_of_use =
        settings.authentication == Authentication::App && settings.protocol.allows(true);
    if settings.simple_authentication && !code_is_of_use {
        let message = "Simple authentication needs App authentication and HTTPS";
        let field = "simple_authentication";
        return Err(ConsoleError::field(field, "FSS.1417", 400, message));
    }
    let is_custom = settings.authentication == Authentication::Custom;
    if is_custom != settings.authorizer_id.is_some() {
        let message = "Custom authentication needs an authorizer, and no other has one";
        let field = "authorizer_id";
        return Err(ConsoleError::field(field, "APIG.2036", 400, message));
    }
    let in_path = settings.request_parameters.check_path(&settings.path);
    in_path.map_err(|error| {
        ConsoleError::field("path", NotInPath::CODE, 400, sentence(&error.to_string()))
    })
}
