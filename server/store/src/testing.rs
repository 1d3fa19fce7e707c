//! What the tests of this crate have in common: a store in a folder of its own,
//! and valid values to vary.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sluice_domain::api_group::ApiGroup;
use sluice_domain::code::CodePackage;
use sluice_domain::domain_name::{
    BoundDomainName, DomainCertificate, DomainSettings, DomainSettingsFields,
};
use sluice_domain::function::{FunctionSettings, Runtime};
use sluice_domain::id::{
    ApiGroupId, ApiId, ApiRequestId, DomainNameId, EnvironmentId, FunctionId, RequestId, TriggerId,
    UserId,
};
use sluice_domain::invocation::{Cause, InvocationRecord, LogLevel, LogLine, Origin};
use sluice_domain::publication::BoundApi;
use sluice_domain::request_parameter::RequestParameters;
use sluice_domain::target::Target;
use sluice_domain::time::Timestamp;
use sluice_domain::trigger::{
    ApigTrigger, ApigTriggerSettings, Authentication, Matching, Method, Protocol,
};
use sluice_domain::user::Role;
use sqlx::AssertSqlSafe;

use crate::{NewFunction, NewUser, RELEASE_ENVIRONMENT_ID, Store};

/// A real database file that goes away with the test.
pub struct TestStore {
    pub store: Store,
    pub folder: tempfile::TempDir,
}

impl TestStore {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("sluice.db")).await.unwrap();
        Self { store, folder }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("sluice.db")
    }

    /// Runs SQL past everything that would check it.
    pub async fn sql(&self, sql: &str) -> Result<(), sqlx::Error> {
        let query = sqlx::query(AssertSqlSafe(sql.to_owned()));
        query.execute(&self.store.writer).await.map(drop)
    }

    pub async fn count(&self, table: &str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from {table}")))
            .fetch_one(&self.store.readers)
            .await
            .unwrap()
    }
}

/// The bytes of the `n`th id.
pub fn id(n: impl TryInto<u32>) -> [u8; 16] {
    let mut bytes = [0; 16];
    let n = n.try_into().ok().unwrap();
    bytes[12..].copy_from_slice(&n.to_be_bytes());
    bytes
}

pub fn user(n: u8, name: &str) -> NewUser {
    NewUser {
        user_id: UserId::from_bytes(id(n)),
        name: name.parse().unwrap(),
        password_hash: format!("hash of {name}"),
        role: Role::Developer,
        now: Timestamp(0),
    }
}

pub fn function(n: u8, name: &str, now: i64) -> NewFunction {
    NewFunction {
        function_id: FunctionId::from_bytes(id(n)),
        name: name.parse().unwrap(),
        runtime: Runtime::Python312,
        settings: FunctionSettings::default(),
        code: CodePackage::single("index.py", "pass").unwrap(),
        code_digest: "a".repeat(128),
        now: Timestamp(now),
    }
}

pub fn group(n: u8, name: &str) -> ApiGroup {
    ApiGroup {
        group_id: ApiGroupId::from_bytes(id(n)),
        name: name.parse().unwrap(),
    }
}

/// The `n`th domain name.
pub fn bound(
    n: u8,
    name: &str,
    group: &ApiGroup,
    certificate: DomainCertificate,
) -> BoundDomainName {
    let fields = DomainSettingsFields {
        certificate,
        ..Default::default()
    };
    BoundDomainName {
        domain_name_id: DomainNameId::from_bytes(id(n)),
        name: name.parse().unwrap(),
        group_id: group.group_id.clone(),
        settings: DomainSettings::try_from(fields).unwrap(),
        created_at: Timestamp(i64::from(n)),
    }
}

/// Two triggers of one function, published in RELEASE; callers of the first may send an AppCode.
pub async fn two_triggers(store: &Store) -> [BoundApi; 2] {
    let function = function(1, "demo", 0);
    store.create_function(&function).await.unwrap();
    let group = group(1, "APIGroup_a");
    store.create_api_group(&group, Timestamp(0)).await.unwrap();
    let triggers = [1_u8, 2].map(|n| ApigTrigger {
        trigger_id: TriggerId::from_bytes(id(n)),
        api_id: ApiId::from_bytes(id(n)),
        settings: ApigTriggerSettings {
            api_name: format!("API_{n}").parse().unwrap(),
            group_id: group.group_id.clone(),
            target: Target::Latest,
            authentication: Authentication::App,
            simple_authentication: n == 1,
            authorizer_id: None,
            response_id: None,
            protocol: Protocol::Https,
            path: format!("/{n}").parse().unwrap(),
            matching: Matching::Exact,
            method: Method::Any,
            timeout: 5000.try_into().unwrap(),
            request_parameters: RequestParameters::default(),
        },
        created_at: Timestamp(0),
    });
    let release: EnvironmentId = RELEASE_ENVIRONMENT_ID.parse().unwrap();
    for trigger in &triggers {
        let created = store.create_trigger(&function.function_id, trigger, &release);
        created.await.unwrap();
    }
    let published = store.published_triggers().await.unwrap();
    let published: Vec<_> = published.into_iter().map(|one| one.trigger).collect();
    assert_eq!(published, triggers);
    triggers.map(|trigger| BoundApi {
        trigger_id: trigger.trigger_id,
        environment_id: release.clone(),
    })
}

/// The function that all [`record`]s are of.
pub fn recorded_function() -> FunctionId {
    FunctionId::from_bytes(id(1))
}

/// The `n`th record, of a call of a trigger URL at `started_at`.
pub fn record(n: u32, started_at: i64, cause: Cause, log: &[(LogLevel, &str)]) -> InvocationRecord {
    InvocationRecord {
        request_id: RequestId::from_bytes(id(n)),
        function_id: recorded_function(),
        function_name: "demo".parse().unwrap(),
        version: "latest".to_owned(),
        origin: Origin::Trigger {
            trigger_id: TriggerId::from_bytes(id(1)),
            api_request_id: ApiRequestId::from_bytes(id(n)),
        },
        started_at: Timestamp(started_at),
        duration: Duration::from_micros(1260),
        cold_start: None,
        memory_used_bytes: 33_309_261,
        cause,
        log: log
            .iter()
            .map(|&(level, text)| LogLine {
                at: Timestamp(started_at + 1),
                level,
                text: text.to_owned(),
            })
            .collect(),
        event: None,
    }
}

/// As many small records, one a millisecond.
pub fn records(count: u32) -> Vec<Arc<InvocationRecord>> {
    (0..count)
        .map(|n| {
            record(
                n,
                i64::from(n),
                Cause::Success,
                &[(LogLevel::Info, "hello")],
            )
        })
        .map(Arc::new)
        .collect()
}
