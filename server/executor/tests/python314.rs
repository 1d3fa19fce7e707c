//! What a function of Python 3.14 sees and says, and what this Python has besides.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod common;
#[path = "common/python.rs"]
mod python;

use common::{World, returned};
use sluice_domain::function::Runtime;

const RUNTIME: Runtime = Runtime::Python314;

/// Modules of the standard library that functions cannot import; docs name them.
const NOT_IMPORTABLE: &str = "_bz2 _ctypes _curses _curses_panel _dbm _gdbm _hashlib _interpchannels \
    _interpqueues _interpreters _lzma _multiprocessing _overlapped _posixshmem _posixsubprocess _remote_debugging \
    _scproxy _ssl _tkinter _uuid _winapi _wmi _zstd bz2 ctypes curses ensurepip fcntl grp idlelib lzma mmap msvcrt \
    nt pty pwd readline resource syslog termios tkinter tty turtle turtledemo winreg winsound";

#[tokio::test]
async fn sqlite_works_in_tmp() {
    let world = World::of(RUNTIME, 400).await;
    let deployment = world
        .deploy(
            "import sqlite3\n\
             def handler(event, context):\n\
             \x20   with sqlite3.connect('/tmp/a.db') as db:\n\
             \x20       db.execute('create table if not exists t (n integer primary key, text)')\n\
             \x20       db.executemany('insert into t (text) values (?)', [('grüße',)] * 1000)\n\
             \x20   try:\n\
             \x20       with db:\n\
             \x20           db.execute('delete from t')\n\
             \x20           1 / 0\n\
             \x20   except ZeroDivisionError: pass\n\
             \x20   db.execute('create index if not exists i on t (text)')\n\
             \x20   db.execute('vacuum')\n\
             \x20   db.close()\n\
             \x20   other = sqlite3.connect('file:/tmp/a.db?mode=ro', uri=True)\n\
             \x20   return other.execute('select count(*), max(n), json_object(?, min(text)) from t', ('k',)).fetchone()\n",
        )
        .await;
    let text = |n: u32| format!("[{n}, {n}, \"{{\\\"k\\\":\\\"grüße\\\"}}\"]");
    assert_eq!(returned(world.call(&deployment, "{}").await), text(1000));
    assert_eq!(returned(world.call(&deployment, "{}").await), text(2000));
    let memory = "import sqlite3\ndef handler(event, context):\n    \
        return sqlite3.connect(':memory:').execute('select sqlite_version() > \"3.40\"').fetchone()";
    assert_eq!(world.result(memory).await, "[1]");
}

#[tokio::test]
async fn zlib_is_pythons_own() {
    let world = World::of(RUNTIME, 400).await;
    let code = "import sys, zlib, gzip\ndef handler(event, context):\n    \
        c = zlib.compressobj(); c = c.copy()\n    \
        data = c.compress(b'a' * 9) + c.flush()\n    \
        assert zlib.decompress(data) == gzip.decompress(gzip.compress(b'a' * 9))\n    \
        return 'zlib' in sys.builtin_module_names\n";
    assert_eq!(world.result(code).await, "true");
}
