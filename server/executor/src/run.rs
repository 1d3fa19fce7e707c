//! The story of one invocation, from an instance to its record.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;
use sluice_domain::function::PreStop;
use sluice_domain::id::RequestId;
use sluice_domain::invocation::{
    Cause, InvocationRecord, LogLevel, LogLine, MAX_RESULT_BYTES, Origin, billed_ms,
    megabytes_text, millis_text,
};
use sluice_domain::time::Timestamp;
use sluice_domain::trace::Stage;

use crate::call::{Call, Invocation, Outcome, ResponseRefused};
use crate::deployment::{Deployment, DeploymentSpec};
use crate::events::Keeping;
use crate::executor::Inner;
use crate::failed::Failed;
use crate::instance::Instance;
use crate::log::{Log, now};
use crate::making;
use crate::retire::retire;
use crate::trace::Begun;

/// On how many instances an initializer is tried before the call fails. Source: initializer, up to
/// 3 tries.
const INITIALIZER_TRIES: u32 = 3;

/// Runs one invocation to its end. Whatever happens, there is a record. Where each call has an
/// instance of its own, what comes back besides is the one that it has used.
pub async fn invocation<T>(
    executor: &Inner,
    deployment: &Deployment,
    call: Call,
    accept: impl FnOnce(String) -> Result<T, ResponseRefused>,
) -> (Invocation<T>, Option<Instance>) {
    let _ticking = executor.ticker.during_call();
    let mut story = Story::new();
    let run = story.run(executor, deployment, &call, accept);
    let ending = AssertUnwindSafe(run).catch_unwind().await;
    let (cause, outcome) = match ending {
        Ok(Ok(ending)) => ending,
        Ok(Err(failed)) => {
            story.report(&failed.report);
            (failed.cause, Outcome::Failed(failed.failure))
        }
        Err(panic) => {
            let failed = Failed::by_panic(&call.request_id, panic_text(panic.as_ref()));
            story.report(&failed.report);
            (failed.cause, Outcome::Failed(failed.failure))
        }
    };
    let used = story.used.take();
    let (id, origin) = (call.request_id.clone(), call.origin.clone());
    let keeping = std::mem::take(&mut story.keeping);
    let mut record = story.record(deployment.spec(), id, origin, cause);
    record.event = keeping.ended(deployment.events(), call, || match &outcome {
        Outcome::Failed(failure) => serde_json::to_string(failure).ok(),
        Outcome::Returned(_) | Outcome::Refused(_) => None,
    });
    let record = Arc::new(record);
    (Invocation { record, outcome }, used)
}

/// Runs what is to run before an instance is stopped, to its end; false where it did not return.
pub async fn pre_stop(
    executor: &Inner,
    spec: &DeploymentSpec,
    hook: &PreStop,
    instance: &mut Instance,
) -> (InvocationRecord, bool) {
    let _ticking = executor.ticker.during_call();
    // With the time in front, as the gateway draws them.
    let now = uuid::Timestamp::now(uuid::NoContext);
    let id = RequestId::from_bytes(uuid::Uuid::new_v7(now).into_bytes());
    let mut story = Story::new();
    let running = AssertUnwindSafe(story.pre_stop(spec, hook, &id, instance)).catch_unwind();
    let (cause, returned) = match running.await {
        Ok(Ok(Ok(()))) => (Cause::Success, true),
        Ok(Ok(Err(failed))) => (story.told(failed), true),
        Ok(Err(failed)) => (story.told(failed), false),
        Err(panic) => {
            let failed = Failed::by_panic(&id, panic_text(panic.as_ref()));
            (story.told(failed), false)
        }
    };
    (story.record(spec, id, Origin::PreStop, cause), returned)
}

/// What is known of an invocation while it runs.
struct Story {
    started_at: Timestamp,
    log: Vec<LogLine>,
    duration: Duration,
    cold_start: Option<Duration>,
    cpu: Duration,
    memory_used: u64,
    /// Bytes in `/tmp` at the end of the call, with what earlier calls have left there.
    storage_used: u64,
    /// The instance, where no other call may have it.
    used: Option<Instance>,
    /// What is kept besides the record.
    keeping: Keeping,
}

impl Story {
    fn new() -> Self {
        Self {
            started_at: now(),
            log: Vec::new(),
            duration: Duration::ZERO,
            cold_start: None,
            cpu: Duration::ZERO,
            memory_used: 0,
            storage_used: 0,
            used: None,
            keeping: Keeping::default(),
        }
    }

    async fn run<T>(
        &mut self,
        executor: &Inner,
        deployment: &Deployment,
        call: &Call,
        accept: impl FnOnce(String) -> Result<T, ResponseRefused>,
    ) -> Result<(Cause, Outcome<T>), Failed> {
        let trace = &call.trace;
        let taking = trace.begin(Stage::Instance);
        let (mut instance, success) = match deployment.pool.take() {
            Some(instance) => {
                trace.end(taking, || waited(&instance).to_owned());
                // What it printed when it was made before anybody called.
                self.collect(&instance);
                (instance, Cause::Success)
            }
            None => (
                self.cold_start(executor, deployment, call, taking).await?,
                Cause::ColdStart,
            ),
        };
        let called = self.call(&mut instance, deployment.spec(), call).await;
        // What did not return, be it by a limit, a trap or an exit, is in no state to be
        // called again; `?` drops it. An exception leaves Python in order.
        let returned = called?;
        if deployment.spec().settings.concurrency.fresh_instances() {
            self.used = Some(instance);
        } else if instance.is_worn() {
            retire(deployment, [instance]);
        } else {
            deployment.pool.give_back(instance);
        }
        let result = returned?;
        let (decoding, bytes) = (trace.begin(Stage::Response), result.len());
        self.keeping.returned(deployment.events(), call, &result);
        let accepted = accept(result);
        trace.end(decoding, || format!("{bytes} bytes of JSON"));
        match accepted {
            Ok(accepted) => Ok((success, Outcome::Returned(accepted))),
            Err(refused) => {
                self.report(&refused.0);
                Ok((Cause::CodeError, Outcome::Refused(refused)))
            }
        }
    }

    /// Makes an instance, loads the handler and runs the initializer. What fails here
    /// leaves no instance behind, so that the next call tries again.
    async fn cold_start(
        &mut self,
        executor: &Inner,
        deployment: &Deployment,
        call: &Call,
        making: Begun,
    ) -> Result<Instance, Failed> {
        let (id, trace) = (&call.request_id, &call.trace);
        let begun = Instant::now();
        let version = &deployment.spec().version;
        self.platform(format!("Start load request '{id}', version: {version}"));
        let mut instance = making::instance(executor, deployment, id).await?;
        let from_snapshot = instance.is_loaded;
        trace.end(making, || made(from_snapshot).to_owned());
        let mut ready = making::ready(&mut instance, deployment, id, trace).await;
        let mut last_try = begun;
        for number in 2..=INITIALIZER_TRIES {
            let failed = match ready {
                Err(failed) if may_try_again(&failed, deployment.spec(), begun) => failed,
                _ => break,
            };
            self.collect(&instance);
            // Its place may be needed for the next one.
            drop(instance);
            last_try = Instant::now();
            let making = trace.begin(Stage::Instance);
            instance = match making::instance(executor, deployment, id).await {
                Ok(instance) => instance,
                Err(_) => return Err(failed),
            };
            trace.end(making, || made(instance.is_loaded).to_owned());
            self.report(&failed.report);
            self.platform(format!(
                "Initializer failed, try {number} of {INITIALIZER_TRIES} on a new instance"
            ));
            ready = making::ready(&mut instance, deployment, id, trace).await;
        }
        let took = begun.elapsed();
        self.cold_start = Some(took);
        if ready.is_ok() {
            let measured = last_try.elapsed();
            deployment.blueprint.measured(from_snapshot, measured);
        }
        self.collect(&instance);
        let finish = format!(
            "Finish load request '{id}', duration: {}ms, memory used: {}MB.",
            millis_text(took),
            megabytes_text(self.memory_used),
        );
        self.platform(finish);
        ready.map(|()| instance)
    }

    /// Calls the handler. The outer error means that it did not return.
    async fn call(
        &mut self,
        instance: &mut Instance,
        spec: &DeploymentSpec,
        call: &Call,
    ) -> Result<Result<String, Failed>, Failed> {
        let (id, timeout) = (&call.request_id, spec.settings.timeout);
        self.platform(format!(
            "Start invoke request '{id}', version: {}",
            spec.version
        ));
        let begun = Instant::now();
        let limit = timeout.duration();
        let handling = call.trace.begin(Stage::Handler);
        let running = instance.invoke(id, &call.event, limit, &mut self.cpu);
        let ended = tokio::time::timeout(limit, running).await;
        self.duration = begun.elapsed();
        call.trace.end(handling, || told_of(&ended).to_owned());
        self.collect(instance);
        let refused = instance.was_refused_space();
        let by_disk = |failed: Failed| match refused {
            Some(quota) => failed.by_disk(quota),
            None => failed,
        };
        match ended {
            Ok(Ok(Ok(result))) if result.len() > MAX_RESULT_BYTES => {
                Ok(Err(Failed::by_size(result.len(), MAX_RESULT_BYTES)))
            }
            Ok(Ok(Ok(result))) => Ok(Ok(result)),
            Ok(Ok(Err(failure))) => {
                Ok(Err(by_disk(Failed::by_function(Cause::CodeError, failure))))
            }
            Ok(Err(error)) => Err(by_disk(Failed::by_error(id, &error))),
            Err(_) => Err(Failed::by_limit(
                Cause::TimedOut,
                format!("call invoke timeout {}s", timeout.seconds()),
            )),
        }
    }

    /// Runs the pre-stop. The outer error means that it did not return.
    async fn pre_stop(
        &mut self,
        spec: &DeploymentSpec,
        hook: &PreStop,
        id: &RequestId,
        instance: &mut Instance,
    ) -> Result<Result<(), Failed>, Failed> {
        self.platform(format!(
            "Start pre-stop request '{id}', version: {}",
            spec.version
        ));
        let begun = Instant::now();
        let limit = hook.timeout.duration();
        let running = instance.pre_stop(id, limit, &mut self.cpu);
        let ended = tokio::time::timeout(limit, running).await;
        self.duration = begun.elapsed();
        self.collect(instance);
        match ended {
            Ok(Ok(Ok(()))) => Ok(Ok(())),
            Ok(Ok(Err(failure))) => Ok(Err(Failed::by_function(Cause::CodeError, failure))),
            Ok(Err(error)) => Err(Failed::by_error(id, &error)),
            Err(_) => {
                let message = format!("pre-stop timed out after {}s", hook.timeout.seconds());
                Err(Failed::by_limit(Cause::TimedOut, message))
            }
        }
    }

    /// Reports a failure that nobody waits for.
    fn told(&mut self, failed: Failed) -> Cause {
        self.report(&failed.report);
        failed.cause
    }

    /// Takes over what the instance has written and used.
    fn collect(&mut self, instance: &Instance) {
        let mut log = instance.log.lock();
        log.finish_lines();
        self.log.append(&mut log.take());
        self.memory_used = instance.memory_used();
        self.storage_used = instance.disk_used();
        drop(log);
        if let Some(line) = instance.traffic_told() {
            self.platform(line);
        }
    }

    /// Adds lines about a failure.
    fn report(&mut self, text: &str) {
        let mut log = Log::default();
        log.report(text);
        self.log.append(&mut log.take());
    }

    /// Adds a line of the platform's own.
    fn platform(&mut self, text: String) {
        let at = now();
        self.log.push(LogLine {
            at,
            level: LogLevel::Info,
            text: format!("{} {text}", at.log_format()),
        });
    }

    fn record(
        mut self,
        spec: &DeploymentSpec,
        request_id: RequestId,
        origin: Origin,
        cause: Cause,
    ) -> InvocationRecord {
        let what = match origin {
            Origin::PreStop => "pre-stop",
            Origin::Test | Origin::Trigger { .. } => "invoke",
        };
        let failed = match cause.is_success() {
            true => String::new(),
            false => format!("({what} Failed:{})", cause.name()),
        };
        let cores = self.cpu.as_secs_f64() / self.duration.as_secs_f64().max(1e-6);
        self.platform(format!(
            "Finish {what} request '{request_id}'{failed}, duration: {}ms, billing duration: {}ms, \
             memory used: {}MB, billing memory: {}MB, cpu used: {cores:.3}U, storage used: {}MB",
            millis_text(self.duration),
            billed_ms(self.duration),
            megabytes_text(self.memory_used),
            spec.settings.memory.get(),
            megabytes_text(self.storage_used),
        ));
        InvocationRecord {
            request_id,
            function_id: spec.function_id.clone(),
            function_name: spec.function_name.clone(),
            version: spec.version.clone(),
            origin,
            started_at: self.started_at,
            duration: self.duration,
            cold_start: self.cold_start,
            memory_used_bytes: self.memory_used,
            cause,
            log: self.log,
            event: None,
        }
    }
}

/// True where another instance may have more luck: the initializer failed, and sooner than its
/// timeout, so that nobody waits for three of those.
fn may_try_again(failed: &Failed, spec: &DeploymentSpec, begun: Instant) -> bool {
    let initializer = spec.settings.initializer.as_ref();
    failed.cause == Cause::InitializationFailed
        && initializer.is_some_and(|it| begun.elapsed() < it.timeout.duration())
}

/// What a trace tells of an instance that waited for a call.
fn waited(instance: &Instance) -> &'static str {
    match instance.renewed {
        0 => "Warm: it was there",
        _ => "Renewed: it was there, made new after an earlier call",
    }
}

/// What a trace tells of an instance that was made for a call.
fn made(from_snapshot: bool) -> &'static str {
    match from_snapshot {
        true => "Cold start: made from the snapshot",
        false => "Cold start: made from the runtime",
    }
}

/// What a trace tells of how a handler ended.
fn told_of<T, F, E, L>(ended: &Result<Result<Result<T, F>, E>, L>) -> &'static str {
    match ended {
        Ok(Ok(Ok(_))) => "Returned",
        Ok(Ok(Err(_))) => "Failed",
        Ok(Err(_)) => "Ended by the sandbox",
        Err(_) => "Ended by its execution timeout",
    }
}

/// What a panic had to say.
fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no reason given")
}
