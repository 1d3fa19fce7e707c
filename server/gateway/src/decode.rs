//! Decodes a function's result, the object with `statusCode`, `headers`, `body`
//! and `isBase64Encoded`. What is wrong with it is told in a sentence for the
//! function's log. Source: seed, response example; FunctionGraph FAQ.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value};
use sluice_executor::ResponseRefused;

use crate::encode::HOP_BY_HOP;

/// What a function answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionResponse {
    /// The status, 200 to 599.
    pub status: StatusCode,
    /// The headers that reach the caller.
    pub headers: HeaderMap,
    /// The body, decoded.
    pub body: Bytes,
}

impl FunctionResponse {
    /// Reads a function's result, which is JSON text.
    ///
    /// `statusCode` is required: a whole number from 200 to 599. The others may
    /// be left out or be null: no headers, an empty body, `false`. A header's
    /// value is a string, a number or a boolean, or an array of those for a
    /// header that is sent several times. Headers that are about the connection
    /// are the gateway's own and ignored. Without a `Content-Type` the answer
    /// gets `application/json`, unless its status allows no body.
    pub fn parse(result: &str) -> Result<Self, ResponseRefused> {
        let mut result = match serde_json::from_str(result) {
            Ok(Value::Object(result)) => result,
            Ok(other) => {
                return refused(format_args!(
                    "the result must be an object like {EXAMPLE}, not {}",
                    kind(&other)
                ));
            }
            Err(error) => return refused(format_args!("the result is not JSON: {error}")),
        };
        let status = status(&result)?;
        let mut headers = headers(&result)?;
        let encoded = match result.get("isBase64Encoded") {
            None | Some(Value::Null) => false,
            Some(&Value::Bool(encoded)) => encoded,
            Some(other) => {
                return refused(format_args!(
                    "isBase64Encoded must be true or false, not {}",
                    kind(other)
                ));
            }
        };
        let body = match result.remove("body") {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(body)) => body,
            Some(other) => {
                return refused(format_args!(
                    "body must be a string, not {}; write an object as JSON text first, with json.dumps or JSON.stringify",
                    kind(&other)
                ));
            }
        };
        let body = if encoded {
            BASE64.decode(body).map_err(|error| {
                ResponseRefused(format!(
                    "body must be Base64 because isBase64Encoded is true: {error}"
                ))
            })?
        } else {
            body.into_bytes()
        };
        if !headers.contains_key(CONTENT_TYPE) && allows_body(status) {
            let json = HeaderValue::from_static("application/json");
            headers.insert(CONTENT_TYPE, json);
        }
        Ok(Self {
            status,
            headers,
            body: body.into(),
        })
    }
}

/// True when an answer with this status may have a body.
pub(crate) fn allows_body(status: StatusCode) -> bool {
    !matches!(
        status,
        StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED
    )
}

/// Most headers of an answer, each value counted.
const MAX_HEADERS: usize = 1000;

/// Shown where the result is something else altogether.
const EXAMPLE: &str = r#"{"statusCode": 200, "headers": {"Content-Type": "text/html"}, "body": "<html>…</html>", "isBase64Encoded": false}"#;

fn status(result: &Map<String, Value>) -> Result<StatusCode, ResponseRefused> {
    let Some(value) = result.get("statusCode") else {
        return refused(format_args!(
            "the result has no statusCode; it must be an object like {EXAMPLE}"
        ));
    };
    value
        .as_u64()
        .filter(|code| (200..=599).contains(code))
        .and_then(|code| StatusCode::from_u16(u16::try_from(code).ok()?).ok())
        .ok_or_else(|| {
            ResponseRefused(format!(
                "statusCode must be a whole number from 200 to 599, not {}",
                shown(value)
            ))
        })
}

fn headers(result: &Map<String, Value>) -> Result<HeaderMap, ResponseRefused> {
    let mut headers = HeaderMap::new();
    let given = match result.get("headers") {
        None | Some(Value::Null) => return Ok(headers),
        Some(Value::Object(given)) => given,
        Some(other) => {
            return refused(format_args!(
                "headers must be an object of names and values, not {}",
                kind(other)
            ));
        }
    };
    for (name, value) in given {
        let Ok(parsed) = HeaderName::from_bytes(name.as_bytes()) else {
            return refused(format_args!(
                "headers must have names of letters, digits and hyphens, not {}",
                shown(&Value::String(name.clone()))
            ));
        };
        let values = match value {
            Value::Array(values) => values.as_slice(),
            value => std::slice::from_ref(value),
        };
        for value in values {
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Number(_) | Value::Bool(_) => value.to_string(),
                other => {
                    return refused(format_args!(
                        "the header {name} must have a string, a number, a boolean or an array of those, not {}",
                        kind(other)
                    ));
                }
            };
            let Ok(text) = HeaderValue::from_bytes(text.as_bytes()) else {
                return refused(format_args!(
                    "the header {name} must not contain line breaks or other control characters"
                ));
            };
            if HOP_BY_HOP.contains(&parsed) || parsed == CONTENT_LENGTH {
                continue;
            }
            // Looked at first: the map takes values of one name without end, and panics later when
            // the gateway adds its own to as many names as fit.
            if headers.len() >= MAX_HEADERS {
                return refused(format_args!("headers has more than {MAX_HEADERS} of them"));
            }
            headers.append(parsed.clone(), text);
        }
    }
    Ok(headers)
}

fn refused<T>(why: std::fmt::Arguments<'_>) -> Result<T, ResponseRefused> {
    Err(ResponseRefused(why.to_string()))
}

/// A value as a sentence names its kind.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// A value as a sentence shows it: short ones as they are. The log is the
/// developer's own, so it may show what the function returned.
fn shown(value: &Value) -> String {
    match value {
        Value::Array(_) | Value::Object(_) => kind(value).to_owned(),
        Value::String(text) if text.chars().count() > 40 => "a longer string".to_owned(),
        Value::String(_) => format!("the string {value}"),
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests;
