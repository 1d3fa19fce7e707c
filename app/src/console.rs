//! All that a page may ask of the server: the trait [`Console`] and the one
//! error type that crosses the wire. The server implements the trait; tests
//! render pages against another implementation of it.

use std::sync::Arc;

use async_trait::async_trait;
use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};
use sluice_domain::access_key::AccessKey;
use sluice_domain::access_token::AccessToken;
use sluice_domain::acme::AcmeSettings;
use sluice_domain::alias::{AliasName, AliasTarget};
use sluice_domain::api_group::{ApiGroup, ApiGroupName, GroupDescription};
use sluice_domain::authorizer::{AuthorizerName, AuthorizerRule};
use sluice_domain::certificate::CertificateName;
use sluice_domain::code::{CodeChanges, CodeError};
use sluice_domain::concurrency::Concurrency;
use sluice_domain::credential::{ChosenKey, ChosenSecret, CredentialName};
use sluice_domain::debug::DebugRequest;
use sluice_domain::domain_name::{DomainName, DomainSettings};
use sluice_domain::env_vars::{EnvVarChange, Secret};
use sluice_domain::environment::{Environment, EnvironmentName};
use sluice_domain::function::{FunctionName, Runtime};
use sluice_domain::gateway_response::{GatewayResponse, ResponseSetName, ResponseType};
use sluice_domain::gateway_settings::GatewaySettings;
use sluice_domain::id::{
    AccessKeyId, AccessTokenId, ApiGroupId, ApiId, AppCodeId, AuthorizerId, CertificateId,
    CredentialId, DomainNameId, EnvironmentId, PolicyId, RequestId, ResponseSetId, TriggerId,
    UserId,
};
use sluice_domain::metrics::Metrics;
use sluice_domain::outbound::OutboundRules;
use sluice_domain::policy::{AccessControl, PolicyName, PolicyRule};
use sluice_domain::publication::{BoundApi, Publication};
use sluice_domain::stage_variables::StageVariable;
use sluice_domain::target::Target;
use sluice_domain::test_event::{TestEvent, TestEventName};
use sluice_domain::text::{Description, ShortDescription};
use sluice_domain::trigger::ApigTriggerSettings;
use sluice_domain::user::{Password, Role, UserName};
use sluice_domain::version::{Version, VersionName};

use crate::access_keys::NewAccessKey;
use crate::aliases::AliasList;
use crate::api_groups::{GroupRow, GroupView};
use crate::apis::{ApiDetails, ApiRow};
use crate::audit::AuditPage;
use crate::authorizers::AuthorizerList;
use crate::certificates::CertificateList;
use crate::code::{CodeView, ColdStart, Deployed, TestResult};
use crate::credentials::{CredentialList, NewSecret};
use crate::debug::{DebugAnswer, DebugTarget};
use crate::domain_names::DomainNameList;
use crate::environments::EnvironmentView;
use crate::functions::{FunctionDetails, FunctionRow};
use crate::gateway_settings::{GatewayLoad, GatewayView};
use crate::logs::{LogQueryView, RequestList, RequestLog, RequestLogs};
use crate::metrics::MetricsQuery;
use crate::policies::PolicyList;
use crate::session::SessionState;
use crate::settings::{BasicSettings, ConcurrencyView};
use crate::system::SystemView;
use crate::triggers::{TriggerCardView, TriggerChoices};
use crate::users::UserList;
use sluice_domain::audit::AuditQuery;

/// What the console can do. Every method but those of the session answers
/// [`ConsoleError::SignedOut`] without a session.
#[async_trait]
pub trait Console: Send + Sync {
    /// Who asks, and whether there is an administrator yet.
    async fn session_state(&self) -> Result<SessionState, ConsoleError>;
    /// Creates the first user, an administrator, and signs in. Refused once there is a user.
    async fn create_administrator(
        &self,
        name: UserName,
        password: Password,
    ) -> Result<(), ConsoleError>;
    /// Signs in; the session gets a new id.
    async fn sign_in(&self, name: String, password: String) -> Result<(), ConsoleError>;
    /// Ends the session.
    async fn sign_out(&self) -> Result<(), ConsoleError>;

    /// All functions, the last modified first.
    async fn list_functions(&self) -> Result<Vec<FunctionRow>, ConsoleError>;
    /// Creates a function with the template of its runtime, deployed.
    async fn create_function(
        &self,
        name: FunctionName,
        runtime: Runtime,
    ) -> Result<(), ConsoleError>;
    /// One function.
    async fn find_function(&self, name: FunctionName) -> Result<FunctionDetails, ConsoleError>;
    /// Deletes a function with its triggers. Its log stays until it is too old.
    async fn delete_function(&self, name: FunctionName) -> Result<(), ConsoleError>;
    /// Sets handler, timeout, memory and description.
    async fn update_basic_settings(
        &self,
        name: FunctionName,
        settings: BasicSettings,
    ) -> Result<(), ConsoleError>;
    /// Sets the environment variables.
    async fn update_env_vars(
        &self,
        name: FunctionName,
        env_vars: Vec<EnvVarChange>,
    ) -> Result<(), ConsoleError>;
    /// Sets which hosts a function may reach.
    async fn update_outbound(
        &self,
        name: FunctionName,
        outbound: OutboundRules,
    ) -> Result<(), ConsoleError>;

    /// How many instances a function has, and how many are there.
    async fn find_concurrency(&self, name: FunctionName) -> Result<ConcurrencyView, ConsoleError>;
    /// Sets how many instances a function has.
    async fn update_concurrency(
        &self,
        name: FunctionName,
        concurrency: Concurrency,
    ) -> Result<(), ConsoleError>;

    /// The code of a function.
    async fn find_code(&self, name: FunctionName) -> Result<CodeView, ConsoleError>;
    /// How new instances of a function get to its code.
    async fn find_cold_start(&self, name: FunctionName) -> Result<ColdStart, ConsoleError>;
    /// Checks the code with these changes, saves it and makes it serve. Refused when what was
    /// changed is not what is deployed.
    async fn deploy_code(
        &self,
        name: FunctionName,
        changes: CodeChanges,
    ) -> Result<Deployed, ConsoleError>;
    /// Runs the deployed code with `event`, a JSON text.
    async fn test_function(
        &self,
        name: FunctionName,
        event: String,
    ) -> Result<TestResult, ConsoleError>;
    /// The test events of a function, by name.
    async fn list_test_events(&self, name: FunctionName) -> Result<Vec<TestEvent>, ConsoleError>;
    /// Adds a test event to a function.
    async fn create_test_event(
        &self,
        name: FunctionName,
        event: TestEvent,
    ) -> Result<(), ConsoleError>;
    /// Changes what a test event hands over.
    async fn update_test_event(
        &self,
        name: FunctionName,
        event: TestEvent,
    ) -> Result<(), ConsoleError>;
    /// Deletes a test event.
    async fn delete_test_event(
        &self,
        name: FunctionName,
        event: TestEventName,
    ) -> Result<(), ConsoleError>;

    /// The versions of a function, `latest` first, and then the newest.
    async fn list_versions(&self, name: FunctionName) -> Result<Vec<Version>, ConsoleError>;
    /// Publishes what a function is now as a version, which never changes. Without a name it gets
    /// the moment's.
    async fn publish_version(
        &self,
        name: FunctionName,
        version: Option<VersionName>,
        description: Description,
    ) -> Result<(), ConsoleError>;
    /// Deletes a published version, with the aliases that call it, unless APIs do.
    async fn delete_version(
        &self,
        name: FunctionName,
        version: VersionName,
    ) -> Result<(), ConsoleError>;
    /// The aliases of a function, by name, and what they can call.
    async fn list_aliases(&self, name: FunctionName) -> Result<AliasList, ConsoleError>;
    /// Gives a version another name.
    async fn create_alias(
        &self,
        name: FunctionName,
        alias: AliasName,
        target: AliasTarget,
        description: Description,
    ) -> Result<(), ConsoleError>;
    /// Has an alias call something else, from the next request on.
    async fn update_alias(
        &self,
        name: FunctionName,
        alias: AliasName,
        target: AliasTarget,
        description: Description,
    ) -> Result<(), ConsoleError>;
    /// Deletes an alias that no API calls.
    async fn delete_alias(&self, name: FunctionName, alias: AliasName) -> Result<(), ConsoleError>;
    /// What of a function an API can call.
    async fn list_targets(&self, name: FunctionName) -> Result<Vec<Target>, ConsoleError>;

    /// The triggers of a function, the newest first.
    async fn list_triggers(&self, name: FunctionName)
    -> Result<Vec<TriggerCardView>, ConsoleError>;
    /// What the Create Trigger dialog offers.
    async fn trigger_choices(&self) -> Result<TriggerChoices, ConsoleError>;
    /// Creates a trigger and publishes its API in an environment.
    async fn create_trigger(
        &self,
        name: FunctionName,
        settings: ApigTriggerSettings,
        environment_id: EnvironmentId,
    ) -> Result<(), ConsoleError>;
    /// Deletes a trigger and its API.
    async fn delete_trigger(
        &self,
        name: FunctionName,
        trigger_id: TriggerId,
    ) -> Result<(), ConsoleError>;
    /// All API groups, oldest first.
    async fn list_api_groups(&self) -> Result<Vec<GroupRow>, ConsoleError>;
    /// One API group, with its APIs and all that it says about them.
    async fn find_api_group(&self, group_id: ApiGroupId) -> Result<GroupView, ConsoleError>;
    /// Creates an API group.
    async fn create_api_group(
        &self,
        name: ApiGroupName,
        description: GroupDescription,
    ) -> Result<ApiGroup, ConsoleError>;
    /// Changes the name and the description of an API group.
    async fn update_api_group(
        &self,
        group_id: ApiGroupId,
        name: ApiGroupName,
        description: GroupDescription,
    ) -> Result<(), ConsoleError>;
    /// Deletes an API group. Refused while it has APIs.
    async fn delete_api_group(&self, group_id: ApiGroupId) -> Result<(), ConsoleError>;
    /// Says whether the APIs of a group can be called by the group's own host.
    async fn enable_debugging_domain(
        &self,
        group_id: ApiGroupId,
        is_enabled: bool,
    ) -> Result<(), ConsoleError>;
    /// Sets the variables of a group in an environment: these and no others.
    async fn update_stage_variables(
        &self,
        group_id: ApiGroupId,
        environment_id: EnvironmentId,
        variables: Vec<StageVariable>,
    ) -> Result<(), ConsoleError>;
    /// Sets what callers of a group get of a type of answers; none is the default again.
    async fn update_gateway_response(
        &self,
        group_id: ApiGroupId,
        response_id: Option<ResponseSetId>,
        kind: ResponseType,
        response: Option<GatewayResponse>,
    ) -> Result<(), ConsoleError>;

    /// Creates a set of gateway responses of a group; it says what the gateway says by itself.
    async fn create_response_set(
        &self,
        group_id: ApiGroupId,
        name: ResponseSetName,
    ) -> Result<ResponseSetId, ConsoleError>;

    /// Gives a set of gateway responses another name.
    async fn rename_response_set(
        &self,
        group_id: ApiGroupId,
        response_id: ResponseSetId,
        name: ResponseSetName,
    ) -> Result<(), ConsoleError>;

    /// Deletes a set of gateway responses; the APIs that chose it have the default one.
    async fn delete_response_set(
        &self,
        group_id: ApiGroupId,
        response_id: ResponseSetId,
    ) -> Result<(), ConsoleError>;

    /// The APIs of all functions, by name.
    async fn list_apis(&self) -> Result<Vec<ApiRow>, ConsoleError>;
    /// One API.
    async fn find_api(&self, api_id: ApiId) -> Result<ApiDetails, ConsoleError>;
    /// Changes the definition of an API; its group stays. Callers notice nothing until it is
    /// published.
    async fn update_api(
        &self,
        api_id: ApiId,
        settings: ApigTriggerSettings,
    ) -> Result<(), ConsoleError>;
    /// Publishes the latest definition of an API in an environment.
    async fn publish_api(
        &self,
        api_id: ApiId,
        environment_id: EnvironmentId,
        description: ShortDescription,
    ) -> Result<(), ConsoleError>;
    /// Takes an API offline in an environment.
    async fn take_offline(
        &self,
        api_id: ApiId,
        environment_id: EnvironmentId,
    ) -> Result<(), ConsoleError>;
    /// The publishing records of an API in an environment, newest first.
    async fn list_publications(
        &self,
        api_id: ApiId,
        environment_id: EnvironmentId,
    ) -> Result<Vec<Publication>, ConsoleError>;
    /// Publishes what a record says again.
    async fn switch_version(
        &self,
        api_id: ApiId,
        environment_id: EnvironmentId,
        number: u32,
    ) -> Result<(), ConsoleError>;

    /// The environments, RELEASE first.
    async fn list_environments(&self) -> Result<Vec<EnvironmentView>, ConsoleError>;
    /// Creates an environment.
    async fn create_environment(
        &self,
        name: EnvironmentName,
        description: ShortDescription,
    ) -> Result<Environment, ConsoleError>;
    /// Says something else of an environment.
    async fn update_environment(
        &self,
        environment_id: EnvironmentId,
        description: ShortDescription,
    ) -> Result<(), ConsoleError>;
    /// Deletes an environment in which nothing is published.
    async fn delete_environment(&self, environment_id: EnvironmentId) -> Result<(), ConsoleError>;

    /// Where an API is published, for a request to it.
    async fn find_debug_target(&self, api_id: ApiId) -> Result<DebugTarget, ConsoleError>;
    /// Sends a request to an API as who is signed in, and tells what came of it.
    async fn debug_api(
        &self,
        api_id: ApiId,
        environment: EnvironmentName,
        request: DebugRequest,
    ) -> Result<DebugAnswer, ConsoleError>;
    /// The authorizers, the APIs, and the functions that can decide.
    async fn list_authorizers(&self) -> Result<AuthorizerList, ConsoleError>;
    /// Creates an authorizer.
    async fn create_authorizer(
        &self,
        name: AuthorizerName,
        function: FunctionName,
        rule: AuthorizerRule,
    ) -> Result<(), ConsoleError>;
    /// Changes an authorizer, which forgets what it decided.
    async fn update_authorizer(
        &self,
        authorizer_id: AuthorizerId,
        name: AuthorizerName,
        function: FunctionName,
        rule: AuthorizerRule,
    ) -> Result<(), ConsoleError>;
    /// Deletes an authorizer that no API uses.
    async fn delete_authorizer(&self, authorizer_id: AuthorizerId) -> Result<(), ConsoleError>;

    /// All users. For administrators.
    async fn list_users(&self) -> Result<UserList, ConsoleError>;
    /// Creates a user. For administrators.
    async fn create_user(
        &self,
        name: UserName,
        role: Role,
        password: Password,
    ) -> Result<(), ConsoleError>;
    /// Gives a user another role. For administrators.
    async fn set_user_role(&self, user_id: UserId, role: Role) -> Result<(), ConsoleError>;
    /// Lets a user in no more, with none of their keys; or lets them in again. For administrators.
    async fn disable_user(&self, user_id: UserId, is_disabled: bool) -> Result<(), ConsoleError>;
    /// Sets the password of somebody else and ends their sessions. For administrators.
    async fn reset_password(&self, user_id: UserId, password: Password)
    -> Result<(), ConsoleError>;
    /// Deletes a user with their access keys. For administrators.
    async fn delete_user(&self, user_id: UserId) -> Result<(), ConsoleError>;
    /// Sets one's own password and ends all other sessions.
    async fn change_password(
        &self,
        current: String,
        password: Password,
    ) -> Result<(), ConsoleError>;
    /// Who changed what, newest first. For administrators.
    async fn list_changes(&self, query: AuditQuery) -> Result<AuditPage, ConsoleError>;
    /// How the server fares. For administrators.
    async fn find_system(&self) -> Result<SystemView, ConsoleError>;

    /// The credentials, and the APIs that they can be bound to.
    async fn list_credentials(&self) -> Result<CredentialList, ConsoleError>;
    /// Creates a credential, with a key and a secret that the user chose or else drawn ones. Its
    /// secret is told this once.
    async fn create_credential(
        &self,
        name: CredentialName,
        chosen: Option<ChosenKey>,
    ) -> Result<NewSecret, ConsoleError>;
    /// Gives a credential another secret, one that the user chose or else a drawn one, told this
    /// once.
    async fn reset_app_secret(
        &self,
        credential_id: CredentialId,
        chosen: Option<ChosenSecret>,
    ) -> Result<NewSecret, ConsoleError>;
    /// Says from which addresses a credential may be used; none: from any.
    async fn set_credential_access(
        &self,
        credential_id: CredentialId,
        access: Option<AccessControl>,
    ) -> Result<(), ConsoleError>;
    /// Deletes a credential with its AppCodes.
    async fn delete_credential(&self, credential_id: CredentialId) -> Result<(), ConsoleError>;
    /// Gives a credential one more AppCode, told this once.
    async fn create_app_code(&self, credential_id: CredentialId) -> Result<String, ConsoleError>;
    /// Deletes an AppCode.
    async fn delete_app_code(
        &self,
        credential_id: CredentialId,
        app_code_id: AppCodeId,
    ) -> Result<(), ConsoleError>;
    /// Lets a credential call these APIs, each in an environment, and no others.
    async fn bind_credential(
        &self,
        credential_id: CredentialId,
        apis: Vec<BoundApi>,
    ) -> Result<(), ConsoleError>;

    /// The policies, and the APIs that they can be bound to.
    async fn list_policies(&self) -> Result<PolicyList, ConsoleError>;
    /// Creates a policy, bound to nothing.
    async fn create_policy(&self, name: PolicyName, rule: PolicyRule) -> Result<(), ConsoleError>;
    /// Changes what a policy says; its kind stays.
    async fn update_policy(
        &self,
        policy_id: PolicyId,
        name: PolicyName,
        rule: PolicyRule,
    ) -> Result<(), ConsoleError>;
    /// Deletes a policy.
    async fn delete_policy(&self, policy_id: PolicyId) -> Result<(), ConsoleError>;
    /// Binds a policy to these APIs, each in an environment, and no others.
    async fn bind_policy(
        &self,
        policy_id: PolicyId,
        apis: Vec<BoundApi>,
    ) -> Result<(), ConsoleError>;

    /// The domain names, and the groups and certificates that there are for them.
    async fn list_domain_names(&self) -> Result<DomainNameList, ConsoleError>;
    /// Binds a domain name to an API group.
    async fn bind_domain_name(
        &self,
        name: DomainName,
        group_id: ApiGroupId,
        settings: DomainSettings,
    ) -> Result<(), ConsoleError>;
    /// Changes what a domain name is set to.
    async fn update_domain_name(
        &self,
        domain_name_id: DomainNameId,
        settings: DomainSettings,
    ) -> Result<(), ConsoleError>;
    /// Unbinds a domain name.
    async fn unbind_domain_name(&self, domain_name_id: DomainNameId) -> Result<(), ConsoleError>;
    /// The certificates that were uploaded.
    async fn list_certificates(&self) -> Result<CertificateList, ConsoleError>;
    /// Keeps a certificate. `chain` and `key` are in PEM form.
    async fn upload_certificate(
        &self,
        name: CertificateName,
        chain: String,
        key: Secret,
    ) -> Result<(), ConsoleError>;
    /// Puts another certificate in the place of one, for all domain names that have it.
    async fn replace_certificate(
        &self,
        certificate_id: CertificateId,
        chain: String,
        key: Secret,
    ) -> Result<(), ConsoleError>;
    /// Deletes a certificate that no domain name has.
    async fn delete_certificate(&self, certificate_id: CertificateId) -> Result<(), ConsoleError>;
    /// What the gateway is, and how it is set.
    async fn find_gateway(&self) -> Result<GatewayView, ConsoleError>;
    /// How much the gateway has to do now.
    async fn gateway_load(&self) -> Result<GatewayLoad, ConsoleError>;
    /// Sets the gateway's settings.
    async fn update_gateway_settings(&self, settings: GatewaySettings) -> Result<(), ConsoleError>;

    /// Sets which ACME server issues certificates.
    async fn update_acme_settings(
        &self,
        settings: AcmeSettings,
        agrees_to_terms: bool,
    ) -> Result<(), ConsoleError>;
    /// Has a certificate asked for again by ACME that it was refused.
    async fn retry_acme(&self, domain_name_id: DomainNameId) -> Result<(), ConsoleError>;

    /// The access keys of who is signed in, oldest first.
    async fn list_access_keys(&self) -> Result<Vec<AccessKey>, ConsoleError>;
    /// Creates an access key of who is signed in, enabled. Its secret is told this once.
    async fn create_access_key(
        &self,
        description: Description,
    ) -> Result<NewAccessKey, ConsoleError>;
    /// Enables or disables an access key of who is signed in.
    async fn enable_access_key(
        &self,
        access_key_id: AccessKeyId,
        is_enabled: bool,
    ) -> Result<(), ConsoleError>;
    /// Deletes an access key of who is signed in.
    async fn delete_access_key(&self, access_key_id: AccessKeyId) -> Result<(), ConsoleError>;
    /// The access tokens of who is signed in that are not over, oldest first.
    async fn list_access_tokens(&self) -> Result<Vec<AccessToken>, ConsoleError>;
    /// Creates an access token of who is signed in, told this once.
    async fn create_access_token(&self) -> Result<String, ConsoleError>;
    /// Deletes an access token of who is signed in.
    async fn delete_access_token(&self, access_token_id: AccessTokenId)
    -> Result<(), ConsoleError>;

    /// Requests of a function, the newest first.
    async fn list_requests(
        &self,
        name: FunctionName,
        query: LogQueryView,
    ) -> Result<RequestList, ConsoleError>;
    /// One request with its log lines.
    async fn find_request(
        &self,
        name: FunctionName,
        request_id: RequestId,
    ) -> Result<RequestLog, ConsoleError>;
    /// Runs the deployed code with the event of a request, where that is kept.
    async fn replay_request(
        &self,
        name: FunctionName,
        request_id: RequestId,
    ) -> Result<TestResult, ConsoleError>;
    /// Log lines of a function, the newest first.
    async fn list_log_lines(
        &self,
        name: FunctionName,
        query: LogQueryView,
    ) -> Result<RequestLogs, ConsoleError>;
    /// What is measured of a function within a range of time.
    async fn find_metrics(
        &self,
        name: FunctionName,
        query: MetricsQuery,
    ) -> Result<Metrics, ConsoleError>;
}

/// Why the console did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum ConsoleError {
    /// There is no session, or it has expired.
    #[error("Sign in to go on.")]
    SignedOut,
    /// The request cannot be done; the message says what is wrong and what is allowed.
    #[error("{message}")]
    Refused {
        /// The vendor's code where there is one, for example `FSS.1061`, or else empty.
        code: String,
        /// HTTP status that belongs to it.
        status: u16,
        /// The form field it belongs to, where it belongs to one.
        field: Option<String>,
        /// The reason, as a sentence.
        message: String,
    },
    /// The code cannot be deployed.
    #[error("{0}")]
    Code(CodeError),
    /// The server did not answer, or answered something else.
    #[error("The server could not be reached: {0}")]
    Unreachable(String),
    /// The server failed; its own log has the reason.
    #[error("Something went wrong on the server. Its log says what, under {0}.")]
    Internal(String),
}

impl ConsoleError {
    /// A refusal with a code of the vendor's, for the page as a whole.
    pub fn refused(code: &str, status: u16, message: impl Into<String>) -> Self {
        Self::Refused {
            code: code.to_owned(),
            status,
            field: None,
            message: message.into(),
        }
    }

    /// A refusal that belongs to one form field.
    pub fn field(field: &str, code: &str, status: u16, message: impl Into<String>) -> Self {
        let field = Some(field.to_owned());
        Self::Refused {
            code: code.to_owned(),
            status,
            field,
            message: message.into(),
        }
    }

    /// The refusal of what needs another role.
    pub fn role_needed(role: Role, needed: Role) -> Self {
        let who = match needed {
            Role::Administrator => "an administrator",
            Role::Developer | Role::Viewer => "a developer or an administrator",
        };
        let role = role.label().to_lowercase();
        Self::refused(
            "",
            403,
            format!("This takes {who}; you are signed in as {role}."),
        )
    }

    /// The HTTP status that belongs to it.
    pub fn status(&self) -> u16 {
        match self {
            Self::SignedOut => 401,
            Self::Refused { status, .. } => *status,
            Self::Code(_) => 400,
            Self::Unreachable(_) => 400,
            Self::Internal(_) => 500,
        }
    }

    /// The message with its code before it, if it has one.
    pub fn with_code(&self) -> String {
        match self {
            Self::Refused { code, .. } if !code.is_empty() => format!("{code}: {self}"),
            _ => self.to_string(),
        }
    }

    /// The message, if the error belongs to the form field `name`.
    pub fn for_field(&self, name: &str) -> Option<String> {
        match self {
            Self::Refused {
                field: Some(field),
                message,
                ..
            } if field == name => Some(message.clone()),
            _ => None,
        }
    }
}

impl FromServerFnError for ConsoleError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Args(reason) | ServerFnErrorErr::MissingArg(reason) => {
                Self::refused("FSS.0400", 400, format!("Invalid parameter: {reason}"))
            }
            other => Self::Unreachable(other.to_string()),
        }
    }
}

/// The console of this request, as the server puts it into the context.
#[derive(Clone)]
pub struct ConsoleContext {
    /// What the server functions call.
    pub console: Arc<dyn Console>,
    /// Sets the HTTP status of the answer when something was refused.
    pub set_status: Arc<dyn Fn(u16) + Send + Sync>,
}

/// Calls the console of this request and sets the answer's status when the
/// call fails. Only under `ssr` is there a console.
#[cfg(feature = "ssr")]
pub(crate) async fn ask<T, F>(call: impl FnOnce(Arc<dyn Console>) -> F) -> Result<T, ConsoleError>
where
    F: Future<Output = Result<T, ConsoleError>>,
{
    let context = leptos::prelude::use_context::<ConsoleContext>()
        .ok_or_else(|| ConsoleError::Internal("no console in this request's context".to_owned()))?;
    call(context.console.clone()).await.map_err(refuse)
}

/// Gives the answer the status that belongs to the error, and hands it on.
#[cfg(feature = "ssr")]
pub(crate) fn refuse(error: ConsoleError) -> ConsoleError {
    if let Some(context) = leptos::prelude::use_context::<ConsoleContext>() {
        (context.set_status)(error.status());
    }
    error
}

/// A password that is to be set.
#[cfg(feature = "ssr")]
pub(crate) fn parse_password(text: &str) -> Result<Password, ConsoleError> {
    Password::parse(text).map_err(|error| {
        let message = sentence(&error.to_string());
        refuse(ConsoleError::field("password", "", 400, message))
    })
}

/// A server function's argument that does not parse is refused with its rule.
#[cfg(feature = "ssr")]
pub(crate) fn parse<T>(field: &str, code: &str, text: &str) -> Result<T, ConsoleError>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| {
        refuse(ConsoleError::field(
            field,
            code,
            400,
            sentence(&error.to_string()),
        ))
    })
}

/// A rule's words as they stand beside a field: first letter in upper case.
pub fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}
