//! Answers that are the gateway's own, as an API group wants them. Source: APIG user guide,
//! "Customizing Responses".
//!
//! A response has another status, a JSON body and headers, with variables that are filled in when
//! it is sent. Callers write what some of them stand for, a path for example. So within the body
//! it is escaped, and the body stays the JSON that it was; within a header all but printable ASCII
//! becomes `%XX`.

mod kind;
mod set;
mod template;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

pub use kind::{Example, ResponseType};
pub use set::{InvalidResponseSetName, MAX_RESPONSE_SETS, ResponseSet, ResponseSetName};
use template::Template;
pub use template::{ContextVariable, UnknownVariable, Values};

use crate::policy::is_the_gateways;

/// Most headers of one response.
pub const MAX_RESPONSE_HEADERS: usize = 10;

/// Most bytes of a header's value, with what its variables stand for; the rest is cut off.
const MAX_HEADER_BYTES: usize = 1024;

/// The responses of a group that are changed, by their types.
pub type GatewayResponses = HashMap<ResponseType, GatewayResponse>;

/// What callers get instead of what the gateway says by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayResponse {
    /// The status; none leaves each error its own.
    pub status: Option<ResponseStatus>,
    /// The body.
    pub body: ResponseBody,
    /// Headers that it has besides.
    pub headers: AddedHeaders,
}

/// A response with what its variables stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilledResponse {
    /// The status; none leaves the error its own.
    pub status: Option<u16>,
    /// Names and values of headers, in printable ASCII.
    pub headers: Vec<(String, String)>,
    /// The body, JSON text.
    pub body: String,
}

impl GatewayResponse {
    /// The response with what its variables stand for.
    pub fn fill(&self, values: &Values<'_>) -> FilledResponse {
        let header = |header: &AddedHeader| {
            let mut value = header.value.fill(values, push_header_text);
            value.truncate(MAX_HEADER_BYTES);
            (header.name.clone(), value)
        };
        FilledResponse {
            status: self.status.map(ResponseStatus::code),
            headers: self.headers.iter().map(header).collect(),
            body: self.body.0.fill(values, push_json_text),
        }
    }
}

/// Writes a text as it stands within a string of JSON; what would be markup too, for who takes the
/// body for HTML.
fn push_json_text(json: &mut String, text: &str) {
    let quoted = serde_json::to_string(text).expect("a string can be written as JSON");
    for c in quoted[1..quoted.len() - 1].chars() {
        match c {
            '<' => json.push_str(r"\u003c"),
            '>' => json.push_str(r"\u003e"),
            '&' => json.push_str(r"\u0026"),
            c => json.push(c),
        }
    }
}

/// Writes a text as it can stand in a header: what is no printable ASCII as `%XX`.
fn push_header_text(header: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b' '..=b'~' => header.push(char::from(byte)),
            _ => header.push_str(&format!("%{byte:02X}")),
        }
    }
}

/// The status of a response: 200 to 599, but not 444.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct ResponseStatus(u16);

/// A number that is no [`ResponseStatus`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 200 to 599 and not 444, is {0}")]
pub struct InvalidResponseStatus(pub u16);

impl ResponseStatus {
    /// The number.
    pub fn code(self) -> u16 {
        self.0
    }
}

impl TryFrom<u16> for ResponseStatus {
    type Error = InvalidResponseStatus;

    fn try_from(code: u16) -> Result<Self, InvalidResponseStatus> {
        let right = (200..600).contains(&code) && code != 444;
        right
            .then_some(Self(code))
            .ok_or(InvalidResponseStatus(code))
    }
}

impl From<ResponseStatus> for u16 {
    fn from(status: ResponseStatus) -> Self {
        status.0
    }
}

/// The body of a response: JSON of at most 8192 characters, with variables within its strings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ResponseBody(Template);

/// Why a text is no [`ResponseBody`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidResponseBody {
    /// It is longer than 8192 characters.
    #[error("must have at most 8192 characters, has {0}")]
    Length(usize),
    /// It names a variable that no call has.
    #[error(transparent)]
    Variable(#[from] UnknownVariable),
    /// It is no JSON.
    #[error("must be JSON, with variables inside of its strings: {0}")]
    Json(String),
}

impl ResponseBody {
    /// Most characters a body may have, before its variables are filled in.
    pub const MAX_CHARS: usize = 8192;

    /// What the gateway sends by itself.
    pub const DEFAULT: &'static str = r#"{"error_msg":"$context.error.message","error_code":"$context.error.code","request_id":"$context.requestId"}"#;

    /// Parses a body.
    pub fn parse(text: &str) -> Result<Self, InvalidResponseBody> {
        use InvalidResponseBody as Invalid;
        let chars = text.chars().count();
        if chars > Self::MAX_CHARS {
            return Err(Invalid::Length(chars));
        }
        let template = Template::parse(text)?;
        // Outside of strings JSON has neither `$` nor `#`, so that all variables stand in strings,
        // and none within an escape.
        serde_json::from_str::<serde_json::Value>(text)
            .map_err(|error| Invalid::Json(error.to_string()))?;
        Ok(Self(template))
    }

    /// The text as it was parsed.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl Default for ResponseBody {
    fn default() -> Self {
        Self::parse(Self::DEFAULT).expect("the default is JSON with known variables")
    }
}

impl TryFrom<String> for ResponseBody {
    type Error = InvalidResponseBody;

    fn try_from(text: String) -> Result<Self, InvalidResponseBody> {
        Self::parse(&text)
    }
}

impl From<ResponseBody> for String {
    fn from(body: ResponseBody) -> Self {
        body.as_str().to_owned()
    }
}

/// One header of a response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "HeaderFields", into = "HeaderFields")]
pub struct AddedHeader {
    name: String,
    value: Template,
}

/// What an [`AddedHeader`] is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeaderFields {
    /// Name of the header: 1 to 128 letters, digits, hyphens and underscores. Letters match in
    /// either case.
    pub name: String,
    /// The value, with variables: 1 to 1024 printable characters of ASCII, without `[[` and `]]`;
    /// white space around them is dropped.
    pub value: String,
}

/// Why fields are no [`AddedHeader`], or headers no [`AddedHeaders`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAddedHeader {
    /// There are more than 10.
    #[error("must be at most 10 headers, are {0}")]
    Count(usize),
    /// The name is none.
    #[error("{0:?} must have 1 to 128 letters, digits, hyphens and underscores")]
    Name(String),
    /// The gateway or the connection needs it as it is, or policies are there for it.
    #[error("{0} is the gateway's own and cannot be changed")]
    Reserved(String),
    /// What is sent is JSON.
    #[error("Content-Type must be application/json or application/…+json, without variables")]
    ContentType,
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
    /// The value has two brackets side by side.
    #[error("the value of {0} must not contain [[ or ]]")]
    Brackets(String),
    /// The value names a variable that no call has.
    #[error(transparent)]
    Variable(#[from] UnknownVariable),
    /// Two headers have one name.
    #[error("{0} is given twice")]
    Twice(String),
}

impl AddedHeader {
    /// Name of the header, as it was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its value, with variables.
    pub fn value(&self) -> &str {
        self.value.as_str()
    }
}

impl TryFrom<HeaderFields> for AddedHeader {
    type Error = InvalidAddedHeader;

    fn try_from(fields: HeaderFields) -> Result<Self, InvalidAddedHeader> {
        use InvalidAddedHeader as Invalid;
        let (name, value) = (fields.name.trim().to_owned(), fields.value.trim());
        let is_name_char = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if !(1..=128).contains(&name.len()) || !name.chars().all(is_name_char) {
            return Err(Invalid::Name(name.chars().take(64).collect()));
        }
        let lower = name.to_ascii_lowercase();
        // A cookie could be given further parts by the path of a request.
        let is_reserved = is_the_gateways(&lower)
            || lower.starts_with("access-control-")
            || matches!(lower.as_str(), "content-encoding" | "set-cookie");
        if is_reserved {
            return Err(Invalid::Reserved(name));
        }
        if lower == "content-type" && !is_json(value) {
            return Err(Invalid::ContentType);
        }
        let chars = value.chars().count();
        if !(1..=MAX_HEADER_BYTES).contains(&chars) {
            return Err(Invalid::Length { name, chars });
        }
        if let Some(given) = value.chars().find(|c| !matches!(c, ' '..='~')) {
            return Err(Invalid::Character { name, given });
        }
        if value.contains("[[") || value.contains("]]") {
            return Err(Invalid::Brackets(name));
        }
        let value = Template::parse(value)?;
        Ok(Self { name, value })
    }
}

/// True for the type of a body that is JSON.
fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    let is_json = essence
        .strip_prefix("application/")
        .is_some_and(|subtype| subtype == "json" || subtype.ends_with("+json"));
    is_json && !content_type.contains(['$', '#'])
}

impl From<AddedHeader> for HeaderFields {
    fn from(header: AddedHeader) -> Self {
        Self {
            value: header.value().to_owned(),
            name: header.name,
        }
    }
}

/// The headers of a response: at most 10, each name once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<AddedHeader>", into = "Vec<AddedHeader>")]
pub struct AddedHeaders(Vec<AddedHeader>);

impl AddedHeaders {
    /// The headers.
    pub fn iter(&self) -> impl Iterator<Item = &AddedHeader> {
        self.0.iter()
    }
}

impl TryFrom<Vec<AddedHeader>> for AddedHeaders {
    type Error = InvalidAddedHeader;

    fn try_from(headers: Vec<AddedHeader>) -> Result<Self, InvalidAddedHeader> {
        if headers.len() > MAX_RESPONSE_HEADERS {
            return Err(InvalidAddedHeader::Count(headers.len()));
        }
        for (position, header) in headers.iter().enumerate() {
            let same = |other: &AddedHeader| other.name.eq_ignore_ascii_case(&header.name);
            if headers[..position].iter().any(same) {
                return Err(InvalidAddedHeader::Twice(header.name.clone()));
            }
        }
        Ok(Self(headers))
    }
}

impl From<AddedHeaders> for Vec<AddedHeader> {
    fn from(headers: AddedHeaders) -> Self {
        headers.0
    }
}

#[cfg(test)]
mod tests;
