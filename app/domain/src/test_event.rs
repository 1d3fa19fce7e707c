//! Test events of functions: JSON under a name, which Test hands to the function. Source: console,
//! dialog Configure Test Event.

mod templates;

use serde::{Deserialize, Serialize};

pub use templates::{TEMPLATES, Template};

use crate::event::MAX_KEPT_BYTES;
use crate::parsed::parsed_string;

/// Most test events of a function. Source: quotas, `FSS.1068`.
pub const MAX_TEST_EVENTS: usize = 10;

/// Name of a test event: 1 to 25 characters; a letter first, a letter or digit last; letters,
/// digits, hyphens and underscores. Source: **Event Name**.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TestEventName(String);

/// Why a text is not a [`TestEventName`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTestEventName {
    /// It has none, or more than 25 characters.
    #[error("must have 1 to 25 characters, has {0}")]
    Length(usize),
    /// It starts with something other than a letter.
    #[error("must start with a letter")]
    Start,
    /// It ends with a hyphen or an underscore.
    #[error("must end with a letter or digit")]
    End,
    /// It has a character that is not allowed.
    #[error("may contain only letters, digits, hyphens and underscores, not {0:?}")]
    Character(char),
}

impl TestEventName {
    /// Most characters a name may have.
    pub const MAX_CHARS: usize = 25;

    /// Parses the name of a test event.
    pub fn parse(text: &str) -> Result<Self, InvalidTestEventName> {
        use InvalidTestEventName as Invalid;
        let chars = text.chars().count();
        if !(1..=Self::MAX_CHARS).contains(&chars) {
            return Err(Invalid::Length(chars));
        }
        if !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Err(Invalid::Start);
        }
        if let Some(c) = text
            .chars()
            .find(|&c| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_')))
        {
            return Err(Invalid::Character(c));
        }
        if !text.ends_with(|c: char| c.is_ascii_alphanumeric()) {
            return Err(Invalid::End);
        }
        Ok(Self(text.to_owned()))
    }

    /// A name that begins with `stem` and is none of `taken`: the stem itself, or with a number
    /// after it.
    pub fn free(stem: &str, taken: &[Self]) -> String {
        let mut name = stem.to_owned();
        for number in 2..=taken.len() + 1 {
            if !taken.iter().any(|it| it.0 == name) {
                break;
            }
            name = format!("{stem}-{number}");
        }
        name
    }
}

parsed_string!(TestEventName, InvalidTestEventName);

/// What a test event hands to the function: JSON of at most 64 KB, as large as the event of a
/// request that is kept. (At the vendor it is 4 KB: `FSS.1069`.)
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EventJson(String);

/// Why a text is not an [`EventJson`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEventJson {
    /// It is longer than an event may be that is kept.
    #[error("must have at most 64 KB, has {0} bytes")]
    TooLarge(usize),
    /// It is no JSON: what is wrong, and where.
    #[error("must be JSON: {0}")]
    NotJson(String),
}

impl EventJson {
    /// Parses an event. It stays as it was written.
    pub fn parse(text: &str) -> Result<Self, InvalidEventJson> {
        if text.len() > MAX_KEPT_BYTES {
            return Err(InvalidEventJson::TooLarge(text.len()));
        }
        serde_json::from_str::<serde::de::IgnoredAny>(text)
            .map_err(|error| InvalidEventJson::NotJson(error.to_string()))?;
        Ok(Self(text.to_owned()))
    }
}

parsed_string!(EventJson, InvalidEventJson);

/// A test event of a function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestEvent {
    /// Its name; it cannot be changed later.
    pub name: TestEventName,
    /// What the function gets.
    pub content: EventJson,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_follows_the_dialogs_rule() {
        use InvalidTestEventName::*;
        for right in ["a", "blank-event-kh76ip", "A-1_b", &"a".repeat(25)] {
            assert!(TestEventName::parse(right).is_ok(), "{right}");
        }
        for (wrong, why) in [
            ("", Length(0)),
            (&*"a".repeat(26), Length(26)),
            ("1a", Start),
            ("a_", End),
            ("a b", Character(' ')),
        ] {
            assert_eq!(TestEventName::parse(wrong), Err(why), "{wrong}");
        }
    }

    #[test]
    fn a_free_name_is_none_that_is_taken() {
        let taken =
            ["timer-event", "timer-event-2"].map(|name| TestEventName::parse(name).unwrap());
        assert_eq!(
            TestEventName::free("blank-event", &taken[..]),
            "blank-event"
        );
        assert_eq!(
            TestEventName::free("timer-event", &taken[..1]),
            "timer-event-2"
        );
        assert_eq!(
            TestEventName::free("timer-event", &taken[..]),
            "timer-event-3"
        );
    }

    #[test]
    fn an_event_is_json_and_not_too_large() {
        let parse = |text: &str| EventJson::parse(text).map_err(|error| error.to_string());
        assert_eq!(
            parse(" {\"b\": 1.0, \"a\": 2}").unwrap().as_str(),
            " {\"b\": 1.0, \"a\": 2}"
        );
        assert!(parse("\"text\"").is_ok());
        assert!(parse("{").unwrap_err().starts_with("must be JSON: EOF"));
        assert!(parse("").is_err());
        let largest = format!("\"{}\"", "x".repeat(MAX_KEPT_BYTES - 2));
        assert!(parse(&largest).is_ok());
        assert_eq!(
            parse(&format!("{largest} ")).unwrap_err(),
            "must have at most 64 KB, has 65537 bytes"
        );
    }

    #[test]
    fn templates_are_events_whose_names_leave_room_for_a_number() {
        for template in TEMPLATES {
            EventJson::parse(template.json)
                .unwrap_or_else(|error| panic!("{}: {error}", template.name));
            TestEventName::parse(&format!("{}-10", template.stem)).unwrap();
        }
    }
}
