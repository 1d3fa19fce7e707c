//! What APIs call: from a version or an alias to what serves it.

use std::collections::HashMap;
use std::sync::Arc;

use sluice_domain::alias::{AliasName, AliasTarget};
use sluice_domain::id::FunctionId;
use sluice_domain::target::Target;
use sluice_domain::version::VersionRef;
use sluice_executor::Deployment;
use sluice_gateway::{Shift, Split};
use sluice_store::PublishedAlias;

use crate::deployments::Deployments;

/// What the aliases of all functions call.
#[derive(Debug, Default)]
pub struct Targets(HashMap<(FunctionId, AliasName), Aliased>);

/// What one alias calls, and what chooses where it shifts traffic.
#[derive(Debug)]
struct Aliased {
    target: AliasTarget,
    split: Option<Arc<Split>>,
}

impl Targets {
    /// What these aliases call. What chooses in one goes on counting where it chooses as before.
    pub fn following(old: &Self, aliases: Vec<PublishedAlias>) -> Self {
        let aliased = |alias: PublishedAlias| {
            let key = (alias.function_id, alias.name);
            let kept = old.0.get(&key).and_then(|old| old.split.as_ref());
            let shifting = alias.target.fields().shifting.as_ref();
            let split = shifting.map(|shifting| match kept {
                Some(kept) if *kept.by() == shifting.by => Arc::clone(kept),
                _ => Arc::new(Split::new(shifting.by.clone())),
            });
            let target = alias.target;
            (key, Aliased { target, split })
        };
        Self(aliases.into_iter().map(aliased).collect())
    }

    /// What serves a target of a function, if anything does.
    pub fn deployment(
        &self,
        deployments: &Deployments,
        function_id: &FunctionId,
        target: &Target,
    ) -> Option<Arc<Deployment>> {
        let version = match target {
            Target::Latest => VersionRef::Latest,
            Target::Version(version) => VersionRef::Published(version.clone()),
            Target::Alias(alias) => self
                .alias(function_id, alias)?
                .target
                .fields()
                .version
                .clone(),
        };
        serving(deployments, function_id, &version)
    }

    /// Which calls of a target something else serves.
    pub fn shift(
        &self,
        deployments: &Deployments,
        function_id: &FunctionId,
        target: &Target,
    ) -> Option<Shift<Arc<Deployment>>> {
        let Target::Alias(alias) = target else {
            return None;
        };
        let Aliased { target, split } = self.alias(function_id, alias)?;
        let shifting = target.fields().shifting.as_ref()?;
        let additional = VersionRef::Published(shifting.additional_version.clone());
        Some(Shift {
            split: split.clone()?,
            additional: serving(deployments, function_id, &additional),
        })
    }

    fn alias(&self, function_id: &FunctionId, alias: &AliasName) -> Option<&Aliased> {
        self.0.get(&(function_id.clone(), alias.clone()))
    }
}

fn serving(
    deployments: &Deployments,
    function_id: &FunctionId,
    version: &VersionRef,
) -> Option<Arc<Deployment>> {
    let deployed = deployments.version(function_id, version)?;
    deployed.as_ref().ok().cloned()
}
