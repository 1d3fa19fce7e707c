//! What an instance is called by, as Rust, whether it is a language of ours with the user's code
//! or a component of the user's own.

use std::time::Duration;

use wasmtime::Store;
use wasmtime::component::{Instance, InstancePre};

use crate::component;
use crate::instance::Host;

/// The world of `runtimes/wit` and what JavaScript asks for beyond it. The calls are the same
/// in both, and a runtime need not import everything that it could.
pub mod language {
    wasmtime::component::bindgen!({
        path: ["../../runtimes/wit", "../../runtimes/javascript/wit"],
        world: "sluice:javascript/runtime",
        imports: { default: trappable },
        exports: { default: async },
    });
}

pub use language::sluice::function::logger;
pub use language::sluice::javascript::{connections, output, package_files};
pub use language::{CodeError, Failure};

/// What instances are made from.
#[derive(Clone)]
pub enum RuntimePre {
    /// A language.
    Language(language::RuntimePre<Host>),
    /// A component.
    Component(component::Prepared),
}

impl RuntimePre {
    /// A language, linked.
    pub fn of_language(linked: InstancePre<Host>) -> wasmtime::Result<Self> {
        Ok(Self::Language(language::RuntimePre::new(linked)?))
    }

    /// Makes an instance.
    pub async fn instantiate_async(&self, store: &mut Store<Host>) -> wasmtime::Result<Runtime> {
        Ok(match self {
            Self::Language(linked) => Runtime::Language(linked.instantiate_async(store).await?),
            Self::Component(prepared) => Runtime::Component(prepared.instance()),
        })
    }

    /// The same before it has the functions that it is called by.
    pub fn instance_pre(&self) -> &InstancePre<Host> {
        match self {
            Self::Language(linked) => linked.instance_pre(),
            Self::Component(prepared) => prepared.instance_pre(),
        }
    }

    /// The engine that it was compiled for.
    pub fn engine(&self) -> &wasmtime::Engine {
        self.instance_pre().engine()
    }
}

/// The functions of an instance.
pub enum Runtime {
    /// A language.
    Language(language::Runtime),
    /// A component.
    Component(component::Instance),
}

impl Runtime {
    /// Finds the functions of an instance of a language.
    pub fn new(store: &mut Store<Host>, instance: &Instance) -> wasmtime::Result<Self> {
        Ok(Self::Language(language::Runtime::new(store, instance)?))
    }

    /// Loads the handler.
    pub async fn call_load(
        &mut self,
        store: &mut Store<Host>,
        source: Option<&[u8]>,
    ) -> wasmtime::Result<Result<(), Failure>> {
        match self {
            Self::Language(language) => language.call_load(store, source).await,
            Self::Component(component) => component.load(store).await,
        }
    }

    /// Calls the initializer.
    pub async fn call_initialize(
        &self,
        store: &mut Store<Host>,
        request_id: &str,
        remaining_ms: u64,
    ) -> wasmtime::Result<Result<(), Failure>> {
        match self {
            Self::Language(language) => {
                language
                    .call_initialize(store, request_id, remaining_ms)
                    .await
            }
            Self::Component(_) => Ok(Err(component::no_initializer())),
        }
    }

    /// Calls what is to run before it is stopped.
    pub async fn call_pre_stop(
        &self,
        store: &mut Store<Host>,
        request_id: &str,
        remaining_ms: u64,
    ) -> wasmtime::Result<Result<(), Failure>> {
        match self {
            Self::Language(language) => {
                language
                    .call_pre_stop(store, request_id, remaining_ms)
                    .await
            }
            Self::Component(_) => Ok(Err(component::no_pre_stop())),
        }
    }

    /// Calls the handler.
    pub async fn call_invoke(
        &mut self,
        store: &mut Store<Host>,
        request_id: &str,
        event: &str,
        remaining_ms: u64,
    ) -> wasmtime::Result<Result<String, Failure>> {
        match self {
            Self::Language(language) => {
                language
                    .call_invoke(store, request_id, event, remaining_ms)
                    .await
            }
            Self::Component(component) => {
                let remaining = Duration::from_millis(remaining_ms);
                component.invoke(store, request_id, event, remaining).await
            }
        }
    }

    /// Finds what keeps a file from being compiled. A component has no files of code.
    pub async fn call_check(
        &self,
        store: &mut Store<Host>,
        path: &str,
    ) -> wasmtime::Result<Result<(), CodeError>> {
        match self {
            Self::Language(language) => language.call_check(store, path).await,
            Self::Component(_) => Ok(Ok(())),
        }
    }

    /// True when no further call may come to it.
    pub fn serves_no_other(&self) -> bool {
        match self {
            Self::Language(_) => false,
            Self::Component(component) => component.serves_no_other(),
        }
    }
}
