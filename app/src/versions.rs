//! Tab Version: the versions of a function, and publishing one.

mod api;
mod page;
mod publish;

pub(crate) use api::{delete_version, list_targets, list_versions, publish_version};
pub(crate) use page::VersionsPage;
