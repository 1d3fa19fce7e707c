//! `X-Apig-Mode: debug`: what an answer then tells.

use sluice_domain::trigger::Authentication;
use sluice_gateway::ApiPolicies;

use crate::world::{World, api, closed, request, throttling};

const ASKS: (&str, &str) = ("X-Apig-Mode", "debug");

#[tokio::test]
async fn an_answer_tells_what_the_call_took() {
    let world = World::publishing(api(ApiPolicies::default()));
    let answer = world.call(request("GET", "/f/slow", &[ASKS])).await;
    let (whole, function) = (
        answer.millis("x-apig-latency").unwrap(),
        answer.millis("x-apig-upstream-latency").unwrap(),
    );
    assert!(whole >= function && function >= 250, "{whole} {function}");
    assert!(answer.limits().is_empty());
    assert_eq!(answer.event()["headers"]["x-apig-mode"], "debug");
}

#[tokio::test]
async fn only_who_asks_is_told() {
    let world = World::publishing(api(throttling(10, Some(5))));
    let values = ["", "Debug", "debug ,", "1", "true", "off"];
    let not_asking = values.map(|value| vec![("X-Apig-Mode", value)]);
    for headers in not_asking.iter().map(Vec::as_slice).chain([&[][..]]) {
        let answer = world.call(request("GET", "/f", headers)).await;
        let told = answer.headers.keys();
        let told: Vec<_> = told
            .filter(|it| it.as_str().starts_with("x-apig"))
            .collect();
        assert!(told.is_empty(), "{headers:?}: {told:?}");
    }
}

#[tokio::test]
async fn an_answer_tells_what_is_left_of_the_limits() {
    let world = World::publishing(api(throttling(3, Some(2))));
    let limits = async || {
        let answer = world.call(request("GET", "/f", &[ASKS])).await;
        (answer.status, answer.limits().join("; "))
    };
    let told = "x-apig-ratelimit-api remain:2,limit:3,time:1 day; x-apig-ratelimit-ip remain:1,limit:2,time:1 day";
    assert_eq!(limits().await, (200, told.to_owned()));
    // A call that does not ask counts all the same.
    world.call(request("GET", "/f", &[])).await;
    let told = "x-apig-ratelimit-ip remain:0,limit:2,time:1 day";
    assert_eq!(limits().await, (429, told.to_owned()));
}

#[tokio::test]
async fn a_refusal_tells_no_more_than_its_own_time() {
    let world = World::publishing(closed(Authentication::Iam, throttling(3, Some(2))));
    for (path, status) in [("/f", 401), ("/other", 404)] {
        let answer = world.call(request("GET", path, &[ASKS])).await;
        assert_eq!(answer.status, status);
        assert!(answer.millis("x-apig-latency").is_some());
        assert_eq!(answer.millis("x-apig-upstream-latency"), None);
        assert!(answer.limits().is_empty(), "{path}");
    }
}
