//! What a function of Python 3.12 sees and says.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod common;
#[path = "common/python.rs"]
mod python;

use sluice_domain::function::Runtime;

const RUNTIME: Runtime = Runtime::Python312;

/// Modules of the standard library that functions cannot import; docs name them.
const NOT_IMPORTABLE: &str = "_bz2 _ctypes _curses _curses_panel _dbm _gdbm _hashlib _lzma _msi _multiprocessing \
    _overlapped _posixshmem _posixsubprocess _scproxy _sqlite3 _ssl _tkinter _uuid _winapi bz2 ctypes curses \
    ensurepip fcntl grp idlelib lzma mmap msilib msvcrt nis nt ossaudiodev pty pwd readline resource spwd \
    sqlite3 syslog termios tkinter tty turtle turtledemo winreg winsound";
