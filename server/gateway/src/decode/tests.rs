use super::*;
use insta::assert_snapshot;
use proptest::prelude::*;

/// The answer as it would be sent, or the sentence for the function's log.
fn check(result: &str) -> String {
    match FunctionResponse::parse(result) {
        Ok(response) => {
            let headers: Vec<String> = response
                .headers
                .iter()
                .map(|(name, value)| {
                    format!("{name}: {}", String::from_utf8_lossy(value.as_bytes()))
                })
                .collect();
            let body = String::from_utf8_lossy(&response.body).into_owned();
            format!(
                "{} [{}] {body:?}",
                response.status.as_u16(),
                headers.join(", ")
            )
        }
        Err(refused) => refused.to_string(),
    }
}

#[test]
fn the_four_members_make_an_answer() {
    assert_snapshot!(check(r#"{"isBase64Encoded": false, "statusCode": 200, "headers": {"Content-Type": "text/html"}, "body": "<html/>"}"#), @r#"200 [content-type: text/html] "<html/>""#);
    assert_snapshot!(check(r#"{"isBase64Encoded": true, "statusCode": 404, "headers": {}, "body": "aMO2"}"#), @r#"404 [content-type: application/json] "hö""#);
    assert_snapshot!(check(r#"{"statusCode": 599, "more": 1}"#), @r#"599 [content-type: application/json] """#);
    assert_snapshot!(check(r#"{"statusCode": 200, "headers": null, "body": null, "isBase64Encoded": null}"#), @r#"200 [content-type: application/json] """#);
    assert_snapshot!(check(r#"{"statusCode": 204}"#), @r#"204 [] """#);
}

#[test]
fn the_status_is_a_whole_number_from_200_to_599() {
    assert_snapshot!(check(r#"{"headers": {}}"#), @r#"the result has no statusCode; it must be an object like {"statusCode": 200, "headers": {"Content-Type": "text/html"}, "body": "<html>…</html>", "isBase64Encoded": false}"#);
    assert_snapshot!(check(r#"{"statusCode": "200"}"#), @r#"statusCode must be a whole number from 200 to 599, not the string "200""#);
    assert_snapshot!(check(r#"{"statusCode": 101}"#), @"statusCode must be a whole number from 200 to 599, not 101");
    assert_snapshot!(check(r#"{"statusCode": 600}"#), @"statusCode must be a whole number from 200 to 599, not 600");
    assert_snapshot!(check(r#"{"statusCode": -200}"#), @"statusCode must be a whole number from 200 to 599, not -200");
    assert_snapshot!(check(r#"{"statusCode": 200.5}"#), @"statusCode must be a whole number from 200 to 599, not 200.5");
    assert_snapshot!(check(r#"{"statusCode": true}"#), @"statusCode must be a whole number from 200 to 599, not true");
    assert_snapshot!(check(r#"{"statusCode": null}"#), @"statusCode must be a whole number from 200 to 599, not null");
    assert_snapshot!(check(r#"{"statusCode": 65736}"#), @"statusCode must be a whole number from 200 to 599, not 65736");
}

#[test]
fn a_result_that_is_no_object_is_refused() {
    assert_snapshot!(check(r#""hello""#), @r#"the result must be an object like {"statusCode": 200, "headers": {"Content-Type": "text/html"}, "body": "<html>…</html>", "isBase64Encoded": false}, not a string"#);
    assert!(check("[1]").ends_with("not an array"));
    assert!(check("null").ends_with("not null"));
    assert!(check("{").starts_with("the result is not JSON: "));
}

#[test]
fn a_header_has_a_value_or_several() {
    assert_snapshot!(check(r#"{"statusCode": 200, "headers": {"Set-Cookie": ["a=1", "b=2"], "X-N": 1, "X-B": true, "content-type": "text/plain"}}"#), @r#"200 [set-cookie: a=1, set-cookie: b=2, x-b: true, x-n: 1, content-type: text/plain] """#);
    assert_snapshot!(check(r#"{"statusCode": 200, "headers": {"X-U": "ü", "content-type": ["text/plain"]}}"#), @r#"200 [x-u: ü, content-type: text/plain] """#);
    assert_snapshot!(check(r#"{"statusCode": 200, "headers": {"Content-Length": 7, "Transfer-Encoding": "chunked", "Connection": "close", "keep-alive": "1", "Upgrade": "x"}}"#), @r#"200 [content-type: application/json] """#);
}

#[test]
fn a_wrong_header_is_named() {
    assert_snapshot!(check(r#"{"statusCode": 200, "headers": []}"#), @"headers must be an object of names and values, not an array");
    assert_snapshot!(check(r#"{"statusCode": 200, "headers": {"a b": "c"}}"#), @r#"headers must have names of letters, digits and hyphens, not the string "a b""#);
    assert_snapshot!(check(r#"{"statusCode": 200, "headers": {"": "c"}}"#), @r#"headers must have names of letters, digits and hyphens, not the string """#);
    assert_snapshot!(check(r#"{"statusCode": 200, "headers": {"X-A": "a\r\nSet-Cookie: b"}}"#), @"the header X-A must not contain line breaks or other control characters");
    assert_snapshot!(check(r#"{"statusCode": 200, "headers": {"X-A": null}}"#), @"the header X-A must have a string, a number, a boolean or an array of those, not null");
    assert_snapshot!(check(r#"{"statusCode": 200, "headers": {"X-A": [["a"]]}}"#), @"the header X-A must have a string, a number, a boolean or an array of those, not an array");
    let many: Vec<String> = (0..40_000).map(|i| format!(r#""x-{i}": 1"#)).collect();
    assert_snapshot!(check(&format!(r#"{{"statusCode": 200, "headers": {{{}}}}}"#, many.join(","))), @"headers has more than 1000 of them");
}

#[test]
fn a_wrong_body_is_named() {
    assert_snapshot!(check(r#"{"statusCode": 200, "body": {"a": 1}}"#), @"body must be a string, not an object; write an object as JSON text first, with json.dumps or JSON.stringify");
    assert_snapshot!(check(r#"{"statusCode": 200, "body": "a", "isBase64Encoded": true}"#), @"body must be Base64 because isBase64Encoded is true: Invalid input length: 1");
    assert_snapshot!(check(r#"{"statusCode": 200, "body": "<h1>", "isBase64Encoded": true}"#), @"body must be Base64 because isBase64Encoded is true: Invalid symbol 60, offset 0.");
    assert_snapshot!(check(r#"{"statusCode": 200, "body": "", "isBase64Encoded": "true"}"#), @"isBase64Encoded must be true or false, not a string");
}

proptest! {
    #[test]
    fn any_text_is_an_answer_or_refused(text in "\\PC{0,80}|\\{\"statusCode\": ?[0-9]{3}, ?\"(headers|body)\": ?[\\[{\"0-9a-z:}\\]]{0,20}\\}") {
        if let Err(refused) = FunctionResponse::parse(&text) {
            prop_assert!(!refused.0.is_empty());
        }
    }

    #[test]
    fn any_header_is_sent_or_refused(name in "\\PC{0,8}|[A-Za-z-]{1,12}", value in any::<String>()) {
        let headers = Map::from_iter([(name, Value::String(value))]);
        let result = serde_json::json!({"statusCode": 200, "headers": headers});
        let _ = FunctionResponse::parse(&result.to_string());
    }
}
