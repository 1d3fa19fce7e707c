//! What the gateway does with the headers of an API's answers. Source: APIG user guide, plug-in
//! `set_resp_headers`.

use serde::{Deserialize, Serialize};

use crate::parsed::named_enum;

/// Most changes of one policy.
pub const MAX_HEADER_CHANGES: usize = 10;

named_enum! {
    /// What is done with a header of an answer.
    pub enum HeaderAction ("the action") {
        /// The value takes the place of what the function sent.
        Override = "OVERRIDE", "Override";
        /// The value follows what the function sent, after a comma.
        Append = "APPEND", "Append";
        /// The header is taken out.
        Delete = "DELETE", "Delete";
        /// The value is for answers that do not have the header.
        Skip = "SKIP", "Skip";
        /// The header is sent once more, with this value.
        Add = "ADD", "Add";
    }
}

/// What is done with one header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "HeaderChangeFields", into = "HeaderChangeFields")]
pub struct HeaderChange(HeaderChangeFields);

/// What a [`HeaderChange`] is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeaderChangeFields {
    /// Name of the header: 1 to 128 letters, digits, hyphens and underscores. Letters match in
    /// either case.
    pub name: String,
    /// What is done with it.
    pub action: HeaderAction,
    /// The value: 1 to 1024 printable characters of ASCII, white space around them is dropped.
    /// Empty for [`HeaderAction::Delete`].
    #[serde(default)]
    pub value: String,
}

/// Why fields are no [`HeaderChange`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHeaderChange {
    /// The name is none.
    #[error("{0:?} must have 1 to 128 letters, digits, hyphens and underscores")]
    Name(String),
    /// The gateway or the connection needs it as it is.
    #[error("{0} is the gateway's own and cannot be changed")]
    Reserved(String),
    /// Another kind of policy says it.
    #[error("{0} is what a policy of the type CORS is for")]
    Cors(String),
    /// Cookies cannot stand in one header.
    #[error("Set-Cookie cannot be appended to: choose Add")]
    AppendedCookie,
    /// The value has no or too many characters.
    #[error("the value of {name} must have 1 to 1024 characters, has {chars}")]
    Length {
        /// Name of the header.
        name: String,
        /// How many it has.
        chars: usize,
    },
    /// The value has a character that is not allowed.
    #[error("the value of {name} may contain only printable characters of ASCII, not {given:?}")]
    Character {
        /// Name of the header.
        name: String,
        /// Which one.
        given: char,
    },
    /// What is taken out has no value.
    #[error("{0} is deleted and must have no value")]
    DeletedValue(String),
}

/// Headers that are about the connection or the frame of an answer, and those that the gateway
/// itself sets. Source: RFC 9110, section 7.6.1; APIG user guide.
const RESERVED: [&str; 13] = [
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "proxy-authenticate",
    "proxy-connection",
    "server",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-request-id",
];

/// True for a header, written in lower case, that nobody but the gateway may set.
pub(crate) fn is_the_gateways(lower: &str) -> bool {
    RESERVED.contains(&lower) || lower.starts_with("x-apig-")
}

impl HeaderChange {
    /// Name of the header, as it was given.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// What is done with it.
    pub fn action(&self) -> HeaderAction {
        self.0.action
    }

    /// The value; empty where the header is taken out.
    pub fn value(&self) -> &str {
        &self.0.value
    }
}

impl TryFrom<HeaderChangeFields> for HeaderChange {
    type Error = InvalidHeaderChange;

    fn try_from(fields: HeaderChangeFields) -> Result<Self, InvalidHeaderChange> {
        use InvalidHeaderChange as Invalid;
        let HeaderChangeFields {
            name,
            action,
            value,
        } = fields;
        let (name, value) = (name.trim().to_owned(), value.trim().to_owned());
        let is_name_char = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if !(1..=128).contains(&name.len()) || !name.chars().all(is_name_char) {
            return Err(Invalid::Name(name.chars().take(64).collect()));
        }
        let lower = name.to_ascii_lowercase();
        if is_the_gateways(&lower) {
            return Err(Invalid::Reserved(name));
        }
        if lower.starts_with("access-control-") {
            return Err(Invalid::Cors(name));
        }
        if action == HeaderAction::Append && lower == "set-cookie" {
            return Err(Invalid::AppendedCookie);
        }
        let chars = value.chars().count();
        match action {
            HeaderAction::Delete if chars > 0 => return Err(Invalid::DeletedValue(name)),
            HeaderAction::Delete => {}
            _ if !(1..=1024).contains(&chars) => return Err(Invalid::Length { name, chars }),
            _ => {}
        }
        if let Some(given) = value.chars().find(|c| !matches!(c, ' '..='~')) {
            return Err(Invalid::Character { name, given });
        }
        Ok(Self(HeaderChangeFields {
            name,
            action,
            value,
        }))
    }
}

impl From<HeaderChange> for HeaderChangeFields {
    fn from(change: HeaderChange) -> Self {
        change.0
    }
}

/// What is done with the headers of an API's answers: 1 to 10 changes, made in this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<HeaderChange>", into = "Vec<HeaderChange>")]
pub struct ResponseHeaders(Vec<HeaderChange>);

/// Too few or too many changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 10 headers, are {0}")]
pub struct InvalidResponseHeaders(pub usize);

impl ResponseHeaders {
    /// The changes.
    pub fn iter(&self) -> impl Iterator<Item = &HeaderChange> {
        self.0.iter()
    }
}

impl TryFrom<Vec<HeaderChange>> for ResponseHeaders {
    type Error = InvalidResponseHeaders;

    fn try_from(changes: Vec<HeaderChange>) -> Result<Self, InvalidResponseHeaders> {
        match changes.len() {
            1..=MAX_HEADER_CHANGES => Ok(Self(changes)),
            count => Err(InvalidResponseHeaders(count)),
        }
    }
}

impl From<ResponseHeaders> for Vec<HeaderChange> {
    fn from(headers: ResponseHeaders) -> Self {
        headers.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;

    fn change(action: HeaderAction, name: &str, value: &str) -> HeaderChangeFields {
        HeaderChangeFields {
            name: name.to_owned(),
            action,
            value: value.to_owned(),
        }
    }

    fn check(action: HeaderAction, name: &str, value: &str) -> String {
        match HeaderChange::try_from(change(action, name, value)) {
            Ok(change) => format!("{}: {}", change.name(), change.value()),
            Err(error) => format!("! {error}"),
        }
    }

    #[test]
    fn a_header_is_changed_by_its_rules() {
        use HeaderAction::{Add, Append, Delete, Override, Skip};
        assert_snapshot!(check(Override, " Cache-Control ", " no-store "), @"Cache-Control: no-store");
        assert_snapshot!(check(Delete, "X_Powered-By", ""), @"X_Powered-By: ");
        assert_snapshot!(check(Add, "Set-Cookie", "a=1"), @"Set-Cookie: a=1");
        assert_snapshot!(check(Append, "set-cookie", "a=1"), @"! Set-Cookie cannot be appended to: choose Add");
        assert_snapshot!(check(Skip, "", "a"), @r#"! "" must have 1 to 128 letters, digits, hyphens and underscores"#);
        assert_snapshot!(check(Skip, "X-A:", "a"), @r#"! "X-A:" must have 1 to 128 letters, digits, hyphens and underscores"#);
        assert_snapshot!(check(Skip, "X-A", ""), @"! the value of X-A must have 1 to 1024 characters, has 0");
        assert_snapshot!(check(Skip, "X-A", &"a".repeat(1025)), @"! the value of X-A must have 1 to 1024 characters, has 1025");
        assert_snapshot!(check(Add, "X-A", "a\r\nX-B: b"), @r"! the value of X-A may contain only printable characters of ASCII, not '\r'");
        assert_snapshot!(check(Add, "X-A", "é"), @"! the value of X-A may contain only printable characters of ASCII, not 'é'");
        assert_snapshot!(check(Delete, "X-A", "a"), @"! X-A is deleted and must have no value");
        assert_snapshot!(check(Delete, "X-Request-Id", ""), @"! X-Request-Id is the gateway's own and cannot be changed");
        assert_snapshot!(check(Override, "X-Apig-Latency", "1"), @"! X-Apig-Latency is the gateway's own and cannot be changed");
        assert_snapshot!(check(Override, "Access-Control-Allow-Origin", "*"), @"! Access-Control-Allow-Origin is what a policy of the type CORS is for");
        for name in RESERVED {
            let name = name.to_uppercase();
            let refused = InvalidHeaderChange::Reserved(name.clone());
            let given = change(Override, &name, "1");
            assert_eq!(HeaderChange::try_from(given), Err(refused));
        }
    }

    #[test]
    fn there_are_one_to_ten_changes() {
        let one: HeaderChange = change(HeaderAction::Delete, "a", "").try_into().unwrap();
        let check = |count| ResponseHeaders::try_from(vec![one.clone(); count]).err();
        assert_eq!(check(0), Some(InvalidResponseHeaders(0)));
        assert_eq!((check(1), check(10)), (None, None));
        assert_eq!(check(11), Some(InvalidResponseHeaders(11)));
        let right = ResponseHeaders::try_from(vec![one.clone(); 2]).unwrap();
        let json = serde_json::to_string(&right).unwrap();
        assert_eq!(
            serde_json::from_str::<ResponseHeaders>(&json).unwrap(),
            right
        );
        // The wire does not get around the rules of each.
        let forged = json.replacen(r#""a""#, r#""Connection""#, 1);
        assert!(serde_json::from_str::<ResponseHeaders>(&forged).is_err());
    }
}
