//! Makes instances that are ready to be called.

use std::time::Duration;

use sluice_domain::id::RequestId;
use sluice_domain::invocation::Cause;
use sluice_domain::trace::Stage;
use wasmtime::PoolConcurrencyLimitError;

use crate::deployment::{Deployment, DeploymentSpec};
use crate::executor::Inner;
use crate::failed::Failed;
use crate::instance::Instance;
use crate::trace::Trace;

/// Makes an instance. Where the pool is full, room is made where instances of any function
/// wait for a call.
pub async fn instance(
    executor: &Inner,
    deployment: &Deployment,
    id: &RequestId,
) -> Result<Instance, Failed> {
    let made = match deployment.blueprint.instance().await {
        Err(full) if full.is::<PoolConcurrencyLimitError>() => {
            executor.drop_all_waiting();
            deployment.blueprint.instance().await
        }
        made => made,
    };
    made.map_err(|error| Failed::by_making(id, &error))
}

/// Loads the handler, if the instance did not begin with it, and runs the initializer.
pub async fn ready(
    instance: &mut Instance,
    deployment: &Deployment,
    id: &RequestId,
    trace: &Trace,
) -> Result<(), Failed> {
    let spec = deployment.spec();
    // Its CPU time is not the handler's.
    let mut cpu = Duration::ZERO;
    if !instance.is_loaded {
        let timeout = spec.settings.timeout;
        let begun = trace.begin(Stage::Load);
        let loading = instance.load(id, deployment.blueprint.handler_source(), &mut cpu);
        match tokio::time::timeout(timeout.duration(), loading).await {
            Ok(Ok(Ok(()))) => trace.end(begun, || "The code was loaded".to_owned()),
            Ok(Ok(Err(failure))) => return Err(Failed::by_function(Cause::LoadFailed, failure)),
            Ok(Err(error)) => return Err(Failed::by_error(id, &error).at_load()),
            Err(_) => return Err(not_ready(Cause::TimedOut, timeout.seconds())),
        }
    }
    initialize(instance, spec, id, trace).await
}

/// Runs the initializer, if the function has one.
async fn initialize(
    instance: &mut Instance,
    spec: &DeploymentSpec,
    id: &RequestId,
    trace: &Trace,
) -> Result<(), Failed> {
    let Some(initializer) = &spec.settings.initializer else {
        return Ok(());
    };
    let timeout = initializer.timeout;
    let mut cpu = Duration::ZERO;
    let running = instance.initialize(id, timeout.duration(), &mut cpu);
    let cause = Cause::InitializationFailed;
    let begun = trace.begin(Stage::Initializer);
    let ended = tokio::time::timeout(timeout.duration(), running).await;
    trace.end(begun, || match ended {
        Ok(Ok(Ok(()))) => "Returned".to_owned(),
        _ => "Failed".to_owned(),
    });
    match ended {
        Ok(Ok(Ok(()))) => Ok(()),
        Ok(Ok(Err(failure))) => Err(Failed::by_function(cause, failure)),
        Ok(Err(error)) => Err(Failed::by_error(id, &error).at_initializer()),
        Err(_) => Err(not_ready(cause, timeout.seconds())),
    }
}

/// An instance was not ready in time.
fn not_ready(cause: Cause, seconds: u32) -> Failed {
    let message = format!("runtime initialization timed out after {seconds}s");
    Failed::by_limit(cause, message)
}
