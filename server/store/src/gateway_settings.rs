//! Settings of the gateway: a row for each parameter that was ever set.

use serde_json::{Map, Value};
use sluice_domain::gateway_settings::GatewaySettings;

use crate::error::{damaged, doing};
use crate::{Store, StoreError};

impl Store {
    /// The settings; what was never set is as it is at first.
    pub async fn gateway_settings(&self) -> Result<GatewaySettings, StoreError> {
        let rows = sqlx::query!("select name, value from gateway_setting")
            .fetch_all(&self.readers)
            .await
            .map_err(doing("reading the gateway's settings"))?;
        let settings: Result<Map<_, Value>, _> = rows
            .into_iter()
            .map(|row| Ok((row.name, serde_json::from_str(&row.value)?)))
            .collect::<Result<_, serde_json::Error>>();
        settings
            .and_then(|settings| serde_json::from_value(Value::Object(settings)))
            .map_err(damaged("gateway_setting", "value"))
    }

    /// Sets all of them.
    pub async fn set_gateway_settings(&self, settings: &GatewaySettings) -> Result<(), StoreError> {
        let settings = serde_json::to_value(settings);
        let settings = settings.and_then(serde_json::from_value::<Map<String, Value>>);
        let settings = settings.map_err(damaged("gateway_setting", "value"))?;
        let mut tx = self.begin().await?;
        for (name, value) in settings {
            let value = value.to_string();
            sqlx::query!(
                "insert or replace into gateway_setting (name, value) values (?, ?)",
                name,
                value
            )
            .execute(&mut *tx)
            .await
            .map_err(doing("setting the gateway's settings"))?;
        }
        tx.commit()
            .await
            .map_err(doing("setting the gateway's settings"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestStore;

    #[tokio::test]
    async fn settings_are_as_they_were_set() {
        let test = TestStore::new().await;
        let store = &test.store;
        let first = store.gateway_settings().await.unwrap();
        assert_eq!(first, GatewaySettings::default());
        let mut settings = GatewaySettings {
            app_secret: true,
            app_jwt: true,
            ..first
        };
        store.set_gateway_settings(&settings).await.unwrap();
        assert_eq!(store.gateway_settings().await.unwrap(), settings);
        settings.app_jwt = false;
        store.set_gateway_settings(&settings).await.unwrap();
        assert_eq!(store.gateway_settings().await.unwrap(), settings);
        test.sql("update gateway_setting set value = '1'")
            .await
            .unwrap();
        let damaged = store.gateway_settings().await;
        assert!(matches!(damaged, Err(StoreError::Damaged { .. })));
    }
}
