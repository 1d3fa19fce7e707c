//! Makes the many core modules of a runtime one, and takes its memory out.
//!
//! CPython comes as a component of a dozen core modules that were linked like shared
//! libraries: each instance of it would fill one table with thousands of functions of other
//! modules, and every access to an address of another library goes through a global. Linked
//! for good, an instance is made in microseconds and the code is faster.
//!
//! The content of the memory becomes a module of its own, the image, which the component
//! imports. So the same compiled code runs from any image: the one that the runtime was
//! built with, and those that are made of a function when it is deployed.

mod component;
mod module;

pub use component::split;
