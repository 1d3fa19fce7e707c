//! What a function may leave in its `/tmp`, and what is told of it.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod common;

use common::{World, eventually, failure, returned, spec, text};
use sluice_domain::concurrency::Concurrency;
use sluice_domain::function::{ExecutionTimeout, Runtime};
use sluice_domain::invocation::Cause;

/// What `disk.py` takes for the quota: 256 blocks.
const QUOTA: u64 = 1 << 20;

/// Does the lines of `table` one after the other on one instance. After each stands what `/tmp`
/// holds then; before one for which there is no room stands `!`.
async fn check(runtime: Runtime, table: &str) {
    let world = World::with_tmp(runtime, QUOTA).await;
    let mut spec = spec(include_str!("disk.py"));
    spec.settings.timeout = ExecutionTimeout::try_from(60).unwrap();
    let deployment = world.deploy_spec(spec).await.unwrap();
    let rows = table.lines().filter_map(|row| row.rsplit_once('|'));
    let (lines, expected): (Vec<_>, Vec<_>) = rows
        .map(|(line, used)| (line.trim(), (line.trim(), used.trim().parse().unwrap())))
        .unzip();
    let event = serde_json::to_string(&lines).unwrap();
    let result = returned(world.call(&deployment, &event).await);
    let found: Vec<(&str, u64)> = serde_json::from_str(&result).unwrap();
    assert_eq!(found, expected);
}

const COUNTED: &str = "
    write('a', 100)                                  | 4196
    write('a', 50)                                   | 4146
    write('a', 50, 'ab')                             | 4196
    write('a', 1, 'r+b')                             | 4196
    write_at('a', 99)                                | 4196
    write_at('a', 9999)                              | 14096
    os.truncate('/tmp/a', 10)                        | 4106
    os.truncate('/tmp/a', 1000)                      | 5096
    os.utime('/tmp/a')                               | 5096
    os.link('/tmp/a', '/tmp/b')                      | 9192
    write('a', 1010)                                 | 9202
    os.unlink('/tmp/a')                              | 5106
    os.mkdir('/tmp/d')                               | 9202
    os.symlink('b', '/tmp/d/s')                      | 13298
    os.rename('/tmp/b', '/tmp/d/b')                  | 13298
    write('d/s', 20)                                 | 12308
    write('c', 30)                                   | 16434
    os.rename('/tmp/c', '/tmp/d/b')                  | 12318
    os.link('/tmp/d/b', '/tmp/d/c')                  | 16414
    os.rename('/tmp/d/b', '/tmp/d/c')                | 16414
    write('e', 40)                                   | 20550
    os.rename('/tmp/e', '/tmp/d/c')                  | 16454
    os.rename('/tmp/d/c', '/tmp/d/s')                | 12358
    os.mkdir('/tmp/e')                               | 16454
    os.mkdir('/tmp/f')                               | 20550
    os.rename('/tmp/e', '/tmp/f')                    | 16454
    os.rmdir('/tmp/f')                               | 12358
    shutil.rmtree('/tmp/d')                          | 0
    os.symlink('target', '/tmp/l')                   | 4096
    write('l', 7)                                    | 8199
    os.unlink('/tmp/l')                              | 4103
    os.unlink('/tmp/target')                         | 0
    temporary(20_000)                                | 0
    len(os.listdir('/opt/function/code'))            | 0
    open('/opt/function/code/index.py').read()       | 0
";

const OPEN: &str = "
    hold('a', 100)                                              | 4196
    os.unlink('/tmp/a')                                         | 4196
    held[0].write(b'x' * 50)                                    | 4246
    held.clear()                                                | 0
    hold('a', 100); hold('a', 0, 'r+b'); hold('a', 0, 'rb')     | 4196
    held[0].write(b'x'); held[1].write(b'xx')                   | 4197
    os.unlink('/tmp/a')                                         | 4197
    held.pop(0)                                                 | 4197
    held.pop(0).truncate(5)                                     | 4101
    held.pop(0)                                                 | 0
    hold('a', 100)                                              | 4196
    os.link('/tmp/a', '/tmp/b')                                 | 8292
    os.unlink('/tmp/a')                                         | 4196
    os.unlink('/tmp/b')                                         | 4196
    hold('a', 10)                                               | 8302
    held.pop(0)                                                 | 4106
    write('b', 20)                                              | 8222
    os.rename('/tmp/b', '/tmp/a')                               | 8222
    held.pop(0)                                                 | 4116
    hold('a', 0, 'ab'); os.unlink('/tmp/a')                     | 4116
    held[0].write(b'xx')                                        | 4118
    held.clear()                                                | 0
";

const REFUSED: &str = "
    write('a', QUOTA - 2 * BLOCK - 1)                           | 1044479
    ! write('a', 2, 'ab')                                       | 1044479
    write('a', 1, 'ab')                                         | 1044480
    ! write('a', 1, 'ab')                                       | 1044480
    ! os.truncate('/tmp/a', QUOTA)                              | 1044480
    ! os.truncate('/tmp/a', 2**62)                              | 1044480
    ! write_at('a', QUOTA)                                      | 1044480
    ! write_at('a', 2**62)                                      | 1044480
    ! write('b', 0)                                             | 1044480
    ! os.mkdir('/tmp/b')                                        | 1044480
    ! os.link('/tmp/a', '/tmp/b')                               | 1044480
    ! os.symlink('a', '/tmp/b')                                 | 1044480
    write('a', 1, 'r+b')                                        | 1044480
    os.rename('/tmp/a', '/tmp/b')                               | 1044480
    os.utime('/tmp/b')                                          | 1044480
    open('/tmp/b', 'rb').read()                                 | 1044480
    os.truncate('/tmp/b', 0)                                    | 4096
    os.unlink('/tmp/b')                                         | 0
    os.mkdir('/tmp/many')                                       | 4096
    ! many(lambda path: open(path, 'w').close())                | 1044480
    shutil.rmtree('/tmp/many'); os.mkdir('/tmp/many')           | 4096
    ! many(os.mkdir)                                            | 1044480
    shutil.rmtree('/tmp/many'); os.mkdir('/tmp/many')           | 4096
    ! many(lambda path: os.symlink('x', path))                  | 1044480
    shutil.rmtree('/tmp/many'); os.mkdir('/tmp/many')           | 4096
    ! deep()                                                    | 1044480
    shutil.rmtree('/tmp/many')                                  | 0
    write('a', 200 * BLOCK)                                     | 823296
    ! hide(0)                                                   | 1044480
    held.clear()                                                | 823296
    os.unlink('/tmp/a')                                         | 0
    ! hide(100_000)                                             | 1044480
    held.clear()                                                | 0
    ! temporary(QUOTA // 2)                                     | 0
    temporary(QUOTA // 2 - 3 * BLOCK)                           | 0
    write('a', QUOTA - 2 * BLOCK)                               | 1044480
";

#[tokio::test]
async fn what_is_in_tmp_is_counted() {
    check(Runtime::Python312, COUNTED).await;
    check(Runtime::Python314, COUNTED).await;
}

#[tokio::test]
async fn a_file_counts_as_long_as_it_is_open() {
    check(Runtime::Python312, OPEN).await;
    check(Runtime::Python314, OPEN).await;
}

#[tokio::test]
async fn what_there_is_no_room_for_is_refused() {
    check(Runtime::Python312, REFUSED).await;
    check(Runtime::Python314, REFUSED).await;
}

#[tokio::test]
async fn libraries_meet_the_quota_too() {
    const TABLE: &str = "
        ! lines()                                    | 0
        ! database(2000)                             | 12288
        os.unlink('/tmp/data.db')                    | 0
        database(500); os.unlink('/tmp/data.db')     | 0
    ";
    check(Runtime::Python314, TABLE).await;
}

#[tokio::test]
async fn an_instance_has_a_quota_of_its_own() {
    let world = World::with_tmp(Runtime::Python312, QUOTA).await;
    let code = "import time\ndef handler(event, context):\n    \
                with open('/tmp/a', 'wb') as file: file.write(bytes((1 << 20) - 4096))\n    \
                time.sleep(0.3)\n";
    let deployment = world.deploy(code).await;
    let other = world.deploy(code).await;
    let calls = [&deployment, &deployment, &other].map(|deployment| world.call(deployment, "{}"));
    for invocation in futures::future::join_all(calls).await {
        let log = text(&invocation.record);
        assert!(log.ends_with("storage used: 1.000MB\n"), "{log}");
        returned(invocation);
    }
}

#[tokio::test]
async fn what_is_kept_in_tmp_stands_in_the_finish_line() {
    let world = World::with_tmp(Runtime::Python312, QUOTA).await;
    let mut spec = spec(
        "def handler(event, context):\n    \
         for n in range(event): open(f'/tmp/{n}', 'w').close()\n    \
         open('/tmp/0', 'w').write('x' * 2**14)\n    \
         while event > 99: pass\n",
    );
    spec.settings.timeout = ExecutionTimeout::try_from(1).unwrap();
    let deployment = world.deploy_spec(spec).await.unwrap();
    // Files stay, also what a call left that was ended.
    for (files, expected) in [
        ("0", "0.020"),
        ("10", "0.055"),
        ("5", "0.055"),
        ("100", "0.406"),
    ] {
        let invocation = world.call(&deployment, files).await;
        let log = text(&invocation.record);
        let finish = format!("storage used: {expected}MB\n");
        assert!(log.ends_with(&finish), "{log}");
    }
    returned(world.call(&deployment, "0").await);
}

#[tokio::test]
async fn a_failure_for_want_of_space_has_its_own_cause() {
    const CODE: &str = "import os, sys\n\
        def fill():\n    with open('/tmp/a', 'wb') as file: file.write(bytes(1 << 20))\n\
        def catch():\n    try: fill()\n    except OSError as error: return error.strerror\n\
        def handler(event, context):\n    return eval(event)\n";
    let world = World::with_tmp(Runtime::Python312, QUOTA).await;
    let deployment = world.deploy(CODE).await;
    let call = async |expression: &str| world.call(&deployment, &format!("\"{expression}\"")).await;

    let invocation = call("fill()").await;
    let (cause, reason) = failure(&invocation);
    assert_eq!(
        (
            cause,
            reason.error_type.as_str(),
            reason.error_message.as_str()
        ),
        (
            Cause::DiskExceeded,
            "OSError",
            "function invocation exception, error: [Errno 51] No space left on device"
        )
    );
    let log = text(&invocation.record);
    assert!(
        log.contains("(invoke Failed:RuntimeDiskExceedLimit)"),
        "{log}"
    );
    assert!(
        log.contains("ERROR /tmp was full: an instance may keep 1 MB there\n"),
        "{log}"
    );

    // What is not for want of space has its own cause, also while the disk is full.
    assert_eq!(failure(&call("1 / 0").await).0, Cause::CodeError);
    assert_eq!(
        returned(call("catch()").await),
        "\"No space left on device\""
    );
    let (cause, reason) = failure(&call("catch() and 1 / 0").await);
    assert_eq!(
        (cause, reason.error_type.as_str()),
        (Cause::DiskExceeded, "ZeroDivisionError")
    );
    assert_eq!(
        failure(&call("catch() and os._exit(1)").await).0,
        Cause::DiskExceeded
    );
    // That one took its instance with it.
    let next = call("os.listdir('/tmp')").await;
    assert!(text(&next.record).ends_with("storage used: 0.000MB\n"));
    assert_eq!(returned(next), "[]");
}

#[tokio::test]
async fn a_hostile_function_fills_only_its_own() {
    let world = World::with_tmp(Runtime::Python312, QUOTA).await;
    let guest = include_str!("guests/fill_tmp.py");
    let code = format!("{guest}\n\ndef handler(event, context):\n    return attack(context)\n");
    let deployment = world.deploy(&code).await;
    let invocation = world.call(&deployment, "{}").await;
    let log = text(&invocation.record);
    assert!(log.ends_with("storage used: 1.000MB\n"), "{log}");
    let refused = returned(invocation);
    assert_eq!(refused, "\"No space left on device\"");
    let fine = world
        .deploy("def handler(event, context): open('/tmp/a', 'w').write('fine')")
        .await;
    returned(world.call(&fine, "{}").await);
}

#[tokio::test]
async fn an_instance_made_new_keeps_only_a_folder_that_nobody_touched() {
    let world = World::start().await;
    let code = "import os\n\
                def handler(event, context):\n    \
                    eval(event)\n    \
                    tmp = os.stat('/tmp')\n    \
                    return [tmp.st_ino, tmp.st_atime_ns == tmp.st_mtime_ns]\n";
    let mut spec = spec(code);
    spec.settings.concurrency = Concurrency::new(1, 0, true).unwrap();
    let deployment = world.deploy_spec(spec).await.unwrap();
    eventually("a snapshot", || deployment.snapshot().is_some()).await;
    // The first one after the snapshot was made without it.
    world.call(&deployment, "\"None\"").await;
    let mut before = None;
    for (expression, is_kept) in [
        ("None", false),
        ("None", true),
        ("os.path.exists('/tmp/a')", true),
        ("open('/opt/function/code/index.py').read()", true),
        ("os.listdir('/tmp')", true),
        ("None", false),
        ("os.utime('/tmp')", true),
        ("None", false),
        ("[open('/tmp/a', 'w').close(), os.unlink('/tmp/a')]", true),
        ("None", false),
        ("[os.mkdir('/tmp/a'), os.rmdir('/tmp/a')]", true),
        ("None", false),
        ("None", true),
    ] {
        eventually("an instance", || deployment.waiting_instances() == 1).await;
        let result = returned(world.call(&deployment, &format!("\"{expression}\"")).await);
        let (folder, is_new): (u64, bool) = serde_json::from_str(&result).unwrap();
        if let Some(before) = before.replace(folder) {
            assert_eq!(before == folder, is_kept, "{expression}");
        }
        if expression == "None" {
            assert!(is_new, "its times tell of an earlier call");
        }
    }
}
