//! Custom authorizers of the gateway.

use sluice_app::authorizers::AuthorizerList;
use sluice_app::console::{ConsoleError, sentence};
use sluice_domain::authorizer::{Authorizer, AuthorizerName, AuthorizerRule};
use sluice_domain::function::FunctionName;
use sluice_domain::id::AuthorizerId;

use super::credentials::bindable;
use super::{RequestConsole, refused};
use crate::drawn;

impl RequestConsole {
    pub(super) async fn authorizers(&self) -> Result<AuthorizerList, ConsoleError> {
        self.signed_in().await?;
        let store = &self.shared.store;
        let apis = store.published_triggers().await.map_err(refused)?;
        let functions = store.list_functions().await.map_err(refused)?;
        let mut functions: Vec<_> = functions.into_iter().map(|row| row.name).collect();
        functions.sort_by(|one, other| one.as_str().cmp(other.as_str()));
        Ok(AuthorizerList {
            authorizers: store.list_authorizers().await.map_err(refused)?,
            apis: apis.into_iter().map(bindable).collect(),
            functions,
        })
    }

    /// What the Create Trigger dialog offers.
    pub(super) async fn authorizer_choices(
        &self,
    ) -> Result<Vec<(AuthorizerId, AuthorizerName)>, ConsoleError> {
        let listed = self.shared.store.list_authorizers().await;
        let listed = listed.map_err(refused)?.into_iter();
        Ok(listed.map(|one| (one.authorizer_id, one.name)).collect())
    }

    pub(super) async fn add_authorizer(
        &self,
        name: AuthorizerName,
        function: FunctionName,
        rule: AuthorizerRule,
    ) -> Result<(), ConsoleError> {
        self.signed_in().await?;
        check(&rule)?;
        let authorizer = Authorizer {
            authorizer_id: AuthorizerId::from_bytes(drawn::id_bytes()),
            name,
            function: Some(function),
            rule,
            apis: Vec::new(),
            created_at: drawn::now(),
        };
        self.republishing(self.shared.store.create_authorizer(&authorizer))
            .await
    }

    pub(super) async fn set_authorizer(
        &self,
        authorizer_id: AuthorizerId,
        name: AuthorizerName,
        function: FunctionName,
        rule: AuthorizerRule,
    ) -> Result<(), ConsoleError> {
        self.signed_in().await?;
        check(&rule)?;
        let store = &self.shared.store;
        self.republishing(store.update_authorizer(&authorizer_id, &name, &function, &rule))
            .await
    }

    pub(super) async fn remove_authorizer(
        &self,
        authorizer_id: AuthorizerId,
    ) -> Result<(), ConsoleError> {
        self.signed_in().await?;
        self.republishing(self.shared.store.delete_authorizer(&authorizer_id))
            .await
    }
}

/// Looks at what the browser could not: whether validations can be compiled.
fn check(rule: &AuthorizerRule) -> Result<(), ConsoleError> {
    let checked = sluice_gateway::check_validations(&rule.identity_sources);
    checked.map_err(|error| {
        let message = sentence(&error.to_string());
        ConsoleError::field("identity-sources", "APIG.2012", 400, message)
    })
}
