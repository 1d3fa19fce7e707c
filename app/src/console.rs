//! All that a page may ask of the server: the trait [`Console`] and the one
//! error type that crosses the wire. The server implements the trait; tests
//! render pages against another implementation of it.

use std::sync::Arc;

use async_trait::async_trait;
use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};
use sluice_domain::api_group::{ApiGroup, ApiGroupName};
use sluice_domain::code::{CodeChanges, CodeError};
use sluice_domain::concurrency::Concurrency;
use sluice_domain::credential::CredentialName;
use sluice_domain::env_vars::EnvVarChange;
use sluice_domain::environment::{Environment, EnvironmentName};
use sluice_domain::function::{FunctionName, Runtime};
use sluice_domain::id::{AppCodeId, CredentialId, PolicyId, RequestId, TriggerId};
use sluice_domain::outbound::OutboundRules;
use sluice_domain::policy::{PolicyName, PolicyRule};
use sluice_domain::trigger::ApigTriggerSettings;
use sluice_domain::user::{Password, UserName};

use crate::code::{CodeView, ColdStart, Deployed, TestResult};
use crate::credentials::{CredentialList, NewSecret};
use crate::functions::{FunctionDetails, FunctionRow};
use crate::logs::{LogQueryView, RequestList, RequestLog, RequestLogs};
use crate::policies::PolicyList;
use crate::session::SessionState;
use crate::settings::{BasicSettings, ConcurrencyView};
use crate::triggers::{TriggerCardView, TriggerChoices};

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

    /// The triggers of a function, the newest first.
    async fn list_triggers(&self, name: FunctionName)
    -> Result<Vec<TriggerCardView>, ConsoleError>;
    /// What the Create Trigger dialog offers.
    async fn trigger_choices(&self) -> Result<TriggerChoices, ConsoleError>;
    /// Creates a trigger and publishes its API.
    async fn create_trigger(
        &self,
        name: FunctionName,
        settings: ApigTriggerSettings,
    ) -> Result<(), ConsoleError>;
    /// Deletes a trigger and its API.
    async fn delete_trigger(
        &self,
        name: FunctionName,
        trigger_id: TriggerId,
    ) -> Result<(), ConsoleError>;
    /// Creates an API group.
    async fn create_api_group(&self, name: ApiGroupName) -> Result<ApiGroup, ConsoleError>;
    /// Creates an environment.
    async fn create_environment(&self, name: EnvironmentName) -> Result<Environment, ConsoleError>;

    /// The credentials, and the APIs that they can be bound to.
    async fn list_credentials(&self) -> Result<CredentialList, ConsoleError>;
    /// Creates a credential. Its secret is told this once.
    async fn create_credential(&self, name: CredentialName) -> Result<NewSecret, ConsoleError>;
    /// Gives a credential another secret, told this once.
    async fn reset_app_secret(
        &self,
        credential_id: CredentialId,
    ) -> Result<NewSecret, ConsoleError>;
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
    /// Lets a credential call these APIs and no others.
    async fn bind_credential(
        &self,
        credential_id: CredentialId,
        apis: Vec<TriggerId>,
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
    /// Binds a policy to these APIs and no others.
    async fn bind_policy(
        &self,
        policy_id: PolicyId,
        apis: Vec<TriggerId>,
    ) -> Result<(), ConsoleError>;

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
    /// Log lines of a function, the newest first.
    async fn list_log_lines(
        &self,
        name: FunctionName,
        query: LogQueryView,
    ) -> Result<RequestLogs, ConsoleError>;
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
