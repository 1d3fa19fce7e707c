//! Functions > Function List, Create Function, and the frame of a function's page.

mod api;
mod create;
mod details;
mod list;

pub(crate) use api::{CreateFunction, delete_function, find_function, list_functions};
pub(crate) use create::CreateFunctionPage;
pub(crate) use details::{FunctionPage, current_function};
pub(crate) use list::FunctionListPage;

use serde::{Deserialize, Serialize};
use sluice_domain::function::{FunctionName, FunctionSettings, Runtime};
use sluice_domain::time::Timestamp;

/// A row of the Function List.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionRow {
    /// Its name.
    pub name: FunctionName,
    /// Its runtime.
    pub runtime: Runtime,
    /// When its code or settings last changed.
    pub modified_at: Timestamp,
    /// The moment the row was read, to say how long ago that is.
    pub now: Timestamp,
    /// What it is for.
    pub description: String,
    /// Its address in the vendor's form.
    pub urn: String,
}

/// What the frame of a function's page shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionDetails {
    /// Its name.
    pub name: FunctionName,
    /// Its runtime.
    pub runtime: Runtime,
    /// Its settings.
    pub settings: FunctionSettings,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its code or settings last changed.
    pub modified_at: Timestamp,
    /// Its address in the vendor's form.
    pub urn: String,
}
