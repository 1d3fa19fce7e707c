//! Refuses calls as their API group wants it: with the status, the body and the headers that it has
//! set for what went wrong. What functions answer, their failures too, is theirs and stays. So does
//! what is refused before the group is known: a request that is not understood, a host of nobody.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Response, StatusCode, Uri};
use sluice_domain::api_group::GroupSettings;
use sluice_domain::environment::EnvironmentName;
use sluice_domain::gateway_response::{ContextVariable, ResponseType, Values};
use sluice_domain::id::ApiRequestId;
use sluice_domain::stage_variables::StageVariables;
use sluice_executor::Refused;

use crate::auth::{AppRefused, IamRefused, Identity, SignatureRefused};
use crate::authorizer::{AuthorizerFailed, AuthorizerRefused};
use crate::decode::allows_body;
use crate::encode::text_of;
use crate::error::GatewayError;
use crate::route_table::PublishedApi;

/// What is known of a call, once it is: what its refusal may speak of.
pub(crate) struct Known<D> {
    /// The API that is called.
    pub(crate) api: Option<Arc<PublishedApi<D>>>,
    /// What the group says, be there such an API or not.
    pub(crate) group: Option<Arc<GroupSettings>>,
    /// Who the caller has proved to be.
    pub(crate) identity: Option<Identity>,
    /// The caller's address.
    pub(crate) address: Option<IpAddr>,
    method: Method,
    uri: Uri,
    /// The header `X-Stage`.
    stage: Option<HeaderValue>,
}

impl<D> Known<D> {
    /// What a request says itself. Nothing of it is copied.
    pub(crate) fn of(request: &Parts) -> Self {
        Self {
            api: None,
            group: None,
            identity: None,
            address: None,
            method: request.method.clone(),
            uri: request.uri.clone(),
            stage: request.headers.get("x-stage").cloned(),
        }
    }

    /// The group's variables in the environment of the API.
    pub(crate) fn variables(&self) -> Option<&StageVariables> {
        let environment = &self.api.as_ref()?.environment;
        self.group.as_ref()?.variables.get(environment)
    }

    /// The answer to a call that is refused: the gateway's own words, or what the group has set in
    /// their place.
    pub(crate) fn refuse(
        &self,
        error: &GatewayError,
        request_id: &ApiRequestId,
    ) -> Response<Vec<u8>> {
        let mut response = error.response(request_id);
        let (Some(kind), Some(group)) = (response_type(error), &self.group) else {
            return response;
        };
        let chosen = self.api.as_ref();
        let chosen = chosen.and_then(|published| published.api.settings.response_id.as_ref());
        let Some(changed) = group.responses_of(chosen).get(&kind) else {
            return response;
        };
        let stage = self.stage();
        let value = |variable| self.value(variable, error, kind, request_id, &stage);
        let named = EnvironmentName::parse(&stage).ok();
        let filled = changed.fill(&Values {
            context: &value,
            stage: named.and_then(|name| group.variables.get(&name)),
        });
        let status = filled.status.and_then(|it| StatusCode::from_u16(it).ok());
        *response.status_mut() = status.unwrap_or_else(|| error.status());
        for (name, value) in &filled.headers {
            // The domain lets nothing else through.
            if let (Ok(name), Ok(value)) = (
                HeaderName::from_bytes(name.as_bytes()),
                HeaderValue::from_str(value),
            ) {
                response.headers_mut().insert(name, value);
            }
        }
        if allows_body(response.status()) {
            *response.body_mut() = filled.body.into_bytes();
        } else {
            response.headers_mut().remove(CONTENT_TYPE);
            response.body_mut().clear();
        }
        response
    }

    /// The environment that is called, be it there or not.
    fn stage(&self) -> Cow<'_, str> {
        match (&self.api, &self.stage) {
            (Some(api), _) => api.environment.as_str().into(),
            (None, Some(stage)) => text_of(stage),
            (None, None) => EnvironmentName::RELEASE.into(),
        }
    }

    /// What a variable stands for; empty for what is not known.
    fn value<'a>(
        &'a self,
        variable: ContextVariable,
        error: &GatewayError,
        kind: ResponseType,
        request_id: &'a ApiRequestId,
        stage: &'a str,
    ) -> Cow<'a, str> {
        use ContextVariable as Variable;
        let api = self.api.as_ref().map(|published| &published.api);
        let credential = match &self.identity {
            Some(Identity::Credential(credential)) => Some(credential),
            Some(Identity::AccessKey(_) | Identity::AccessToken(_)) | None => None,
        };
        let text = match variable {
            Variable::ApiId => api.map(|api| api.api_id.as_str()),
            Variable::ApiName => api.map(|api| api.settings.api_name.as_str()),
            Variable::AppId => credential.map(|it| it.credential_id.as_str()),
            Variable::AppName => credential.map(|it| it.name.as_str()),
            Variable::RequestId => Some(request_id.as_str()),
            Variable::Stage => Some(stage),
            Variable::SourceIp => {
                let address = self.address.map(|it| it.to_string());
                return address.unwrap_or_default().into();
            }
            Variable::ReqPath => Some(self.uri.path()),
            Variable::ReqUri => {
                let target = self.uri.path_and_query().map(|it| it.as_str());
                target.or(Some(self.uri.path()))
            }
            Variable::ReqMethod => Some(self.method.as_str()),
            Variable::ErrorMessage => return error.message(),
            Variable::ErrorCode => error.code(),
            Variable::ErrorType => Some(kind.name()),
        };
        text.unwrap_or_default().into()
    }
}

/// The type of the answer to what went wrong, by which groups change it. None for the function's
/// own failure, which is its answer.
fn response_type(error: &GatewayError) -> Option<ResponseType> {
    use GatewayError as Error;
    use ResponseType as Type;
    Some(match error {
        Error::NotPublished | Error::MethodNotPublished => Type::NotFound,
        Error::App(AppRefused::Signature(SignatureRefused::Missing))
        | Error::Iam(IamRefused::Signature(SignatureRefused::Missing)) => Type::AuthHeaderMissing,
        Error::App(_) | Error::Iam(_) => Type::AuthFailure,
        Error::Authorizer(AuthorizerRefused::Identity(_)) => Type::AuthorizerIdentitiesFailure,
        Error::Authorizer(AuthorizerRefused::NoAuthorizer) => Type::AuthorizerConfFailure,
        Error::Authorizer(AuthorizerRefused::Failed(failed)) => match **failed {
            AuthorizerFailed::NoDeployment => Type::AuthorizerConfFailure,
            _ => Type::AuthorizerFailure,
        },
        Error::AppNotAuthorized => Type::Unauthorized,
        Error::AddressRefused | Error::Authorizer(AuthorizerRefused::Denied) => Type::AccessDenied,
        Error::Throttled(_)
        | Error::TooManyNonces
        | Error::TooManyConnections
        | Error::NotCalled(Refused::Throttled { .. }) => Type::Throttled,
        Error::Parameter(_) => Type::RequestParametersFailure,
        Error::BackendTimeout(_) => Type::BackendTimeout,
        Error::Overloaded(_) | Error::NotCalled(Refused::Stopping) => Type::BackendUnavailable,
        Error::ProtocolNotAllowed(_)
        | Error::TlsTooOld(_)
        | Error::Malformed(_)
        | Error::UriTooLarge { .. }
        | Error::HeadersTooLarge
        | Error::BodyTooLarge
        | Error::BodyUnreadable(_)
        | Error::BodyTooSlow(_)
        | Error::BodyTooThin(_)
        | Error::NotCalled(Refused::EventTooLarge { .. }) => Type::Default4xx,
        Error::NoDeployment
        | Error::NotCalled(Refused::Fault)
        | Error::ResponseRefused(_)
        | Error::Panicked(_) => Type::Default5xx,
        Error::FunctionFailed(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_domain::domain_name::TlsVersion;
    use sluice_domain::invocation::Failure;
    use sluice_domain::policy::{PeriodUnit, ThrottlingFields};
    use sluice_domain::request_parameter::{BrokenRule, ParameterLocation};
    use sluice_domain::trigger::Protocol;
    use sluice_executor::ResponseRefused;
    use std::sync::Arc;
    use std::time::Duration;

    use crate::authorizer::IdentityRefused;
    use crate::parameters::ParameterRefused;
    use crate::throttle::Throttle;

    /// One of each kind, but for the function's own failure.
    fn errors() -> Vec<GatewayError> {
        use GatewayError as Error;
        let fields = ThrottlingFields {
            period: 1,
            unit: PeriodUnit::Hour,
            requests: 1,
            user_requests: None,
            credential_requests: None,
            address_requests: None,
            excluded: Vec::new(),
            is_shared: false,
        };
        let throttle = Throttle::new(&fields.try_into().unwrap());
        let throttled = (0..2).find_map(|_| throttle.take(None, None).err());
        vec![
            Error::NotPublished,
            Error::MethodNotPublished,
            Error::NoDeployment,
            Error::ProtocolNotAllowed(Protocol::Https),
            Error::TlsTooOld(TlsVersion::V1_3),
            Error::App(SignatureRefused::Missing.into()),
            Error::App(SignatureRefused::Form.into()),
            Error::App(AppRefused::UnknownCode),
            Error::AppNotAuthorized,
            Error::Iam(SignatureRefused::Missing.into()),
            Error::Iam(IamRefused::Locked),
            Error::Authorizer(IdentityRefused::Missing("header X-Token".to_owned()).into()),
            Error::Authorizer(AuthorizerRefused::Denied),
            Error::Authorizer(AuthorizerRefused::NoAuthorizer),
            Error::Authorizer(Arc::new(AuthorizerFailed::NoDeployment).into()),
            Error::Authorizer(Arc::new(AuthorizerFailed::TooSlow(Duration::ZERO)).into()),
            Error::AddressRefused,
            Error::Throttled(throttled.unwrap()),
            Error::Parameter(ParameterRefused {
                name: "page".to_owned(),
                location: ParameterLocation::Query,
                broken: BrokenRule::TooSmall("1".parse().unwrap()),
            }),
            Error::TooManyNonces,
            Error::Malformed("so"),
            Error::UriTooLarge { bytes: 1 },
            Error::HeadersTooLarge,
            Error::BodyTooLarge,
            Error::BodyUnreadable(axum::Error::new("so")),
            Error::BodyTooSlow(Duration::ZERO),
            Error::TooManyConnections,
            Error::Overloaded("so"),
            Error::BackendTimeout(Duration::ZERO),
            Error::NotCalled(Refused::Throttled { max_instances: 1 }),
            Error::NotCalled(Refused::Stopping),
            Error::NotCalled(Refused::EventTooLarge { bytes: 2, limit: 1 }),
            Error::NotCalled(Refused::Fault),
            Error::ResponseRefused(ResponseRefused("so".to_owned())),
            Error::Panicked("so".to_owned()),
        ]
    }

    #[test]
    fn every_error_has_a_type_whose_status_is_its_own() {
        for error in errors() {
            let kind = response_type(&error).expect("it has a type");
            let status = error.status().as_u16();
            let wanted = match kind {
                ResponseType::Default4xx => (400..500).contains(&status),
                ResponseType::Default5xx => (500..600).contains(&status),
                kind => kind.default_status() == Some(status),
            };
            assert!(wanted, "{error}: {status} as {}", kind.name());
        }
        let failed = GatewayError::FunctionFailed(Failure {
            error_message: String::new(),
            error_type: String::new(),
            stack_trace: Vec::new(),
        });
        assert_eq!(response_type(&failed), None);
    }

    #[test]
    fn the_example_of_each_type_is_what_the_gateway_says() {
        let errors = errors();
        for &kind in ResponseType::ALL {
            let example = kind.example();
            let is_it = |error: &&GatewayError| {
                response_type(error) == Some(kind)
                    && error.status().as_u16() == example.status
                    && error.code() == Some(example.code)
                    && error.message() == example.message
            };
            assert!(errors.iter().any(|error| is_it(&error)), "{example:?}");
        }
    }
}
