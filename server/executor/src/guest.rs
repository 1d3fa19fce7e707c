//! The world of `runtimes/wit`, as Rust.

wasmtime::component::bindgen!({
    path: "../../runtimes/wit",
    world: "runtime",
    imports: { default: trappable },
    exports: { default: async },
});

pub use sluice::function::logger;
