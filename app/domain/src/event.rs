//! Events of invocations as they are kept with their records, to be looked at and to be replayed.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// Most bytes of an event, and of an answer, that are kept. Most requests of browsers and of other
/// programs have 1 to 3 KB as an event.
pub const MAX_KEPT_BYTES: usize = 64 * 1024;

/// Of so many of a function's requests the events are kept: the newest.
pub const MAX_KEPT_EVENTS: usize = 1000;

/// What stands in the place of a secret.
pub const REDACTED: &str = "[redacted]";

/// What the name of a header or of a parameter has in it whose value is nobody's business, with
/// hyphens for underscores and in lower case.
const SECRET_WORDS: [&str; 13] = [
    "authorization",
    "cookie",
    "token",
    "secret",
    "password",
    "passwd",
    "appcode",
    "api-key",
    "apikey",
    "signature",
    "session",
    "credential",
    "jwt",
];

/// What is kept of what a function was called with, and of what it answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptEvent {
    /// The event, as JSON text; none where it is larger than [`MAX_KEPT_BYTES`].
    pub event: Option<String>,
    /// How large the event was.
    pub event_bytes: u64,
    /// What the handler returned or how it failed, as JSON text; none where it is larger than
    /// [`MAX_KEPT_BYTES`], or was not there to be kept.
    pub answer: Option<String>,
}

impl KeptEvent {
    /// The same without the values that [`is_secret`] or that `names` name.
    #[must_use]
    pub fn redacted(self, names: &[String]) -> Self {
        let redact = |text: String| {
            let redacted = match redacted(&text, names) {
                Cow::Borrowed(_) => None,
                Cow::Owned(redacted) => Some(redacted),
            };
            redacted.unwrap_or(text)
        };
        Self {
            event: self.event.map(redact),
            answer: self.answer.map(redact),
            ..self
        }
    }

    /// True where the function got values that are not kept.
    pub fn is_redacted(&self) -> bool {
        self.event
            .as_ref()
            .is_some_and(|event| event.contains(&format!("\"{REDACTED}\"")))
    }
}

/// Whether values of this name are secrets: of headers, of parameters of a query, and of all else
/// that has names. `Authorization`, `Cookie`, `X-Auth-Token`, `X-Apig-AppCode` and the like.
pub fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('_', "-");
    SECRET_WORDS.iter().any(|word| name.contains(word))
}

/// JSON text in which `"[redacted]"` stands for each value whose name [`is_secret`] or is one of
/// `names`, letter case aside. All else stays as it was written. What is no JSON stays as well as it
/// can.
pub fn redacted<'a>(json: &'a str, names: &[String]) -> Cow<'a, str> {
    let mut shown = String::new();
    // Up to where the text stands in `shown`.
    let mut copied = 0;
    let mut at = 0;
    while let Some(start) = json[at..].find('"').map(|found| at + found) {
        let Some(end) = end_of_string(json, start) else {
            break;
        };
        at = end;
        let Some(value) = value_after(json, end) else {
            continue; // a text, not a name
        };
        let name: Cow<'_, str> = match serde_json::from_str(&json[start..end]) {
            Ok(name) => Cow::Owned(name),
            Err(_) => Cow::Borrowed(&json[start..end]),
        };
        let is_named = names.iter().any(|it| it.eq_ignore_ascii_case(&name));
        if !is_named && !is_secret(&name) {
            at = value;
            continue;
        }
        at = end_of_value(json, value);
        shown.push_str(&json[copied..value]);
        shown.push('"');
        shown.push_str(REDACTED);
        shown.push('"');
        copied = at;
    }
    if copied == 0 {
        return Cow::Borrowed(json);
    }
    shown.push_str(&json[copied..]);
    Cow::Owned(shown)
}

/// Where the string ends that starts with the quotation mark at `start`.
fn end_of_string(json: &str, start: usize) -> Option<usize> {
    let mut is_escaped = false;
    for (offset, byte) in json.bytes().enumerate().skip(start + 1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return Some(offset + 1),
            _ => {}
        }
    }
    None
}

/// Where the value begins, if what ended at `end` was the name of one.
fn value_after(json: &str, end: usize) -> Option<usize> {
    let rest = json[end..].trim_ascii_start().strip_prefix(':')?;
    Some(json.len() - rest.trim_ascii_start().len())
}

/// Where the value ends that begins at `start`: a string, a number or word, or all that stands
/// between brackets.
fn end_of_value(json: &str, start: usize) -> usize {
    let (mut at, mut depth) = (start, 0_usize);
    while let Some(&byte) = json.as_bytes().get(at) {
        match byte {
            b'"' => {
                at = end_of_string(json, at).unwrap_or(json.len());
                if depth == 0 {
                    return at;
                }
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' | b',' if depth == 0 => return at,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            b' ' | b'\t' | b'\n' | b'\r' if depth == 0 => return at,
            _ => {}
        }
        at += 1;
    }
    json.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(json: &str) -> String {
        redacted(json, &["X-Tenant".to_owned()]).into_owned()
    }

    #[test]
    fn secrets_are_not_kept_and_all_else_is_as_it_was() {
        for (json, expected) in [
            ("{}", "{}"),
            (r#"{"accept": "token"}"#, r#"{"accept": "token"}"#),
            (
                r#"{"Authorization":"Bearer x"}"#,
                r#"{"Authorization":"[redacted]"}"#,
            ),
            (
                r#"{"cookie" : "a=\"b\"; c" , "n": 1e999}"#,
                r#"{"cookie" : "[redacted]" , "n": 1e999}"#,
            ),
            (
                r#"{"X-Auth-Token":["a","b]"],"b":1}"#,
                r#"{"X-Auth-Token":"[redacted]","b":1}"#,
            ),
            (
                r#"{"x-apig-appcode":null}"#,
                r#"{"x-apig-appcode":"[redacted]"}"#,
            ),
            (
                r#"{"a":{"api_key":12 },"x-tenant":{"y":{}}}"#,
                r#"{"a":{"api_key":"[redacted]" },"x-tenant":"[redacted]"}"#,
            ),
            (r#"["password", "x"]"#, r#"["password", "x"]"#),
            // A name may be written with escapes.
            (r#"{"c\u006fokie":"a"}"#, r#"{"c\u006fokie":"[redacted]"}"#),
        ] {
            assert_eq!(check(json), expected, "{json}");
        }
    }

    #[test]
    fn what_is_no_json_breaks_nothing() {
        for text in [
            "",
            "\"",
            "{\"cookie\":",
            "{\"cookie\"",
            "{\"cookie\": \"a",
            "{\"token\":[[",
            "{\"token\":]",
        ] {
            check(text);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_to_its_end(text in r#"["{}\[\]:,\\ atoken👋]{0,40}"#) {
            check(&text);
        }

        /// Whatever a secret is, nothing of it is left, and the text is still JSON.
        #[test]
        fn nothing_of_a_secret_is_left(secret in any::<String>(), before in any::<String>()) {
            let event = serde_json::json!({ "headers": { "a": before, "cookie": [secret, { "x": secret }], "z": 1 } });
            let kept: serde_json::Value = serde_json::from_str(&check(&event.to_string())).unwrap();
            prop_assert_eq!(kept, serde_json::json!({ "headers": { "a": before, "cookie": REDACTED, "z": 1 } }));
        }
    }
}
