//! Functions and their settings.

use sluice_app::console::{ConsoleError, sentence};
use sluice_app::functions::{FunctionDetails, FunctionRow as FunctionRowView};
use sluice_app::settings::{BasicSettings, ConcurrencyView};
use sluice_domain::code::CodePackage;
use sluice_domain::concurrency::Concurrency;
use sluice_domain::env_vars::EnvVarChange;
use sluice_domain::function::{FunctionName, FunctionSettings, Runtime};
use sluice_domain::id::FunctionId;
use sluice_domain::outbound::OutboundRules;
use sluice_domain::time::Timestamp;
use sluice_domain::version::LATEST;
use sluice_store::{FunctionRow, NewFunction};

use super::code::{code_digest, not_deployed};
use super::{RequestConsole, internal, refused};
use crate::drawn;

/// The function's address in the vendor's form. This console is one region
/// with one project.
fn urn(name: &FunctionName) -> String {
    format!("urn:fss:local:default:function:default:{name}:{LATEST}")
}

/// The span of a day in milliseconds.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

impl RequestConsole {
    pub(super) async fn functions(&self) -> Result<Vec<FunctionRowView>, ConsoleError> {
        self.signed_in().await?;
        let now = drawn::now();
        let rows = self.shared.store.list_functions().await.map_err(refused)?;
        let view = |row: FunctionRow| FunctionRowView {
            urn: urn(&row.name),
            name: row.name,
            runtime: row.runtime,
            modified_at: row.modified_at,
            now,
            description: row.settings.description.into(),
        };
        Ok(rows.into_iter().map(view).collect())
    }

    pub(super) async fn create(
        &self,
        name: FunctionName,
        runtime: Runtime,
    ) -> Result<(), ConsoleError> {
        self.signed_in().await?;
        let code = CodePackage::single(runtime.default_file(), runtime.template())
            .map_err(|error| internal(&error))?;
        let new = NewFunction {
            function_id: FunctionId::from_bytes(drawn::id_bytes()),
            name: name.clone(),
            runtime,
            settings: FunctionSettings::default(),
            code_digest: code_digest(&code),
            code: code.clone(),
            now: drawn::now(),
        };
        let mut deployments = self.shared.publisher.change().await;
        self.shared
            .store
            .create_function(&new)
            .await
            .map_err(refused)?;
        let row = self.function(&name).await?;
        let deployed = self
            .shared
            .publisher
            .deploy(&row, code)
            .await
            .map_err(not_deployed)?;
        deployments.insert(row.function_id, Ok(deployed));
        self.shared
            .publisher
            .publish(&deployments)
            .await
            .map_err(refused)?;
        (self.lead_on)(&sluice_app::routes::function(name.as_str()));
        Ok(())
    }

    pub(super) async fn details(
        &self,
        name: FunctionName,
    ) -> Result<FunctionDetails, ConsoleError> {
        let row = self.function(&name).await?;
        Ok(FunctionDetails {
            urn: urn(&row.name),
            name: row.name,
            runtime: row.runtime,
            settings: row.settings,
            created_at: row.created_at,
            modified_at: row.modified_at,
        })
    }

    pub(super) async fn delete(&self, name: FunctionName) -> Result<(), ConsoleError> {
        let mut deployments = self.shared.publisher.change().await;
        let row = self.function(&name).await?;
        self.shared
            .store
            .delete_function(&row.function_id)
            .await
            .map_err(refused)?;
        deployments.remove(&row.function_id);
        let published = self.shared.publisher.publish(&deployments).await;
        self.shared.executor.forget(row.function_id).await;
        published.map_err(refused)
    }

    pub(super) async fn set_basic_settings(
        &self,
        name: FunctionName,
        settings: BasicSettings,
    ) -> Result<(), ConsoleError> {
        let BasicSettings {
            handler,
            memory,
            timeout,
            description,
            initializer,
            pre_stop,
        } = settings;
        self.change_settings(name, |old| FunctionSettings {
            handler,
            memory,
            timeout,
            description,
            initializer,
            pre_stop,
            ..old
        })
        .await
    }

    pub(super) async fn set_env_vars(
        &self,
        name: FunctionName,
        env_vars: Vec<EnvVarChange>,
    ) -> Result<(), ConsoleError> {
        self.try_change_settings(name, |old| {
            let env_vars = old.env_vars.changed(env_vars).map_err(|invalid| {
                ConsoleError::refused(invalid.code(), 400, sentence(&invalid.to_string()))
            })?;
            Ok(FunctionSettings { env_vars, ..old })
        })
        .await
    }

    pub(super) async fn concurrency(
        &self,
        name: FunctionName,
    ) -> Result<ConcurrencyView, ConsoleError> {
        let row = self.function(&name).await?;
        let a_day_ago = Timestamp(drawn::now().millis() - DAY_MS);
        let throttled = self
            .shared
            .store
            .throttles_since(&row.function_id, a_day_ago);
        let throttled = throttled.await.map_err(refused)?;
        let deployment = self.shared.publisher.deployment(&row.function_id).ok();
        let (busy, ready) = deployment.map_or((0, 0), |deployment| {
            (deployment.busy_instances(), deployment.waiting_instances())
        });
        Ok(ConcurrencyView {
            concurrency: row.settings.concurrency,
            busy: busy as u64,
            ready: ready as u64,
            throttled,
        })
    }

    pub(super) async fn set_concurrency(
        &self,
        name: FunctionName,
        concurrency: Concurrency,
    ) -> Result<(), ConsoleError> {
        self.change_settings(name, |old| FunctionSettings { concurrency, ..old })
            .await
    }

    pub(super) async fn set_outbound(
        &self,
        name: FunctionName,
        outbound: OutboundRules,
    ) -> Result<(), ConsoleError> {
        self.change_settings(name, |old| FunctionSettings { outbound, ..old })
            .await
    }

    async fn change_settings(
        &self,
        name: FunctionName,
        change: impl FnOnce(FunctionSettings) -> FunctionSettings + Send,
    ) -> Result<(), ConsoleError> {
        self.try_change_settings(name, |old| Ok(change(old))).await
    }

    /// Saves other settings and deploys the code with them: a deployment never
    /// changes, so other settings make another one.
    async fn try_change_settings(
        &self,
        name: FunctionName,
        change: impl FnOnce(FunctionSettings) -> Result<FunctionSettings, ConsoleError> + Send,
    ) -> Result<(), ConsoleError> {
        let mut deployments = self.shared.publisher.change().await;
        let mut row = self.function(&name).await?;
        row.settings = change(row.settings)?;
        let code = self
            .shared
            .store
            .function_code(&row.function_id)
            .await
            .map_err(refused)?;
        let deployed = self
            .shared
            .publisher
            .deploy(&row, code)
            .await
            .map_err(not_deployed)?;
        self.shared
            .store
            .update_settings(&row.function_id, &row.settings, drawn::now())
            .await
            .map_err(refused)?;
        deployments.insert(row.function_id, Ok(deployed));
        self.shared
            .publisher
            .publish(&deployments)
            .await
            .map_err(refused)
    }
}
