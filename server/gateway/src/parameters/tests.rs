use super::*;
use http::Request;
use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::auth::Withheld;
use crate::encode::{Arrival, apig_event};
use crate::fixture::api;
use sluice_domain::id::ApiRequestId;

/// The parameters that `lines` describe, each as the fields of one in JSON but for its name, location
/// and type: `QUERY page NUMBER "min": "1"`.
fn declared(lines: &str) -> RequestParameters {
    let one = |line: &str| {
        let mut words = line.trim().splitn(4, ' ');
        let [location, name, kind] = std::array::from_fn(|_| words.next().unwrap());
        let rest = words
            .next()
            .map_or(String::new(), |rest| format!(", {rest}"));
        format!(r#"{{"location": "{location}", "name": "{name}", "type": "{kind}"{rest}}}"#)
    };
    let all: Vec<_> = lines.lines().map(one).collect();
    serde_json::from_str(&format!("[{}]", all.join(","))).unwrap()
}

/// The request of `GET /a/7?page=1` and lines of headers.
fn request(target: &str, headers: &str) -> Parts {
    let mut request = Request::get(target);
    for line in headers.lines() {
        let (name, value) = line.split_once(": ").unwrap();
        request = request.header(name, value.as_bytes());
    }
    request.body(()).unwrap().into_parts().0
}

/// What becomes of a request of the API `/a/{id}`: `query headers` of the event, or why it is refused.
fn check(lines: &str, target: &str, headers: &str) -> String {
    let rules = Arc::new(ParameterRules::new(&declared(lines)).unwrap());
    let api = api("ANY /a/{id} prefix -> f");
    let request = request(target, headers);
    let path = request.uri.path();
    let declared = match rules.check(&api, &request, path) {
        Ok(declared) => declared,
        Err(refused) => return refused.to_string(),
    };
    let arrival = Arrival {
        tls: true,
        authority: None,
        client_ip: None,
        peer: None,
        request_id: ApiRequestId::from_bytes([1; 16]),
        console_cookie: "session",
        withheld: Withheld::default(),
        declared: Some(declared),
    };
    let event = apig_event(&api, None, &arrival, &request, path, b"", None);
    let mut event: Value = serde_json::from_str(&event).unwrap();
    let headers = event["headers"].as_object_mut().unwrap();
    for own in ["x-forwarded-port", "x-forwarded-proto", "x-request-id"] {
        assert!(headers.remove(own).is_some());
    }
    format!("{} {}", event["queryStringParameters"], event["headers"])
}

const REQUIRED: &str = r#"QUERY page NUMBER "required": true, "min": "1", "max": "99"
HEADER X-Kind STRING "required": true, "enumeration": ["a", "b"]"#;

#[test]
fn what_is_required_is_there_and_right() {
    assert_snapshot!(check(REQUIRED, "/a/7?page=1", "x-kind: a"), @r#"{"page":"1"} {"x-kind":"a"}"#);
    // What is not declared passes, and names of the query have their own case.
    assert_snapshot!(check(REQUIRED, "/a/7?page=1&Page=x&q=%20", "X-KIND: b\nX-Other: 1"), @r#"{"Page":"x","page":"1","q":" "} {"x-kind":"b","x-other":"1"}"#);
    for (target, headers, refused) in [
        (
            "/a/7",
            "X-Kind: a",
            "Parameter page in the query: is required",
        ),
        (
            "/a/7?Page=1",
            "X-Kind: a",
            "Parameter page in the query: is required",
        ),
        (
            "/a/7?page",
            "X-Kind: a",
            "Parameter page in the query: must be a decimal number",
        ),
        (
            "/a/7?page=NaN",
            "X-Kind: a",
            "Parameter page in the query: must be a decimal number",
        ),
        (
            "/a/7?page=0",
            "X-Kind: a",
            "Parameter page in the query: must be at least 1",
        ),
        (
            "/a/7?page=1e2",
            "X-Kind: a",
            "Parameter page in the query: must be at most 99",
        ),
        (
            "/a/7?page=1",
            "X-Other: a",
            "Parameter X-Kind in the headers: is required",
        ),
        (
            "/a/7?page=1",
            "X-Kind: A",
            "Parameter X-Kind in the headers: must be one of a, b",
        ),
        (
            "/a/7?page=1",
            "X-Kind: a, b",
            "Parameter X-Kind in the headers: must be one of a, b",
        ),
        // Each of several values is looked at.
        (
            "/a/7?page=1&page=2&page=100",
            "X-Kind: a",
            "Parameter page in the query: must be at most 99",
        ),
        (
            "/a/7?page=1",
            "X-Kind: a\nx-kind: c",
            "Parameter X-Kind in the headers: must be one of a, b",
        ),
        // The query comes before the headers.
        ("/a/7", "", "Parameter page in the query: is required"),
        // This header does not reach the function.
        (
            "/a/7?page=1",
            "X-Kind: a\nConnection: x-kind",
            "Parameter X-Kind in the headers: is required",
        ),
    ] {
        assert_eq!(
            check(REQUIRED, target, headers),
            refused,
            "{target} {headers}"
        );
    }
    // Names and values are decoded as the function gets them.
    assert_snapshot!(check(REQUIRED, "/a/7?p%61ge=%31", "X-Kind: a"), @r#"{"page":"1"} {"x-kind":"a"}"#);
    assert_snapshot!(check(r#"QUERY q STRING "max": "2""#, "/a/7?q=%C3%A4+", ""), @r#"{"q":"ä "} {}"#);
    assert_snapshot!(check(r#"QUERY q STRING "max": "2""#, "/a/7?q=%C3%A4%2B+", ""), @"Parameter q in the query: must have at most 2 characters");
}

#[test]
fn a_parameter_of_the_path_keeps_to_its_rule() {
    let id = r#"PATH id NUMBER "required": true, "min": "1""#;
    assert_snapshot!(check(id, "/a/%37/x", ""), @"{} {}");
    assert_snapshot!(check(id, "/a/0", ""), @"Parameter id in the path: must be at least 1");
    assert_snapshot!(check(id, "/a/x", ""), @"Parameter id in the path: must be a decimal number");
}

#[test]
fn what_is_missing_is_filled_in() {
    let lines = r#"QUERY page NUMBER "default_value": "1"
QUERY sort STRING "enumeration": ["up", "down"]
HEADER X-Kind STRING "default_value": "a b""#;
    assert_snapshot!(check(lines, "/a/7", ""), @r#"{"page":"1"} {"x-kind":"a b"}"#);
    assert_snapshot!(check(lines, "/a/7?page=2&z=1&a=1", "X-Kind: c"), @r#"{"a":"1","page":"2","z":"1"} {"x-kind":"c"}"#);
    assert_snapshot!(check(lines, "/a/7?a=1&z=1", "X-Kind: c\nConnection: x-kind"), @r#"{"a":"1","page":"1","z":"1"} {"x-kind":"a b"}"#);
    assert_snapshot!(check(lines, "/a/7?page=", ""), @"Parameter page in the query: must be a decimal number");
}

#[test]
fn what_does_not_pass_is_looked_at_and_kept_from_the_function() {
    let lines = r#"QUERY q STRING "max": "1", "passes_through": false, "default_value": "a"
HEADER X-Kind STRING "passes_through": false"#;
    assert_snapshot!(check(lines, "/a/7?q=1&q=2&r=3", "X-Kind: a\nX-Other: b"), @r#"{"r":"3"} {"x-other":"b"}"#);
    assert_snapshot!(check(lines, "/a/7", ""), @"{} {}");
    assert_snapshot!(check(lines, "/a/7?q=12", ""), @"Parameter q in the query: must have at most 1 characters");
}

#[test]
fn what_is_not_validated_is_required_all_the_same() {
    let lines = r#"QUERY page NUMBER "required": true, "max": "1", "is_validated": false"#;
    assert_snapshot!(check(lines, "/a/7?page=x", ""), @r#"{"page":"x"} {}"#);
    assert_snapshot!(check(lines, "/a/7", ""), @"Parameter page in the query: is required");
}

#[test]
fn what_could_be_taken_for_a_parameter_does_not_reach_the_function() {
    let lines = r#"HEADER X-Kind STRING "enumeration": ["a"]"#;
    assert_snapshot!(check(lines, "/a/7", "X-Kind: a\nX_Kind: b\nX_Other: c"), @r#"{} {"x-kind":"a","x_other":"c"}"#);
}

#[test]
fn an_api_without_parameters_has_no_rules() {
    assert!(ParameterRules::new(&RequestParameters::default()).is_none());
}

/// What is declared in the property below: of each location a text, a number and a choice, of which
/// some are required.
fn any_declared() -> impl Strategy<Value = Vec<Value>> {
    let one = (
        0..3_usize,
        prop::sample::select(vec!["QUERY", "HEADER"]),
        any::<bool>(),
    );
    prop::collection::vec(one, 0..5).prop_map(|all| {
        let mut declared: Vec<Value> = Vec::new();
        for (n, location, required) in all {
            let mut field = json!({"location": location, "required": required});
            let more = match n {
                0 => json!({"name": "text", "type": "STRING", "min": "1", "max": "2"}),
                1 => json!({"name": "number", "type": "NUMBER", "min": "-5", "max": "5"}),
                _ => json!({"name": "choice", "type": "STRING", "enumeration": ["up", "down"]}),
            };
            for (name, value) in more.as_object().unwrap() {
                field[name] = value.clone();
            }
            let is_the_same =
                |one: &Value| one["name"] == field["name"] && one["location"] == location;
            if !declared.iter().any(is_the_same) {
                declared.push(field);
            }
        }
        declared
    })
}

/// Names and values that some of the parameters above have.
fn any_sent() -> impl Strategy<Value = Vec<(String, String)>> {
    let name = prop::sample::select(vec!["text", "number", "choice", "TEXT", "other"]);
    let value = prop::sample::select(vec![
        "", "a", "ab", "abc", "0", "5", "6", "-5.0", "up", "down", "Up",
    ]);
    let pair = (name, value).prop_map(|(name, value)| (name.to_owned(), value.to_owned()));
    prop::collection::vec(pair, 0..6)
}

/// Whether a request has what is declared, said as plainly as can be.
fn is_right(declared: &[Value], query: &[(String, String)], headers: &[(String, String)]) -> bool {
    declared.iter().all(|one| {
        let name = one["name"].as_str().unwrap();
        let values: Vec<&str> = match one["location"] == "QUERY" {
            true => query
                .iter()
                .filter(|(of, _)| of == name)
                .map(|(_, value)| value.as_str())
                .collect(),
            false => {
                let of_name = headers.iter().filter(|(of, _)| of.to_lowercase() == name);
                of_name.map(|(_, value)| value.as_str()).collect()
            }
        };
        let right = |value: &&str| match name {
            "text" => (1..=2).contains(&value.len()),
            "number" => value
                .parse::<f64>()
                .is_ok_and(|it| (-5.0..=5.0).contains(&it)),
            _ => ["up", "down"].contains(value),
        };
        values.iter().all(right) && !(one["required"] == true && values.is_empty())
    })
}

proptest! {
    #[test]
    fn a_request_is_let_in_where_all_that_is_declared_is_right(
        declared in any_declared(), query in any_sent(), headers in any_sent(),
    ) {
        let parameters: RequestParameters = serde_json::from_value(json!(declared)).unwrap();
        let rules = ParameterRules::new(&parameters).map(Arc::new);
        let joined: Vec<_> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let lines: Vec<_> = headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let request = request(&format!("/a/7?{}", joined.join("&")), &lines.join("\n"));
        let is_let_in = rules.is_none_or(|rules| {
            rules.check(&api("ANY /a/{id} exact -> f"), &request, request.uri.path()).is_ok()
        });
        prop_assert_eq!(is_let_in, is_right(&declared, &query, &headers));
    }

    /// Nothing that a caller writes breaks it.
    #[test]
    fn any_query_and_header_is_let_in_or_refused(query in "[ -~&&[^#<>\"{}|\\\\^` ]]{0,40}", value in "[ -~]{0,20}") {
        let lines = "QUERY a NUMBER\nHEADER a NUMBER \"max\": \"1e9\"\nPATH id STRING \"required\": true, \"max\": \"3\"";
        check(lines, &format!("/a/7?a={query}"), &format!("a: {value}"));
    }
}
