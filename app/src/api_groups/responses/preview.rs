use std::borrow::Cow;

use sluice_domain::environment::EnvironmentName;
use sluice_domain::gateway_response::{ContextVariable, GatewayResponse, ResponseType, Values};
use sluice_domain::stage_variables::StageVariables;

/// A request that is made up.
const REQUEST_ID: &str = "11cdcdcf33949dc6d722640a13091c77";

/// What a caller would see: status, headers and body, of a request that is made up.
pub(super) fn preview(
    kind: ResponseType,
    response: &GatewayResponse,
    variables: &StageVariables,
) -> String {
    let example = kind.example();
    let filled = response.fill(&Values {
        context: &|variable| value(kind, variable),
        stage: Some(variables),
    });
    let status = filled.status.unwrap_or(example.status);
    let own = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut headers = vec![
        own("Content-Type", "application/json"),
        own("X-Request-Id", REQUEST_ID),
    ];
    for (name, value) in filled.headers {
        headers.retain(|(other, _)| !other.eq_ignore_ascii_case(&name));
        headers.push((name, value));
    }
    let has_body = !matches!(status, 204 | 205 | 304);
    if !has_body {
        headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
    }
    let headers = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\n"));
    let body = if has_body { filled.body } else { String::new() };
    format!("HTTP/1.1 {status}\n{}\n{body}", headers.collect::<String>())
}

/// What a variable stands for in the request that is made up.
fn value(kind: ResponseType, variable: ContextVariable) -> Cow<'static, str> {
    use ContextVariable as Variable;
    let example = kind.example();
    let text = match variable {
        Variable::ApiId => "caf65eeb83a44b98a6264626007a73d4",
        Variable::ApiName => "API_hello",
        Variable::AppId => "5f1d2a7c0b9e4d3f8a6c1e2b3d4f5a60",
        Variable::AppName => "Partner",
        Variable::RequestId => REQUEST_ID,
        Variable::Stage => EnvironmentName::RELEASE,
        Variable::SourceIp => "192.0.2.7",
        Variable::ReqPath => "/hello",
        Variable::ReqUri => "/hello?name=world",
        Variable::ReqMethod => "GET",
        Variable::ErrorMessage => example.message,
        Variable::ErrorCode => example.code,
        Variable::ErrorType => kind.name(),
    };
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;
    use sluice_domain::gateway_response::{AddedHeader, HeaderFields, ResponseBody};

    #[test]
    fn a_preview_is_what_a_caller_would_see() {
        let header = |name: &str, value: &str| {
            let fields = HeaderFields {
                name: name.to_owned(),
                value: value.to_owned(),
            };
            AddedHeader::try_from(fields).expect("a header")
        };
        let headers = vec![
            header("content-type", "application/problem+json"),
            header("X-At", "$context.reqPath"),
        ];
        let mut response = GatewayResponse {
            body: ResponseBody::parse(r#"{"title":"$context.error.message"}"#).expect("a body"),
            ..GatewayResponse::default()
        };
        let check = |response: &GatewayResponse| {
            preview(
                ResponseType::BackendTimeout,
                response,
                &StageVariables::default(),
            )
        };
        assert_snapshot!(check(&GatewayResponse::default()), @r#"
        HTTP/1.1 504
        Content-Type: application/json
        X-Request-Id: 11cdcdcf33949dc6d722640a13091c77

        {"error_msg":"Backend timeout.","error_code":"APIG.0201","request_id":"11cdcdcf33949dc6d722640a13091c77"}
        "#);
        response.headers = headers.try_into().expect("headers");
        assert_snapshot!(check(&response), @r#"
        HTTP/1.1 504
        X-Request-Id: 11cdcdcf33949dc6d722640a13091c77
        content-type: application/problem+json
        X-At: /hello

        {"title":"Backend timeout."}
        "#);
        response.status = Some(204.try_into().expect("a status"));
        assert_snapshot!(check(&response), @r"
        HTTP/1.1 204
        X-Request-Id: 11cdcdcf33949dc6d722640a13091c77
        X-At: /hello
        ");
    }
}
