//! Test events of functions: the dialog Configure Test Event of the Code tab, and Save as test event
//! of Monitoring > Logs.

mod api;
mod dialog;
mod save;

pub(crate) use api::{create_test_event, delete_test_event, list_test_events, update_test_event};
pub(crate) use dialog::TestEventDialog;
pub(crate) use save::SaveAsTestEvent;
