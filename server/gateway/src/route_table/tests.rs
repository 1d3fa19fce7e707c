use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;
use crate::fixture::{api, group};

/// Which API answers, and its path parameters; or why none does.
fn check(routes: &str, request: &str) -> String {
    let table = RouteTable::new(routes.lines().map(|line| api(line.trim())));
    let (method, path) = request.split_once(' ').unwrap();
    match table.find(group().as_str(), "RELEASE", method.parse().ok(), path) {
        Ok(api) => {
            let mut answer = api.deployment.clone().unwrap();
            for (name, value) in api.path_parameters(path) {
                answer += &format!(" {name}={value}");
            }
            answer
        }
        Err(NotFound::Path) => "no path".to_owned(),
        Err(NotFound::Method) => "no method".to_owned(),
    }
}

#[test]
fn an_exact_path_is_met_whole() {
    let routes = "GET /test exact -> test\nGET /slash/ exact -> slash\nGET / exact -> root";
    assert_snapshot!(check(routes, "GET /test"), @"test");
    assert_snapshot!(check(routes, "GET /test/"), @"no path"); // a trailing slash matters
    assert_snapshot!(check(routes, "GET /slash/"), @"slash");
    assert_snapshot!(check(routes, "GET /slash"), @"no path");
    assert_snapshot!(check(routes, "GET /Test"), @"no path"); // paths are case-sensitive
    assert_snapshot!(check(routes, "GET /test/a"), @"no path");
    assert_snapshot!(check(routes, "GET /"), @"root");
    assert_snapshot!(check(routes, "GET //"), @"no path");
    assert_snapshot!(check(routes, "GET "), @"no path");
    assert_snapshot!(check(routes, "GET *"), @"no path");
}

#[test]
fn a_prefix_is_met_up_to_the_end_of_a_segment() {
    let routes = "GET /test/AA prefix -> aa\nGET /slash/ prefix -> slash";
    assert_snapshot!(check(routes, "GET /test/AA"), @"aa");
    assert_snapshot!(check(routes, "GET /test/AA/"), @"aa");
    assert_snapshot!(check(routes, "GET /test/AA/BB"), @"aa =BB");
    assert_snapshot!(check(routes, "GET /test/AA/BB/CC/"), @"aa =BB/CC/");
    assert_snapshot!(check(routes, "GET /test/AACC"), @"no path");
    assert_snapshot!(check(routes, "GET /test"), @"no path");
    assert_snapshot!(check(routes, "GET /slash"), @"no path");
    assert_snapshot!(check(routes, "GET /slash/"), @"slash");
    assert_snapshot!(check(routes, "GET /slash/a/b"), @"slash =a/b");
    assert_snapshot!(check(routes, "GET /slash//b"), @"slash =/b");
}

#[test]
fn the_prefix_of_the_root_is_met_by_everything() {
    let routes = "ANY / prefix -> root";
    assert_snapshot!(check(routes, "GET /"), @"root");
    assert_snapshot!(check(routes, "GET /a/b"), @"root =a/b");
    assert_snapshot!(check(routes, "GET //"), @"root =/");
    assert_snapshot!(check(routes, "GET /../%2e%2e/etc"), @"root =../../etc"); // text, not normalised
}

#[test]
fn parameters_stand_for_segments() {
    let routes = "GET /users/{id} exact -> one\nGET /files/{path+} exact -> all\nGET /p/{a} prefix -> p\nGET /q/{a+} prefix -> q";
    assert_snapshot!(check(routes, "GET /users/7"), @"one id=7");
    assert_snapshot!(check(routes, "GET /users/"), @"no path");
    assert_snapshot!(check(routes, "GET /users/7/x"), @"no path");
    assert_snapshot!(check(routes, "GET /files/a/b/"), @"all path=a/b/");
    assert_snapshot!(check(routes, "GET /files/"), @"no path");
    assert_snapshot!(check(routes, "GET /files//"), @"no path");
    assert_snapshot!(check(routes, "GET /files//b"), @"all path=/b");
    assert_snapshot!(check(routes, "GET /p/1/2/3"), @"p a=1");
    assert_snapshot!(check(routes, "GET /p/"), @"no path");
    assert_snapshot!(check(routes, "GET /q/1/2/3"), @"q a=1/2/3");
}

#[test]
fn segments_are_decoded_once_and_an_encoded_slash_ends_none() {
    let routes = "GET /a%20b exact -> space\nGET /x/{p} exact -> one";
    assert_snapshot!(check(routes, "GET /a%20b"), @"space");
    assert_snapshot!(check(routes, "GET /%61%20b"), @"space");
    assert_snapshot!(check(routes, "GET /a+b"), @"no path");
    assert_snapshot!(check(routes, "GET /x/a%2Fb"), @"one p=a/b");
    assert_snapshot!(check(routes, "GET /x%2Fa"), @"no path");
    assert_snapshot!(check(routes, "GET /x/%252F"), @"one p=%2F");
    assert_snapshot!(check(routes, "GET /x/100%"), @"one p=100%");
    assert_snapshot!(check(routes, "GET /x/%ff"), @"one p=�");
    assert_snapshot!(check(routes, "GET /x/.."), @"one p=..");
}

#[test]
fn the_longest_prefix_wins() {
    let routes = "ANY /a prefix -> short\nANY /a/b prefix -> long\nGET /a/b/c exact -> exact";
    assert_snapshot!(check(routes, "GET /a/b/c"), @"exact");
    assert_snapshot!(check(routes, "GET /a/b/d"), @"long =d");
    assert_snapshot!(check(routes, "GET /a/bb"), @"short =bb");
    assert_snapshot!(check(routes, "GET /A/b"), @"no path"); // paths are case-sensitive
    let routes = "ANY /{x}/b/c prefix -> long\nANY /a/b prefix -> short";
    assert_snapshot!(check(routes, "GET /a/b/c"), @"long x=a");
    let routes = "ANY /a prefix -> bare\nANY /a/ prefix -> slash";
    assert_snapshot!(check(routes, "GET /a"), @"bare");
    assert_snapshot!(check(routes, "GET /a/"), @"slash");
}

#[test]
fn exact_match_comes_before_prefix_match() {
    let routes = "ANY /a prefix -> prefix\nANY /a exact -> exact";
    assert_snapshot!(check(routes, "GET /a"), @"exact");
    assert_snapshot!(check(routes, "GET /a/b"), @"prefix =b");
    let routes = "ANY /a/b prefix -> prefix\nANY /a/{x} exact -> template\nANY /{x+} exact -> rest";
    assert_snapshot!(check(routes, "GET /a/b"), @"template x=b");
    assert_snapshot!(check(routes, "GET /a/b/c"), @"rest x=a/b/c");
}

#[test]
fn a_text_comes_before_a_parameter_before_the_rest() {
    let routes = "GET /a/{x+} exact -> rest\nGET /a/{x} exact -> one\nGET /a/b exact -> text\nGET /{y}/b/c exact -> later";
    assert_snapshot!(check(routes, "GET /a/b"), @"text");
    assert_snapshot!(check(routes, "GET /a/c"), @"one x=c");
    assert_snapshot!(check(routes, "GET /a/b/c"), @"rest x=b/c"); // /a before /{y}
    assert_snapshot!(check(routes, "GET /z/b/c"), @"later y=z");
}

#[test]
fn a_dead_end_leads_back_to_the_parameter() {
    let routes = "GET /a/b/x exact -> text\nGET /a/{p}/y exact -> parameter";
    assert_snapshot!(check(routes, "GET /a/b/y"), @"parameter p=b");
}

#[test]
fn the_method_has_to_fit() {
    let routes = "GET /a exact -> get\nANY /a exact -> any\nPOST /b exact -> post";
    assert_snapshot!(check(routes, "GET /a"), @"get");
    assert_snapshot!(check(routes, "DELETE /a"), @"any");
    assert_snapshot!(check(routes, "POST /b"), @"post");
    assert_snapshot!(check(routes, "GET /b"), @"no method");
    assert_snapshot!(check(routes, "HEAD /b"), @"no method");
    assert_snapshot!(check(routes, "TRACE /a"), @"no method"); // ANY means the seven
    assert_snapshot!(check(routes, "GET /c"), @"no path");
}

#[test]
fn a_longer_path_without_the_method_does_not_stand_in_the_way() {
    let routes = "GET /a/b prefix -> long\nANY /a prefix -> short\nPUT /a/b exact -> exact";
    assert_snapshot!(check(routes, "GET /a/b"), @"long");
    assert_snapshot!(check(routes, "PUT /a/b"), @"exact");
    assert_snapshot!(check(routes, "POST /a/b"), @"short =b");
}

#[test]
fn groups_and_environments_are_apart() {
    let table = RouteTable::new([api("ANY / prefix -> root")]);
    let find = |group: &str, environment: &str| {
        table
            .find(group, environment, Some(Method::Get), "/")
            .is_ok()
    };
    assert!(find(group().as_str(), "RELEASE"));
    assert!(!find(group().as_str(), "release"));
    assert!(!find(&"0".repeat(32), "RELEASE"));
}

#[test]
fn of_two_equal_apis_the_first_answers() {
    let routes = "GET /a/{x} exact -> first\nGET /a/{y} exact -> second";
    assert_snapshot!(check(routes, "GET /a/1"), @"first x=1");
}

/// The rules again, in the plainest way: look at every API, keep those that
/// fit, and take the greatest by what the module's documentation lists.
fn reference(
    apis: &[PublishedApi<String>],
    method: Method,
    path: &str,
) -> Result<String, NotFound> {
    let request: Vec<&str> = path[1..].split('/').collect();
    let mut path_known = false;
    let mut best: Option<(Rank, &str)> = None;
    for api in apis {
        let settings = &api.api.settings;
        let exact = settings.matching == Matching::Exact;
        let segments: Vec<Segment<'_>> = settings.path.segments().collect();
        let mut rest = &request[..];
        let mut kinds = Vec::new();
        let mut length = 0;
        let met = segments.iter().all(|segment| {
            let Some((first, after)) = rest.split_first() else {
                return false;
            };
            match segment {
                Segment::Literal("") if !exact => {
                    length += 1;
                    true
                }
                Segment::Literal(text) => {
                    kinds.push(2);
                    length += 2;
                    rest = after;
                    decoded(text) == decoded(first)
                }
                Segment::Parameter(_) => {
                    kinds.push(1);
                    length += 2;
                    rest = after;
                    !first.is_empty()
                }
                Segment::Rest(_) => {
                    kinds.push(0);
                    length += 2;
                    let met = rest.iter().any(|segment| !segment.is_empty());
                    rest = &[];
                    met
                }
            }
        });
        if !met || exact && !rest.is_empty() {
            continue;
        }
        path_known = true;
        if settings.method != method && settings.method != Method::Any {
            continue;
        }
        let length = if exact { 0 } else { length };
        let rank = (exact, length, kinds, settings.method == method);
        if best.as_ref().is_none_or(|(greatest, _)| rank > *greatest) {
            best = Some((rank, api.deployment.as_deref().unwrap()));
        }
    }
    match best {
        Some((_, name)) => Ok(name.to_owned()),
        None if path_known => Err(NotFound::Method),
        None => Err(NotFound::Path),
    }
}

type Rank = (bool, usize, Vec<u8>, bool);

fn any_api_path() -> impl Strategy<Value = String> {
    let segment = prop_oneof![
        4 => Just("a"), 3 => Just("b"), 1 => Just("%61"), 3 => Just("{p}"), 2 => Just("{s+}"), 2 => Just("")
    ];
    prop::collection::vec(segment, 1..5).prop_map(|segments| {
        let mut path = format!("/{}", segments.join("/"));
        for name in ["{q}", "{r}"] {
            path = path.replacen("{p}", name, 1); // no name may stand twice
        }
        path
    })
}

fn any_request_path() -> impl Strategy<Value = String> {
    let segment = prop_oneof![4 => Just("a"), 3 => Just("b"), 1 => Just("%61"), 2 => Just("c"), 1 => Just("a%2Fb"), 2 => Just("")];
    prop::collection::vec(segment, 1..6).prop_map(|segments| format!("/{}", segments.join("/")))
}

fn any_method() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("GET"), Just("POST")]
}

proptest! {
    #[test]
    fn the_table_agrees_with_the_rules(
        routes in prop::collection::vec(
            (any_api_path(), prop_oneof![Just("exact"), Just("prefix")], prop_oneof![any_method(), Just("ANY")]),
            0..12,
        ),
        requests in prop::collection::vec((any_method(), any_request_path()), 1..20),
    ) {
        let apis: Vec<_> = routes
            .iter()
            .filter(|(path, ..)| ApiPath::parse(path).is_ok())
            .enumerate()
            .map(|(index, (path, matching, method))| api(&format!("{method} {path} {matching} -> {index}")))
            .collect();
        let table = RouteTable::new(apis.clone());
        for (method, path) in requests {
            let method: Method = method.parse().unwrap();
            let found = table.find(group().as_str(), "RELEASE", Some(method), &path);
            let found = found.map(|api| api.deployment.clone().unwrap());
            prop_assert_eq!(found, reference(&apis, method, &path), "{} {}", method, path);
        }
    }

    #[test]
    fn any_text_can_be_looked_for(path in "\\PC{0,60}|/[ab%/2Ff.+]{0,40}") {
        let table = RouteTable::new([api("ANY / prefix -> root"), api("ANY /a/{p}/{r+} exact -> template")]);
        let found = table.find(group().as_str(), "RELEASE", Some(Method::Get), &path);
        prop_assert_eq!(found.is_ok(), path.starts_with('/'));
        if let Ok(api) = found {
            api.path_parameters(&path);
        }
    }
}
