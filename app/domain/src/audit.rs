//! The audit log: who changed what in the console.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// How many changes are kept; the oldest go.
pub const MAX_AUDIT_ENTRIES: i64 = 100_000;

/// How many changes a page has.
pub const AUDIT_PAGE: usize = 50;

/// A change, or what was refused to be one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Grows from change to change.
    pub entry_id: i64,
    /// When it was asked for.
    pub at: Timestamp,
    /// Who changed it, by the name of then; empty: somebody who did not prove who they are.
    pub user_name: String,
    /// From which address; empty where that is not known.
    pub address: String,
    /// What was done, for example `functions/delete`.
    pub action: String,
    /// To what, by the name of then; empty where the action says it all.
    pub object: String,
    /// HTTP status of the answer.
    pub status: u16,
}

impl AuditEntry {
    /// True where nothing was changed.
    pub fn is_refused(&self) -> bool {
        self.status >= 400
    }

    /// The action for people: `functions/update-env-vars` is "Functions: update env vars".
    pub fn action_label(&self) -> String {
        let action = self.action.replace('-', " ");
        let (area, what) = action.split_once('/').unwrap_or(("", &action));
        let mut letters = area.chars();
        match letters.next() {
            Some(first) => format!("{}{}: {what}", first.to_uppercase(), letters.as_str()),
            None => what.to_owned(),
        }
    }
}

/// Which changes are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditQuery {
    /// Those of this user, in any letter case; empty: of all.
    pub user: String,
    /// Those whose action, object or address has this text; empty: all.
    pub text: String,
    /// Those before this one; none: from the newest on.
    pub before: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_said_in_words() {
        let check = |action: &str| {
            AuditEntry {
                entry_id: 1,
                at: Timestamp(0),
                user_name: String::new(),
                address: String::new(),
                action: action.to_owned(),
                object: String::new(),
                status: 200,
            }
            .action_label()
        };
        assert_eq!(check("functions/delete"), "Functions: delete");
        assert_eq!(check("api-groups/update"), "Api groups: update");
        assert_eq!(check("update"), "update");
    }
}
