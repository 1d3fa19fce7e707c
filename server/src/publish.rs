//! Publishing: from what is stored to what the gateway answers with.
//!
//! The console plane changes the store and then publishes one new snapshot of
//! routes and deployments. Whoever calls a trigger URL reads the snapshot and
//! waits for no SQL.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use arc_swap::ArcSwap;
use sluice_domain::code::CodePackage;
use sluice_domain::id::{FunctionId, PolicyId, TriggerId};
use sluice_domain::policy::{Policy, PolicyRule};
use sluice_executor::{DeployError, Deployment, DeploymentSpec, Executor};
use sluice_gateway::{
    ApiPolicies, Cors, Credentials, Gateway, PublishedApi, ResponseHeaders, RouteTable, Throttle,
};
use sluice_store::{FunctionRow, Store, StoreError};
use tokio::sync::{Mutex, MutexGuard};

use crate::logging::chain;

/// The version that every function has.
pub const LATEST: &str = "latest";

/// Deploys functions and publishes their triggers.
pub struct Publisher {
    store: Store,
    executor: Executor,
    gateway: Gateway<Executor>,
    /// What serves, or why nothing does. Locked while something changes, so
    /// that an older snapshot never replaces a newer one.
    deployments: Mutex<Deployments>,
    /// The same as it was published last, for reading without waiting.
    published: ArcSwap<Deployments>,
    /// What counts calls. It stays while its policy does, whatever else is published.
    throttles: std::sync::Mutex<Throttles>,
}

/// By the policy, and by the API where each is counted by itself.
type Throttles = HashMap<(PolicyId, Option<TriggerId>), Arc<Throttle>>;

/// What serves of each function, or why its code could not be deployed at start.
pub type Deployments = HashMap<FunctionId, Result<Arc<Deployment>, String>>;

impl Publisher {
    /// A publisher that has published nothing yet.
    pub fn new(store: Store, executor: Executor, gateway: Gateway<Executor>) -> Self {
        Self {
            store,
            executor,
            gateway,
            deployments: Mutex::default(),
            published: ArcSwap::default(),
            throttles: std::sync::Mutex::default(),
        }
    }

    /// Deploys every function that is stored, and publishes all triggers. A
    /// function that cannot be deployed does not keep the others from serving;
    /// its page says why.
    pub async fn start(&self) -> Result<(), StoreError> {
        let mut deployments = self.change().await;
        for function in self.store.list_functions().await? {
            // One after the other: together they may not fit into memory.
            let code = self.store.function_code(&function.function_id).await?;
            let restored = self.executor.restore(spec(&function, code)).await;
            let deployed = restored.map_err(|error| {
                tracing::error!(function.name = %function.name, error = chain(&error), "could not deploy a function at start");
                error.to_string()
            });
            deployments.insert(function.function_id, deployed);
        }
        self.admit().await?;
        self.publish(&deployments).await
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

    /// Publishes what is stored, served by `deployments`.
    pub async fn publish(&self, deployments: &Deployments) -> Result<(), StoreError> {
        self.published.store(Arc::new(deployments.clone()));
        let triggers = self.store.all_triggers().await?;
        let mut policies = self.policies(self.store.list_policies().await?);
        let api = |published: sluice_store::PublishedTrigger| PublishedApi {
            environment: published.environment,
            deployment: deployments
                .get(&published.function_id)
                .and_then(|deployed| deployed.as_ref().ok())
                .cloned(),
            policies: policies
                .remove(&published.trigger.trigger_id)
                .unwrap_or_default(),
            api: published.trigger,
        };
        self.gateway
            .publish(RouteTable::new(triggers.into_iter().map(api)));
        Ok(())
    }

    /// The policies of each API.
    fn policies(&self, policies: Vec<Policy>) -> HashMap<TriggerId, ApiPolicies> {
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

    /// Lets the gateway know the credentials of callers as they are stored. Whoever calls it holds
    /// the guard of [`Self::change`].
    pub async fn admit(&self) -> Result<(), StoreError> {
        let credentials = self.store.published_credentials().await?;
        self.gateway.admit(Credentials::new(credentials));
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
