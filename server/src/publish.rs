//! Publishing: from what is stored to what the gateway answers with.
//!
//! The console plane changes the store and then publishes one new snapshot of
//! routes and deployments. Whoever calls a trigger URL reads the snapshot and
//! waits for no SQL.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::SystemTime;

use arc_swap::ArcSwap;
use sluice_domain::code::CodePackage;
use sluice_domain::function::FunctionSettings;
use sluice_domain::id::{AuthorizerId, FunctionId, PolicyId};
use sluice_domain::policy::{Policy, PolicyRule};
use sluice_domain::publication::BoundApi;
use sluice_domain::version::LATEST;
use sluice_executor::{DeployError, Deployment, DeploymentSpec, Executor};
use sluice_gateway::{
    ApiPolicies, Authorizer, Cors, Credentials, Gateway, ParameterRules, PublishedApi,
    ResponseHeaders, RouteTable, Throttle,
};
use sluice_store::{FunctionRow, PublishedAuthorizer, Store, StoreError, VersionRow};
use tokio::sync::{Mutex, MutexGuard};

use crate::deployments::Deployed;
pub use crate::deployments::Deployments;
use crate::domain_names::DomainPublisher;
use crate::logging::chain;
use crate::targets::Targets;

/// Deploys functions and publishes their APIs.
pub struct Publisher {
    store: Store,
    executor: Executor,
    gateway: Gateway<Executor>,
    domain_names: DomainPublisher,
    /// What serves, or why nothing does. Locked while something changes, so
    /// that an older snapshot never replaces a newer one.
    deployments: Mutex<Deployments>,
    /// The same as it was published last, for reading without waiting.
    published: ArcSwap<Deployments>,
    /// What decides who may call APIs. It keeps decisions while it stays the same.
    authorizers: std::sync::Mutex<Authorizers>,
    /// What counts calls. It stays while its policy does, whatever else is published.
    throttles: std::sync::Mutex<Throttles>,
    /// What aliases call. What shifts traffic counts calls, and stays while it is the same.
    targets: ArcSwap<Targets>,
}

/// By the policy, and by the API and its environment where each is counted by itself.
type Throttles = HashMap<(PolicyId, Option<BoundApi>), Arc<Throttle>>;

/// By their ids.
type Authorizers = HashMap<AuthorizerId, Arc<Authorizer<Arc<Deployment>>>>;

impl Publisher {
    /// A publisher that has published nothing yet.
    pub fn new(
        store: Store,
        executor: Executor,
        gateway: Gateway<Executor>,
        domain_names: DomainPublisher,
    ) -> Self {
        Self {
            store,
            executor,
            gateway,
            domain_names,
            deployments: Mutex::default(),
            published: ArcSwap::default(),
            authorizers: std::sync::Mutex::default(),
            throttles: std::sync::Mutex::default(),
            targets: ArcSwap::default(),
        }
    }

    /// Deploys every function that is stored, with its published versions, and publishes their APIs. A
    /// function that cannot be deployed does not keep the others from serving;
    /// its page says why.
    pub async fn start(&self) -> Result<(), StoreError> {
        let mut deployments = self.change().await;
        let mut versions: HashMap<_, Vec<_>> = HashMap::new();
        for version in self.store.list_versions().await? {
            let of_function = versions.entry(version.function_id.clone());
            of_function.or_default().push(version);
        }
        for function in self.store.list_functions().await? {
            // One after the other: together they may not fit into memory.
            let code = self.store.function_code(&function.function_id).await?;
            let restored = self.executor.restore(spec(&function, code)).await;
            let deployed = restored.map_err(|error| {
                tracing::error!(function.name = %function.name, error = chain(&error), "could not deploy a function at start");
                error.to_string()
            });
            let of_function = versions.remove(&function.function_id);
            for version in of_function.unwrap_or_default() {
                let deployed = self.restore_version(&function, &version).await?;
                deployments.insert_version(&function.function_id, version.version, deployed);
            }
            deployments.insert(function.function_id, deployed);
        }
        self.admit().await?;
        self.publish_domain_names().await?;
        self.publish(&deployments).await
    }

    /// What answers trigger URLs.
    pub fn gateway(&self) -> &Gateway<Executor> {
        &self.gateway
    }

    /// Begins a change. While the guard lives nothing else is published.
    pub async fn change(&self) -> MutexGuard<'_, Deployments> {
        self.deployments.lock().await
    }

    /// Makes a deployment of a function's settings and code. Nothing serves it
    /// until it is published.
    pub async fn deploy(
        &self,
        function: &FunctionRow,
        code: CodePackage,
    ) -> Result<Arc<Deployment>, DeployError> {
        self.executor.deploy(spec(function, code)).await
    }

    /// Makes a deployment of a published version, or says why it cannot be run. Its snapshot is made
    /// when it is first called.
    pub async fn restore_version(
        &self,
        function: &FunctionRow,
        version: &VersionRow,
    ) -> Result<Deployed, StoreError> {
        let (id, name) = (&version.function_id, &version.version);
        let code = self.store.version_code(id, name).await?;
        let restored = self
            .executor
            .restore(spec_of_version(function, version, code))
            .await;
        Ok(restored.map_err(|error| {
            tracing::error!(function.name = %function.name, function.version = %name, error = chain(&error), "could not deploy a version");
            error.to_string()
        }))
    }

    /// Publishes what is stored, served by `deployments`.
    pub async fn publish(&self, deployments: &Deployments) -> Result<(), StoreError> {
        self.published.store(Arc::new(deployments.clone()));
        let triggers = self.store.published_triggers().await?;
        let mut policies = self.policies(self.store.list_policies().await?);
        let authorizers = self.store.published_authorizers().await?;
        let authorizers = self.authorizers(authorizers, deployments);
        let aliases = self.store.published_aliases().await?;
        let targets = Arc::new(Targets::following(&self.targets.load(), aliases));
        self.targets.store(Arc::clone(&targets));
        let api = |published: sluice_store::PublishedTrigger| PublishedApi {
            shift: targets.shift(
                deployments,
                &published.function_id,
                &published.trigger.settings.target,
            ),
            policies: policies.remove(&published.place()).unwrap_or_default(),
            environment: published.environment.name,
            environment_id: published.environment.environment_id,
            deployment: targets.deployment(
                deployments,
                &published.function_id,
                &published.trigger.settings.target,
            ),
            authorizer: published
                .trigger
                .settings
                .authorizer_id
                .as_ref()
                .and_then(|id| authorizers.get(id))
                .cloned(),
            parameters: ParameterRules::new(&published.trigger.settings.request_parameters)
                .map(Arc::new),
            api: published.trigger,
        };
        let table = RouteTable::new(triggers.into_iter().map(api));
        let groups = self.store.list_group_settings().await?.into_iter();
        let groups = groups.map(|row| (row.group.group_id, row.settings));
        self.gateway.publish(table.with_groups(groups));
        Ok(())
    }

    /// Publishes the domain names as they are stored. Whoever calls it holds the guard of [`Self::change`].
    pub async fn publish_domain_names(&self) -> Result<(), StoreError> {
        self.renew_domain_names(SystemTime::now()).await
    }

    /// The same at another time, which decides what is renewed.
    pub async fn renew_domain_names(&self, now: SystemTime) -> Result<(), StoreError> {
        self.domain_names.publish(now).await
    }

    /// What publishes the domain names.
    pub fn domain_names(&self) -> &DomainPublisher {
        &self.domain_names
    }

    /// The authorizers by their ids. One is the same as before where nothing about it is another.
    fn authorizers(
        &self,
        stored: Vec<PublishedAuthorizer>,
        deployments: &Deployments,
    ) -> Authorizers {
        let mut old = self
            .authorizers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut authorizers = Authorizers::new();
        for authorizer in stored {
            let (id, rule) = (authorizer.authorizer_id, authorizer.rule);
            let deployed = authorizer.function_id.and_then(|id| deployments.get(&id));
            let deployment = deployed.and_then(|deployed| deployed.as_ref().ok());
            let is_same = |kept: &&Arc<Authorizer<_>>| {
                *kept.rule() == rule
                    && kept.deployment().map(Arc::as_ptr) == deployment.map(Arc::as_ptr)
            };
            let made = match old.get(&id).filter(is_same) {
                Some(kept) => Ok(Arc::clone(kept)),
                None => Authorizer::new(rule, deployment.cloned()).map(Arc::new),
            };
            match made {
                Ok(authorizer) => drop(authorizers.insert(id, authorizer)),
                // The console lets no such one in. Its APIs let in nobody.
                Err(error) => {
                    tracing::error!(authorizer.id = %id, error = chain(&error), "could not publish an authorizer");
                }
            }
        }
        old.clone_from(&authorizers);
        authorizers
    }

    /// The policies of each API.
    fn policies(&self, policies: Vec<Policy>) -> HashMap<BoundApi, ApiPolicies> {
        let mut throttles = Throttles::new();
        let mut old = self
            .throttles
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut of_apis: HashMap<_, ApiPolicies> = HashMap::new();
        for policy in policies {
            for api in policy.apis {
                let of_api = of_apis.entry(api.clone()).or_default();
                match &policy.rule {
                    PolicyRule::AccessControl(access) => {
                        of_api.access = Some(Arc::new(access.clone()));
                    }
                    PolicyRule::Cors(cors) => {
                        of_api.cors = Some(Arc::new(Cors::new(cors)));
                    }
                    PolicyRule::ResponseHeaders(headers) => {
                        of_api.response_headers = Some(Arc::new(ResponseHeaders::new(headers)));
                    }
                    PolicyRule::Throttling(rule) => {
                        let api = (!rule.fields().is_shared).then_some(api);
                        let key = (policy.policy_id.clone(), api);
                        let kept = old.remove(&key).filter(|kept| kept.rule() == rule);
                        let throttle = throttles.entry(key).or_insert_with(|| {
                            kept.unwrap_or_else(|| Arc::new(Throttle::new(rule)))
                        });
                        of_api.throttle = Some(Arc::clone(throttle));
                    }
                }
            }
        }
        *old = throttles;
        of_apis
    }

    /// Lets the gateway know the credentials and access keys of callers as they are stored. Whoever
    /// calls it holds the guard of [`Self::change`].
    pub async fn admit(&self) -> Result<(), StoreError> {
        let credentials = self.store.published_credentials().await?;
        let access_keys = self.store.published_access_keys().await?;
        let access_tokens = self.store.published_access_tokens().await?;
        let settings = self.store.gateway_settings().await?;
        self.gateway
            .admit(Credentials::new(credentials).with_settings(settings));
        self.gateway.admit_users(access_keys);
        self.gateway.admit_tokens(access_tokens);
        Ok(())
    }

    /// What serves a function. Whoever asks here is about to use it, so that its snapshot is
    /// made, if it was not.
    pub fn deployment(&self, function_id: &FunctionId) -> Result<Arc<Deployment>, String> {
        let published = self.published.load();
        let deployment = published.get(function_id).cloned();
        let deployment = deployment.unwrap_or_else(|| Err("it was never deployed".to_owned()))?;
        self.executor.prepare(&deployment);
        Ok(deployment)
    }
}

/// What a published version is made of. Instances are reserved for the latest version alone: what
/// nobody calls costs no memory.
fn spec_of_version(
    function: &FunctionRow,
    version: &VersionRow,
    code: CodePackage,
) -> DeploymentSpec {
    let settings = FunctionSettings {
        concurrency: version.settings.concurrency.without_reserved(),
        ..version.settings.clone()
    };
    DeploymentSpec {
        version: version.version.to_string(),
        settings,
        ..spec(function, code)
    }
}

/// What a stored function is made of.
fn spec(function: &FunctionRow, code: CodePackage) -> DeploymentSpec {
    DeploymentSpec {
        function_id: function.function_id.clone(),
        function_name: function.name.clone(),
        version: LATEST.to_owned(),
        runtime: function.runtime,
        settings: function.settings.clone(),
        code,
    }
}
