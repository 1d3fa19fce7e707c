use super::*;
use insta::assert_snapshot;
use proptest::prelude::*;

fn header(name: &str, value: &str) -> Result<AddedHeader, InvalidAddedHeader> {
    let fields = HeaderFields {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    fields.try_into()
}

/// A response with one header.
fn response(body: &str, value: &str) -> GatewayResponse {
    GatewayResponse {
        status: None,
        body: ResponseBody::parse(body).unwrap(),
        headers: vec![header("X-A", value).unwrap()].try_into().unwrap(),
    }
}

/// The response where all variables stand for `text`.
fn filled(response: &GatewayResponse, text: &str) -> FilledResponse {
    response.fill(&Values {
        context: &|_| text.to_owned().into(),
        stage: None,
    })
}

#[test]
fn a_status_is_200_to_599_and_not_444() {
    let check = |code: u16| ResponseStatus::try_from(code).map(u16::from);
    for right in [200, 204, 302, 443, 445, 599] {
        assert_eq!(check(right), Ok(right));
    }
    for wrong in [0, 100, 199, 444, 600, u16::MAX] {
        assert_eq!(check(wrong), Err(InvalidResponseStatus(wrong)));
    }
}

#[test]
fn a_body_is_json_with_variables_in_its_strings() {
    let check = |text: &str| match ResponseBody::parse(text) {
        Ok(body) => body.as_str().to_owned(),
        Err(error) => format!("! {error}"),
    };
    assert_eq!(check(ResponseBody::DEFAULT), ResponseBody::DEFAULT);
    for right in [
        r#"{"a": ["$context.stage", 1, null]}"#,
        r#""\u0024context.x""#,
        r##""\\#Host#""##,
    ] {
        assert_eq!(check(right), right);
    }
    assert_snapshot!(check(""), @"! must be JSON, with variables inside of its strings: EOF while parsing a value at line 1 column 0");
    assert_snapshot!(check(r#"{"a": $context.stage}"#), @"! must be JSON, with variables inside of its strings: expected value at line 1 column 7");
    assert_snapshot!(check("{\"a\": \"b\nc\"}"), @"! must be JSON, with variables inside of its strings: control character (\\u0000-\\u001F) found while parsing a string at line 2 column 0");
    assert_snapshot!(check(r#""\$context.stage""#), @"! must be JSON, with variables inside of its strings: invalid escape at line 1 column 3");
    assert_snapshot!(check(r#""$context.user""#), @"! $context.user is no variable");
    let long = |chars: usize| format!("\"{}\"", "é".repeat(chars - 2));
    assert_eq!(check(&long(8192)), long(8192));
    assert_snapshot!(check(&long(8193)), @"! must have at most 8192 characters, has 8193");
    assert!(ResponseBody::parse(&"[".repeat(8000)).is_err());
}

#[test]
fn a_header_of_a_response_follows_its_rules() {
    let check = |name: &str, value: &str| match header(name, value) {
        Ok(header) => format!("{}: {}", header.name(), header.value()),
        Err(error) => format!("! {error}"),
    };
    assert_snapshot!(check(" X_A-1 ", " $context.requestId [a] "), @"X_A-1: $context.requestId [a]");
    assert_snapshot!(check("Retry-After", "60"), @"Retry-After: 60");
    assert_snapshot!(check("Content-Type", "application/problem+JSON; charset=utf-8"), @"Content-Type: application/problem+JSON; charset=utf-8");
    assert_snapshot!(check("X:A", "1"), @r#"! "X:A" must have 1 to 128 letters, digits, hyphens and underscores"#);
    assert_snapshot!(check("X-A", ""), @"! the value of X-A must have 1 to 1024 characters, has 0");
    assert_snapshot!(check("X-A", &"a".repeat(1025)), @"! the value of X-A must have 1 to 1024 characters, has 1025");
    assert_snapshot!(check("X-A", "a\r\nX-B: b"), @r"! the value of X-A may contain only printable characters of ASCII, not '\r'");
    assert_snapshot!(check("X-A", "a[[b"), @"! the value of X-A must not contain [[ or ]]");
    assert_snapshot!(check("X-A", "$context.user"), @"! $context.user is no variable");
    for value in [
        "text/html",
        "application/xml",
        "",
        "$context.reqPath",
        "application/$context.stage+json",
    ] {
        let refused =
            "! Content-Type must be application/json or application/…+json, without variables";
        assert_eq!(check("content-type", value), refused, "{value}");
    }
    for name in [
        "Set-Cookie",
        "X-Request-Id",
        "Content-Length",
        "x-apig-a",
        "Access-Control-Allow-Origin",
        "Content-Encoding",
        "Server",
    ] {
        let refused = format!("! {name} is the gateway's own and cannot be changed");
        assert_eq!(check(name, "1"), refused);
    }
}

#[test]
fn a_response_has_at_most_10_headers_each_once() {
    let headers = |count: usize| (0..count).map(|n| header(&format!("X-{n}"), "1").unwrap());
    let check = |headers: Vec<AddedHeader>| AddedHeaders::try_from(headers).err();
    assert_eq!(check(headers(10).collect()), None);
    let all = headers(11).collect();
    assert_eq!(check(all), Some(InvalidAddedHeader::Count(11)));
    let twice = headers(2).chain(header("x-1", "2")).collect();
    assert_eq!(
        check(twice),
        Some(InvalidAddedHeader::Twice("x-1".to_owned()))
    );
}

#[test]
fn what_is_stored_is_read_as_it_was_and_checked_again() {
    let stored = response(ResponseBody::DEFAULT, "$context.stage");
    let json = serde_json::to_string(&stored).unwrap();
    let read: GatewayResponse = serde_json::from_str(&json).unwrap();
    assert_eq!(read, stored);
    for (right, wrong) in [
        ("X-A", "Server"),
        ("$context.stage", "$context.x"),
        ("null", "444"),
    ] {
        let forged = json.replacen(right, wrong, 1);
        assert!(serde_json::from_str::<GatewayResponse>(&forged).is_err());
    }
}

#[test]
fn what_callers_write_is_escaped() {
    let response = response(r#"{"path":"$context.reqPath"}"#, "to $context.reqPath");
    let filled = filled(&response, "/\"},\\\r\nX: <b>&é");
    assert_snapshot!(filled.body, @r#"{"path":"/\"},\\\r\nX: \u003cb\u003e\u0026é"}"#);
    assert_snapshot!(filled.headers[0].1, @r#"to /"},\%0D%0AX: <b>&%C3%A9"#);
}

#[test]
fn a_header_stays_short_whatever_stands_in_it() {
    let many = "$context.reqUri ".repeat(50);
    let filled = filled(&response("1", &many), &"é".repeat(9000));
    assert_eq!(filled.headers[0].1.len(), 1024);
}

proptest! {
    #[test]
    fn for_any_request_the_body_stays_the_json_that_it_was(
        text in "\\PC{0,30}|[\"\\\\{}\\[\\],:$#<&\u{0}-\u{1f}\u{7f}-\u{ff}\u{2028}]{0,30}|.{0,2000}",
        body in prop_oneof![
            Just(ResponseBody::DEFAULT.to_owned()),
            "(\\{\"a\\$context\\.stage\":\\[1,\"|\")([a-z$]|#Host#|\\\\\\\\|\\\\\"|\\\\u00e9|\\$context\\.reqUri){0,12}(\"\\]\\}|\")",
        ],
        value in "([a-z ]|\\$context\\.reqPath){1,9}",
    ) {
        let Ok(body) = ResponseBody::parse(&body) else { return Ok(()) };
        let Ok(added) = header("X-A", &value) else { return Ok(()) };
        let response = GatewayResponse {
            body: body.clone(),
            headers: vec![added].try_into().unwrap(),
            status: None,
        };
        let sent = filled(&response, &text);
        let shape = |json: &str| {
            let parsed: serde_json::Value = serde_json::from_str(json).unwrap();
            match parsed {
                serde_json::Value::Object(fields) => fields.len(),
                other => usize::from(other.is_string()),
            }
        };
        prop_assert_eq!(shape(&sent.body), shape(body.as_str()));
        let name_and_value = &sent.headers[0];
        prop_assert!(name_and_value.1.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        prop_assert!(name_and_value.1.len() <= MAX_HEADER_BYTES);
        // The text itself arrives.
        let one = ResponseBody::parse(r#""$context.reqUri""#).unwrap();
        let one = GatewayResponse { body: one, ..response };
        let arrived: String = serde_json::from_str(&filled(&one, &text).body).unwrap();
        prop_assert!(text.starts_with(&arrived));
        prop_assert!(arrived.len() == text.len() || arrived.len() > 1020);
    }
}
