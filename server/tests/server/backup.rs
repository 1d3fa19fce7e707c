//! Backups: made while the server serves, and what comes back of them.

use std::path::Path;

use axum::http::{Method, StatusCode};
use serde_json::json;
use sluice::backup::{back_up, restore};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection, Row};

use crate::world::World;

/// Every row of every table, as SQLite would write it; sessions apart, which a restore ends.
async fn rows(data: &Path) -> Vec<String> {
    let options = SqliteConnectOptions::new().filename(data.join("sluice.db"));
    let mut database = SqliteConnection::connect_with(&options).await.unwrap();
    let tables = sqlx::query(
        "select table_info.tbl, 'select ' || group_concat('quote(\"' || name || '\")', '||'',''||') || ' from \"' || tbl || '\" order by 1'
         from (select m.name as tbl, c.name from sqlite_master m, pragma_table_info(m.name) c
               where m.type = 'table' and m.name not in ('session')) table_info
         group by tbl order by tbl",
    );
    let mut all = Vec::new();
    for table in tables.fetch_all(&mut database).await.unwrap() {
        let name: String = table.get(0);
        let select = AssertSqlSafe(table.get::<String, _>(1));
        let rows = sqlx::query_scalar::<_, String>(select);
        for row in rows.fetch_all(&mut database).await.unwrap() {
            all.push(format!("{name}: {row}"));
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_and_every_trigger_is_there_after_a_restore() {
    let (world, user, anonymous) = World::with_user().await;
    let mut urls = Vec::new();
    for n in 0..3 {
        let code = format!(
            "def handler(event, context):\n    print('called')\n    return {{'statusCode': 200, 'body': 'I am {n}', 'isBase64Encoded': False}}\n"
        );
        let name = format!("kept_{n}");
        urls.push(user.publish(&name, &code, &format!("/{n}")).await);
    }
    let variable = json!({ "key": "SECRET", "value": "hidden", "is_encrypted": true });
    let asked = json!({ "name": "kept_0", "env_vars": [variable] });
    user.expect(user.ask("functions/update-env-vars", asked).await);
    let credential = json!({ "name": "partner", "chosen": null });
    user.expect(user.ask("credentials/create", credential).await);
    world.add_user(&anonymous, "second").await;

    // While callers are being answered.
    let mut backup = Vec::new();
    let calling = async {
        for round in 0..30 {
            let answer = world.call(Method::GET, &urls[round % 3], "").await;
            assert_eq!(answer.body, format!("I am {}", round % 3));
        }
    };
    let (_, backed_up) = tokio::join!(calling, back_up(world.data(), &mut backup));
    backed_up.unwrap();
    user.requests("kept_0", 10).await;
    let cookie = user.cookie.clone();
    let restored = World::restored(&backup).await;
    for (n, url) in urls.iter().enumerate() {
        let answer = restored.call(Method::GET, url, "").await;
        assert_eq!(
            (answer.status, answer.body),
            (StatusCode::OK, format!("I am {n}"))
        );
    }
    let mut again = restored.visitor();
    again.cookie = cookie;
    let page = again.open("/functions").await;
    assert_ne!(page.status, StatusCode::OK, "a session of before is over");

    // And once nothing changes any more, row by row.
    let data = world.stop().await;
    let mut backup = Vec::new();
    back_up(data.path(), &mut backup).await.unwrap();
    let other = tempfile::tempdir().unwrap();
    restore(&backup[..], other.path()).await.unwrap();
    let before = rows(data.path()).await;
    assert!(
        before.len() > 60 && before.iter().any(|row| row.starts_with("invocation:")),
        "{before:#?}"
    );
    assert_eq!(rows(other.path()).await, before);
}
