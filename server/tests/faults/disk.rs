//! Disks and databases that do not do what they should: users are told, callers are answered, and
//! nothing that was acknowledged is gone.

use std::path::Path;
use std::time::Duration;

use hyper::StatusCode;
use serde_json::json;
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use crate::process::{Client, Process, data_folder};

const CODE: &str = "def handler(event, context):\n    return {'statusCode': 200, 'body': 'here', 'isBase64Encoded': False}\n";

/// A function with a trigger at `/here`; tells its host.
async fn publish(user: &mut Client) -> String {
    let (group, host) = user.create_group("disk").await;
    user.create_function("here").await.unwrap().json();
    user.deploy("here", CODE).await.unwrap().json();
    user.create_trigger("here", &group, "/here")
        .await
        .unwrap()
        .json();
    host
}

async fn is_answered(process: &Process, host: &str) {
    let answer = Client::new(&process.gateway, host)
        .get("/here")
        .await
        .unwrap();
    assert_eq!(
        (answer.status, answer.text()),
        (StatusCode::OK, "here".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_takes_no_more_refuses_changes_and_nothing_else() {
    let data = data_folder().await;
    let process = Process::start(data.path()).await;
    let mut user = Client::signed_in(&process).await;
    let host = publish(&mut user).await;
    process.kill();

    // No file may become larger than so much: what SQLite is told is what a full disk tells.
    let process = Process::start_with_files_of(data.path(), 4 << 20).await;
    let mut user = user.at(&process);
    user.create_function("filling").await.unwrap().json();
    let mut kept = 0;
    let refused = loop {
        // What cannot be packed: every round another text.
        let text: String = (0..100_000).map(|_| fastrand::alphanumeric()).collect();
        let code =
            format!("TEXT = '{kept} {text}'\ndef handler(event, context):\n    return None\n");
        let answer = user.deploy("filling", &code).await.unwrap();
        if answer.status != StatusCode::OK {
            break answer;
        }
        let event = json!({ "name": "filling", "event": { "name": format!("e{kept}"), "content": format!("\"{}\"", &text[..60_000]) } });
        if kept < 10 {
            user.ask("test-events/create", event).await.unwrap().json();
        }
        kept += 1;
        assert!(kept < 400, "the disk is never full");
    };
    assert!(refused.status.is_server_error(), "{}", refused.text());
    assert!(!refused.text().contains("sluice.db"), "{}", refused.text());
    is_answered(&process, &host).await;
    let listed = user.get("/api/functions/list").await.unwrap().json();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    process.kill();

    // With room again it goes on by itself, from the last code that was acknowledged.
    let process = Process::start(data.path()).await;
    let mut user = user.at(&process);
    is_answered(&process, &host).await;
    let found = user
        .get("/api/code/find?name=filling")
        .await
        .unwrap()
        .text();
    assert!(found.contains(&format!("TEXT = '{} ", kept - 1)), "{kept}");
    user.deploy("filling", CODE).await.unwrap().json();
    process.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_another_process_holds_is_waited_for() {
    let data = data_folder().await;
    let process = Process::start(data.path()).await;
    let mut user = Client::signed_in(&process).await;
    let host = publish(&mut user).await;
    let options = SqliteConnectOptions::new().filename(data.path().join("sluice.db"));
    let mut other = SqliteConnection::connect_with(&options).await.unwrap();
    for (held, status) in [
        (Duration::from_millis(500), "200 OK"),
        (Duration::from_secs(7), "500 Internal Server Error"),
    ] {
        let name = format!("during_{}", held.as_millis());
        let mut holding = other.begin_with("begin immediate").await.unwrap();
        sqlx::query("update user set name = name")
            .execute(&mut *holding)
            .await
            .unwrap();
        let (created, ()) = tokio::join!(user.create_function(&name), async {
            is_answered(&process, &host).await;
            tokio::time::sleep(held).await;
            holding.rollback().await.unwrap();
        });
        let created = created.unwrap();
        assert_eq!(created.status.to_string(), status, "{}", created.text());
    }
    user.create_function("afterwards").await.unwrap().json();
    process.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn artifacts_that_were_cut_off_are_made_again() {
    let data = data_folder().await;
    let process = Process::start(data.path()).await;
    let mut user = Client::signed_in(&process).await;
    let host = publish(&mut user).await;
    is_answered(&process, &host).await;
    process.kill();
    let mut cut = 0;
    for path in files_below(&data.path().join("artifacts")) {
        // The modules of the Pythons are guarded in the same way, and take long to make.
        let is_of_python = path
            .components()
            .any(|part| part.as_os_str().to_string_lossy().starts_with("python"));
        let is_compiled = path
            .extension()
            .is_some_and(|extension| extension == "cwasm")
            && !is_of_python;
        if is_compiled {
            let file = std::fs::File::options().write(true).open(&path).unwrap();
            file.set_len(file.metadata().unwrap().len() / 2).unwrap();
            cut += 1;
        }
    }
    assert!(cut > 0);
    let process = Process::start(data.path()).await;
    is_answered(&process, &host).await;
    process.kill();
}

fn files_below(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files.extend(files_below(&path)),
            false => files.push(path),
        }
    }
    files
}
