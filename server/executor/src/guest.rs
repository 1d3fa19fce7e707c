//! What an instance is called by, as Rust, whether it is a language of ours with the user's code
//! or a component of the user's own.

use std::time::Duration;

use wasmtime::Store;
use wasmtime::component::{Component, ComponentExportIndex, Instance, InstancePre};

use crate::component;
use crate::flags::Flag;
use crate::insides;
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
    Language {
        /// The component with its imports.
        linked: InstancePre<Host>,
        /// The functions that it is called by.
        functions: language::RuntimeIndices,
        /// The function that shows its memory, where it has a flag there.
        memory: Option<ComponentExportIndex>,
    },
    /// A component.
    Component(component::Prepared),
}

impl RuntimePre {
    /// A language, linked.
    pub fn of_language(component: &Component, linked: InstancePre<Host>) -> wasmtime::Result<Self> {
        Ok(Self::Language {
            functions: language::RuntimeIndices::new(&linked)?,
            memory: component.get_export_index(None, insides::MEMORY),
            linked,
        })
    }

    /// Makes an instance.
    pub async fn instantiate(&self, store: &mut Store<Host>) -> wasmtime::Result<Made> {
        let (linked, functions, memory) = match self {
            Self::Language {
                linked,
                functions,
                memory,
            } => (linked, functions, memory),
            Self::Component(prepared) => {
                return Ok(Made {
                    runtime: Runtime::Component(prepared.instance()),
                    inside: None,
                    flag: None,
                });
            }
        };
        let inside = linked.instantiate_async(&mut *store).await?;
        let flag = match memory {
            Some(memory) => {
                let shown = inside.get_typed_func(&mut *store, memory)?;
                let memory = insides::shown(&shown, store).await?;
                #[expect(
                    unsafe_code,
                    reason = "the memory is one of a pool, which does not move, and goes with the \
                              store: the flag is said to run only while the store is borrowed"
                )]
                let flag = unsafe { Flag::in_memory(memory.as_ptr(), memory.len()) };
                wasmtime::ensure!(flag.is_some(), "its memory has no place for a flag");
                flag
            }
            None => None,
        };
        Ok(Made {
            runtime: Runtime::Language(functions.load(store, &inside)?),
            inside: Some(inside),
            flag,
        })
    }

    /// The same before it has the functions that it is called by.
    pub fn instance_pre(&self) -> &InstancePre<Host> {
        match self {
            Self::Language { linked, .. } => linked,
            Self::Component(prepared) => prepared.instance_pre(),
        }
    }

    /// The engine that it was compiled for.
    pub fn engine(&self) -> &wasmtime::Engine {
        self.instance_pre().engine()
    }
}

/// What was made.
pub struct Made {
    /// Its functions.
    pub runtime: Runtime,
    /// The instance of a language, to look into it.
    pub inside: Option<Instance>,
    /// Its flag, if it has one.
    pub flag: Option<Flag>,
}

/// The functions of an instance.
pub enum Runtime {
    /// A language.
    Language(language::Runtime),
    /// A component.
    Component(component::Instance),
}

impl Runtime {
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
