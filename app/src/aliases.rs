//! Tab Aliases: names for versions of a function.

mod api;
mod form;
mod page;
mod rules;

pub(crate) use api::{create_alias, delete_alias, list_aliases, update_alias};
pub(crate) use page::AliasesPage;

use serde::{Deserialize, Serialize};
use sluice_domain::alias::Alias;
use sluice_domain::version::VersionRef;

/// What the tab shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AliasList {
    /// The aliases, by name.
    pub aliases: Vec<Alias>,
    /// What they can call: `latest` first, and then the newest.
    pub versions: Vec<VersionRef>,
}
