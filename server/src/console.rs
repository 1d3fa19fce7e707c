//! What the console can do: the server's side of [`sluice_app::console::Console`].
//! One file a feature.

mod code;
mod credentials;
mod functions;
mod logs;
mod packages;
mod policies;
mod session;
mod triggers;

use std::sync::Arc;

use async_trait::async_trait;
use sluice_app::code::{CodeView, ColdStart, Deployed, TestResult};
use sluice_app::console::{Console, ConsoleError};
use sluice_app::credentials::{CredentialList, NewSecret};
use sluice_app::functions::{FunctionDetails, FunctionRow as FunctionRowView};
use sluice_app::logs::{LogQueryView, RequestList, RequestLog, RequestLogs};
use sluice_app::policies::PolicyList;
use sluice_app::session::SessionState;
use sluice_app::settings::{BasicSettings, ConcurrencyView};
use sluice_app::triggers::{TriggerCardView, TriggerChoices};
use sluice_domain::api_group::{ApiGroup, ApiGroupName};
use sluice_domain::code::CodeChanges;
use sluice_domain::concurrency::Concurrency;
use sluice_domain::credential::{CredentialName, MAX_APP_CODES, MAX_CREDENTIALS};
use sluice_domain::env_vars::EnvVarChange;
use sluice_domain::environment::{Environment, EnvironmentName};
use sluice_domain::function::{FunctionName, Runtime};
use sluice_domain::id::{AppCodeId, CredentialId, PolicyId, RequestId, TriggerId};
use sluice_domain::outbound::OutboundRules;
use sluice_domain::policy::{MAX_POLICIES, PolicyName, PolicyRule};
use sluice_domain::trigger::ApigTriggerSettings;
use sluice_domain::user::{Password, UserName};
use sluice_executor::Executor;
use sluice_store::{FunctionRow, LostRecords, Store, StoreError};
use tower_sessions::Session;

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
    /// How the addresses of triggers are made.
    pub addresses: Addresses,
    /// Records that could not be kept.
    pub lost: LostRecords,
    /// One sign-in at a time: guesses side by side would all be compared before
    /// the first wrong one is counted.
    pub signing_in: tokio::sync::Mutex<()>,
    /// One archive at a time is unpacked or packed: each has a whole package in memory.
    pub archiving: tokio::sync::Mutex<()>,
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
    ) -> Result<(), ConsoleError> {
        self.add_trigger(name, settings).await
    }

    async fn delete_trigger(
        &self,
        name: FunctionName,
        trigger_id: TriggerId,
    ) -> Result<(), ConsoleError> {
        self.remove_trigger(name, trigger_id).await
    }

    async fn create_api_group(&self, name: ApiGroupName) -> Result<ApiGroup, ConsoleError> {
        self.add_api_group(name).await
    }

    async fn create_environment(&self, name: EnvironmentName) -> Result<Environment, ConsoleError> {
        self.add_environment(name).await
    }

    async fn list_credentials(&self) -> Result<CredentialList, ConsoleError> {
        self.credentials().await
    }

    async fn create_credential(&self, name: CredentialName) -> Result<NewSecret, ConsoleError> {
        self.add_credential(name).await
    }

    async fn reset_app_secret(
        &self,
        credential_id: CredentialId,
    ) -> Result<NewSecret, ConsoleError> {
        self.another_app_secret(credential_id).await
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
        apis: Vec<TriggerId>,
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
        apis: Vec<TriggerId>,
    ) -> Result<(), ConsoleError> {
        self.bind_policy_to(policy_id, apis).await
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

    async fn list_log_lines(
        &self,
        name: FunctionName,
        query: LogQueryView,
    ) -> Result<RequestLogs, ConsoleError> {
        self.log_lines(name, query).await
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
        StoreError::ApiNameTaken(_) => ConsoleError::field(
            "api_name",
            "APIG.3202",
            409,
            "There is an API of this name already",
        ),
        StoreError::PathTaken => ConsoleError::field(
            "path",
            "FSS.1147",
            409,
            "The group has an API with this path, method and matching in this environment already",
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
        StoreError::CredentialNameTaken(_) => ConsoleError::field(
            "name",
            "APIG.3203",
            409,
            "There is a credential of this name already",
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
        StoreError::UserNameTaken(_) => {
            ConsoleError::field("name", "", 409, "There is a user of this name already")
        }
        StoreError::UsersExist => {
            ConsoleError::refused("", 409, "There is an administrator already: sign in.")
        }
        StoreError::NotFound(kind) => {
            let code = match kind {
                Kind::Function => "FSS.1051",
                Kind::Trigger => "FSS.1138",
                Kind::ApiGroup => "APIG.3001",
                Kind::Environment => "APIG.3003",
                Kind::Credential | Kind::AppCode => "APIG.3004",
                Kind::Policy => "APIG.3005",
                Kind::User => "",
            };
            ConsoleError::refused(code, 404, format!("The {kind} does not exist."))
        }
        _ => internal(&error),
    }
}

/// An error that is not the user's: logged with its chain under a reference
/// that the user is told.
fn internal(error: &(dyn std::error::Error + 'static)) -> ConsoleError {
    let reference = uuid::Uuid::new_v4().to_string();
    tracing::error!(reference, error = chain(error), "the console failed");
    ConsoleError::Internal(reference)
}
