use sluice_domain::request_parameter::{
    Number, ParameterType, RequestParameter, RequestParameterFields, RequestParameters,
};

use crate::apis::difference::Difference;
use crate::console::sentence;

/// The rule for the values of a parameter, in words.
pub(super) fn rule_told(fields: &RequestParameterFields) -> String {
    let mut parts = match fields.is_validated {
        true => value_rules(fields),
        false => vec!["not checked".to_owned()],
    };
    if !fields.passes_through {
        parts.push("kept from the function".to_owned());
    }
    sentence(&parts.join("; "))
}

fn value_rules(fields: &RequestParameterFields) -> Vec<String> {
    let (any, unit) = match fields.kind {
        ParameterType::String => ("any text", " characters"),
        ParameterType::Number => ("any number", ""),
    };
    let text = |bound: &Option<Number>| bound.as_ref().map(ToString::to_string);
    let bounds = match (text(&fields.min), text(&fields.max)) {
        (None, None) => None,
        (Some(min), Some(max)) if min == max => Some(format!("{min}{unit}")),
        (Some(min), Some(max)) => Some(format!("{min} to {max}{unit}")),
        (Some(min), None) => Some(format!("at least {min}{unit}")),
        (None, Some(max)) => Some(format!("at most {max}{unit}")),
    };
    let listed = &fields.enumeration;
    let listed = (!listed.is_empty()).then(|| format!("one of {}", listed.join(", ")));
    let rules: Vec<_> = bounds.into_iter().chain(listed).collect();
    match rules.is_empty() {
        true => vec![any.to_owned()],
        false => rules,
    }
}

/// All that is declared of a parameter but its name and its location.
fn told(parameter: &RequestParameter) -> String {
    let fields = parameter.fields();
    let mut told = fields.kind.label().to_owned();
    told.push_str(match fields.required {
        true => ", required",
        false => ", not required",
    });
    if let Some(default) = &fields.default_value {
        told.push_str(&format!(", by default {default}"));
    }
    told.push_str(&format!(". {}.", rule_told(fields)));
    // A rule that is switched off is still there.
    if !fields.is_validated {
        told.push_str(&format!(" ({})", value_rules(fields).join("; ")));
    }
    if !fields.description.as_str().is_empty() {
        told.push_str(&format!(" {}", fields.description));
    }
    told
}

/// In which parameters two definitions differ.
pub(crate) fn parameter_differences(
    published: &RequestParameters,
    latest: &RequestParameters,
) -> Vec<Difference> {
    let in_list = |list: &RequestParameters, wanted: &RequestParameter| {
        list.iter().find(|one| one.is_the_same(wanted)).cloned()
    };
    let added = latest
        .iter()
        .filter(|one| in_list(published, one).is_none());
    let all = published.iter().chain(added);
    let difference = |one: &RequestParameter| {
        let (old, new) = (in_list(published, one), in_list(latest, one));
        let is_renamed = matches!((&old, &new), (Some(old), Some(new)) if old.name() != new.name());
        let shown = |one: &Option<RequestParameter>| match one {
            // A header's name can be written with other letters.
            Some(one) if is_renamed => format!("{}: {}", one.name(), told(one)),
            Some(one) => told(one),
            None => "—".to_owned(),
        };
        (old != new).then(|| Difference {
            field: format!("Parameter {} in {}", one.name(), one.location().part()),
            published: shown(&old),
            latest: shown(&new),
        })
    };
    all.filter_map(difference).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;

    fn parameters(json: &str) -> RequestParameters {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_rule_is_told_in_words() {
        let check = |rest: &str| {
            let json = format!(r#"[{{"name": "a", "location": "QUERY", "type": {rest}}}]"#);
            let parameters = parameters(&json);
            let first = parameters.iter().next().unwrap();
            rule_told(first.fields())
        };
        assert_snapshot!(check(r#""STRING""#), @"Any text");
        assert_snapshot!(check(r#""NUMBER""#), @"Any number");
        assert_snapshot!(check(r#""STRING", "min": "2", "max": "2""#), @"2 characters");
        assert_snapshot!(check(r#""STRING", "min": "2", "max": "3""#), @"2 to 3 characters");
        assert_snapshot!(check(r#""STRING", "max": "3", "enumeration": ["a", "b"]"#), @"At most 3 characters; one of a, b");
        assert_snapshot!(check(r#""NUMBER", "min": "-1.5""#), @"At least -1.5");
        assert_snapshot!(check(r#""NUMBER", "enumeration": ["1", "2"], "passes_through": false"#), @"One of 1, 2; kept from the function");
        assert_snapshot!(check(r#""NUMBER", "min": "1", "is_validated": false"#), @"Not checked");
    }

    #[test]
    fn parameters_that_differ_are_told() {
        let check = |published: &str, latest: &str| {
            let differences = parameter_differences(&parameters(published), &parameters(latest));
            let told = |it: &Difference| format!("{} | {} | {}", it.field, it.published, it.latest);
            differences.iter().map(told).collect::<Vec<_>>().join("\n")
        };
        let page =
            r#"[{"name": "page", "location": "QUERY", "type": "NUMBER", "default_value": "1"}]"#;
        let changed = r#"[{"name": "page", "location": "QUERY", "type": "NUMBER", "required": true, "min": "1", "description": "From 1 on"},
            {"name": "X-A", "location": "HEADER", "type": "STRING"}]"#;
        assert_eq!(check(page, page), "");
        assert_snapshot!(check(page, changed), @r"
        Parameter page in the query | Number, not required, by default 1. Any number. | Number, required. At least 1. From 1 on
        Parameter X-A in the headers | — | String, not required. Any text.
        ");
        let renamed = |name: &str| {
            format!(r#"[{{"name": "{name}", "location": "HEADER", "type": "STRING"}}]"#)
        };
        assert_snapshot!(check(&renamed("X-A"), &renamed("x-a")), @"Parameter X-A in the headers | X-A: String, not required. Any text. | x-a: String, not required. Any text.");
        assert_snapshot!(check(page, "[]"), @"Parameter page in the query | Number, not required, by default 1. Any number. | —");
        let off = page.replace('}', r#", "is_validated": false}"#);
        let bounded = page.replace('}', r#", "is_validated": false, "min": "1"}"#);
        assert_snapshot!(check(&off, &bounded), @"Parameter page in the query | Number, not required, by default 1. Not checked. (any number) | Number, not required, by default 1. Not checked. (at least 1)");
    }
}
