//! Stops instances that are still in order: what the function has to run before that, runs first.
//! Nobody waits for it but the end of the server.
//!
//! It does not run in an instance whose call did not return, where memory is needed for others at
//! once, where more instances are stopped at a time than may run it, and where the server is killed.

use std::sync::Arc;

use sluice_domain::function::PreStop;

use crate::deployment::{Deployment, DeploymentSpec};
use crate::executor::Inner;
use crate::instance::Instance;
use crate::run;

/// Most instances that run something before they are stopped, at a time: they have memory that
/// calls could have.
const MOST: usize = 100;

/// Stops instances of a deployment.
pub fn retire(deployment: &Deployment, instances: impl IntoIterator<Item = Instance>) {
    let spec = deployment.spec();
    let (Some(hook), Some(inner)) = (&spec.settings.pre_stop, deployment.executor()) else {
        return;
    };
    // Where there is no runtime any more, the process ends.
    let Ok(runtime) = tokio::runtime::Handle::try_current() else {
        return;
    };
    for mut instance in instances {
        if inner.stopping.inside() >= MOST {
            tracing::warn!(function.name = %spec.function_name, "an instance is stopped without its pre-stop: {MOST} others run theirs");
            continue;
        }
        let (inner, hook) = (Arc::clone(&inner), hook.clone());
        // The deployment may be gone before the instance, which has its code open.
        let (spec, blueprint) = (deployment.shared_spec(), Arc::clone(&deployment.blueprint));
        let stopping = inner.stopping.enter();
        runtime.spawn(async move {
            pre_stop(&inner, &spec, &hook, &mut instance).await;
            drop(instance);
            drop((blueprint, stopping));
        });
    }
}

/// Runs what is to run before an instance is stopped, and records it; false where it did not
/// return.
pub async fn pre_stop(
    inner: &Inner,
    spec: &DeploymentSpec,
    hook: &PreStop,
    instance: &mut Instance,
) -> bool {
    // Without a recorder nothing may run: it would leave no trace.
    let Ok(place) = inner.place_for_record().await else {
        return false;
    };
    let (record, returned) = run::pre_stop(inner, spec, hook, instance).await;
    place.send(Arc::new(record));
    returned
}
