//! Changes the headers of what functions answer, as the policies of their APIs say. Answers that
//! are the gateway's own stay as they are: with another `Content-Type`, what they repeat of a
//! request could run in a browser.

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};
use sluice_domain::policy::{self, HeaderAction};

/// A policy of headers, with its names and values written.
#[derive(Debug)]
pub struct ResponseHeaders(Vec<Change>);

#[derive(Debug)]
struct Change {
    name: HeaderName,
    action: HeaderAction,
    value: HeaderValue,
}

impl ResponseHeaders {
    /// What the policy says, written once for all answers.
    pub fn new(rule: &policy::ResponseHeaders) -> Self {
        let written = |change: &policy::HeaderChange| Change {
            name: HeaderName::from_bytes(change.name().as_bytes())
                .expect("the domain lets letters, digits, hyphens and underscores through only"),
            action: change.action(),
            value: HeaderValue::from_str(change.value())
                .expect("the domain lets printable ASCII through only"),
        };
        Self(rule.iter().map(written).collect())
    }

    /// Makes the changes, in their order.
    pub(crate) fn apply(&self, headers: &mut HeaderMap) {
        for Change {
            name,
            action,
            value,
        } in &self.0
        {
            let value = match action {
                HeaderAction::Delete => {
                    headers.remove(name);
                    continue;
                }
                HeaderAction::Skip if headers.contains_key(name) => continue,
                HeaderAction::Override => {
                    headers.remove(name);
                    value.clone()
                }
                HeaderAction::Append => match appended(headers, name, value) {
                    Some(all) => {
                        headers.remove(name);
                        all
                    }
                    None => value.clone(),
                },
                HeaderAction::Skip | HeaderAction::Add => value.clone(),
            };
            headers.append(name, value);
        }
    }
}

/// What a header has, and the value after it. None where it has nothing.
fn appended(headers: &HeaderMap, name: &HeaderName, value: &HeaderValue) -> Option<HeaderValue> {
    let mut sent = headers.get_all(name).iter().peekable();
    sent.peek()?;
    let all: Vec<_> = sent.chain([value]).map(HeaderValue::as_bytes).collect();
    HeaderValue::from_bytes(&all.join(b", ".as_slice())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;
    use proptest::prelude::*;
    use sluice_domain::policy::{HeaderChange, HeaderChangeFields};

    /// The headers after changes written as `override X-A: 1`; the function sent `sent`.
    fn check(changes: &str, sent: &str) -> String {
        let pair = |line: &str| {
            let (name, value) = line.split_once(':').unwrap();
            (name.trim().to_owned(), value.trim().to_owned())
        };
        let changes = changes.lines().map(|line| {
            let (action, rest) = line.split_once(' ').unwrap();
            let (name, value) = pair(rest);
            let action = action.to_uppercase().parse().unwrap();
            HeaderChange::try_from(HeaderChangeFields {
                name,
                action,
                value,
            })
            .unwrap()
        });
        let changes: Vec<_> = changes.collect();
        let mut headers = HeaderMap::new();
        for (name, value) in sent.lines().map(pair) {
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        ResponseHeaders::new(&changes.try_into().unwrap()).apply(&mut headers);
        let mut lines: Vec<_> = headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
            .collect();
        lines.sort();
        lines.join("\n")
    }

    #[test]
    fn each_action_does_what_it_says() {
        let (none, one, two) = ("", "X-A: 1", "X-A: 1\nx-a: 2");
        assert_snapshot!(check("override X-A: 9", none), @"x-a: 9");
        assert_snapshot!(check("override X-A: 9", two), @"x-a: 9");
        assert_snapshot!(check("append X-A: 9", none), @"x-a: 9");
        assert_snapshot!(check("append X-A: 9", one), @"x-a: 1, 9");
        assert_snapshot!(check("append X-A: 9", two), @"x-a: 1, 2, 9");
        assert_snapshot!(check("append X-A: 9", "X-A: é"), @"x-a: é, 9");
        assert_snapshot!(check("delete X-A:", two), @"");
        assert_snapshot!(check("delete X-A:", "X-B: 1"), @"x-b: 1");
        assert_snapshot!(check("skip X-A: 9", none), @"x-a: 9");
        assert_snapshot!(check("skip X-A: 9", one), @"x-a: 1");
        assert_snapshot!(check("add X-A: 9", none), @"x-a: 9");
        assert_snapshot!(check("add X-A: 9", one), @r"
        x-a: 1
        x-a: 9
        ");
        // In their order.
        assert_snapshot!(check("delete X-A:\nadd X-A: 8\nappend X-A: 9", two), @"x-a: 8, 9");
    }

    proptest! {
        #[test]
        fn whatever_the_domain_accepts_can_be_written(
            name in "[!-~]{1,20}|[A-Za-z_-]{1,20}",
            value in "\\PC{0,20}|[ -~]{1,40}",
        ) {
            let action = HeaderAction::Add;
            if let Ok(change) = HeaderChange::try_from(HeaderChangeFields { name, action, value }) {
                let value = change.value().to_owned();
                let name = change.name().to_owned();
                let mut headers = HeaderMap::new();
                ResponseHeaders::new(&vec![change].try_into().unwrap()).apply(&mut headers);
                prop_assert_eq!(headers[name.as_str()].as_bytes(), value.as_bytes());
            }
        }
    }
}
