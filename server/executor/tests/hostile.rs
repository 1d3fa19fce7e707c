//! Functions that mean harm, one behaviour each, in `guests/`: each ends with the right cause,
//! and neither a neighbour nor the next call of the function itself notices.
//!
//! What they try is in their first line. `docs/sandbox.md` tells what these tests show.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use common::{World, eventually, own_lines, returned, spec_in, text};
use sluice_domain::function::{
    ExecutionTimeout, Handler, InitializationTimeout, Initializer, Runtime,
};
use sluice_domain::invocation::Cause;
use sluice_executor::{DeploymentSpec, Invocation, Outcome};

/// A function of `guests/`, and what is to come of it.
struct Guest {
    file: &'static str,
    ends: Ends,
    then: Ends,
    log: &'static [&'static str],
    not_log: &'static [&'static str],
}

/// How a call ends.
#[derive(Clone, Copy)]
enum Ends {
    /// It runs until its time is over.
    TimesOut,
    /// It exceeds a limit, with these words.
    Exceeds(Cause, &'static str),
    /// It fails as code does: with an error of this type, and a message that contains this.
    Fails(&'static str, &'static str),
    /// It was cut off in one of several ways, whichever came first.
    Either(&'static [Ends]),
    /// It returns this.
    Returns(&'static str),
}

use Ends::{Either, Exceeds, Fails, Returns, TimesOut};

const MEMORY: Ends = Exceeds(Cause::MemoryExceeded, "runtime memory limit exceeded");
const LOG: Ends = Exceeds(Cause::LogExceeded, "runtime log limit exceeded");
const NOTHING: Ends = Returns("[]");
const FINE: Ends = Returns("\"fine\"");
const UNREACHABLE: Ends = Fails("RuntimeTrap", "`unreachable` instruction executed");
const TOO_DEEP: Ends = Fails("RecursionError", "");

/// A guest that is itself again with the next call.
const fn guest(file: &'static str, ends: Ends) -> Guest {
    Guest {
        file,
        ends,
        then: FINE,
        log: &[],
        not_log: &[],
    }
}

impl Guest {
    /// The next call, which is no attack, ends like this.
    const fn then(self, then: Ends) -> Self {
        Self { then, ..self }
    }

    /// Its log has these.
    const fn logs(self, log: &'static [&'static str]) -> Self {
        Self { log, ..self }
    }

    /// Its log does not have these.
    const fn never_logs(self, not_log: &'static [&'static str]) -> Self {
        Self { not_log, ..self }
    }
}

const NOT_LOADED: Ends = Exceeds(Cause::TimedOut, "runtime initialization timed out after 1s");
const NOT_INITIALIZED: Ends = Exceeds(
    Cause::InitializationFailed,
    "runtime initialization timed out after 1s",
);

const TIME: &[Guest] = &[
    guest("busy_loop.py", TimesOut).logs(&["ERROR call invoke timeout 1s"]),
    guest("catches_everything.py", TimesOut),
    guest("busy_regex.py", TimesOut),
    guest("busy_sort.py", TimesOut),
    guest("busy_power.py", TimesOut),
    guest("busy_digits.py", TimesOut),
    guest("busy_search.py", TimesOut),
    guest("event_loop_spins.py", TimesOut),
    guest("deletion_loops.py", TimesOut),
    guest("deletion_loops_later.py", TimesOut),
];

const WAITING: &[Guest] = &[
    guest("sleeps_forever.py", TimesOut),
    guest(
        "sleeps_oddly.py",
        Returns(
            "[\"ValueError\", \"ValueError\", \"OverflowError\", \"OverflowError\", \"OverflowError\", \"OverflowError\"]",
        ),
    ),
    guest("polls_forever.py", TimesOut),
    guest("reads_forever.py", TimesOut),
    guest("syncs_forever.py", TimesOut),
    guest("import_never_ends.py", NOT_LOADED).then(NOT_LOADED),
    guest("initializer_hangs.py", NOT_INITIALIZED).then(NOT_INITIALIZED),
];

const SPACE: &[Guest] = &[
    guest("memory_bomb.py", MEMORY).logs(&["ERROR runtime memory limit exceeded"]),
    guest("small_allocations.py", MEMORY),
    guest("import_takes_memory.py", MEMORY).then(MEMORY),
    guest("zip_bomb.py", MEMORY),
    guest("pickle_bomb.py", MEMORY),
    guest(
        "many_streams.py",
        Either(&[MEMORY, Fails("MemoryError", "64 streams are open")]),
    ),
    guest("fill_tmp.py", Returns("\"No space left on device\"")),
];

const DEPTH: &[Guest] = &[
    guest("deep_recursion.py", MEMORY),
    guest("deep_recursion_in_c.py", TOO_DEEP),
    guest("deep_json.py", TOO_DEEP),
    guest(
        "deep_result.py",
        Either(&[Fails("FunctionResultError", "recursion"), TOO_DEEP]),
    ),
    guest(
        "deep_source.py",
        Fails("MemoryError", "too complex to parse"),
    ),
    guest(
        "deep_brackets.py",
        Either(&[
            Fails("MemoryError", "too complex to parse"),
            Fails("SyntaxError", ""),
        ]),
    ),
    guest("deep_regex.py", Either(&[Returns("true"), TOO_DEEP])),
    guest(
        "deep_deletion.py",
        Either(&[Returns("\"deleted\""), TOO_DEEP]),
    ),
];

const OUTPUT: &[Guest] = &[
    guest("floods_output.py", LOG).logs(&[
        "ERROR runtime log limit exceeded: an invocation may write 4194304 bytes and was ended here",
    ]),
    guest("floods_one_line.py", LOG),
    guest("floods_empty_lines.py", LOG),
    guest("floods_logger.py", LOG),
    guest("import_floods.py", LOG).then(LOG),
    guest("forges_lines.py", Returns("\"forged\"")),
];

const RESULTS: &[Guest] = &[
    guest("result_huge.py", MEMORY),
    guest(
        "result_large.py",
        Fails(
            "FunctionResultError",
            "response body size 30000002 exceeds the limit of 6291456",
        ),
    ),
    guest("result_endless.py", MEMORY),
    guest(
        "result_pretends.py",
        Returns("{\"text\": \"grüße\", \"number\": 1, \"key\": true}"),
    ),
    guest("exception_text_loops.py", TimesOut),
    guest(
        "exception_text_raises.py",
        Fails("SystemExit", "the function ended its process"),
    ),
    guest("exception_text_huge.py", Fails("ValueError", "xxx…")),
    guest(
        "exception_name_huge.py",
        Fails("", "function invocation exception"),
    ),
    guest(
        "exception_chain_long.py",
        Either(&[Fails("ValueError", "99999"), TOO_DEEP]),
    ),
    guest(
        "exception_group_deep.py",
        Either(&[Fails("ExceptionGroup", "1 sub-exception"), TOO_DEEP]),
    ),
    guest("exception_holds_memory.py", Fails("ValueError", "held")),
];

const FILES: &[Guest] = &[
    guest("host_files.py", NOTHING),
    guest("symlinks.py", NOTHING),
    guest("writes_code.py", Returns("[[], true]")),
    guest(
        "opens_many_files.py",
        Either(&[
            Returns("\"Out of memory\""),
            Fails("OSError", "too many files, streams and timers open"),
        ]),
    ),
    guest(
        "odd_names.py",
        Either(&[Returns("true"), Fails("RuntimeTrap", "invalid utf-8")]),
    ),
    guest("closes_descriptors.py", Returns("false")),
    guest("leaves_its_folder.py", Returns("\"/tmp\"")),
];

/// What it leaves takes others longer to remove than it had to make it.
const LEFT: Guest = guest("deep_folders.py", Returns("[\"d\"]"));

const SURROUNDINGS: &[Guest] = &[
    guest("host_environment.py", Returns("[]")),
    guest("sockets.py", NOTHING),
    guest("forks.py", Fails("AttributeError", "has no processes")),
    guest(
        "native_code.py",
        Fails("ModuleNotFoundError", "cannot call native libraries"),
    ),
    guest(
        "exits.py",
        Fails("SystemExit", "the function ended its process"),
    ),
    guest(
        "exits_politely.py",
        Fails("SystemExit", "the function called sys.exit('enough')"),
    )
    .never_logs(&["at exit"]),
    guest("aborts.py", UNREACHABLE),
    guest("signals.py", UNREACHABLE),
    guest("crashes.py", UNREACHABLE),
    guest(
        "forged_bytecode.py",
        Fails("RuntimeTrap", "out of bounds memory access"),
    ),
];

const LOADER: &[Guest] = &[
    guest("builtins_cleared.py", UNREACHABLE),
    guest("json_replaced.py", Returns("}{")).then(Returns("}{")),
    guest("print_replaced.py", Returns("\"silent\"")),
    guest("random_replaced.py", Fails("SystemExit", "no seed")),
    guest("loader_replaced.py", Returns("\"replaced\"")).then(UNREACHABLE),
    guest(
        "loader_lies.py",
        Fails("MemoryError", "more than 20971520 bytes at once"),
    ),
    guest(
        "loader_imports.py",
        Either(&[
            Fails("RuntimeTrap", "at most 65536 bytes at once"),
            Returns("\"no compression\""),
        ]),
    )
    .logs(&["ERROR by itself"]),
];

const JAVASCRIPT_TIME: &[Guest] = &[
    guest("busy_loop.js", TimesOut).logs(&["ERROR call invoke timeout 1s"]),
    guest("busy_regex.js", TimesOut),
    guest("busy_sort.js", TimesOut),
    guest("promises_forever.js", TimesOut),
    guest("timers_forever.js", TimesOut),
    guest("sleeps_forever.js", TimesOut),
    guest("import_never_ends.js", NOT_LOADED).then(NOT_LOADED),
    guest("result_loops.js", TimesOut),
    guest("error_text_loops.js", TimesOut),
];

const JAVASCRIPT: &[Guest] = &[
    guest("memory_bomb.js", Either(&[MEMORY, UNREACHABLE])),
    guest("buffers.js", MEMORY),
    // The engine has a limit of its own for what it collects, and aborts at it.
    guest("small_allocations.js", UNREACHABLE).logs(&["ERROR uncaught exception: out of memory"]),
    guest("deep_recursion.js", Returns("true")),
    guest("deep_json.js", MEMORY),
    guest("floods_output.js", LOG),
    guest("floods_one_line.js", LOG),
    guest(
        "result_large.js",
        Fails(
            "FunctionResultError",
            "response body size 10000002 exceeds the limit of 6291456",
        ),
    ),
    guest("error_text_huge.js", Fails("Error", "xxx…")),
    guest("prototypes_changed.js", UNREACHABLE),
    guest(
        "globals_deleted.js",
        Fails("Error", "cannot be turned into text"),
    )
    .then(Fails("Error", "cannot be turned into text")),
    guest("host_files.js", NOTHING),
    guest("network.js", NOTHING),
];

/// What a neighbour does: it sees its own files, modules and generators, and says so.
const NEIGHBOUR: &str = "import json, os, random\n\
    def handler(event, context):\n\
    \x20   print('heard')\n\
    \x20   return [sum(event), os.listdir('/tmp'), os.getcwd(), json.loads(json.dumps({'a': 1})), random.Random(7).randrange(100)]\n";
const NEIGHBOUR_JS: &str = "exports.handler = async (event) => { console.log('heard'); \
    return [event.reduce((a, b) => a + b), {}.toString(), typeof setTimeout]; };";

async fn check(runtime: Runtime, guests: &[Guest]) {
    let world = World::of(runtime, 400).await;
    let (code, answer) = match runtime {
        Runtime::JavaScript => (NEIGHBOUR_JS, "[6,\"[object Object]\",\"function\"]"),
        _ => (NEIGHBOUR, "[6, [], \"/opt/function\", {\"a\": 1}, 41]"),
    };
    let neighbour = world.deploy(code).await;
    for guest in guests {
        let file = guest.file;
        let deployment = world.deploy_spec(spec(runtime, guest)).await.unwrap();
        let attack = world.call(&deployment, "1").await;
        check_end(file, guest.ends, &attack);
        let log = text(&attack.record);
        for part in guest.log {
            assert!(log.contains(part), "{file}: {part:?} is not in\n{log}");
        }
        for part in guest.not_log {
            assert!(!log.contains(part), "{file}: {part:?} is in\n{log}");
        }
        check_end(file, guest.then, &world.call(&deployment, "0").await);
        let call = world.call(&neighbour, "[1, 2, 3]").await;
        assert_eq!(own_lines(&call.record), [("INFO", "heard".to_owned())]);
        assert_eq!(returned(call), answer, "the neighbour of {file}");
    }
}

/// A guest with one second where it would never end, and with enough time where it would.
fn spec(runtime: Runtime, guest: &Guest) -> DeploymentSpec {
    let own = fs::read_to_string(folder().join(guest.file)).unwrap();
    let handler = match runtime {
        Runtime::JavaScript => "exports.handler = (event) => (event ? attack() : \"fine\");\n",
        _ => {
            "\n\ndef handler(event, context):\n    return attack(context) if event else \"fine\"\n"
        }
    };
    let mut spec = spec_in(runtime, &(own.clone() + handler));
    let never_ends = matches!(
        guest.ends,
        TimesOut | Exceeds(Cause::TimedOut | Cause::InitializationFailed, _)
    );
    let seconds = if never_ends { 1 } else { 30 };
    spec.settings.timeout = ExecutionTimeout::try_from(seconds).unwrap();
    if own.contains("def initializer(") {
        spec.settings.initializer = Some(Initializer {
            function: Handler::parse("index.initializer").unwrap(),
            timeout: InitializationTimeout::try_from(1).unwrap(),
        });
    }
    spec
}

#[track_caller]
fn check_end(file: &str, ends: Ends, call: &Invocation<String>) {
    if let Err(found) = matches(ends, call) {
        panic!("{file}: {found}\n{}", text(&call.record));
    }
}

/// What was found instead, where a call ended in another way.
fn matches(ends: Ends, call: &Invocation<String>) -> Result<(), String> {
    let cause = call.record.cause;
    let is_right = match (&call.outcome, ends) {
        (_, Either(several)) => several.iter().any(|one| matches(*one, call).is_ok()),
        (Outcome::Returned(result), Returns(expected)) => result == expected,
        (Outcome::Failed(failure), TimesOut) => {
            cause == Cause::TimedOut && failure.error_message == "call invoke timeout 1s"
        }
        (Outcome::Failed(failure), Exceeds(expected, message)) => {
            cause == expected && failure.error_message == message
        }
        (Outcome::Failed(failure), Fails(kind, message)) => {
            cause == Cause::CodeError
                && (failure.error_type == kind || kind.is_empty())
                && failure.error_message.contains(message)
                && failure.error_message.len() <= 100_000
                && failure.error_type.len() <= 1024
        }
        _ => false,
    };
    let is_told = cause.is_success()
        || text(&call.record).contains(&format!("(invoke Failed:{})", cause.name()));
    match is_right && is_told {
        true => Ok(()),
        false => Err(format!("{cause:?} {:.300}", format!("{:?}", call.outcome))),
    }
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/guests"))
}

macro_rules! contained {
    ($($name:ident: $guests:expr,)*) => {
        mod python312 {
            use super::*;
            $(#[tokio::test]
            async fn $name() { check(Runtime::Python312, $guests).await; })*
        }
        mod python314 {
            use super::*;
            $(#[tokio::test]
            async fn $name() { check(Runtime::Python314, $guests).await; })*
        }
        const PYTHON: &[&[Guest]] = &[$($guests),*];
    };
}

contained! {
    time: TIME,
    waiting: WAITING,
    space: SPACE,
    depth: DEPTH,
    output: OUTPUT,
    results: RESULTS,
    files: FILES,
    surroundings: SURROUNDINGS,
    loader: LOADER,
}

mod javascript {
    use super::*;

    #[tokio::test]
    async fn time() {
        check(Runtime::JavaScript, JAVASCRIPT_TIME).await;
    }

    #[tokio::test]
    async fn all_else() {
        check(Runtime::JavaScript, JAVASCRIPT).await;
    }
}

#[test]
fn every_guest_is_tried() {
    let tables = PYTHON.iter().chain(&[JAVASCRIPT_TIME, JAVASCRIPT, &[LEFT]]);
    let tried: BTreeSet<_> = tables
        .flat_map(|table| table.iter())
        .map(|guest| guest.file.to_owned())
        .collect();
    let there = fs::read_dir(folder()).unwrap().flatten();
    let there: BTreeSet<_> = there
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    assert_eq!(tried, there);
}

#[test]
fn what_a_function_leaves_is_removed_however_deep_it_is() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let world = runtime.block_on(async {
        let world = World::start().await;
        let deployment = world
            .deploy_spec(spec(Runtime::Python312, &LEFT))
            .await
            .unwrap();
        check_end(LEFT.file, LEFT.ends, &world.call(&deployment, "1").await);
        assert!(folders(&world).iter().any(|(_, entries)| *entries > 0));
        drop(deployment);
        // What stands beside its folder was in it.
        eventually("beginning to remove what was left", || {
            let all = folders(&world);
            all.iter().any(|(name, _)| name.contains('.')) || all.iter().all(|(_, n)| *n == 0)
        })
        .await;
        world
    });
    // Waits for what blocks, as a removal does.
    drop(runtime);
    assert!(folders(&world).iter().all(|(_, entries)| *entries == 0));
}

/// The private folders of instances, and how many entries each has.
fn folders(world: &World) -> Vec<(String, usize)> {
    let all = fs::read_dir(world.artifacts.join("tmp")).unwrap().flatten();
    let entries = |folder: &fs::DirEntry| fs::read_dir(folder.path()).map_or(0, Iterator::count);
    all.map(|folder| {
        let name = folder.file_name().to_string_lossy().into_owned();
        (name, entries(&folder))
    })
    .collect()
}
