//! Texts with variables, which are known when the text is parsed and stand for something when it
//! is sent: `$context.requestId` of the call, `#Name#` of the group in its environment.
//!
//! What is not there stays as it is: `#Name#` where the environment has no variable of this name,
//! and any other `$` or `#`. A `$context.` that no call has is refused by its name.

use std::borrow::Cow;

use crate::parsed::named_enum;
use crate::stage_variables::{self, StageVariables};

/// Most bytes of what one variable stands for: callers write some of them, a path of 32 KB for
/// example, and a text may have many.
const MAX_VALUE_BYTES: usize = 1024;

/// What begins a variable of the call.
const CONTEXT: &str = "$context.";

named_enum! {
    /// A variable of the call. Source: APIG user guide, "Customizing Responses".
    pub enum ContextVariable ("the variable") {
        /// Empty where no API was found.
        ApiId = "apiId", "ID of the API";
        /// Empty where no API was found.
        ApiName = "apiName", "Name of the API";
        /// Empty for who has not proved to have one.
        AppId = "appId", "ID of the caller's credential";
        /// Empty for who has not proved to have one.
        AppName = "appName", "Name of the caller's credential";
        /// The same as in `X-Request-Id`.
        RequestId = "requestId", "ID of the request";
        /// What `X-Stage` names, RELEASE without it.
        Stage = "stage", "Environment";
        /// Empty where there is no connection.
        SourceIp = "sourceIp", "Address of the caller";
        /// As it came, without the query.
        ReqPath = "reqPath", "Path of the request";
        /// As it came.
        ReqUri = "reqUri", "Path and query of the request";
        /// In upper case, mostly.
        ReqMethod = "reqMethod", "Method of the request";
        /// As in a response that nobody changed.
        ErrorMessage = "error.message", "Message of the error";
        /// As in a response that nobody changed.
        ErrorCode = "error.code", "Code of the error";
        /// The name of the response type.
        ErrorType = "error.type", "Type of the response";
    }
}

/// What variables stand for in one call.
pub struct Values<'a> {
    /// What one of the call stands for.
    pub context: &'a dyn Fn(ContextVariable) -> Cow<'a, str>,
    /// The group's, in the environment of the call.
    pub stage: Option<&'a StageVariables>,
}

/// A text has a variable that no call has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no variable")]
pub struct UnknownVariable(String);

/// A text, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template {
    text: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Context(ContextVariable),
    /// By its name.
    Stage(String),
}

impl Template {
    pub(super) fn parse(text: &str) -> Result<Self, UnknownVariable> {
        let (mut parts, mut literal, mut rest) = (Vec::new(), String::new(), text);
        while let Some(at) = rest.find(['$', '#']) {
            literal.push_str(&rest[..at]);
            rest = &rest[at..];
            let (part, bytes) = match Part::at_start(rest)? {
                Some(found) => found,
                None => {
                    literal.push_str(&rest[..1]);
                    rest = &rest[1..];
                    continue;
                }
            };
            if !literal.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut literal)));
            }
            parts.push(part);
            rest = &rest[bytes..];
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Text(literal));
        }
        Ok(Self {
            text: text.to_owned(),
            parts,
        })
    }

    /// The text as it was parsed.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// The text with what its variables stand for, each written by `escape`.
    pub(super) fn fill(&self, values: &Values<'_>, escape: fn(&mut String, &str)) -> String {
        let mut filled = String::with_capacity(self.text.len());
        for part in &self.parts {
            match part {
                Part::Text(text) => filled.push_str(text),
                Part::Context(variable) => {
                    escape(&mut filled, beginning(&(values.context)(*variable)));
                }
                Part::Stage(name) => match values.stage.and_then(|stage| stage.get(name)) {
                    Some(value) => escape(&mut filled, value),
                    None => {
                        filled.push('#');
                        filled.push_str(name);
                        filled.push('#');
                    }
                },
            }
        }
        filled
    }
}

impl Part {
    /// The variable that a text begins with, and its bytes there.
    fn at_start(text: &str) -> Result<Option<(Self, usize)>, UnknownVariable> {
        if let Some(rest) = text.strip_prefix(CONTEXT) {
            let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_');
            let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
            // A dot at the end is the sentence's.
            let name = rest[..end].trim_end_matches('.');
            let variable = name.parse().map_err(|_| {
                UnknownVariable(format!("{CONTEXT}{}", &name[..name.len().min(64)]))
            })?;
            return Ok(Some((Self::Context(variable), CONTEXT.len() + name.len())));
        }
        let named = text.strip_prefix('#').and_then(|rest| {
            let (name, _) = rest.split_once('#')?;
            stage_variables::is_name(name).then(|| name.to_owned())
        });
        Ok(named.map(|name| {
            let bytes = name.len() + 2;
            (Self::Stage(name), bytes)
        }))
    }
}

/// As much of what a variable stands for as is sent.
fn beginning(value: &str) -> &str {
    &value[..value.floor_char_boundary(MAX_VALUE_BYTES)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage_variables::StageVariable;
    use insta::assert_snapshot;
    use proptest::prelude::*;

    /// The text with variables in brackets; the environment has `Host`.
    fn check(text: &str) -> String {
        let template = match Template::parse(text) {
            Ok(template) => template,
            Err(error) => return format!("! {error}"),
        };
        assert_eq!(template.as_str(), text);
        let host = StageVariable {
            name: "Host".to_owned(),
            value: "a.example".to_owned(),
        };
        let stage = vec![host].try_into().unwrap();
        let values = Values {
            context: &|variable| variable.name().into(),
            stage: Some(&stage),
        };
        template.fill(&values, |filled, value| {
            filled.push_str(&format!("[{value}]"));
        })
    }

    #[test]
    fn variables_are_found_wherever_they_stand() {
        assert_snapshot!(check(""), @"");
        assert_snapshot!(check("no variable"), @"no variable");
        assert_snapshot!(check("$context.requestId"), @"[requestId]");
        assert_snapshot!(check("a$context.apiId$context.error.code#Host#b"), @"a[apiId][error.code][a.example]b");
        assert_snapshot!(check("It is $context.error.message."), @"It is [error.message].");
        assert_snapshot!(check("$context.stage-x"), @"[stage]-x");
        assert_snapshot!(check("#Host##Host#"), @"[a.example][a.example]");
        assert_snapshot!(check("#a#Host#"), @"#a[a.example]");
        for variable in ContextVariable::ALL {
            assert_eq!(
                check(&format!("{CONTEXT}{}", variable.name())),
                format!("[{}]", variable.name())
            );
        }
    }

    #[test]
    fn what_is_no_variable_stays() {
        for text in [
            "$",
            "#",
            "##",
            "###",
            "$5",
            "$context",
            "$Context.x",
            "#1ab#",
            "#Host",
            "Host#",
            "# Host #",
            "#fff #000",
            "é#é$é",
        ] {
            assert_eq!(check(text), text);
        }
        // Another environment may have it.
        assert_snapshot!(check("#Port# #host#"), @"#Port# #host#");
    }

    #[test]
    fn a_variable_that_no_call_has_is_refused_by_name() {
        assert_snapshot!(check("$context.requestid"), @"! $context.requestid is no variable");
        assert_snapshot!(check("$context."), @"! $context. is no variable");
        assert_snapshot!(check("$context.error"), @"! $context.error is no variable");
        assert_snapshot!(check("$context.requestId.x"), @"! $context.requestId.x is no variable");
        assert_snapshot!(check("$context.authorizer.frontend.user"), @"! $context.authorizer.frontend.user is no variable");
        assert_eq!(
            check(&format!("$context.{}", "a".repeat(99))),
            format!("! $context.{} is no variable", "a".repeat(64))
        );
    }

    #[test]
    fn of_what_callers_write_the_beginning_is_sent() {
        let filled = |value: &'static str| {
            let values = Values {
                context: &|_| value.into(),
                stage: None,
            };
            let template = Template::parse("$context.reqPath").unwrap();
            template.fill(&values, String::push_str).len()
        };
        assert_eq!(filled(&"a".repeat(1024).leak()[..]), 1024);
        assert_eq!(filled(&"a".repeat(1025).leak()[..]), 1024);
        assert_eq!(filled(&format!("a{}", "é".repeat(999)).leak()[..]), 1023);
    }

    proptest! {
        #[test]
        fn any_text_is_taken_apart_and_put_together(text in "(\\PC|[$#.]|\\$context\\.|stage|#Host#|#Port#){0,20}") {
            if let Ok(template) = Template::parse(&text) {
                let values = Values {
                    context: &|variable| format!("$context.{}", variable.name()).into(),
                    stage: None,
                };
                prop_assert_eq!(template.fill(&values, String::push_str), text);
            }
        }
    }
}
