//! What the unit tests have in common.

use sluice_domain::environment::EnvironmentName;
use sluice_domain::id::{ApiGroupId, ApiId, EnvironmentId, TriggerId};
use sluice_domain::path::ApiPath;
use sluice_domain::request_parameter::RequestParameters;
use sluice_domain::target::Target;
use sluice_domain::time::Timestamp;
use sluice_domain::trigger::{
    ApiName, ApigTrigger, ApigTriggerSettings, Authentication, BackendTimeout, Matching, Protocol,
};

use crate::route_table::{ApiPolicies, PublishedApi};

/// The group of every API here.
pub fn group() -> ApiGroupId {
    ApiGroupId::from_bytes([7; 16])
}

/// An API written as `GET /a/{b} exact -> name`, published in RELEASE.
pub fn api(line: &str) -> PublishedApi<String> {
    let (route, name) = line.split_once(" -> ").unwrap();
    let [method, path, matching] = route.split(' ').collect::<Vec<_>>()[..] else {
        panic!("{line}")
    };
    PublishedApi {
        environment: EnvironmentName::parse(EnvironmentName::RELEASE).unwrap(),
        environment_id: EnvironmentId::from_bytes([3; 16]),
        api: ApigTrigger {
            trigger_id: TriggerId::from_bytes([1; 16]),
            api_id: ApiId::from_bytes([0xca; 16]),
            settings: ApigTriggerSettings {
                api_name: ApiName::parse("API_test").unwrap(),
                group_id: group(),
                target: Target::Latest,
                authentication: Authentication::None,
                simple_authentication: false,
                authorizer_id: None,
                response_id: None,
                protocol: Protocol::Both,
                path: ApiPath::parse(path).unwrap(),
                matching: match matching {
                    "exact" => Matching::Exact,
                    "prefix" => Matching::Prefix,
                    _ => panic!("{line}"),
                },
                method: method.parse().unwrap(),
                timeout: BackendTimeout::default(),
                request_parameters: RequestParameters::default(),
            },
            created_at: Timestamp(0),
        },
        deployment: Some(name.to_owned()),
        shift: None,
        policies: ApiPolicies::default(),
        authorizer: None,
        parameters: None,
    }
}
