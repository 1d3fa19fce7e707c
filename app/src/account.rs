//! My Account: one's own password.

mod api;
mod page;

pub(crate) use api::ChangePassword;
pub(crate) use page::AccountPage;
