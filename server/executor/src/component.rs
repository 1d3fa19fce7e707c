//! Functions that are WebAssembly components of the user's own: compiled when they are deployed,
//! refused by name where they ask for what is not granted.

mod compile;
mod http;

pub use compile::{ComponentInfo, Components, World};
pub use http::context as http_context;

use std::time::Duration;

use wasmtime::component::InstancePre;
use wasmtime::{PoolConcurrencyLimitError, Store, Trap};
use wasmtime_wasi::I32Exit;
use wasmtime_wasi_http::p2::bindings::{Proxy, ProxyPre};

use crate::guest::Failure;
use crate::instance::Host;
use crate::limits::MemoryExceeded;
use crate::log::LogExceeded;

/// Our own world, `runtimes/wit/component.wit`.
pub mod own {
    wasmtime::component::bindgen!({
        path: "../../runtimes/wit",
        world: "sluice:function/component",
        exports: { default: async },
        with: { "sluice:function/logger": crate::guest::logger },
    });
}

/// What instances of a component are made from.
#[derive(Clone)]
pub enum Prepared {
    /// It exports our own world.
    Own(own::ComponentPre<Host>),
    /// It exports `wasi:http/incoming-handler`.
    Http(ProxyPre<Host>),
    /// The code has no component: an empty one, and where it is looked for.
    Absent(InstancePre<Host>, String),
}

impl Prepared {
    /// What will be an instance once it is loaded: instantiating runs code of the user's, which
    /// has to be within limits.
    pub fn instance(&self) -> Instance {
        Instance {
            prepared: self.clone(),
            live: None,
            broken: false,
        }
    }

    /// What it is linked from.
    pub fn instance_pre(&self) -> &InstancePre<Host> {
        match self {
            Self::Own(linked) => linked.instance_pre(),
            Self::Http(linked) => linked.instance_pre(),
            Self::Absent(linked, _) => linked,
        }
    }
}

/// A component in its sandbox.
pub struct Instance {
    prepared: Prepared,
    live: Option<Live>,
    /// Set where it may not be entered again.
    broken: bool,
}

enum Live {
    Own(own::Component),
    Http(Proxy),
}

impl Instance {
    /// Instantiates it, which runs its start functions.
    pub async fn load(&mut self, store: &mut Store<Host>) -> wasmtime::Result<Result<(), Failure>> {
        let live = match &self.prepared {
            Prepared::Own(linked) => linked.instantiate_async(store).await.map(Live::Own),
            Prepared::Http(linked) => linked.instantiate_async(store).await.map(Live::Http),
            Prepared::Absent(_, file) => {
                let reason = format!("there is no component: upload one as {file}");
                return Ok(Err(failure("MissingComponent", "entry", &reason)));
            }
        };
        match live {
            Ok(live) => self.live = Some(live),
            Err(error) if is_ours(&error) => return Err(error),
            Err(error) => return Ok(Err(said("entry", &error))),
        }
        Ok(Ok(()))
    }

    /// Hands it an event.
    pub async fn invoke(
        &mut self,
        store: &mut Store<Host>,
        request_id: &str,
        event: &str,
        remaining: Duration,
    ) -> wasmtime::Result<Result<String, Failure>> {
        let ended = match &self.live {
            None => wasmtime::bail!("the component was not loaded"),
            Some(Live::Own(component)) => {
                let millis = u64::try_from(remaining.as_millis()).unwrap_or(u64::MAX);
                let call = component.call_handle(&mut *store, event, request_id, millis);
                call.await.map(|returned| match returned {
                    Ok(json) => match serde_json::from_str::<serde::de::IgnoredAny>(&json) {
                        Ok(_) => Ok(json),
                        Err(error) => Err(failure(
                            "FunctionResultError",
                            "invocation",
                            &format!("the result is not JSON: {error}"),
                        )),
                    },
                    Err(reason) => Err(failure("HandlerError", "invocation", &reason)),
                })
            }
            Some(Live::Http(proxy)) => http::call(proxy, store, event).await,
        };
        match ended {
            Err(error) if !is_ours(&error) => {
                self.broken = true;
                Ok(Err(said("invocation", &error)))
            }
            ended => ended,
        }
    }

    /// True when no further call may come to it. A server of HTTP gets one request, as the
    /// tools that build them expect.
    pub fn serves_no_other(&self) -> bool {
        self.broken || matches!(self.prepared, Prepared::Http(_))
    }
}

/// True for an end that the executor has words for, or that is its own fault. What remains is
/// what the component did against the rules of components, such as a string that is no UTF-8.
fn is_ours(error: &wasmtime::Error) -> bool {
    error.is::<Trap>()
        || error.is::<I32Exit>()
        || error.is::<MemoryExceeded>()
        || error.is::<LogExceeded>()
        || error.is::<PoolConcurrencyLimitError>()
}

fn said(what: &str, error: &wasmtime::Error) -> Failure {
    failure("ComponentError", what, &error.root_cause().to_string())
}

/// What a component's failure says, to the caller and in the log.
fn failure(kind: &str, what: &str, reason: &str) -> Failure {
    Failure {
        message: format!("function {what} exception, error: {reason}"),
        kind: kind.to_owned(),
        stack_trace: Vec::new(),
        report: format!("{kind}: {reason}"),
    }
}

/// Why there can be no initializer.
pub fn no_initializer() -> Failure {
    let reason = "a WebAssembly component has no initializer: remove it in Basic Settings";
    failure("MissingInitializer", "initialization", reason)
}

/// Why there can be no pre-stop.
pub fn no_pre_stop() -> Failure {
    let reason = "a WebAssembly component has no pre-stop: remove it in Basic Settings";
    failure("MissingPreStop", "pre-stop", reason)
}
