//! The parameters that an API declares: what a request must have, and what may stand in it, before
//! the function runs. Source: APIG user guide, "Creating an API"; `req_params`.

mod list;
mod number;
mod rule;

use serde::{Deserialize, Serialize};

pub use list::{InvalidRequestParameters, NotInPath, RequestParameters};
pub use number::{InvalidNumber, Number};
pub use rule::BrokenRule;
use rule::ValueRule;

use crate::parsed::named_enum;
use crate::text::ShortDescription;

/// Most values that a parameter may be limited to.
pub const MAX_ENUMERATED: usize = 100;

/// Most characters of a default value, and of each value that a parameter is limited to.
const MAX_VALUE_CHARS: usize = 255;

/// Most characters that a text may be asked to have: no request has a longer one.
const MAX_SIZE: u32 = 32 * 1024;

named_enum! {
    /// Where a parameter stands in a request.
    pub enum ParameterLocation ("the location") {
        /// In braces in the API's path.
        Path = "PATH", "Path";
        /// In the query; letters of its name match in their own case only.
        Query = "QUERY", "Query";
        /// A header; letters of its name match in either case.
        Header = "HEADER", "Header";
    }
}

impl ParameterLocation {
    /// The part of a request that it is in, in words.
    pub fn part(self) -> &'static str {
        match self {
            Self::Path => "the path",
            Self::Query => "the query",
            Self::Header => "the headers",
        }
    }
}

named_enum! {
    /// What the values of a parameter are.
    pub enum ParameterType ("the type") {
        /// Any text; what is limited is its length.
        String = "STRING", "String";
        /// A decimal number; what is limited is how large it is.
        Number = "NUMBER", "Number";
    }
}

/// A parameter that an API declares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RequestParameterFields", into = "RequestParameterFields")]
pub struct RequestParameter {
    fields: RequestParameterFields,
    rule: ValueRule,
}

/// What a [`RequestParameter`] is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestParameterFields {
    /// Its name: 1 to 32 letters, digits and `-_.`, a letter first. Not `x-apig-…`, `x-sdk-…` or
    /// `x-stage`; that of a header has no `_`, and is none that the gateway reads or sets itself.
    pub name: String,
    /// Where it stands.
    pub location: ParameterLocation,
    /// What its values are.
    #[serde(rename = "type")]
    pub kind: ParameterType,
    /// Whether a request must have it. One of the path always is.
    #[serde(default)]
    pub required: bool,
    /// What the function gets where the request has none: 1 to 255 characters that are no control
    /// characters, in a header those of ASCII. Only of one that is not required.
    #[serde(default)]
    pub default_value: Option<String>,
    /// The values that it may have: at most 100 of 1 to 255 characters, without commas and without
    /// white space around. Any, where there are none.
    #[serde(default)]
    pub enumeration: Vec<String>,
    /// The least that a number may be, or the fewest characters that a text may have.
    #[serde(default)]
    pub min: Option<Number>,
    /// The same, the most.
    #[serde(default)]
    pub max: Option<Number>,
    /// Whether its values are looked at. Where they are not, only `required` and `default_value`
    /// count. Source: `valid_enable`.
    #[serde(default = "yes")]
    pub is_validated: bool,
    /// Whether the function gets it. One of the path always reaches it. Source: `pass_through`.
    #[serde(default = "yes")]
    pub passes_through: bool,
    /// What it is for.
    #[serde(default)]
    pub description: ShortDescription,
}

fn yes() -> bool {
    true
}

/// Why fields are no [`RequestParameter`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("parameter {name}: {}: {wrong}", .wrong.field())]
pub struct InvalidRequestParameter {
    /// Its name, cut to 64 characters.
    pub name: String,
    /// What is wrong with which field.
    pub wrong: WrongField,
}

/// What is wrong with a field of a parameter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongField {
    /// The name is none.
    #[error(
        "must have 1 to 32 characters, a letter first: letters, digits, hyphens, underscores and dots"
    )]
    Name,
    /// The gateway has a use of its own for what has this name.
    #[error("must not be a name that the gateway uses itself")]
    Reserved,
    /// The name of a header has an underscore.
    #[error("must not have an underscore (_): it is the name of a header")]
    Underscore,
    /// One of the path is not required.
    #[error("must be required: it is part of the path")]
    Optional,
    /// One of the path is kept from the function.
    #[error("must reach the function: it is part of the path")]
    Withheld,
    /// One that is required has a default value.
    #[error("must be empty: a parameter that is required has none")]
    DefaultOfRequired,
    /// The default value has no or too many characters, or some that cannot be sent.
    #[error("must have 1 to 255 characters that can be sent, without white space around")]
    Default,
    /// The default value breaks the parameter's own rule.
    #[error("{0}")]
    DefaultBreaks(BrokenRule),
    /// There are too many values.
    #[error("must be at most {MAX_ENUMERATED} values, are {0}")]
    EnumerationCount(usize),
    /// A value has no or too many characters, or some that are not allowed.
    #[error("{0:?} must have 1 to 255 characters, without commas and without white space around")]
    Enumerated(String),
    /// A value stands twice.
    #[error("{0} is given twice")]
    EnumeratedTwice(String),
    /// A value breaks the parameter's own rule.
    #[error("{0} {1}")]
    EnumeratedBreaks(String, BrokenRule),
    /// The least length is none.
    #[error("must be a whole number of characters, 0 to 32,768")]
    MinSize,
    /// The largest length is none.
    #[error("must be a whole number of characters, 0 to 32,768")]
    MaxSize,
    /// The largest value or length is below the least.
    #[error("must be at least {0}, the minimum")]
    Bounds(Number),
}

impl WrongField {
    /// The name of the field.
    pub fn field(&self) -> &'static str {
        match self {
            Self::Name | Self::Reserved | Self::Underscore => "name",
            Self::Optional => "required",
            Self::Withheld => "passes_through",
            Self::DefaultOfRequired | Self::Default | Self::DefaultBreaks(_) => "default_value",
            Self::EnumerationCount(_)
            | Self::Enumerated(_)
            | Self::EnumeratedTwice(_)
            | Self::EnumeratedBreaks(..) => "enumeration",
            Self::MinSize => "min",
            Self::MaxSize | Self::Bounds(_) => "max",
        }
    }
}

impl RequestParameter {
    /// What it is made of.
    pub fn fields(&self) -> &RequestParameterFields {
        &self.fields
    }

    /// Its name, as it was given.
    pub fn name(&self) -> &str {
        &self.fields.name
    }

    /// Where it stands.
    pub fn location(&self) -> ParameterLocation {
        self.fields.location
    }

    /// Checks a value that a request has of it, decoded.
    pub fn check(&self, value: &str) -> Result<(), BrokenRule> {
        match self.fields.is_validated {
            true => self.rule.check(value, &self.fields),
            false => Ok(()),
        }
    }

    /// True for what stands in the same place under the same name.
    pub fn is_the_same(&self, other: &Self) -> bool {
        let same_name = match self.location() {
            ParameterLocation::Header => self.name().eq_ignore_ascii_case(other.name()),
            ParameterLocation::Path | ParameterLocation::Query => self.name() == other.name(),
        };
        self.location() == other.location() && same_name
    }
}

impl TryFrom<RequestParameterFields> for RequestParameter {
    type Error = InvalidRequestParameter;

    fn try_from(fields: RequestParameterFields) -> Result<Self, InvalidRequestParameter> {
        match parse(&fields) {
            Ok(rule) => Ok(Self { fields, rule }),
            Err(wrong) => Err(InvalidRequestParameter {
                name: fields.name.chars().take(64).collect(),
                wrong,
            }),
        }
    }
}

impl From<RequestParameter> for RequestParameterFields {
    fn from(parameter: RequestParameter) -> Self {
        parameter.fields
    }
}

/// The rule for the values, where all fields are right.
fn parse(fields: &RequestParameterFields) -> Result<ValueRule, WrongField> {
    check_name(&fields.name, fields.location)?;
    if fields.location == ParameterLocation::Path {
        if !fields.required {
            return Err(WrongField::Optional);
        }
        if !fields.passes_through {
            return Err(WrongField::Withheld);
        }
    }
    let rule = ValueRule::parse(fields)?;
    let Some(default) = &fields.default_value else {
        return Ok(rule);
    };
    if fields.required {
        return Err(WrongField::DefaultOfRequired);
    }
    let can_be_sent = match fields.location {
        ParameterLocation::Header => |c: char| matches!(c, ' '..='~'),
        ParameterLocation::Path | ParameterLocation::Query => |c: char| !c.is_control(),
    };
    if !is_value(default) || !default.chars().all(can_be_sent) {
        return Err(WrongField::Default);
    }
    if fields.is_validated {
        rule.check(default, fields)
            .map_err(WrongField::DefaultBreaks)?;
    }
    Ok(rule)
}

fn check_name(name: &str, location: ParameterLocation) -> Result<(), WrongField> {
    let is_name_char = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let is_name = (1..=32).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(is_name_char);
    if !is_name {
        return Err(WrongField::Name);
    }
    let lower = name.to_ascii_lowercase();
    if lower.starts_with("x-apig-") || lower.starts_with("x-sdk-") || lower == "x-stage" {
        return Err(WrongField::Reserved);
    }
    if location == ParameterLocation::Header {
        if RESERVED_HEADERS.contains(&lower.as_str()) {
            return Err(WrongField::Reserved);
        }
        if name.contains('_') {
            return Err(WrongField::Underscore);
        }
    }
    Ok(())
}

/// Headers that prove who calls, that the gateway sets itself, or that are about one connection
/// and end at the gateway: what a caller sends of them is not what the function gets.
const RESERVED_HEADERS: [&str; 18] = [
    "authorization",
    "x-auth-token",
    "host",
    "x-real-ip",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-request-id",
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "content-length",
];

/// True for what can be a value in a definition.
fn is_value(text: &str) -> bool {
    (1..=MAX_VALUE_CHARS).contains(&text.chars().count()) && text.trim() == text
}

#[cfg(test)]
mod tests;
