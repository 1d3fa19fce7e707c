//! Monitoring > Metrics: what is measured of a function, as charts with the tables behind them.
//!
//! The charts are SVG that the server draws, so that they are there without WebAssembly. In the
//! browser a point can be chosen, by the pointer or the keyboard, in all charts at once.

mod api;
mod axis;
mod chart;
mod charts;
mod page;
mod query;

pub(crate) use page::MetricsPage;
pub use query::MetricsQuery;
