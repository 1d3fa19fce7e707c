use super::*;
use crate::testing::{TestStore, function, two_triggers};
use sluice_domain::alias::{Alias, AliasTarget, AliasTargetFields, MAX_ALIASES, ShiftBy, Shifting};
use sluice_domain::env_vars::{EnvValue, Secret};
use sluice_domain::publication::BoundApi;
use sluice_domain::text::ShortDescription;

/// A store with the function `demo`, which has variables and some files.
async fn world() -> (TestStore, FunctionId) {
    let test = TestStore::new().await;
    let mut demo = function(1, "demo", 0);
    demo.settings.env_vars = vec![
        EnvVar {
            key: "PLAIN".to_owned(),
            value: EnvValue::Plain("1".to_owned()),
        },
        EnvVar {
            key: "SECRET".to_owned(),
            value: EnvValue::Encrypted(Secret::new("of the function".to_owned())),
        },
    ]
    .try_into()
    .unwrap();
    demo.code = code("first");
    test.store.create_function(&demo).await.unwrap();
    (test, demo.function_id)
}

/// Two files, of which one is the same in all versions.
fn code(text: &'static str) -> CodePackage {
    CodePackage::new([("index.py", text), ("lib/same.py", "same")]).unwrap()
}

async fn publish(test: &TestStore, id: &FunctionId, version: &str) -> Result<(), StoreError> {
    let new = NewVersion {
        version: version.parse().unwrap(),
        description: format!("what {version} is").parse().unwrap(),
        now: Timestamp(10),
    };
    test.store.publish_version(id, &new).await
}

/// Other code, so that there is something to publish.
async fn deploy(test: &TestStore, id: &FunctionId, text: &'static str) {
    let digest = format!("{:0128x}", text.len());
    let code = code(text);
    let saved = test.store.save_code(id, &code, &digest, Timestamp(5));
    saved.await.unwrap();
}

/// `name version`, or `name version additional percent`.
fn alias(text: &str) -> Alias {
    let words: Vec<_> = text.split(' ').collect();
    let shifting = words.get(2).map(|additional| Shifting {
        additional_version: additional.parse().unwrap(),
        by: ShiftBy::Percentage(words[3].parse::<u32>().unwrap().try_into().unwrap()),
    });
    let version = words[1].parse().unwrap();
    Alias {
        name: words[0].parse().unwrap(),
        target: AliasTarget::try_from(AliasTargetFields { version, shifting }).unwrap(),
        description: Description::default(),
        modified_at: Timestamp(3),
    }
}

async fn create(test: &TestStore, id: &FunctionId, text: &str) -> Result<(), StoreError> {
    test.store.create_alias(id, &alias(text)).await
}

/// Makes an API call `target`, without publishing it.
async fn call(test: &TestStore, place: &BoundApi, target: &str) -> Result<(), StoreError> {
    let apis = test.store.list_apis().await.unwrap();
    let mut apis = apis.into_iter();
    let mut api = apis
        .find(|api| api.trigger.trigger_id == place.trigger_id)
        .unwrap();
    api.trigger.settings.target = target.parse().unwrap();
    let settings = &api.trigger.settings;
    test.store.update_api(&api.trigger.api_id, settings).await
}

#[tokio::test]
async fn a_version_stays_as_it_was_published() {
    let (test, id) = world().await;
    let before = test.store.list_functions().await.unwrap().remove(0);
    publish(&test, &id, "v1").await.unwrap();
    deploy(&test, &id, "second").await;
    let mut changed = before.settings.clone();
    changed.env_vars = EnvVars::default();
    changed.memory = 256.try_into().unwrap();
    let updated = test.store.update_settings(&id, &changed, Timestamp(6));
    updated.await.unwrap();
    publish(&test, &id, "v2").await.unwrap();

    let versions = test.store.versions_of(&id).await.unwrap();
    let names: Vec<_> = versions.iter().map(|row| row.version.as_str()).collect();
    assert_eq!(names, ["v2", "v1"]);
    assert_eq!(versions[0].settings, changed);
    assert_eq!(versions[1].settings, before.settings);
    assert_eq!(versions[1].code_digest, before.code_digest);
    assert_eq!(versions[1].code_size, before.code_size);
    assert_eq!(versions[1].description.as_str(), "what v1 is");
    assert_eq!(test.store.list_versions().await.unwrap(), versions);
    for (version, text) in [("v1", "first"), ("v2", "second")] {
        let version = version.parse().unwrap();
        let stored = test.store.version_code(&id, &version).await;
        assert_eq!(stored.unwrap(), code(text));
    }
}

#[tokio::test]
async fn content_is_kept_once_and_goes_with_its_last_version() {
    let (test, id) = world().await;
    publish(&test, &id, "v1").await.unwrap();
    deploy(&test, &id, "second").await;
    publish(&test, &id, "v2").await.unwrap();
    assert_eq!(test.count("function_version_file").await, 4);
    assert_eq!(test.count("file_content").await, 3);
    let v1 = "v1".parse().unwrap();
    test.store.delete_version(&id, &v1).await.unwrap();
    assert_eq!(test.count("file_content").await, 2);
    test.store.delete_function(&id).await.unwrap();
    for table in [
        "function_version",
        "function_version_env_var",
        "function_version_file",
        "file_content",
    ] {
        assert_eq!(test.count(table).await, 0, "{table}");
    }
}

#[tokio::test]
async fn a_version_is_refused_where_there_is_nothing_new() {
    let (test, id) = world().await;
    publish(&test, &id, "v1").await.unwrap();
    let again = publish(&test, &id, "v2").await;
    assert!(matches!(again, Err(StoreError::NothingToPublish(last)) if last.as_str() == "v1"));
    let taken = publish(&test, &id, "v1").await;
    assert!(matches!(taken, Err(StoreError::VersionNameTaken(_))));
    deploy(&test, &id, "second").await;
    publish(&test, &id, "v2").await.unwrap();
    let mut changed = test.store.versions_of(&id).await.unwrap()[0]
        .settings
        .clone();
    let secret = EnvValue::Encrypted(Secret::new("another".to_owned()));
    let key = "SECRET".to_owned();
    changed.env_vars = vec![EnvVar { key, value: secret }].try_into().unwrap();
    let updated = test.store.update_settings(&id, &changed, Timestamp(6));
    updated.await.unwrap();
    publish(&test, &id, "v3").await.unwrap();
    let nobody = FunctionId::from_bytes([9; 16]);
    let unknown = publish(&test, &nobody, "v1").await;
    assert!(matches!(unknown, Err(StoreError::NotFound(Kind::Function))));
}

#[tokio::test]
async fn there_are_at_most_twenty_versions_with_latest() {
    let (test, id) = world().await;
    for n in 1..MAX_VERSIONS {
        deploy(&test, &id, if n % 2 == 0 { "even" } else { "odd" }).await;
        publish(&test, &id, &format!("v{n}")).await.unwrap();
    }
    deploy(&test, &id, "one more").await;
    let refused = publish(&test, &id, "v20").await;
    assert!(matches!(refused, Err(StoreError::TooManyVersions)));
}

#[tokio::test]
async fn an_alias_calls_versions_that_are_there_and_no_other_alias_calls() {
    let (test, id) = world().await;
    publish(&test, &id, "v1").await.unwrap();
    deploy(&test, &id, "second").await;
    publish(&test, &id, "v2").await.unwrap();
    create(&test, &id, "prod v1 v2 5").await.unwrap();
    create(&test, &id, "dev latest").await.unwrap();
    for (text, why) in [
        ("other v3", "the version does not exist"),
        ("other v2 v3 5", "the version does not exist"),
        (
            "other v1",
            "the version is called by the alias prod already",
        ),
        (
            "other latest",
            "the version is called by the alias dev already",
        ),
        ("prod v2", "an alias named prod already exists"),
    ] {
        let refused = create(&test, &id, text).await.unwrap_err();
        assert_eq!(refused.to_string(), why, "{text}");
    }
    let changed = alias("prod v2");
    test.store.update_alias(&id, &changed).await.unwrap();
    let listed = test.store.aliases_of(&id).await.unwrap();
    assert_eq!(listed, [alias("dev latest"), changed]);
    let published = test.store.published_aliases().await.unwrap();
    assert_eq!(published.len(), 2);
    let unknown = test.store.update_alias(&id, &alias("nobody v1")).await;
    assert!(matches!(unknown, Err(StoreError::NotFound(Kind::Alias))));
}

#[tokio::test]
async fn there_are_at_most_ten_aliases() {
    let (test, id) = world().await;
    for n in 0..=MAX_ALIASES {
        deploy(&test, &id, if n % 2 == 0 { "even" } else { "odd" }).await;
        publish(&test, &id, &format!("v{n}")).await.unwrap();
        let created = create(&test, &id, &format!("a{n} v{n}")).await;
        match n {
            MAX_ALIASES => assert!(matches!(created, Err(StoreError::TooManyAliases))),
            _ => created.unwrap(),
        }
    }
}

#[tokio::test]
async fn what_apis_call_stays() {
    let test = TestStore::new().await;
    let [first, second] = two_triggers(&test.store).await;
    let id = test
        .store
        .list_functions()
        .await
        .unwrap()
        .remove(0)
        .function_id;
    let store = &test.store;
    publish(&test, &id, "v1").await.unwrap();
    deploy(&test, &id, "second").await;
    publish(&test, &id, "v2").await.unwrap();
    create(&test, &id, "prod v1 v2 5").await.unwrap();
    let missing = call(&test, &first, "v3").await;
    assert!(matches!(missing, Err(StoreError::NotFound(Kind::Version))));
    let missing = call(&test, &first, "!dev").await;
    assert!(matches!(missing, Err(StoreError::NotFound(Kind::Alias))));

    call(&test, &first, "!prod").await.unwrap();
    call(&test, &second, "v1").await.unwrap();
    let (v1, v2, prod) = (
        "v1".parse().unwrap(),
        "v2".parse().unwrap(),
        "prod".parse().unwrap(),
    );
    let names = |refused| match refused {
        Err(StoreError::CalledByApis(names)) => {
            let names = names.iter().map(ToString::to_string);
            names.collect::<Vec<_>>().join(" ")
        }
        other => format!("{other:?}"),
    };
    assert_eq!(names(store.delete_alias(&id, &prod).await), "API_1");
    assert_eq!(names(store.delete_version(&id, &v1).await), "API_2");
    let additional = store.delete_version(&id, &v2).await;
    assert!(matches!(additional, Err(StoreError::AdditionalVersion(alias)) if alias == prod));

    // What is published counts, and the definition too; by an alias it counts as well.
    let description = ShortDescription::default();
    let published = store.publish_api(&first, &description, Timestamp(1));
    published.await.unwrap();
    call(&test, &first, "latest").await.unwrap();
    call(&test, &second, "latest").await.unwrap();
    assert_eq!(names(store.delete_alias(&id, &prod).await), "API_1");
    assert_eq!(names(store.delete_version(&id, &v1).await), "API_1");
    assert_eq!(test.count("alias").await, 1, "a refusal changes nothing");

    let published = store.publish_api(&first, &description, Timestamp(2));
    published.await.unwrap();
    store.delete_version(&id, &v1).await.unwrap();
    assert_eq!(test.count("alias").await, 0, "its alias goes with it");
    let gone = store.switch_version(&first, 2).await;
    assert!(matches!(gone, Err(StoreError::NotFound(Kind::Alias))));
    store.switch_version(&first, 1).await.unwrap();
}
