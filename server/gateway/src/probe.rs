//! One thing for fuzzers to call: from any bytes to the API that they call.
//!
//! The property test below and the target in `fuzz/` call the same function.

use std::net::IpAddr;

use http::Request;
use sluice_domain::path::ApiPath;
use sluice_domain::trigger::{Matching, Method};

use crate::decode::FunctionResponse;
use crate::fixture;
use crate::proxies::TrustedProxies;
use crate::route_table::RouteTable;
use crate::{framing, host, limits};

/// Reads lines: a target, a `Host`, an `X-Forwarded-For`, and paths of APIs, each published with
/// both matchings. Looks the target up among them, as the gateway does. Panics where something does
/// not hold that has to.
pub fn probe(input: &[u8]) {
    let mut lines = input.splitn(12, |byte| *byte == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    let (target, host, forwarded) = (line(), line(), line());
    let request = Request::builder()
        .uri(target)
        .header("host", host)
        .header("x-forwarded-for", forwarded);
    // What the http crate refuses never gets as far as the gateway.
    let Ok(request) = request.body(()) else {
        return;
    };
    let request = request.into_parts().0;

    let proxy = IpAddr::from([10, 0, 0, 1]);
    let proxies = TrustedProxies::new(vec![proxy.into()]);
    let sender = proxies.sender(&request, Some(proxy), false);
    let address = sender.ok().and_then(|sender| sender.address);
    assert!(address.is_some(), "a caller behind a proxy has an address");

    let Ok(authority) = host::authority(&request, None) else {
        return;
    };
    let _ = (framing::check(&request), limits::check(&request));
    let whole = request.uri.path();
    let Some((group_id, path)) = host::group(authority.as_ref(), whole, "apig.localhost") else {
        return;
    };
    assert!(
        whole.ends_with(path) || path == "/",
        "a path is what is left of a path"
    );

    let texts = lines.filter_map(|line| ApiPath::parse(str::from_utf8(line).ok()?).ok());
    let apis = texts.enumerate().flat_map(|(number, path)| {
        [Matching::Exact, Matching::Prefix].map(|matching| {
            let mut api = fixture::api("ANY / exact -> ");
            api.api.settings.group_id = group_id.clone();
            api.api.settings.path = path.clone();
            api.api.settings.matching = matching;
            api.deployment = Some(number.to_string());
            api
        })
    });
    let table = RouteTable::new(apis);
    let find = |method| table.find(group_id.as_str(), "RELEASE", method, path);
    let Ok(found) = find(Some(Method::Get)) else {
        return;
    };
    assert!(find(None).is_err(), "ANY is the seven methods only");
    let settings = &found.api.settings;
    let parameters = found.path_parameters(path);
    for (name, value) in &parameters {
        let captured = if name.is_empty() {
            settings.matching == Matching::Prefix
        } else {
            !value.is_empty()
        };
        assert!(
            captured,
            "{name:?} of {path:?} by {:?} is {value:?}",
            settings.path
        );
    }
}

/// Reads `result` as what a function returned. What is read can be sent.
pub fn probe_answer(result: &str) {
    if let Ok(answer) = FunctionResponse::parse(result) {
        assert!((200..600).contains(&answer.status.as_u16()));
        assert!(answer.headers.get(http::header::CONTENT_LENGTH).is_none());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_looked_up(input in prop::collection::vec(any::<u8>(), 0..200)) {
            probe(&input);
        }

        #[test]
        fn any_path_is_looked_up_among_any_apis(
            target in prop_oneof![
                3 => "(/[ab%2F5f.{}]{0,4}){1,5}",
                1 => "/_group/07070707070707070707070707070707(/[ab]{0,2}){0,3}",
                1 => "(http://)?[ -~]{0,20}",
            ],
            host in prop_oneof![
                3 => Just("07070707070707070707070707070707.apig.localhost:8443".to_owned()),
                1 => "[ -~]{0,30}",
            ],
            forwarded in "([0-9a-f:.\\[\\]]{0,10}, ?){0,3}",
            apis in prop::collection::vec("(/([ab]{0,2}|\\{[pq]\\+?\\}|%2F)){1,4}", 0..8),
        ) {
            probe(format!("{target}\n{host}\n{forwarded}\n{}", apis.join("\n")).as_bytes());
        }
    }

    #[test]
    fn the_corpus_breaks_nothing() {
        let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
        let inputs = |target: &str| {
            let files = std::fs::read_dir(corpus.join(target)).unwrap();
            files.map(|file| std::fs::read(file.unwrap().path()).unwrap())
        };
        inputs("route").for_each(|input| probe(&input));
        let results = inputs("answer").map(|input| String::from_utf8(input).unwrap());
        results.for_each(|result| probe_answer(&result));
    }

    proptest! {
        #[test]
        fn any_result_of_a_function_can_be_read(
            status in "[-0-9.e]{0,4}", name in "[a-zA-Z\\\\rn: -]{0,16}", value in "[ -~\\\\]{0,8}", body in ".{0,8}",
        ) {
            let body = serde_json::Value::from(body);
            probe_answer(&format!(r#"{{"statusCode":{status},"headers":{{"{name}":"{value}"}},"body":{body},"isBase64Encoded":true}}"#));
        }
    }
}
