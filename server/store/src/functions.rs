//! Functions, their settings and their code.

use std::collections::HashMap;

use sluice_domain::code::CodePackage;
use sluice_domain::concurrency::Concurrency;
use sluice_domain::env_vars::{EnvValue, EnvVar, EnvVars, Secret};
use sluice_domain::function::{FunctionName, FunctionSettings, Handler, Hook, Runtime, Seconds};
use sluice_domain::id::FunctionId;
use sluice_domain::outbound::OutboundRules;
use sluice_domain::time::Timestamp;
use sqlx::SqliteConnection;

use crate::error::{damaged, doing, found, unique};
use crate::secrets::Secrets;
use crate::{Kind, Store, StoreError};

/// A function to be created, with its first code.
#[derive(Debug, Clone)]
pub struct NewFunction {
    /// Drawn by the caller.
    pub function_id: FunctionId,
    /// Unique; it cannot be changed later.
    pub name: FunctionName,
    /// It cannot be changed later.
    pub runtime: Runtime,
    /// Its settings.
    pub settings: FunctionSettings,
    /// Its code.
    pub code: CodePackage,
    /// SHA-512 of the code in 128 hexadecimal digits.
    pub code_digest: String,
    /// When it is created.
    pub now: Timestamp,
}

/// A function as stored, without its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionRow {
    /// Its id.
    pub function_id: FunctionId,
    /// Its name.
    pub name: FunctionName,
    /// Its runtime.
    pub runtime: Runtime,
    /// Its settings.
    pub settings: FunctionSettings,
    /// Bytes of all its files.
    pub code_size: u64,
    /// SHA-512 of the code in 128 hexadecimal digits.
    pub code_digest: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When settings or code were last changed.
    pub modified_at: Timestamp,
    /// When the code was last deployed.
    pub deployed_at: Timestamp,
}

impl Store {
    /// Creates a function.
    pub async fn create_function(&self, new: &NewFunction) -> Result<(), StoreError> {
        let (id, name) = (new.function_id.as_str(), new.name.as_str());
        let (runtime, handler) = (new.runtime.name(), new.settings.handler.as_str());
        let (memory, timeout) = (new.settings.memory.get(), new.settings.timeout.seconds());
        let (description, now) = (new.settings.description.as_str(), new.now.millis());
        let size = code_size(&new.code);
        let mut tx = self.begin().await?;
        sqlx::query!(
            "insert into function (function_id, name, runtime, handler, memory_mb, timeout_s,
                 description, code_size, code_digest, created_at_ms, modified_at_ms, deployed_at_ms)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, ?10)",
            id,
            name,
            runtime,
            handler,
            memory,
            timeout,
            description,
            size,
            new.code_digest,
            now
        )
        .execute(&mut *tx)
        .await
        .map_err(unique(
            || StoreError::FunctionNameTaken(new.name.clone()),
            "inserting a function",
        ))?;
        let (id, settings) = (&new.function_id, &new.settings);
        self.write_settings(&mut tx, id, settings, new.now).await?;
        insert_files(&mut tx, &new.function_id, &new.code).await?;
        tx.commit().await.map_err(doing("inserting a function"))
    }

    /// All functions, last modified first.
    pub async fn list_functions(&self) -> Result<Vec<FunctionRow>, StoreError> {
        let mut tx = self.begin_reading().await?;
        let mut env_vars = self.all_env_vars(&mut tx).await?;
        let rows = sqlx::query_as!(
            RawFunction,
            "select * from function order by modified_at_ms desc, name"
        )
        .fetch_all(&mut *tx)
        .await
        .map_err(doing("listing the functions"))?;
        rows.into_iter()
            .map(|row| {
                let env_vars = env_vars.remove(&row.function_id).unwrap_or_default();
                row.parse(env_vars)
            })
            .collect()
    }

    /// The function of this name.
    pub async fn find_function(
        &self,
        name: &FunctionName,
    ) -> Result<Option<FunctionRow>, StoreError> {
        let name = name.as_str();
        let mut tx = self.begin_reading().await?;
        let row = sqlx::query_as!(RawFunction, "select * from function where name = ?", name)
            .fetch_optional(&mut *tx)
            .await
            .map_err(doing("finding a function"))?;
        match row {
            Some(row) => self.with_env_vars(&mut tx, row).await.map(Some),
            None => Ok(None),
        }
    }

    /// The function of this id, in a change.
    pub(crate) async fn function_in(
        &self,
        tx: &mut SqliteConnection,
        function_id: &FunctionId,
    ) -> Result<FunctionRow, StoreError> {
        let id = function_id.as_str();
        let row = sqlx::query_as!(
            RawFunction,
            "select * from function where function_id = ?",
            id
        )
        .fetch_optional(&mut *tx)
        .await
        .map_err(doing("finding a function"))?;
        let row = row.ok_or(StoreError::NotFound(Kind::Function))?;
        self.with_env_vars(tx, row).await
    }

    async fn with_env_vars(
        &self,
        tx: &mut SqliteConnection,
        row: RawFunction,
    ) -> Result<FunctionRow, StoreError> {
        let env_vars = sqlx::query_as!(
            RawEnvVar,
            "select function_id, key, value, sealed from function_env_var
             where function_id = ? order by position",
            row.function_id
        )
        .fetch_all(tx)
        .await
        .map_err(doing("reading environment variables"))?;
        let parse = |raw: RawEnvVar| raw.parse(&self.secrets);
        let env_vars: Result<_, _> = env_vars.into_iter().map(parse).collect();
        row.parse(env_vars?)
    }

    /// The code of a function.
    pub async fn function_code(&self, function_id: &FunctionId) -> Result<CodePackage, StoreError> {
        let id = function_id.as_str();
        let files = sqlx::query!(
            "select path, content from function_file where function_id = ?",
            id
        )
        .fetch_all(&self.readers)
        .await
        .map_err(doing("reading code"))?;
        if files.is_empty() {
            return Err(StoreError::NotFound(Kind::Function)); // a function has at least one file
        }
        let files = files.into_iter().map(|row| (row.path, row.content));
        CodePackage::new(files).map_err(damaged("function_file", "path"))
    }

    /// Replaces the settings of a function.
    pub async fn update_settings(
        &self,
        function_id: &FunctionId,
        settings: &FunctionSettings,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        self.write_settings(&mut tx, function_id, settings, now)
            .await?;
        tx.commit().await.map_err(doing("updating settings"))
    }

    /// Replaces the code of a function by code that was deployed.
    pub async fn save_code(
        &self,
        function_id: &FunctionId,
        code: &CodePackage,
        code_digest: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (id, size, now) = (function_id.as_str(), code_size(code), now.millis());
        let mut tx = self.begin().await?;
        let result = sqlx::query!(
            "update function set code_size = ?1, code_digest = ?2, modified_at_ms = ?3,
                 deployed_at_ms = ?3
             where function_id = ?4",
            size,
            code_digest,
            now,
            id
        )
        .execute(&mut *tx)
        .await
        .map_err(doing("saving code"))?;
        found(result, Kind::Function)?;
        sqlx::query!("delete from function_file where function_id = ?", id)
            .execute(&mut *tx)
            .await
            .map_err(doing("replacing code"))?;
        insert_files(&mut tx, function_id, code).await?;
        tx.commit().await.map_err(doing("saving code"))
    }

    /// Deletes a function with its code and its triggers. The records of its
    /// invocations stay.
    pub async fn delete_function(&self, function_id: &FunctionId) -> Result<(), StoreError> {
        let id = function_id.as_str();
        let result = sqlx::query!("delete from function where function_id = ?", id)
            .execute(&self.writer)
            .await
            .map_err(doing("deleting a function"))?;
        found(result, Kind::Function)
    }

    async fn write_settings(
        &self,
        tx: &mut SqliteConnection,
        function_id: &FunctionId,
        settings: &FunctionSettings,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (id, handler) = (function_id.as_str(), settings.handler.as_str());
        let (memory, timeout) = (settings.memory.get(), settings.timeout.seconds());
        let (description, now) = (settings.description.as_str(), now.millis());
        let (initializer, initialization_timeout) = hook_columns(settings.initializer.as_ref());
        let (pre_stop, pre_stop_timeout) = hook_columns(settings.pre_stop.as_ref());
        let concurrency = settings.concurrency;
        let (max_instances, reserved_instances, fresh_instances) = (
            concurrency.max_instances(),
            concurrency.reserved_instances(),
            concurrency.fresh_instances(),
        );
        let outbound = settings.outbound.to_string();
        let result = sqlx::query!(
            "update function set handler = ?, memory_mb = ?, timeout_s = ?, description = ?,
                 initializer = ?, initialization_timeout_s = ?, pre_stop = ?, pre_stop_timeout_s = ?,
                 max_instances = ?, reserved_instances = ?, fresh_instances = ?, outbound = ?, modified_at_ms = ?
             where function_id = ?",
            handler,
            memory,
            timeout,
            description,
            initializer,
            initialization_timeout,
            pre_stop,
            pre_stop_timeout,
            max_instances,
            reserved_instances,
            fresh_instances,
            outbound,
            now,
            id
        )
        .execute(&mut *tx)
        .await
        .map_err(doing("updating settings"))?;
        found(result, Kind::Function)?;
        sqlx::query!("delete from function_env_var where function_id = ?", id)
            .execute(&mut *tx)
            .await
            .map_err(doing("replacing environment variables"))?;
        self.insert_env_vars(tx, function_id, &settings.env_vars)
            .await
    }

    async fn insert_env_vars(
        &self,
        tx: &mut SqliteConnection,
        function_id: &FunctionId,
        env_vars: &EnvVars,
    ) -> Result<(), StoreError> {
        let id = function_id.as_str();
        for (position, EnvVar { key, value }) in (0_i64..).zip(env_vars.iter()) {
            let (value, sealed) = match value {
                EnvValue::Plain(text) => (text.as_str(), None),
                EnvValue::Encrypted(secret) => {
                    let sealed = self.secrets.seal(&owner(id, key), secret.expose());
                    ("", Some(sealed))
                }
            };
            sqlx::query!(
                "insert into function_env_var (function_id, position, key, value, sealed)
                 values (?, ?, ?, ?, ?)",
                id,
                position,
                key,
                value,
                sealed
            )
            .execute(&mut *tx)
            .await
            .map_err(doing("inserting an environment variable"))?;
        }
        Ok(())
    }

    /// The variables of every function that has some, in their order.
    async fn all_env_vars(
        &self,
        tx: &mut SqliteConnection,
    ) -> Result<HashMap<String, Vec<EnvVar>>, StoreError> {
        let rows = sqlx::query_as!(
            RawEnvVar,
            "select function_id, key, value, sealed from function_env_var
             order by function_id, position"
        )
        .fetch_all(tx)
        .await
        .map_err(doing("reading environment variables"))?;
        let mut env_vars: HashMap<_, Vec<_>> = HashMap::new();
        for row in rows {
            let of_function = env_vars.entry(row.function_id.clone()).or_default();
            of_function.push(row.parse(&self.secrets)?);
        }
        Ok(env_vars)
    }
}

fn code_size(code: &CodePackage) -> i64 {
    i64::try_from(code.bytes()).unwrap_or(i64::MAX)
}

async fn insert_files(
    tx: &mut SqliteConnection,
    function_id: &FunctionId,
    code: &CodePackage,
) -> Result<(), StoreError> {
    let id = function_id.as_str();
    for (path, content) in code.files() {
        let content = content.as_ref();
        sqlx::query!(
            "insert into function_file (function_id, path, content) values (?, ?, ?)",
            id,
            path,
            content
        )
        .execute(&mut *tx)
        .await
        .map_err(doing("inserting a file"))?;
    }
    Ok(())
}

/// A row of the table `function_env_var`, or of that of a version.
pub(crate) struct RawEnvVar {
    pub(crate) function_id: String,
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) sealed: Option<Vec<u8>>,
}

impl RawEnvVar {
    pub(crate) fn parse(self, secrets: &Secrets) -> Result<EnvVar, StoreError> {
        let value = match self.sealed {
            None => EnvValue::Plain(self.value),
            Some(sealed) => {
                let text = secrets.unseal(&owner(&self.function_id, &self.key), &sealed)?;
                EnvValue::Encrypted(Secret::new(text))
            }
        };
        let key = self.key;
        Ok(EnvVar { key, value })
    }
}

/// Whose value an encrypted one is.
fn owner(function_id: &str, key: &str) -> String {
    format!("environment variable {key} of {function_id}")
}

/// The two columns of a hook; without one the timeout says nothing.
fn hook_columns<const MAX: u32>(hook: Option<&Hook<MAX>>) -> (Option<&str>, u32) {
    let timeout = hook.map(|hook| hook.timeout).unwrap_or_default();
    (hook.map(|hook| hook.function.as_str()), timeout.seconds())
}

/// A row of the table `function`.
struct RawFunction {
    function_id: String,
    name: String,
    runtime: String,
    handler: String,
    memory_mb: i64,
    timeout_s: i64,
    description: String,
    code_size: i64,
    code_digest: String,
    created_at_ms: i64,
    modified_at_ms: i64,
    deployed_at_ms: i64,
    initializer: Option<String>,
    initialization_timeout_s: i64,
    max_instances: i64,
    reserved_instances: i64,
    fresh_instances: i64,
    outbound: String,
    pre_stop: Option<String>,
    pre_stop_timeout_s: i64,
}

impl RawFunction {
    fn parse(self, env_vars: Vec<EnvVar>) -> Result<FunctionRow, StoreError> {
        fn wrong<E>(column: &'static str) -> impl FnOnce(E) -> StoreError
        where
            E: Into<Box<dyn std::error::Error + Send + Sync>>,
        {
            damaged("function", column)
        }
        let memory = u32::try_from(self.memory_mb).map_err(wrong("memory_mb"))?;
        let timeout = u32::try_from(self.timeout_s).map_err(wrong("timeout_s"))?;
        let initializer = hook(self.initializer, self.initialization_timeout_s);
        let pre_stop = hook(self.pre_stop, self.pre_stop_timeout_s);
        let max_instances = u32::try_from(self.max_instances).map_err(wrong("max_instances"))?;
        let reserved_instances =
            u32::try_from(self.reserved_instances).map_err(wrong("reserved_instances"))?;
        let fresh_instances = self.fresh_instances != 0;
        let concurrency = Concurrency::new(max_instances, reserved_instances, fresh_instances);
        Ok(FunctionRow {
            function_id: self.function_id.parse().map_err(wrong("function_id"))?,
            name: self.name.parse().map_err(wrong("name"))?,
            runtime: self.runtime.parse().map_err(wrong("runtime"))?,
            settings: FunctionSettings {
                handler: self.handler.parse().map_err(wrong("handler"))?,
                memory: memory.try_into().map_err(wrong("memory_mb"))?,
                timeout: timeout.try_into().map_err(wrong("timeout_s"))?,
                description: self.description.parse().map_err(wrong("description"))?,
                env_vars: env_vars
                    .try_into()
                    .map_err(damaged("function_env_var", "key"))?,
                initializer: initializer.map_err(wrong("initializer"))?,
                pre_stop: pre_stop.map_err(wrong("pre_stop"))?,
                concurrency: concurrency.map_err(wrong("max_instances"))?,
                outbound: OutboundRules::parse_lines(&self.outbound).map_err(wrong("outbound"))?,
            },
            code_size: self.code_size.unsigned_abs(),
            code_digest: self.code_digest,
            created_at: Timestamp(self.created_at_ms),
            modified_at: Timestamp(self.modified_at_ms),
            deployed_at: Timestamp(self.deployed_at_ms),
        })
    }
}

fn hook<const MAX: u32>(
    function: Option<String>,
    timeout: i64,
) -> Result<Option<Hook<MAX>>, Box<dyn std::error::Error + Send + Sync>> {
    let Some(function) = function else {
        return Ok(None);
    };
    let function: Handler = function.parse()?;
    let timeout: Seconds<MAX> = u32::try_from(timeout)?.try_into()?;
    Ok(Some(Hook { function, timeout }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestStore, function, id};

    fn settings(pairs: &[(&str, &str)]) -> FunctionSettings {
        FunctionSettings {
            handler: "src/index.main".parse().unwrap(),
            memory: 256.try_into().unwrap(),
            timeout: 30.try_into().unwrap(),
            description: "what it\nis for".parse().unwrap(),
            env_vars: EnvVars::plain(pairs.iter().copied()).unwrap(),
            initializer: Some(Hook {
                function: "src/index.init".parse().unwrap(),
                timeout: 60.try_into().unwrap(),
            }),
            pre_stop: Some(Hook {
                function: "src/index.end".parse().unwrap(),
                timeout: 90.try_into().unwrap(),
            }),
            concurrency: Concurrency::new(10, 2, true).unwrap(),
            outbound: OutboundRules::parse_lines("api.example.com\n10.0.0.0/8:5432").unwrap(),
        }
    }

    fn code(files: &[(&str, &'static str)]) -> CodePackage {
        CodePackage::new(files.iter().copied()).unwrap()
    }

    #[tokio::test]
    async fn a_function_is_found_as_it_was_created() {
        let test = TestStore::new().await;
        let store = &test.store;
        let new = NewFunction {
            settings: settings(&[("b", "2"), ("A", ""), ("a", "ü")]),
            code: code(&[("index.py", "größe"), ("lib/x.py", "\0\r\n")]),
            ..function(1, "demo", 10)
        };
        store.create_function(&new).await.unwrap();
        let row = FunctionRow {
            function_id: new.function_id.clone(),
            name: new.name.clone(),
            runtime: Runtime::Python312,
            settings: new.settings.clone(),
            code_size: 10,
            code_digest: new.code_digest.clone(),
            created_at: Timestamp(10),
            modified_at: Timestamp(10),
            deployed_at: Timestamp(10),
        };
        assert_eq!(
            store.find_function(&new.name).await.unwrap().as_ref(),
            Some(&row)
        );
        assert_eq!(store.list_functions().await.unwrap(), [row]);
        let code = store.function_code(&new.function_id).await.unwrap();
        assert_eq!(code, new.code);
        let other = "Demo".parse().unwrap(); // names are case-sensitive
        assert_eq!(store.find_function(&other).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_name_is_given_once_and_a_refused_function_leaves_nothing() {
        let test = TestStore::new().await;
        let first = function(1, "demo", 0);
        test.store.create_function(&first).await.unwrap();
        let second = NewFunction {
            code: code(&[("other.py", "")]),
            settings: settings(&[("A", "1")]),
            ..function(2, "demo", 0)
        };
        let taken = test.store.create_function(&second).await;
        assert!(matches!(taken, Err(StoreError::FunctionNameTaken(_))));
        assert_eq!(test.count("function_file").await, 1);
        assert_eq!(test.count("function_env_var").await, 0);
        test.store
            .delete_function(&first.function_id)
            .await
            .unwrap();
        test.store.create_function(&second).await.unwrap();
    }

    #[tokio::test]
    async fn settings_are_replaced_as_a_whole() {
        let test = TestStore::new().await;
        let store = &test.store;
        let new = NewFunction {
            settings: settings(&[("A", "1"), ("B", "2")]),
            ..function(1, "demo", 10)
        };
        store.create_function(&new).await.unwrap();
        for settings in [settings(&[("B", "3"), ("A", "1")]), Default::default()] {
            let updated = store.update_settings(&new.function_id, &settings, Timestamp(20));
            updated.await.unwrap();
            let row = store.find_function(&new.name).await.unwrap().unwrap();
            assert_eq!(row.settings, settings);
            let times = (row.created_at.0, row.modified_at.0, row.deployed_at.0);
            assert_eq!(times, (10, 20, 10));
        }
    }

    #[tokio::test]
    async fn code_is_replaced_as_a_whole() {
        let test = TestStore::new().await;
        let store = &test.store;
        let new = NewFunction {
            code: code(&[("index.py", "old"), ("gone.py", "")]),
            ..function(1, "demo", 10)
        };
        store.create_function(&new).await.unwrap();
        let code = code(&[("index.py", "new code")]);
        let digest = "b".repeat(128);
        let saved = store.save_code(&new.function_id, &code, &digest, Timestamp(20));
        saved.await.unwrap();
        assert_eq!(store.function_code(&new.function_id).await.unwrap(), code);
        let row = store.find_function(&new.name).await.unwrap().unwrap();
        assert_eq!((row.code_size, row.code_digest), (8, digest));
        let times = (row.created_at.0, row.modified_at.0, row.deployed_at.0);
        assert_eq!(times, (10, 20, 20));
    }

    #[tokio::test]
    async fn the_last_modified_function_is_listed_first() {
        let test = TestStore::new().await;
        let store = &test.store;
        for (n, name, now) in [(1, "a", 10), (2, "b", 30), (3, "c", 20)] {
            let new = NewFunction {
                settings: settings(&[("NAME", name)]),
                ..function(n, name, now)
            };
            store.create_function(&new).await.unwrap();
        }
        let listed = store.list_functions().await.unwrap();
        let names: Vec<_> = listed.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["b", "c", "a"]);
        for row in &listed {
            let expected = EnvVars::plain([("NAME", row.name.as_str())]).unwrap();
            assert_eq!(row.settings.env_vars, expected);
        }
    }

    #[tokio::test]
    async fn an_encrypted_variable_is_in_no_file_in_plain_text() {
        let test = TestStore::new().await;
        let hidden = |key: &str, text: &str| EnvVar {
            key: key.to_owned(),
            value: EnvValue::Encrypted(Secret::new(text.to_owned())),
        };
        let mut new = NewFunction {
            settings: settings(&[("FIRST", "in plain text"), ("SECOND", "once in plain text")]),
            ..function(1, "demo", 10)
        };
        test.store.create_function(&new).await.unwrap();
        let env_vars = vec![
            hidden("SECOND", "once in plain text"),
            hidden("THIRD", "häte to tell"),
        ];
        new.settings.env_vars = env_vars.try_into().unwrap();
        let updated = test
            .store
            .update_settings(&new.function_id, &new.settings, Timestamp(11));
        updated.await.unwrap();
        for row in [
            test.store.find_function(&new.name).await.unwrap().unwrap(),
            test.store.list_functions().await.unwrap().remove(0),
        ] {
            assert_eq!(row.settings, new.settings);
        }
        test.store.close().await.unwrap();
        for entry in std::fs::read_dir(test.folder.path()).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            for text in ["in plain text", "to tell"] {
                let found = bytes
                    .windows(text.len())
                    .any(|part| part == text.as_bytes());
                assert!(!found, "{text}");
            }
        }
    }

    #[tokio::test]
    async fn without_its_key_a_database_with_secrets_is_not_opened() {
        let test = TestStore::new().await;
        let key = test.folder.path().join("secrets.key");
        let env_var = EnvVar {
            key: "A".to_owned(),
            value: EnvValue::Encrypted(Secret::new("1".to_owned())),
        };
        let mut new = function(1, "demo", 10);
        new.settings.env_vars = vec![env_var].try_into().unwrap();
        test.store.create_function(&new).await.unwrap();
        test.store.close().await.unwrap();
        std::fs::rename(&key, key.with_extension("away")).unwrap();
        let opened = Store::open(&test.path()).await;
        assert!(matches!(opened, Err(StoreError::NoKey { .. })));
        std::fs::write(&key, [7; 32]).unwrap();
        let store = Store::open(&test.path()).await.unwrap();
        let listed = store.list_functions().await;
        assert!(matches!(listed, Err(StoreError::OtherKey)));
    }

    #[tokio::test]
    async fn deleting_a_function_deletes_all_of_it() {
        let test = TestStore::new().await;
        let new = NewFunction {
            settings: settings(&[("A", "1")]),
            ..function(1, "demo", 10)
        };
        test.store.create_function(&new).await.unwrap();
        test.store.delete_function(&new.function_id).await.unwrap();
        for table in ["function", "function_file", "function_env_var"] {
            assert_eq!(test.count(table).await, 0, "{table}");
        }
    }

    #[tokio::test]
    async fn an_unknown_function_is_not_found() {
        let test = TestStore::new().await;
        let store = &test.store;
        let unknown = FunctionId::from_bytes(id(9));
        let code = code(&[("a", "")]);
        let now = Timestamp(0);
        for result in [
            store.function_code(&unknown).await.map(drop),
            store.update_settings(&unknown, &settings(&[]), now).await,
            store
                .save_code(&unknown, &code, &"b".repeat(128), now)
                .await,
            store.delete_function(&unknown).await,
        ] {
            assert!(matches!(result, Err(StoreError::NotFound(Kind::Function))));
        }
    }

    #[tokio::test]
    async fn the_tables_refuse_what_the_domain_refuses() {
        let test = TestStore::new().await;
        test.store
            .create_function(&function(1, "demo", 0))
            .await
            .unwrap();
        for wrong in [
            "update function set name = '1a'",
            "update function set name = 'a_'",
            "update function set name = 'a b'",
            "update function set handler = 'x'",
            "update function set memory_mb = 127",
            "update function set memory_mb = '256 MB'",
            "update function set timeout_s = 901",
            "update function set code_digest = 'x'",
            "update function set description = printf('%.513c', 'x')",
            "update function set name = null",
            "update function_file set path = '/etc/passwd'",
            "update function_file set path = ''",
            "insert into function_env_var select function_id, 20, 'A', '' from function",
            "insert into function_env_var select function_id, 0, '1', '' from function",
            "insert into function_env_var select function_id, 0, 'A', printf('%.4096c', 'x') from function",
            "insert into function_file values ('nobody', 'a', x'')",
            "update function_file set content = 'text'",
            "update function_file set content = zeroblob(134217729)",
            "update function set code_size = 134217729",
        ] {
            assert!(test.sql(wrong).await.is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_damaged_row_names_its_place() {
        let test = TestStore::new().await;
        test.store
            .create_function(&function(1, "demo", 0))
            .await
            .unwrap();
        for (change, place) in [
            ("runtime = 'COBOL'", "function.runtime"),
            (
                "runtime = 'Python3.12', memory_mb = 129",
                "function.memory_mb",
            ),
            ("memory_mb = 128, handler = 'a.b.c'", "function.handler"),
        ] {
            test.sql(&format!("update function set {change}"))
                .await
                .unwrap();
            let error = test.store.list_functions().await.unwrap_err();
            assert!(error.to_string().ends_with(place), "{error}");
        }
    }
}
