//! The API that tests of the gateway begin with.

use sluice_domain::environment::EnvironmentName;
use sluice_domain::id::{ApiGroupId, ApiId, EnvironmentId, TriggerId};
use sluice_domain::path::ApiPath;
use sluice_domain::request_parameter::RequestParameters;
use sluice_domain::target::Target;
use sluice_domain::time::Timestamp;
use sluice_domain::trigger::{
    ApiName, ApigTrigger, ApigTriggerSettings, Authentication, BackendTimeout, Matching, Method,
    Protocol,
};
use sluice_gateway::{ApiPolicies, PublishedApi};

/// `ANY`, what begins with `path`, over both protocols and for everybody, in RELEASE. `deployment` stands
/// for its function.
pub fn published<D>(path: &str, deployment: D) -> PublishedApi<D> {
    PublishedApi {
        environment: EnvironmentName::parse(EnvironmentName::RELEASE).unwrap(),
        environment_id: EnvironmentId::from_bytes([3; 16]),
        api: ApigTrigger {
            trigger_id: TriggerId::from_bytes([1; 16]),
            api_id: ApiId::from_bytes([2; 16]),
            settings: ApigTriggerSettings {
                api_name: ApiName::parse("API_test").unwrap(),
                group_id: ApiGroupId::from_bytes([7; 16]),
                target: Target::Latest,
                authentication: Authentication::None,
                simple_authentication: false,
                authorizer_id: None,
                response_id: None,
                protocol: Protocol::Both,
                path: ApiPath::parse(path).unwrap(),
                matching: Matching::Prefix,
                method: Method::Any,
                timeout: BackendTimeout::default(),
                request_parameters: RequestParameters::default(),
            },
            created_at: Timestamp(0),
        },
        deployment: Some(deployment),
        shift: None,
        policies: ApiPolicies::default(),
        authorizer: None,
        parameters: None,
    }
}
