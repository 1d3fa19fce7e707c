//! Reads what an authorizer's function answers. Source: APIG user guide, "Custom Authorizers":
//! `statusCode` 200 and as `body` the text `{"status": "allow", "context": {"user": "anna"}}`.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::StatusCode;
use serde::{Deserialize, Serialize};
use sluice_domain::invocation::MAX_LOG_LINE_BYTES;

use crate::decode::FunctionResponse;

/// Most entries of a context, and most bytes of all names and values together. They go into the
/// event of every call, and are kept with the decision.
const MAX_ENTRIES: usize = 20;
const MAX_CONTEXT_BYTES: usize = 4096;

/// Most bytes of the text of a decision; a context fits in, however it is escaped.
const MAX_BODY_BYTES: usize = MAX_LOG_LINE_BYTES;

/// What an authorizer says of a caller that it lets in: at most 20 texts by their names, together
/// 4096 bytes. The function that is called gets them as `requestContext.authorizer`.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct AuthorizerContext(BTreeMap<String, String>);

/// Whether a caller is let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Decision {
    Allow(Arc<AuthorizerContext>),
    Deny,
}

/// Why a response is no decision.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDecision {
    /// It has another status than 200.
    #[error("statusCode must be 200, not {0}")]
    Status(u16),
    /// It is longer than any decision.
    #[error("body must have at most {MAX_BODY_BYTES} bytes, has {0}")]
    Length(usize),
    /// The body is something else.
    #[error(
        r#"body must be JSON like {{"status": "allow", "context": {{"name": "text"}}}}, with "allow" or "deny": {0}"#
    )]
    Body(String),
    /// There are too many entries.
    #[error("context must have at most {MAX_ENTRIES} entries, has {0}")]
    Entries(usize),
    /// They are too long.
    #[error("names and texts of context must have at most {MAX_CONTEXT_BYTES} bytes, have {0}")]
    Size(usize),
}

#[derive(Deserialize)]
struct Said {
    status: Status,
    #[serde(default)]
    context: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Allow,
    Deny,
}

impl Decision {
    pub(super) fn parse(response: &FunctionResponse) -> Result<Self, InvalidDecision> {
        use InvalidDecision as Invalid;
        if response.status != StatusCode::OK {
            return Err(Invalid::Status(response.status.as_u16()));
        }
        let body = &response.body;
        if body.len() > MAX_BODY_BYTES {
            return Err(Invalid::Length(body.len()));
        }
        let said: Said =
            serde_json::from_slice(body).map_err(|error| Invalid::Body(error.to_string()))?;
        let context = match said.status {
            Status::Deny => return Ok(Self::Deny),
            Status::Allow => AuthorizerContext(said.context.unwrap_or_default()),
        };
        if context.0.len() > MAX_ENTRIES {
            return Err(Invalid::Entries(context.0.len()));
        }
        match context.bytes() {
            bytes if bytes > MAX_CONTEXT_BYTES => Err(Invalid::Size(bytes)),
            _ => Ok(Self::Allow(Arc::new(context))),
        }
    }

    /// Bytes of its context.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Allow(context) => context.bytes(),
            Self::Deny => 0,
        }
    }
}

impl AuthorizerContext {
    fn bytes(&self) -> usize {
        let entries = self.0.iter();
        entries.map(|(name, text)| name.len() + text.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;
    use proptest::prelude::*;
    use serde_json::json;

    fn parse(status: u16, body: &str) -> Result<Decision, InvalidDecision> {
        let result = json!({ "statusCode": status, "body": body }).to_string();
        Decision::parse(&FunctionResponse::parse(&result).unwrap())
    }

    fn check(body: &str) -> String {
        match parse(200, body) {
            Ok(Decision::Allow(context)) => {
                format!("allow {}", serde_json::to_string(&*context).unwrap())
            }
            Ok(Decision::Deny) => "deny".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn only_allow_allows() {
        assert_snapshot!(check(r#"{"status": "allow", "context": {"b": "2", "a": "ä"}, "more": 1}"#), @r#"allow {"a":"ä","b":"2"}"#);
        assert_snapshot!(check(r#"{"status": "allow"}"#), @"allow {}");
        assert_snapshot!(check(r#"{"status": "allow", "context": null}"#), @"allow {}");
        assert_snapshot!(check(r#"{"status": "deny", "context": {"a": "1"}}"#), @"deny");
        for wrong in [
            "",
            "allow",
            "true",
            "[]",
            "{}",
            r#""allow""#,
            r#"{"status": "Allow"}"#,
            r#"{"status": "allow "}"#,
            r#"{"status": ["allow"]}"#,
            r#"{"status": "allow", "status": "deny"}"#,
            r#"{"status": "allow", "context": {"a": 1}}"#,
            r#"{"status": "allow", "context": {"a": {"b": "c"}}}"#,
            r#"{"status": "allow"} x"#,
            r#"{"Status": "allow"}"#,
        ] {
            assert!(
                matches!(parse(200, wrong), Err(InvalidDecision::Body(_))),
                "{wrong}"
            );
        }
        for status in [201, 204, 301, 401, 500] {
            let refused = parse(status, r#"{"status": "allow"}"#);
            assert_eq!(refused, Err(InvalidDecision::Status(status)));
        }
    }

    #[test]
    fn a_context_has_limits() {
        let entries = |count: usize, bytes: usize| {
            let entry = |n: usize| (format!("n{n:03}"), json!("x".repeat(bytes)));
            let context: serde_json::Map<_, _> = (0..count).map(entry).collect();
            check(&json!({ "status": "allow", "context": context }).to_string())
        };
        assert!(entries(20, 4096 / 20 - 4).starts_with("allow"));
        assert_snapshot!(entries(21, 1), @"context must have at most 20 entries, has 21");
        assert_snapshot!(entries(1, 4093), @"names and texts of context must have at most 4096 bytes, have 4097");
        assert_snapshot!(check(&" ".repeat(MAX_BODY_BYTES + 1)), @"body must have at most 92160 bytes, has 92161");
        assert!(check(&"[".repeat(MAX_BODY_BYTES)).contains("must be JSON"));
    }

    proptest! {
        #[test]
        fn any_body_is_a_decision_or_refused(body in "\\PC{0,100}|\\{\"status\": ?\"(allow|deny|x)\"(, ?\"context\": ?[{}\"a:,1\\[\\]]{0,20})?\\}?") {
            let allowed = matches!(parse(200, &body), Ok(Decision::Allow(_)));
            prop_assert!(!allowed || body.contains("\"allow\""), "{body}");
        }
    }
}
