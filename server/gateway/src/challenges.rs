//! What an ACME server asks the gateway for, to see that a domain name leads here: HTTP-01 (RFC 8555, section 8.3).

use std::collections::HashMap;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, Method, StatusCode};
use sluice_domain::domain_name::DomainName;

use crate::decode::FunctionResponse;

/// Where it asks, by RFC 8555.
const PATH: &str = "/.well-known/acme-challenge/";

/// One challenge of a name that a certificate is being issued for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// The name, by which the server asks.
    pub name: DomainName,
    /// The last part of the path.
    pub token: String,
    /// The answer: the token and the thumbprint of the account's key, neither of them a secret.
    pub key_authorization: String,
}

/// The challenges that are waited for now; mostly none.
#[derive(Debug, Default)]
pub struct Challenges(HashMap<String, Challenge>);

impl Challenges {
    /// These and no others.
    pub fn new(challenges: impl IntoIterator<Item = Challenge>) -> Self {
        let by_token = |challenge: Challenge| (challenge.token.clone(), challenge);
        Self(challenges.into_iter().map(by_token).collect())
    }

    /// The answer to the server that asks. Anything else at these paths is for functions, as it always was.
    pub(crate) fn answer(
        &self,
        authority: Option<&Authority>,
        request: &Parts,
    ) -> Option<FunctionResponse> {
        if self.0.is_empty() || ![Method::GET, Method::HEAD].contains(&request.method) {
            return None;
        }
        let challenge = self.0.get(request.uri.path().strip_prefix(PATH)?)?;
        let host = authority?.host();
        let host = host.strip_suffix('.').unwrap_or(host);
        if !challenge.name.covers(host) {
            return None;
        }
        let headers = [
            (
                CONTENT_TYPE,
                HeaderValue::from_static("application/octet-stream"),
            ),
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        Some(FunctionResponse {
            status: StatusCode::OK,
            headers: HeaderMap::from_iter(headers),
            body: Bytes::from(challenge.key_authorization.clone()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;
    use insta::assert_snapshot;

    #[test]
    fn only_the_pending_token_of_the_name_is_answered() {
        let pending = Challenge {
            name: "api.example.com".parse().unwrap(),
            token: "abc-_1".to_owned(),
            key_authorization: "abc-_1.thumb".to_owned(),
        };
        let check = |request: &str| {
            let [method, host, path] = request.split(' ').collect::<Vec<_>>()[..] else {
                unreachable!()
            };
            let authority = Authority::try_from(host).unwrap();
            let request = Request::builder()
                .method(method)
                .uri(path)
                .body(())
                .unwrap();
            let challenges = Challenges::new([pending.clone()]);
            let answer = challenges.answer(Some(&authority), &request.into_parts().0);
            answer.map_or_else(
                || "not a challenge".to_owned(),
                |it| String::from_utf8_lossy(&it.body).into_owned(),
            )
        };
        let right = "/.well-known/acme-challenge/abc-_1";
        assert_snapshot!(check(&format!("GET api.example.com {right}")), @"abc-_1.thumb");
        assert_snapshot!(check(&format!("HEAD API.example.com.:80 {right}?x")), @"abc-_1.thumb");
        assert_snapshot!(check(&format!("POST api.example.com {right}")), @"not a challenge");
        assert_snapshot!(check(&format!("GET other.example.com {right}")), @"not a challenge");
        assert_snapshot!(check(&format!("GET api.example.com {right}/")), @"not a challenge");
        assert_snapshot!(check(&format!("GET api.example.com {right}x")), @"not a challenge");
        assert_snapshot!(check("GET api.example.com /.well-known/acme-challenge/"), @"not a challenge");
        assert_snapshot!(check("GET api.example.com /abc-_1"), @"not a challenge");
        assert_snapshot!(check("GET api.example.com /x/../.well-known/acme-challenge/abc-_1"), @"not a challenge");
    }
}
