//! What serves functions: a deployment of each version.

use std::collections::HashMap;
use std::sync::Arc;

use sluice_domain::id::FunctionId;
use sluice_domain::version::{VersionName, VersionRef};
use sluice_executor::Deployment;

/// What serves, or why the code could not be deployed.
pub type Deployed = Result<Arc<Deployment>, String>;

/// What serves each function. Without a version, `latest` is meant.
#[derive(Debug, Clone, Default)]
pub struct Deployments {
    latest: HashMap<FunctionId, Deployed>,
    published: HashMap<FunctionId, HashMap<VersionName, Deployed>>,
}

impl Deployments {
    /// What serves a function.
    pub fn get(&self, function_id: &FunctionId) -> Option<&Deployed> {
        self.latest.get(function_id)
    }

    /// What serves a version of a function.
    pub fn version(&self, function_id: &FunctionId, version: &VersionRef) -> Option<&Deployed> {
        match version {
            VersionRef::Latest => self.get(function_id),
            VersionRef::Published(name) => self.published.get(function_id)?.get(name),
        }
    }

    /// Has a function served by another deployment. Its published versions stay.
    pub fn insert(&mut self, function_id: FunctionId, deployed: Deployed) {
        self.latest.insert(function_id, deployed);
    }

    /// Has a published version served.
    pub fn insert_version(
        &mut self,
        function_id: &FunctionId,
        version: VersionName,
        deployed: Deployed,
    ) {
        let of_function = self.published.entry(function_id.clone()).or_default();
        of_function.insert(version, deployed);
    }

    /// Has a published version served no more.
    pub fn remove_version(&mut self, function_id: &FunctionId, version: &VersionName) {
        if let Some(of_function) = self.published.get_mut(function_id) {
            of_function.remove(version);
        }
    }

    /// Has a function served no more, in none of its versions.
    pub fn remove(&mut self, function_id: &FunctionId) {
        self.latest.remove(function_id);
        self.published.remove(function_id);
    }
}
