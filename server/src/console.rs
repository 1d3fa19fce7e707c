//! What the console can do: the server's side of [`sluice_app::console::Console`].
//! One file a feature.

mod access_keys;
mod access_tokens;
mod acme;
mod aliases;
mod api_groups;
mod apis;
mod authorizers;
mod certificates;
mod code;
mod credentials;
mod debug;
mod domain_names;
mod environments;
mod functions;
mod gateway_settings;
mod logs;
mod metrics;
mod packages;
mod policies;
mod response_sets;
mod session;
mod system;
mod test_events;
mod triggers;
mod users;
mod versions;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use sluice_app::access_keys::NewAccessKey;
use sluice_app::aliases::AliasList;
use sluice_app::api_groups::{GroupRow, GroupView};
use sluice_app::apis::{ApiDetails, ApiRow};
use sluice_app::audit::AuditPage;
use sluice_app::authorizers::AuthorizerList;
use sluice_app::certificates::CertificateList;
use sluice_app::code::{CodeView, ColdStart, Deployed, TestResult};
use sluice_app::console::{Console, ConsoleError};
use sluice_app::credentials::{CredentialList, NewSecret};
use sluice_app::debug::{DebugAnswer, DebugTarget};
use sluice_app::domain_names::DomainNameList;
use sluice_app::environments::EnvironmentView;
use sluice_app::functions::{FunctionDetails, FunctionRow as FunctionRowView};
use sluice_app::gateway_settings::{GatewayLoad, GatewayView};
use sluice_app::logs::{LogQueryView, RequestList, RequestLog, RequestLogs};
use sluice_app::metrics::MetricsQuery;
use sluice_app::policies::PolicyList;
use sluice_app::session::SessionState;
use sluice_app::settings::{BasicSettings, ConcurrencyView};
use sluice_app::system::SystemView;
use sluice_app::triggers::{TriggerCardView, TriggerChoices};
use sluice_app::users::UserList;
use sluice_domain::access_key::{AccessKey, MAX_ACCESS_KEYS};
use sluice_domain::access_token::{AccessToken, MAX_ACCESS_TOKENS};
use sluice_domain::acme::AcmeSettings;
use sluice_domain::alias::{AliasName, AliasTarget, MAX_ALIASES};
use sluice_domain::api_group::{ApiGroup, ApiGroupName, GroupDescription};
use sluice_domain::audit::AuditQuery;
use sluice_domain::authorizer::{AuthorizerName, AuthorizerRule, MAX_AUTHORIZERS};
use sluice_domain::certificate::{CertificateName, MAX_CERTIFICATES};
use sluice_domain::code::CodeChanges;
use sluice_domain::concurrency::Concurrency;
use sluice_domain::credential::{
    ChosenKey, ChosenSecret, CredentialName, MAX_APP_CODES, MAX_CREDENTIALS,
};
use sluice_domain::debug::DebugRequest;
use sluice_domain::domain_name::{DomainName, DomainSettings, MAX_DOMAIN_NAMES};
use sluice_domain::env_vars::{EnvVarChange, Secret};
use sluice_domain::environment::{Environment, EnvironmentName, MAX_ENVIRONMENTS};
use sluice_domain::function::{FunctionName, Runtime};
use sluice_domain::gateway_response::{
    GatewayResponse, MAX_RESPONSE_SETS, ResponseSetName, ResponseType,
};
use sluice_domain::gateway_settings::GatewaySettings;
use sluice_domain::id::{
    AccessKeyId, AccessTokenId, ApiGroupId, ApiId, AppCodeId, AuthorizerId, CertificateId,
    CredentialId, DomainNameId, EnvironmentId, PolicyId, RequestId, ResponseSetId, TriggerId,
    UserId,
};
use sluice_domain::metrics::Metrics;
use sluice_domain::outbound::OutboundRules;
use sluice_domain::policy::{AccessControl, MAX_POLICIES, PolicyName, PolicyRule};
use sluice_domain::publication::{BoundApi, Publication};
use sluice_domain::stage_variables::StageVariable;
use sluice_domain::target::Target;
use sluice_domain::test_event::{MAX_TEST_EVENTS, TestEvent, TestEventName};
use sluice_domain::text::{Description, ShortDescription};
use sluice_domain::time::Timestamp;
use sluice_domain::trigger::{ApiName, ApigTriggerSettings};
use sluice_domain::user::{Password, Role, UserName};
use sluice_domain::version::{MAX_VERSIONS, Version, VersionName};
use sluice_executor::Executor;
use sluice_listener::Places;
use sluice_store::{FunctionRow, LostRecords, Store, StoreError};
use tower_sessions::Session;

use crate::acme::Acme;
use crate::cli::LimitArgs;
use crate::logging::chain;
use crate::publish::Publisher;

/// What all requests to the console share.
pub struct Shared {
    /// All that is kept.
    pub store: Store,
    /// Runs tests.
    pub executor: Executor,
    /// Makes changes serve.
    pub publisher: Publisher,
    /// Issues certificates by ACME.
    pub acme: Acme,
    /// How the addresses of triggers are made.
    pub addresses: Addresses,
    /// What callers of the gateway may take.
    pub limits: LimitArgs,
    /// The places for connections to the gateway.
    pub places: Places,
    /// Records that could not be kept.
    pub lost: LostRecords,
    /// Folder of all state.
    pub data: PathBuf,
    /// When the server was started.
    pub started_at: Timestamp,
    /// One sign-in at a time: guesses side by side would all be compared before
    /// the first wrong one is counted.
    pub signing_in: tokio::sync::Mutex<()>,
    /// One archive at a time is unpacked or packed: each has a whole package in memory.
    pub archiving: tokio::sync::Mutex<()>,
}

impl Shared {
    /// The database file.
    pub fn database(&self) -> PathBuf {
        self.data.join("sluice.db")
    }
}

/// How the address of a trigger is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// Domain under which every API group has its host.
    pub domain: String,
    /// Port of the gateway over HTTP.
    pub http_port: u16,
    /// Port of the gateway over HTTPS.
    pub https_port: u16,
}

/// Leads a form that was sent without JavaScript on to an address.
pub type LeadOn = Arc<dyn Fn(&str) + Send + Sync>;

/// The console as one request sees it: with its session.
pub struct RequestConsole {
    shared: Arc<Shared>,
    session: Session,
    /// Name of the host by which the browser reached the console, for the form
    /// of a trigger's address that needs no name of its own.
    host: String,
    lead_on: LeadOn,
    /// Where to go after signing in.
    next: Option<String>,
}

impl RequestConsole {
    /// The console for a request with this session, reached by `host`.
    pub fn new(
        shared: Arc<Shared>,
        session: Session,
        host: String,
        lead_on: LeadOn,
        next: Option<String>,
    ) -> Self {
        Self {
            shared,
            session,
            host,
            lead_on,
            next,
        }
    }

    /// The console for a request that no page and no form stands behind.
    pub fn plain(shared: Arc<Shared>, session: Session) -> Self {
        Self::new(shared, session, String::new(), Arc::new(|_| {}), None)
    }

    /// The function of that name, for someone who is signed in.
    async fn function(&self, name: &FunctionName) -> Result<FunctionRow, ConsoleError> {
        self.signed_in().await?;
        let found = self
            .shared
            .store
            .find_function(name)
            .await
            .map_err(refused)?;
        found.ok_or_else(|| ConsoleError::refused("FSS.1051", 404, "The function does not exist."))
    }
}

#[async_trait]
impl Console for RequestConsole {
    async fn session_state(&self) -> Result<SessionState, ConsoleError> {
        self.state().await
    }

    async fn create_administrator(
        &self,
        name: UserName,
        password: Password,
    ) -> Result<(), ConsoleError> {
        self.create_first_user(name, password).await
    }

    async fn sign_in(&self, name: String, password: String) -> Result<(), ConsoleError> {
        self.check_and_sign_in(&name, &password).await
    }

    async fn sign_out(&self) -> Result<(), ConsoleError> {
        self.end_session().await
    }

    async fn list_functions(&self) -> Result<Vec<FunctionRowView>, ConsoleError> {
        self.functions().await
    }

    async fn create_function(
        &self,
        name: FunctionName,
        runtime: Runtime,
    ) -> Result<(), ConsoleError> {
        self.create(name, runtime).await
    }

    async fn find_function(&self, name: FunctionName) -> Result<FunctionDetails, ConsoleError> {
        self.details(name).await
    }

    async fn delete_function(&self, name: FunctionName) -> Result<(), ConsoleError> {
        self.delete(name).await
    }

    async fn update_basic_settings(
        &self,
        name: FunctionName,
        settings: BasicSettings,
    ) -> Result<(), ConsoleError> {
        self.set_basic_settings(name, settings).await
    }

    async fn update_env_vars(
        &self,
        name: FunctionName,
        env_vars: Vec<EnvVarChange>,
    ) -> Result<(), ConsoleError> {
        self.set_env_vars(name, env_vars).await
    }

    async fn find_concurrency(&self, name: FunctionName) -> Result<ConcurrencyView, ConsoleError> {
        self.concurrency(name).await
    }

    async fn update_concurrency(
        &self,
        name: FunctionName,
        concurrency: Concurrency,
    ) -> Result<(), ConsoleError> {
        self.set_concurrency(name, concurrency).await
    }

    async fn update_outbound(
        &self,
        name: FunctionName,
        outbound: OutboundRules,
    ) -> Result<(), ConsoleError> {
        self.set_outbound(name, outbound).await
    }

    async fn find_code(&self, name: FunctionName) -> Result<CodeView, ConsoleError> {
        self.code(name).await
    }

    async fn find_cold_start(&self, name: FunctionName) -> Result<ColdStart, ConsoleError> {
        self.cold_start(name).await
    }

    async fn deploy_code(
        &self,
        name: FunctionName,
        changes: CodeChanges,
    ) -> Result<Deployed, ConsoleError> {
        self.deploy_changes(name, changes).await
    }

    async fn test_function(
        &self,
        name: FunctionName,
        event: String,
    ) -> Result<TestResult, ConsoleError> {
        self.test(name, event).await
    }

    async fn list_test_events(&self, name: FunctionName) -> Result<Vec<TestEvent>, ConsoleError> {
        self.test_events(name).await
    }

    async fn create_test_event(
        &self,
        name: FunctionName,
        event: TestEvent,
    ) -> Result<(), ConsoleError> {
        self.add_test_event(name, event).await
    }

    async fn update_test_event(
        &self,
        name: FunctionName,
        event: TestEvent,
    ) -> Result<(), ConsoleError> {
        self.set_test_event(name, event).await
    }

    async fn delete_test_event(
        &self,
        name: FunctionName,
        event: TestEventName,
    ) -> Result<(), ConsoleError> {
        self.remove_test_event(name, event).await
    }

    async fn list_versions(&self, name: FunctionName) -> Result<Vec<Version>, ConsoleError> {
        self.versions(name).await
    }

    async fn publish_version(
        &self,
        name: FunctionName,
        version: Option<VersionName>,
        description: Description,
    ) -> Result<(), ConsoleError> {
        self.add_version(name, version, description).await
    }

    async fn delete_version(
        &self,
        name: FunctionName,
        version: VersionName,
    ) -> Result<(), ConsoleError> {
        self.remove_version(name, version).await
    }

    async fn list_aliases(&self, name: FunctionName) -> Result<AliasList, ConsoleError> {
        self.aliases(name).await
    }

    async fn create_alias(
        &self,
        name: FunctionName,
        alias: AliasName,
        target: AliasTarget,
        description: Description,
    ) -> Result<(), ConsoleError> {
        self.add_alias(name, alias, target, description).await
    }

    async fn update_alias(
        &self,
        name: FunctionName,
        alias: AliasName,
        target: AliasTarget,
        description: Description,
    ) -> Result<(), ConsoleError> {
        self.set_alias(name, alias, target, description).await
    }

    async fn delete_alias(&self, name: FunctionName, alias: AliasName) -> Result<(), ConsoleError> {
        self.remove_alias(name, alias).await
    }

    async fn list_targets(&self, name: FunctionName) -> Result<Vec<Target>, ConsoleError> {
        self.targets(name).await
    }

    async fn list_triggers(
        &self,
        name: FunctionName,
    ) -> Result<Vec<TriggerCardView>, ConsoleError> {
        self.triggers(name).await
    }

    async fn trigger_choices(&self) -> Result<TriggerChoices, ConsoleError> {
        self.choices().await
    }

    async fn create_trigger(
        &self,
        name: FunctionName,
        settings: ApigTriggerSettings,
        environment_id: EnvironmentId,
    ) -> Result<(), ConsoleError> {
        self.add_trigger(name, settings, environment_id).await
    }

    async fn delete_trigger(
        &self,
        name: FunctionName,
        trigger_id: TriggerId,
    ) -> Result<(), ConsoleError> {
        self.remove_trigger(name, trigger_id).await
    }

    async fn list_api_groups(&self) -> Result<Vec<GroupRow>, ConsoleError> {
        self.api_groups().await
    }

    async fn find_api_group(&self, group_id: ApiGroupId) -> Result<GroupView, ConsoleError> {
        self.api_group(group_id).await
    }

    async fn create_api_group(
        &self,
        name: ApiGroupName,
        description: GroupDescription,
    ) -> Result<ApiGroup, ConsoleError> {
        self.add_api_group(name, description).await
    }

    async fn update_api_group(
        &self,
        group_id: ApiGroupId,
        name: ApiGroupName,
        description: GroupDescription,
    ) -> Result<(), ConsoleError> {
        self.set_api_group(group_id, name, description).await
    }

    async fn delete_api_group(&self, group_id: ApiGroupId) -> Result<(), ConsoleError> {
        self.remove_api_group(group_id).await
    }

    async fn enable_debugging_domain(
        &self,
        group_id: ApiGroupId,
        is_enabled: bool,
    ) -> Result<(), ConsoleError> {
        self.set_debugging_domain(group_id, is_enabled).await
    }

    async fn update_stage_variables(
        &self,
        group_id: ApiGroupId,
        environment_id: EnvironmentId,
        variables: Vec<StageVariable>,
    ) -> Result<(), ConsoleError> {
        self.set_stage_variables(group_id, environment_id, variables)
            .await
    }

    async fn update_gateway_response(
        &self,
        group_id: ApiGroupId,
        response_id: Option<ResponseSetId>,
        kind: ResponseType,
        response: Option<GatewayResponse>,
    ) -> Result<(), ConsoleError> {
        self.set_gateway_response(group_id, response_id, kind, response)
            .await
    }

    async fn create_response_set(
        &self,
        group_id: ApiGroupId,
        name: ResponseSetName,
    ) -> Result<ResponseSetId, ConsoleError> {
        self.add_response_set(group_id, name).await
    }

    async fn rename_response_set(
        &self,
        group_id: ApiGroupId,
        response_id: ResponseSetId,
        name: ResponseSetName,
    ) -> Result<(), ConsoleError> {
        self.name_response_set(group_id, response_id, name).await
    }

    async fn delete_response_set(
        &self,
        group_id: ApiGroupId,
        response_id: ResponseSetId,
    ) -> Result<(), ConsoleError> {
        self.remove_response_set(group_id, response_id).await
    }

    async fn list_apis(&self) -> Result<Vec<ApiRow>, ConsoleError> {
        self.apis().await
    }

    async fn find_api(&self, api_id: ApiId) -> Result<ApiDetails, ConsoleError> {
        self.api_details(api_id).await
    }

    async fn update_api(
        &self,
        api_id: ApiId,
        settings: ApigTriggerSettings,
    ) -> Result<(), ConsoleError> {
        self.set_api(api_id, settings).await
    }

    async fn publish_api(
        &self,
        api_id: ApiId,
        environment_id: EnvironmentId,
        description: ShortDescription,
    ) -> Result<(), ConsoleError> {
        self.publish(api_id, environment_id, description).await
    }

    async fn take_offline(
        &self,
        api_id: ApiId,
        environment_id: EnvironmentId,
    ) -> Result<(), ConsoleError> {
        self.take_api_offline(api_id, environment_id).await
    }

    async fn list_publications(
        &self,
        api_id: ApiId,
        environment_id: EnvironmentId,
    ) -> Result<Vec<Publication>, ConsoleError> {
        self.publications(api_id, environment_id).await
    }

    async fn switch_version(
        &self,
        api_id: ApiId,
        environment_id: EnvironmentId,
        number: u32,
    ) -> Result<(), ConsoleError> {
        self.switch_to(api_id, environment_id, number).await
    }

    async fn list_environments(&self) -> Result<Vec<EnvironmentView>, ConsoleError> {
        self.environments().await
    }

    async fn create_environment(
        &self,
        name: EnvironmentName,
        description: ShortDescription,
    ) -> Result<Environment, ConsoleError> {
        self.add_environment(name, description).await
    }

    async fn update_environment(
        &self,
        environment_id: EnvironmentId,
        description: ShortDescription,
    ) -> Result<(), ConsoleError> {
        self.set_environment(environment_id, description).await
    }

    async fn delete_environment(&self, environment_id: EnvironmentId) -> Result<(), ConsoleError> {
        self.remove_environment(environment_id).await
    }

    async fn find_debug_target(&self, api_id: ApiId) -> Result<DebugTarget, ConsoleError> {
        self.debug_target(api_id).await
    }

    async fn debug_api(
        &self,
        api_id: ApiId,
        environment: EnvironmentName,
        request: DebugRequest,
    ) -> Result<DebugAnswer, ConsoleError> {
        self.send_debug(api_id, environment, request).await
    }

    async fn list_authorizers(&self) -> Result<AuthorizerList, ConsoleError> {
        self.authorizers().await
    }

    async fn create_authorizer(
        &self,
        name: AuthorizerName,
        function: FunctionName,
        rule: AuthorizerRule,
    ) -> Result<(), ConsoleError> {
        self.add_authorizer(name, function, rule).await
    }

    async fn update_authorizer(
        &self,
        authorizer_id: AuthorizerId,
        name: AuthorizerName,
        function: FunctionName,
        rule: AuthorizerRule,
    ) -> Result<(), ConsoleError> {
        self.set_authorizer(authorizer_id, name, function, rule)
            .await
    }

    async fn delete_authorizer(&self, authorizer_id: AuthorizerId) -> Result<(), ConsoleError> {
        self.remove_authorizer(authorizer_id).await
    }

    async fn list_users(&self) -> Result<UserList, ConsoleError> {
        self.users().await
    }

    async fn create_user(
        &self,
        name: UserName,
        role: Role,
        password: Password,
    ) -> Result<(), ConsoleError> {
        self.add_user(name, role, password).await
    }

    async fn set_user_role(&self, user_id: UserId, role: Role) -> Result<(), ConsoleError> {
        self.set_role(user_id, role).await
    }

    async fn disable_user(&self, user_id: UserId, is_disabled: bool) -> Result<(), ConsoleError> {
        self.set_disabled(user_id, is_disabled).await
    }

    async fn reset_password(
        &self,
        user_id: UserId,
        password: Password,
    ) -> Result<(), ConsoleError> {
        self.set_password_of(user_id, password).await
    }

    async fn delete_user(&self, user_id: UserId) -> Result<(), ConsoleError> {
        self.remove_user(user_id).await
    }

    async fn change_password(
        &self,
        current: String,
        password: Password,
    ) -> Result<(), ConsoleError> {
        self.set_own_password(&current, password).await
    }

    async fn list_changes(&self, query: AuditQuery) -> Result<AuditPage, ConsoleError> {
        self.changes(query).await
    }

    async fn find_system(&self) -> Result<SystemView, ConsoleError> {
        self.system().await
    }

    async fn list_credentials(&self) -> Result<CredentialList, ConsoleError> {
        self.credentials().await
    }

    async fn create_credential(
        &self,
        name: CredentialName,
        chosen: Option<ChosenKey>,
    ) -> Result<NewSecret, ConsoleError> {
        self.add_credential(name, chosen).await
    }

    async fn reset_app_secret(
        &self,
        credential_id: CredentialId,
        chosen: Option<ChosenSecret>,
    ) -> Result<NewSecret, ConsoleError> {
        self.another_app_secret(credential_id, chosen).await
    }

    async fn set_credential_access(
        &self,
        credential_id: CredentialId,
        access: Option<AccessControl>,
    ) -> Result<(), ConsoleError> {
        self.limit_credential(credential_id, access).await
    }

    async fn delete_credential(&self, credential_id: CredentialId) -> Result<(), ConsoleError> {
        self.remove_credential(credential_id).await
    }

    async fn create_app_code(&self, credential_id: CredentialId) -> Result<String, ConsoleError> {
        self.add_app_code(credential_id).await
    }

    async fn delete_app_code(
        &self,
        credential_id: CredentialId,
        app_code_id: AppCodeId,
    ) -> Result<(), ConsoleError> {
        self.remove_app_code(credential_id, app_code_id).await
    }

    async fn bind_credential(
        &self,
        credential_id: CredentialId,
        apis: Vec<BoundApi>,
    ) -> Result<(), ConsoleError> {
        self.bind(credential_id, apis).await
    }

    async fn list_policies(&self) -> Result<PolicyList, ConsoleError> {
        self.policies().await
    }

    async fn create_policy(&self, name: PolicyName, rule: PolicyRule) -> Result<(), ConsoleError> {
        self.add_policy(name, rule).await
    }

    async fn update_policy(
        &self,
        policy_id: PolicyId,
        name: PolicyName,
        rule: PolicyRule,
    ) -> Result<(), ConsoleError> {
        self.set_policy(policy_id, name, rule).await
    }

    async fn delete_policy(&self, policy_id: PolicyId) -> Result<(), ConsoleError> {
        self.remove_policy(policy_id).await
    }

    async fn bind_policy(
        &self,
        policy_id: PolicyId,
        apis: Vec<BoundApi>,
    ) -> Result<(), ConsoleError> {
        self.bind_policy_to(policy_id, apis).await
    }

    async fn list_domain_names(&self) -> Result<DomainNameList, ConsoleError> {
        self.domain_names().await
    }

    async fn bind_domain_name(
        &self,
        name: DomainName,
        group_id: ApiGroupId,
        settings: DomainSettings,
    ) -> Result<(), ConsoleError> {
        self.add_domain_name(name, group_id, settings).await
    }

    async fn update_domain_name(
        &self,
        domain_name_id: DomainNameId,
        settings: DomainSettings,
    ) -> Result<(), ConsoleError> {
        self.set_domain_name(domain_name_id, settings).await
    }

    async fn unbind_domain_name(&self, domain_name_id: DomainNameId) -> Result<(), ConsoleError> {
        self.remove_domain_name(domain_name_id).await
    }

    async fn list_certificates(&self) -> Result<CertificateList, ConsoleError> {
        self.certificates().await
    }

    async fn upload_certificate(
        &self,
        name: CertificateName,
        chain: String,
        key: Secret,
    ) -> Result<(), ConsoleError> {
        self.add_certificate(name, chain, key).await
    }

    async fn replace_certificate(
        &self,
        certificate_id: CertificateId,
        chain: String,
        key: Secret,
    ) -> Result<(), ConsoleError> {
        self.change_certificate(certificate_id, chain, key).await
    }

    async fn delete_certificate(&self, certificate_id: CertificateId) -> Result<(), ConsoleError> {
        self.remove_certificate(certificate_id).await
    }

    async fn find_gateway(&self) -> Result<GatewayView, ConsoleError> {
        self.gateway().await
    }

    async fn gateway_load(&self) -> Result<GatewayLoad, ConsoleError> {
        self.signed_in().await?;
        Ok(self.load_now())
    }

    async fn update_gateway_settings(&self, settings: GatewaySettings) -> Result<(), ConsoleError> {
        self.set_gateway_settings(settings).await
    }

    async fn update_acme_settings(
        &self,
        settings: AcmeSettings,
        agrees_to_terms: bool,
    ) -> Result<(), ConsoleError> {
        self.set_acme_settings(settings, agrees_to_terms).await
    }

    async fn retry_acme(&self, domain_name_id: DomainNameId) -> Result<(), ConsoleError> {
        self.ask_acme_again(domain_name_id).await
    }

    async fn list_access_keys(&self) -> Result<Vec<AccessKey>, ConsoleError> {
        self.access_keys().await
    }

    async fn create_access_key(
        &self,
        description: Description,
    ) -> Result<NewAccessKey, ConsoleError> {
        self.add_access_key(description).await
    }

    async fn enable_access_key(
        &self,
        access_key_id: AccessKeyId,
        is_enabled: bool,
    ) -> Result<(), ConsoleError> {
        self.set_access_key(access_key_id, is_enabled).await
    }

    async fn delete_access_key(&self, access_key_id: AccessKeyId) -> Result<(), ConsoleError> {
        self.remove_access_key(access_key_id).await
    }

    async fn list_access_tokens(&self) -> Result<Vec<AccessToken>, ConsoleError> {
        self.access_tokens().await
    }

    async fn create_access_token(&self) -> Result<String, ConsoleError> {
        self.add_access_token().await
    }

    async fn delete_access_token(
        &self,
        access_token_id: AccessTokenId,
    ) -> Result<(), ConsoleError> {
        self.remove_access_token(access_token_id).await
    }

    async fn list_requests(
        &self,
        name: FunctionName,
        query: LogQueryView,
    ) -> Result<RequestList, ConsoleError> {
        self.requests(name, query).await
    }

    async fn find_request(
        &self,
        name: FunctionName,
        request_id: RequestId,
    ) -> Result<RequestLog, ConsoleError> {
        self.request(name, request_id).await
    }

    async fn replay_request(
        &self,
        name: FunctionName,
        request_id: RequestId,
    ) -> Result<TestResult, ConsoleError> {
        self.replay(name, request_id).await
    }

    async fn list_log_lines(
        &self,
        name: FunctionName,
        query: LogQueryView,
    ) -> Result<RequestLogs, ConsoleError> {
        self.log_lines(name, query).await
    }

    async fn find_metrics(
        &self,
        name: FunctionName,
        query: MetricsQuery,
    ) -> Result<Metrics, ConsoleError> {
        self.metrics(name, query).await
    }
}

/// The store's error as the console says it.
fn refused(error: StoreError) -> ConsoleError {
    use sluice_store::Kind;

    match &error {
        StoreError::FunctionNameTaken(_) => ConsoleError::field(
            "name",
            "FSS.1061",
            409,
            "There is a function of this name already",
        ),
        StoreError::VersionNameTaken(_) => {
            ConsoleError::refused("FSS.1062", 409, "There is a version of this name already.")
        }
        StoreError::TooManyVersions => ConsoleError::refused(
            "",
            403,
            format!("The function has {MAX_VERSIONS} versions already, latest among them."),
        ),
        StoreError::NothingToPublish(last) => ConsoleError::refused(
            "FSS.1016",
            400,
            format!("Neither code nor settings have changed since {last} was published."),
        ),
        StoreError::AdditionalVersion(alias) => ConsoleError::refused(
            "FSS.1094",
            403,
            format!("The version is the additional version of the alias {alias}."),
        ),
        StoreError::CalledByApis(apis) => {
            let names: Vec<_> = apis.iter().map(ToString::to_string).collect();
            let message = format!("APIs call it: {}.", names.join(", "));
            ConsoleError::refused("FSS.1154", 403, message)
        }
        StoreError::AliasNameTaken(_) => {
            ConsoleError::refused("FSS.1063", 409, "There is an alias of this name already.")
        }
        StoreError::TooManyAliases => ConsoleError::refused(
            "FSS.1043",
            403,
            format!("The function has {MAX_ALIASES} aliases already."),
        ),
        StoreError::TestEventNameTaken(_) => ConsoleError::field(
            "event-name",
            "FSS.1073",
            409,
            "There is a test event of this name already",
        ),
        StoreError::TooManyTestEvents => ConsoleError::refused(
            "FSS.1068",
            403,
            format!("The function has {MAX_TEST_EVENTS} test events already: delete one first."),
        ),
        StoreError::VersionHasAlias(alias) => ConsoleError::refused(
            "FSS.1066",
            409,
            format!("The version has an alias already: {alias}."),
        ),
        StoreError::ApiNameTaken(_) => ConsoleError::field(
            "api_name",
            "APIG.3202",
            409,
            "There is an API of this name already",
        ),
        StoreError::PathTaken(api) => ConsoleError::field("path", "FSS.1147", 409, path_taken(api)),
        StoreError::ApiGroupHasApis => ConsoleError::refused(
            "APIG.3415",
            403,
            "The API group cannot be deleted because it contains APIs.",
        ),
        StoreError::ApiGroupNameTaken(_) => ConsoleError::refused(
            "APIG.3201",
            409,
            "There is an API group of this name already.",
        ),
        StoreError::EnvironmentNameTaken(_) => ConsoleError::refused(
            "APIG.3205",
            409,
            "There is an environment of this name already.",
        ),
        StoreError::TooManyEnvironments => ConsoleError::refused(
            "APIG.3104",
            403,
            format!("There are {MAX_ENVIRONMENTS} environments already, RELEASE among them."),
        ),
        StoreError::ReleaseEnvironment => ConsoleError::refused(
            "",
            403,
            "RELEASE cannot be deleted: callers reach it by default.",
        ),
        StoreError::EnvironmentInUse => ConsoleError::refused(
            "APIG.3418",
            403,
            "The environment contains published APIs: take them offline first.",
        ),
        StoreError::CredentialNameTaken(_) => ConsoleError::field(
            "name",
            "APIG.3203",
            409,
            "There is a credential of this name already",
        ),
        StoreError::LastAdministrator => ConsoleError::refused(
            "",
            409,
            "This is the last administrator: make somebody else one first.",
        ),
        StoreError::AppKeyTaken => {
            ConsoleError::field("app_key", "APIG.3310", 409, "The AppKey already exists.")
        }
        StoreError::AppSecretTaken => ConsoleError::field(
            "app_secret",
            "",
            409,
            "Another credential has this AppSecret: choose another one",
        ),
        StoreError::PolicyNameTaken(_) => ConsoleError::field(
            "name",
            "APIG.3204",
            409,
            "There is a policy of this name already",
        ),
        StoreError::TooManyPolicies => ConsoleError::refused(
            "APIG.3107",
            403,
            format!("There are {MAX_POLICIES} policies of this kind already."),
        ),
        StoreError::AuthorizerNameTaken(_) => ConsoleError::field(
            "name",
            "APIG.3211",
            409,
            "There is an authorizer of this name already",
        ),
        StoreError::TooManyAuthorizers => ConsoleError::refused(
            "APIG.3116",
            403,
            format!("There are {MAX_AUTHORIZERS} authorizers already."),
        ),
        StoreError::AuthorizerInUse => ConsoleError::refused(
            "",
            409,
            "An API uses the authorizer: delete its trigger first.",
        ),
        StoreError::ResponseSetNameTaken(_) => ConsoleError::field(
            "name",
            "APIG.3216",
            409,
            "The group has a gateway response of this name already",
        ),
        StoreError::TooManyResponseSets => ConsoleError::refused(
            "APIG.3136",
            403,
            format!("The group has {MAX_RESPONSE_SETS} gateway responses already."),
        ),
        StoreError::TooManyCredentials => ConsoleError::refused(
            "APIG.3103",
            403,
            format!("There are {MAX_CREDENTIALS} credentials already."),
        ),
        StoreError::TooManyAppCodes => ConsoleError::refused(
            "APIG.3100",
            403,
            format!("The credential has {MAX_APP_CODES} AppCodes already."),
        ),
        StoreError::TooManyAccessKeys => ConsoleError::refused(
            "",
            403,
            format!("You have {MAX_ACCESS_KEYS} access keys already: delete one first."),
        ),
        StoreError::CertificateNameTaken(_) => {
            ConsoleError::refused("", 409, "There is a certificate of this name already.")
        }
        StoreError::TooManyCertificates => ConsoleError::refused(
            "APIG.3100",
            403,
            format!("There are {MAX_CERTIFICATES} certificates already."),
        ),
        StoreError::CertificateInUse => ConsoleError::refused(
            "",
            409,
            "A domain name has this certificate: give it another one first.",
        ),
        StoreError::DomainNameTaken(_) => {
            ConsoleError::field("domain-name", "", 409, "Is bound to an API group already")
        }
        StoreError::TooManyDomainNames => ConsoleError::refused(
            "APIG.3108",
            403,
            format!("The API group has {MAX_DOMAIN_NAMES} domain names already."),
        ),
        StoreError::TooManyAccessTokens => ConsoleError::refused(
            "",
            403,
            format!("You have {MAX_ACCESS_TOKENS} tokens already: delete one first."),
        ),
        StoreError::UserNameTaken(_) => {
            ConsoleError::field("name", "", 409, "There is a user of this name already")
        }
        StoreError::UsersExist => {
            ConsoleError::refused("", 409, "There is an administrator already: sign in.")
        }
        StoreError::NotFound(kind) => {
            let code = match kind {
                Kind::Function => "FSS.1051",
                Kind::Version => "FSS.1052",
                Kind::Alias => "FSS.1053",
                Kind::Trigger => "FSS.1138",
                Kind::Api => "APIG.3002",
                Kind::Publication => "APIG.3015",
                Kind::ApiGroup => "APIG.3001",
                Kind::Environment => "APIG.3003",
                Kind::Credential | Kind::AppCode => "APIG.3004",
                Kind::Policy => "APIG.3005",
                Kind::Authorizer => "APIG.3081",
                Kind::User
                | Kind::TestEvent
                | Kind::ResponseSet
                | Kind::AccessKey
                | Kind::AccessToken
                | Kind::Certificate
                | Kind::DomainName => "",
            };
            ConsoleError::refused(code, 404, format!("The {kind} does not exist."))
        }
        _ => internal(&error),
    }
}

/// That an API is published already for the same requests.
fn path_taken(api: &ApiName) -> String {
    format!(
        "The group has an API with this path, method and matching in this environment already: {api}"
    )
}

/// An error that is not the user's: logged with its chain under a reference
/// that the user is told.
fn internal(error: &(dyn std::error::Error + 'static)) -> ConsoleError {
    let reference = uuid::Uuid::new_v4().to_string();
    tracing::error!(reference, error = chain(error), "the console failed");
    ConsoleError::Internal(reference)
}
