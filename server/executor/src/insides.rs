//! The state of an instance, as its runtime shows it: its memory and its variables. The build
//! gives every runtime that begins with an image the functions for it.

use std::ops::Range;

use wasmtime::Store;
use wasmtime::component::{Instance, TypedFunc, WasmList};

use crate::instance::Host;

/// The function that shows the whole memory.
pub const MEMORY: &str = "state-memory";

/// The whole memory of an instance, by that function of it.
pub async fn shown<'a>(
    memory: &TypedFunc<(), (WasmList<u8>,)>,
    store: &'a mut Store<Host>,
) -> wasmtime::Result<&'a [u8]> {
    // It is looked at where it is, so that the bound of what may be copied is none for it.
    let bound = store.hostcall_fuel();
    store.set_hostcall_fuel(usize::MAX);
    let shown = memory.call_async(&mut *store, ()).await;
    store.set_hostcall_fuel(bound);
    let (memory,) = shown?;
    Ok(memory.as_le_slice(&*store))
}

/// The functions of one instance that show its state. To call them runs nothing of the user's.
#[derive(Clone, Copy)]
pub struct Insides {
    memory: TypedFunc<(), (WasmList<u8>,)>,
    globals: TypedFunc<(), (WasmList<u64>,)>,
    forget: TypedFunc<(), ()>,
    freeze: TypedFunc<(), (Result<(), String>,)>,
}

impl Insides {
    /// The functions of `instance`.
    pub fn new(store: &mut Store<Host>, instance: &Instance) -> wasmtime::Result<Self> {
        Ok(Self {
            memory: instance.get_typed_func(&mut *store, MEMORY)?,
            globals: instance.get_typed_func(&mut *store, "state-globals")?,
            forget: instance.get_typed_func(&mut *store, "state-forget")?,
            freeze: instance.get_typed_func(&mut *store, "freeze")?,
        })
    }

    /// Lets the language make ready for other instances to begin here; the reason where they
    /// cannot. This runs code of the user's: it collects garbage.
    pub async fn freeze(&self, store: &mut Store<Host>) -> wasmtime::Result<Result<(), String>> {
        let (ready,) = self.freeze.call_async(store, ()).await?;
        Ok(ready)
    }

    /// Makes the instance forget which files it has open.
    pub async fn forget(&self, store: &mut Store<Host>) -> wasmtime::Result<()> {
        self.forget.call_async(store, ()).await
    }

    /// The values of its variables, in the order in which the image exports them.
    pub async fn globals(&self, store: &mut Store<Host>) -> wasmtime::Result<Vec<u64>> {
        let (values,) = self.globals.call_async(&mut *store, ()).await?;
        Ok(values.as_le_slice(&*store).to_vec())
    }

    /// Its whole memory.
    pub async fn memory<'a>(&self, store: &'a mut Store<Host>) -> wasmtime::Result<&'a [u8]> {
        shown(&self.memory, store).await
    }

    /// The addresses of its whole memory.
    pub async fn addresses(&self, store: &mut Store<Host>) -> wasmtime::Result<Range<*const u8>> {
        Ok(self.memory(store).await?.as_ptr_range())
    }
}
