//! `kill -9` at any moment, again and again, while users change things and callers call: what was
//! acknowledged is there afterwards, what was not is there whole or not at all.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fastrand::Rng;
use hyper::StatusCode;
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use crate::often;
use crate::process::{Client, Gone, Process, data_folder};

/// Users at a time, each with functions of its own.
const USERS: usize = 3;

/// Functions of a user at a time.
const FUNCTIONS: u64 = 4;

/// How far a function has come: which code it answers with, and whether it has a trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    /// 0 is the template that a function is created with.
    revision: u64,
    has_trigger: bool,
}

/// What has been acknowledged of a function, and what may be true besides: the change that was
/// under way when the server was killed.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    acknowledged: Option<State>,
    maybe: Option<Option<State>>,
}

type Ledger = Arc<Mutex<BTreeMap<String, Known>>>;

fn code(name: &str, revision: u64) -> String {
    format!(
        "def handler(event, context):\n    return {{'statusCode': 200, 'body': '{name} {revision}', 'isBase64Encoded': False}}\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_a_kill_at_any_moment() {
    let rounds = often("SLUICE_KILL_ROUNDS", 8);
    let mut rng = Rng::with_seed(often("SLUICE_SEED", 7));
    let data = data_folder().await;
    let ledger = Ledger::default();
    let mut process = Process::start(data.path()).await;
    let mut user = Client::signed_in(&process).await;
    let (group, host) = user.create_group("killed").await;
    let (mut starts, mut calls, mut changes) = (Vec::new(), 0, 0);
    for round in 0..rounds {
        // Most kills hit the work, some the start and what follows it at once.
        let after = Duration::from_millis(rng.u64(if round % 4 == 3 { 1..60 } else { 60..1500 }));
        let users = (0..USERS).map(|n| {
            let (user, ledger, group) = (user.at(&process), Arc::clone(&ledger), group.clone());
            tokio::spawn(change(user, ledger, group, n, rng.fork()))
        });
        let users: Vec<_> = users.collect();
        let caller = tokio::spawn(call(
            Client::new(&process.gateway, &host),
            Arc::clone(&ledger),
            rng.fork(),
        ));
        tokio::time::sleep(after).await;
        process.kill();
        for user in users {
            changes += user.await.unwrap();
        }
        calls += caller.await.unwrap();

        let begun = Instant::now();
        process = Process::start(data.path()).await;
        starts.push(begun.elapsed());
        settle(
            &mut user.at(&process),
            &mut Client::new(&process.gateway, &host),
            &ledger,
        )
        .await;
        check_database(data.path()).await;
    }
    starts.sort();
    println!(
        "{rounds} kills, {changes} changes acknowledged, {calls} calls answered; started again within {:?}, half of the times within {:?}",
        starts[starts.len() - 1],
        starts[starts.len() / 2]
    );
    assert!(
        changes >= rounds && calls >= rounds,
        "{changes} changes, {calls} calls"
    );
    process.kill();
}

/// Changes one thing after the other until the server is gone; tells how many were acknowledged.
async fn change(
    mut user: Client,
    ledger: Ledger,
    group: String,
    owner: usize,
    mut rng: Rng,
) -> u64 {
    for done in 0.. {
        let name = format!("user_{owner}_{}", rng.u64(..FUNCTIONS));
        let known = ledger
            .lock()
            .unwrap()
            .get(&name)
            .copied()
            .unwrap_or_default();
        let next = match known.acknowledged {
            None => Some(State {
                revision: 0,
                has_trigger: false,
            }),
            Some(state) if rng.u64(..8) == 0 && state.revision > 0 => None,
            Some(state) if state.has_trigger || rng.bool() => Some(State {
                revision: state.revision + 1,
                ..state
            }),
            Some(state) => Some(State {
                has_trigger: true,
                ..state
            }),
        };
        let set = |known| ledger.lock().unwrap().insert(name.clone(), known);
        set(Known {
            maybe: Some(next),
            ..known
        });
        let answered = match (known.acknowledged, next) {
            (None, _) => user.create_function(&name).await,
            (_, None) => user.delete_function(&name).await,
            (Some(before), Some(state)) if before.has_trigger != state.has_trigger => {
                user.create_trigger(&name, &group, &format!("/{name}"))
                    .await
            }
            (_, Some(state)) => user.deploy(&name, &code(&name, state.revision)).await,
        };
        match answered {
            Err(Gone) => return done,
            Ok(answer) => assert_eq!(
                answer.status,
                StatusCode::OK,
                "{name} {next:?}: {}",
                answer.text()
            ),
        }
        set(Known {
            acknowledged: next,
            maybe: None,
        });
    }
    unreachable!()
}

/// Calls what has been acknowledged until the server is gone; tells how many calls were answered.
async fn call(mut caller: Client, ledger: Ledger, mut rng: Rng) -> u64 {
    let mut answered = 0;
    loop {
        let name = format!("user_{}_{}", rng.usize(..USERS), rng.u64(..FUNCTIONS));
        let known = |ledger: &Ledger| {
            ledger
                .lock()
                .unwrap()
                .get(&name)
                .copied()
                .unwrap_or_default()
        };
        let before = known(&ledger);
        let Ok(answer) = caller.get(&format!("/{name}")).await else {
            return answered;
        };
        answered += 1;
        let after = known(&ledger);
        // Only where nothing was under way is it known what has to come.
        let same = (before.maybe, after.maybe) == (None, None)
            && before.acknowledged == after.acknowledged;
        if let (
            true,
            Some(State {
                revision: 1..,
                has_trigger: true,
            }),
        ) = (same, before.acknowledged)
        {
            assert_eq!(
                answer.text(),
                format!("{name} {}", before.acknowledged.unwrap().revision)
            );
        }
        assert!(answer.status.as_u16() < 500, "{name}: {}", answer.text());
    }
}

/// Compares what is there with what has to be, and goes on from what is.
async fn settle(user: &mut Client, caller: &mut Client, ledger: &Ledger) {
    let listed = user.get("/api/functions/list").await.unwrap().json();
    let names: Vec<&str> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["name"].as_str().unwrap())
        .collect();
    let mut left = ledger.lock().unwrap().clone();
    for (name, known) in &mut left {
        let mut is = None;
        if names.contains(&name.as_str()) {
            let found = user
                .get(&format!("/api/code/find?name={name}"))
                .await
                .unwrap()
                .json();
            let code = found["files"].to_string();
            let revision = code
                .split_once(&format!("'{name} "))
                .map_or(0, |(_, rest)| {
                    rest.split('\'').next().unwrap().parse().unwrap()
                });
            let cards = user
                .get(&format!("/api/triggers/list?name={name}"))
                .await
                .unwrap()
                .json();
            is = Some(State {
                revision,
                has_trigger: !cards.as_array().unwrap().is_empty(),
            });
        }
        let expected = [Some(known.acknowledged), known.maybe];
        assert!(
            expected.contains(&Some(is)),
            "{name} is {is:?}, and has to be one of {expected:?}"
        );
        let answer = caller.get(&format!("/{name}")).await.unwrap();
        match is {
            Some(State {
                has_trigger: true,
                revision: 0,
            }) => assert_eq!(answer.status, StatusCode::OK),
            Some(State {
                has_trigger: true,
                revision,
            }) => assert_eq!(answer.text(), format!("{name} {revision}")),
            _ => assert_eq!(
                answer.status,
                StatusCode::NOT_FOUND,
                "{name}: {}",
                answer.text()
            ),
        }
        *known = Known {
            acknowledged: is,
            maybe: None,
        };
    }
    *ledger.lock().unwrap() = left;
}

async fn check_database(data: &std::path::Path) {
    let options = SqliteConnectOptions::new().filename(data.join("sluice.db"));
    let mut database = SqliteConnection::connect_with(&options).await.unwrap();
    let found: String = sqlx::query_scalar("pragma integrity_check")
        .fetch_one(&mut database)
        .await
        .unwrap();
    assert_eq!(found, "ok");
    let dangling = sqlx::query("pragma foreign_key_check")
        .fetch_all(&mut database)
        .await
        .unwrap();
    assert!(dangling.is_empty());
    database.close().await.unwrap();
}
