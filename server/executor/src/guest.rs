//! What a runtime and the executor say to each other, as Rust: the world of
//! `runtimes/wit` and what JavaScript asks for beyond it. The calls are the same
//! in both, and a runtime need not import everything that it could.

wasmtime::component::bindgen!({
    path: ["../../runtimes/wit", "../../runtimes/javascript/wit"],
    world: "sluice:javascript/runtime",
    imports: { default: trappable },
    exports: { default: async },
});

pub use sluice::function::logger;
pub use sluice::javascript::{connections, output, package_files};
