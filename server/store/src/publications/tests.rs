use std::borrow::Cow;

use super::*;
use crate::RELEASE_ENVIRONMENT_ID;
use crate::testing::{TestStore, id, two_triggers};
use sluice_domain::id::EnvironmentId;
use sqlx::AssertSqlSafe;
use sqlx::migrate::Migrator;

/// Two APIs that are published in RELEASE, and an environment TEST.
async fn world() -> (TestStore, [BoundApi; 2], EnvironmentId) {
    let test = TestStore::new().await;
    let apis = two_triggers(&test.store).await;
    let environment = Environment {
        environment_id: EnvironmentId::from_bytes(id(7)),
        name: "TEST".parse().unwrap(),
        description: ShortDescription::default(),
    };
    let created = test.store.create_environment(&environment, Timestamp(1));
    created.await.unwrap();
    (test, apis, environment.environment_id)
}

/// What is published, as `API path environment number`.
async fn published(store: &Store) -> Vec<String> {
    let all = store.published_triggers().await.unwrap();
    let told = |one: &PublishedTrigger| {
        let settings = &one.trigger.settings;
        format!(
            "{} {} {} {}",
            settings.api_name, settings.path, one.environment.name, one.number
        )
    };
    all.iter().map(told).collect()
}

/// Gives the API of a place another path in its latest definition.
async fn edit(store: &Store, place: &BoundApi, path: &str) {
    let apis = store.list_apis().await.unwrap();
    let mut apis = apis.into_iter().map(|api| api.trigger);
    let mut api = apis.find(|api| api.trigger_id == place.trigger_id).unwrap();
    api.settings.path = path.parse().unwrap();
    store.update_api(&api.api_id, &api.settings).await.unwrap();
}

async fn publish(store: &Store, place: &BoundApi, description: &str, now: i64) {
    let description = description.parse().unwrap();
    let published = store.publish_api(place, &description, Timestamp(now));
    published.await.unwrap();
}

#[tokio::test]
async fn an_edit_is_published_in_one_environment_at_a_time() {
    let (test, [one, _], environment_id) = world().await;
    let store = &test.store;
    edit(store, &one, "/edited").await;
    assert_eq!(
        published(store).await,
        ["API_1 /1 RELEASE 1", "API_2 /2 RELEASE 1"]
    );
    let staged = BoundApi {
        environment_id,
        ..one.clone()
    };
    publish(store, &staged, "", 5).await;
    let expected = [
        "API_1 /1 RELEASE 1",
        "API_1 /edited TEST 1",
        "API_2 /2 RELEASE 1",
    ];
    assert_eq!(published(store).await, expected);
    publish(store, &one, "now here", 6).await;
    store.take_offline(&staged).await.unwrap();
    assert_eq!(
        published(store).await,
        ["API_1 /edited RELEASE 2", "API_2 /2 RELEASE 1"]
    );
    let records = store.publications(&one).await.unwrap();
    let told: Vec<_> = records
        .iter()
        .map(|it| {
            (
                it.number,
                it.description.as_str(),
                it.published_at,
                it.is_current,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (2, "now here", Timestamp(6), true),
            (1, "", Timestamp(0), false)
        ]
    );

    // An earlier one again; the latest definition stays.
    store.switch_version(&one, 1).await.unwrap();
    store.switch_version(&one, 1).await.unwrap();
    assert_eq!(
        published(store).await,
        ["API_1 /1 RELEASE 1", "API_2 /2 RELEASE 1"]
    );
    let definition = store.list_apis().await.unwrap()[0].trigger.settings.clone();
    assert_eq!(definition.path.as_str(), "/edited");
    // Of what is offline too.
    store.switch_version(&staged, 1).await.unwrap();
    assert_eq!(published(store).await.len(), 3);
}

#[tokio::test]
async fn the_last_ten_records_are_kept() {
    let (test, [one, _], _) = world().await;
    let store = &test.store;
    let numbers = async || {
        let records = store.publications(&one).await.unwrap();
        let current: Vec<_> = records.iter().filter(|it| it.is_current).collect();
        assert_eq!(current.len(), 1);
        (
            records.last().unwrap().number,
            current[0].number,
            records[0].number,
        )
    };
    for n in 2..=10 {
        publish(store, &one, "", n).await;
    }
    assert_eq!(numbers().await, (1, 10, 10));
    store.switch_version(&one, 1).await.unwrap();
    assert_eq!(numbers().await, (1, 1, 10));
    // The current one is the oldest, and goes when another takes its place.
    publish(store, &one, "", 11).await;
    assert_eq!(numbers().await, (2, 11, 11));
    let gone = store.switch_version(&one, 1).await;
    assert!(matches!(gone, Err(StoreError::NotFound(Kind::Publication))));
    assert_eq!(numbers().await, (2, 11, 11));
}

#[tokio::test]
async fn two_apis_do_not_take_the_same_requests() {
    let (test, [one, two], environment_id) = world().await;
    let store = &test.store;
    let description = ShortDescription::default();
    let taken = |refused: Result<(), StoreError>, by: &str| match refused {
        Err(StoreError::PathTaken(api)) => assert_eq!(api.as_str(), by),
        other => panic!("{other:?}"),
    };
    // To define it is allowed, to publish it is not, until the other one is gone.
    edit(store, &two, "/1").await;
    taken(
        store.publish_api(&two, &description, Timestamp(1)).await,
        "API_1",
    );
    assert_eq!(
        published(store).await,
        ["API_1 /1 RELEASE 1", "API_2 /2 RELEASE 1"]
    );
    store.take_offline(&one).await.unwrap();
    publish(store, &two, "", 2).await;
    taken(store.switch_version(&one, 1).await, "API_2");
    taken(
        store.publish_api(&one, &description, Timestamp(3)).await,
        "API_2",
    );
    assert_eq!(published(store).await, ["API_2 /1 RELEASE 2"]);
    let staged = BoundApi {
        environment_id,
        ..one.clone()
    };
    publish(store, &staged, "", 4).await;
    let current = "update publication set is_current = 1 where trigger_id = ";
    let past_all = test.sql(&format!("{current} '{}'", one.trigger_id)).await;
    assert!(past_all.is_err(), "the table refuses it too");
    let twice = test.sql(&format!("{current} '{}'", two.trigger_id)).await;
    assert!(twice.is_err(), "nor can two records be current");
}

#[tokio::test]
async fn what_is_not_there_is_not_published() {
    let (test, [one, _], _) = world().await;
    let store = &test.store;
    let description = ShortDescription::default();
    let no_api = BoundApi {
        trigger_id: TriggerId::from_bytes(id(99)),
        ..one.clone()
    };
    let nowhere = BoundApi {
        environment_id: EnvironmentId::from_bytes(id(99)),
        ..one.clone()
    };
    let check = |refused: Result<(), StoreError>, kind: Kind| match refused {
        Err(StoreError::NotFound(what)) => assert_eq!(what, kind),
        other => panic!("{other:?}"),
    };
    let now = Timestamp(1);
    check(
        store.publish_api(&no_api, &description, now).await,
        Kind::Api,
    );
    check(
        store.publish_api(&nowhere, &description, now).await,
        Kind::Environment,
    );
    check(store.switch_version(&one, 2).await, Kind::Publication);
    check(store.take_offline(&nowhere).await, Kind::Publication);
    store.take_offline(&one).await.unwrap();
    check(store.take_offline(&one).await, Kind::Publication);
    assert_eq!(store.publications(&nowhere).await.unwrap(), []);
}

#[tokio::test]
async fn what_there_was_is_published_by_the_migration() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sluice.db");
    let address = format!("sqlite://{}?mode=rwc", path.display());
    let old = sqlx::SqlitePool::connect(&address).await.unwrap();
    let all = sqlx::migrate!("../../migrations");
    let before = all.iter().filter(|migration| migration.version < 17);
    let mut migrator = Migrator::DEFAULT;
    migrator.migrations = Cow::Owned(before.cloned().collect());
    migrator.run(&old).await.unwrap();
    let [trigger, function, hex, test_id] = [
        "00000000-0000-0000-0000-000000000001".to_owned(),
        "00000000-0000-0000-0000-000000000002".to_owned(),
        "0".repeat(32),
        "a".repeat(32),
    ];
    let digest = "0".repeat(128);
    let sql = format!(
        "insert into function (function_id, name, runtime, handler, timeout_s, memory_mb, description,
             code_digest, created_at_ms, modified_at_ms, deployed_at_ms)
             values ('{function}', 'demo', 'Python3.12', 'index.handler', 3, 128, '',
                 '{digest}', 0, 0, 0);
         insert into api_group values ('{hex}', 'group', 0);
         insert into environment values ('{test_id}', 'TEST', 5);
         insert into trigger values ('{trigger}', '{function}', '{hex}', 'API_old', '{hex}', '{test_id}',
             'APP', 'BOTH', '/a/{{id}}', '/a/{{}}', 'SWA', 'POST', 1234, 9, 1);
         insert into credential values ('{hex}', 'partner', '{hex}', x'00', 0);
         insert into app_code values ('{hex}', '{hex}', x'00', 'abcd', 0);
         insert into credential_api values ('{hex}', '{trigger}');
         insert into policy values ('{hex}', 'CORS', 'open', '{{}}', 0);
         insert into policy_api values ('{trigger}', 'CORS', '{hex}');"
    );
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(&old)
        .await
        .unwrap();
    old.close().await;
    // What is sealed needs its key, which is not looked at here.
    std::fs::write(folder.path().join("secrets.key"), [0; 32]).unwrap();

    let store = Store::open(&path).await.unwrap();
    let api = store.list_apis().await.unwrap().remove(0);
    let published = store.published_triggers().await.unwrap();
    assert_eq!(published.len(), 1);
    assert_eq!(published[0].trigger, api.trigger);
    assert_eq!(published[0].trigger.settings.timeout.millis(), 1234);
    assert!(published[0].trigger.settings.simple_authentication);
    let told = (
        published[0].environment.name.as_str(),
        published[0].published_at,
    );
    assert_eq!(told, ("TEST", Timestamp(9)));
    for table in ["credential_api", "policy_api", "publication"] {
        let sql = format!("select environment_id from {table}");
        let rows = sqlx::query_scalar::<_, String>(AssertSqlSafe(sql));
        let rows = rows.fetch_all(&store.readers).await.unwrap();
        assert_eq!(rows, std::slice::from_ref(&test_id), "{table}");
    }
    assert_ne!(test_id, RELEASE_ENVIRONMENT_ID);
    let codes = sqlx::query_scalar::<_, String>("select credential_id from app_code");
    let codes = codes.fetch_all(&store.readers).await.unwrap();
    assert_eq!(
        codes,
        [hex],
        "what belonged to a credential went with its table"
    );
}
