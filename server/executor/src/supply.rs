//! Keeps instances ready before they are needed: those that a function has reserved, one more
//! where calls take the last, and new ones where each call is to have its own.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use sluice_domain::id::RequestId;
use tokio::sync::OwnedSemaphorePermit;

use crate::deployment::Deployment;
use crate::executor::Inner;
use crate::failed::Failed;
use crate::instance::Instance;
use crate::renew::Pristine;
use crate::slots::Slot;
use crate::trace::Trace;
use crate::{making, retire};

/// Calls at a time from which on a further instance is made when the last one is taken.
const BUSY: usize = 2;

/// Makes instances until as many are there as are reserved.
pub fn fill(inner: &Arc<Inner>, deployment: &Arc<Deployment>) {
    let reserved = deployment.spec().settings.concurrency.reserved_instances() as usize;
    let there = deployment.slots().used() + deployment.pool.len();
    let making = deployment.making.load(Ordering::SeqCst);
    for _ in there + making..reserved {
        one_more(inner, deployment);
    }
}

/// A call is about to take an instance: makes a further one if it takes the last of several, so
/// that the next caller need not wait for it. Where there is none, the call makes its own first.
pub fn taking(inner: &Arc<Inner>, deployment: &Arc<Deployment>) {
    if deployment.pool.len() != 1 || deployment.making.load(Ordering::SeqCst) != 0 {
        return;
    }
    let slots = deployment.slots();
    if (BUSY..slots.most()).contains(&slots.used()) && inner.budget.is_plentiful() {
        one_more(inner, deployment);
    }
}

fn one_more(inner: &Arc<Inner>, deployment: &Arc<Deployment>) {
    deployment.making.fetch_add(1, Ordering::SeqCst);
    let (inner, deployment) = (Arc::clone(inner), Arc::clone(deployment));
    tokio::spawn(async move {
        let made = make(&inner, &deployment).await;
        deployment.making.fetch_sub(1, Ordering::SeqCst);
        keep(&deployment, made);
    });
}

async fn make(inner: &Inner, deployment: &Deployment) -> Result<Instance, Failed> {
    let _ticking = inner.ticker.during_call();
    let id = nobodys_request();
    let instance = deployment.blueprint.instance().await;
    let mut instance = instance.map_err(|error| Failed::by_making(&id, &error))?;
    making::ready(&mut instance, deployment, &id, &Trace::default()).await?;
    Ok(instance)
}

/// After a call of a function whose calls each have an instance of their own: makes the used
/// one new, or another one where that cannot be done. It keeps the slot of the call meanwhile.
pub async fn replace(
    inner: Arc<Inner>,
    deployment: Arc<Deployment>,
    mut used: Instance,
    slot: Slot,
    stopping: Option<OwnedSemaphorePermit>,
) {
    let returned = match &deployment.spec().settings.pre_stop {
        Some(hook) => retire::pre_stop(&inner, deployment.spec(), hook, &mut used).await,
        None => true,
    };
    drop(stopping);
    if Arc::strong_count(&deployment) == 1 {
        return; // nobody can call it any more
    }
    let _ticking = inner.ticker.during_call();
    let made = if returned && renewed(&deployment, &mut used).await {
        let (id, trace) = (nobodys_request(), Trace::default());
        let ready = making::ready(&mut used, &deployment, &id, &trace).await;
        ready.map(|()| used)
    } else {
        drop(used);
        make(&inner, &deployment).await
    };
    keep(&deployment, made);
    drop(slot);
}

fn keep(deployment: &Deployment, made: Result<Instance, Failed>) {
    match made {
        Ok(instance) => deployment.pool.give_back(instance),
        // A call that needs one tries by itself, and has it in its log.
        Err(failed) => tracing::debug!(
            function.name = %deployment.spec().function_name,
            reason = failed.failure.error_message,
            "no instance could be made ahead"
        ),
    }
}

async fn renewed(deployment: &Deployment, used: &mut Instance) -> bool {
    let Some(pristine) = pristine(deployment).await else {
        return false;
    };
    let renewed = pristine.renew(&deployment.blueprint, used).await;
    renewed.unwrap_or_else(|error| {
        tracing::error!(error = format!("{error:#}"), "an instance was not made new");
        false
    })
}

/// The instance that others are made new from, which is made when it is first needed.
async fn pristine(deployment: &Deployment) -> Option<Arc<Pristine>> {
    let mut pristine = deployment.pristine.lock().await;
    if pristine.is_none() {
        match Pristine::of(&deployment.blueprint).await {
            Ok(made) => *pristine = made.map(Arc::new),
            Err(error) => tracing::debug!(error = format!("{error:#}"), "no pristine instance"),
        }
    }
    pristine.clone()
}

/// What an initializer sees as its request where no request waits for it.
fn nobodys_request() -> RequestId {
    RequestId::from_bytes([0; 16])
}
