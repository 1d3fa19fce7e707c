"""What the sandbox is not: a machine with processes and threads.

A module that needs those is importable where Python allows it, and says in words what is
missing when it is used. Errors keep their kind: `hasattr` stays false for a function that is
not there, and a library that gets on without processes finds an OSError.
"""

import _thread
import hashlib
import importlib.abc
import os
import random
import sys
import threading

from wit_world.imports import outbound  # noqa: F401, for `_sluice_sockets`: it is there only if it was here

from . import event_loop, paths
from .missing import NO_PROCESSES, NO_THREADS

# Modules that this CPython was built without, with what to say about them. Python's own
# modules ask for those with an underscore.
_MISSING = {
    "_bz2": "has no bzip2",
    "_lzma": "has no LZMA",
    "_ssl": "has no OpenSSL",
    "_sqlite3": "has no SQLite",
    "_ctypes": "runs WebAssembly and cannot call native libraries",
    "_zstd": "has no Zstandard",
    "_interpreters": "has no second interpreter",
    "_multiprocessing": "has no processes",
    "_posixsubprocess": "has no processes",
    "_curses": "has no terminal",
    "readline": "has no terminal",
    "termios": "has no terminal",
    "_tkinter": "has no display",
    "tkinter": "has no display",
    "turtle": "has no display",
}


class _MissingModules(importlib.abc.MetaPathFinder):
    """Asked last: gives the reason why a module of Python is not there. It stays a
    ModuleNotFoundError, because much of the standard library tries and goes on without."""

    def find_spec(self, name, path=None, target=None):
        reason = _MISSING.get(name)
        if reason is None and name in sys.stdlib_module_names:
            reason = "does not have what it needs from an operating system"
        if reason is not None:
            raise ModuleNotFoundError(f"No module named '{name}': Sluice's sandbox {reason}", name=name)
        return None


class _Patches(importlib.abc.MetaPathFinder):
    """Asked first: changes a module of the standard library right after its import, or what it
    stands on right before."""

    def find_spec(self, name, path=None, target=None):
        if name in _ON_SOCKETS:
            import _sluice_sockets

            _sluice_sockets.install()
            return None
        patch = _PATCHES.get(name)
        if patch is None:
            return None
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(name, path, target)
            if spec is not None:
                if (spec.origin or "").startswith(paths.STDLIB + "/"):
                    _run_after(spec.loader, patch)
                return spec
        return None


def _run_after(loader, patch):
    execute = loader.exec_module

    def exec_module(module):
        execute(module)
        patch(module)

    loader.exec_module = exec_module


def _refuse(error, sentence):
    def refuse(*args, **kwargs):
        raise error(sentence)

    return refuse


def _explain(module, reason_of):
    """Says why a module lacks what `reason_of` names."""

    def missing(name):
        because = f": Sluice's sandbox {reason_of[name]}" if name in reason_of else ""
        raise AttributeError(f"module '{module.__name__}' has no attribute '{name}'{because}", name=name, obj=module)

    module.__getattr__ = missing


# What other systems have; `exec…` and `spawn…` of `os` are there, and ask for what is not.
_NOT_IN_OS = dict.fromkeys((
    "fork", "forkpty", "execv", "execve", "posix_spawn", "posix_spawnp", "spawnv", "spawnve", "spawnl",
    "spawnle", "spawnlp", "spawnlpe", "spawnvp", "spawnvpe", "kill", "killpg", "wait", "wait3", "wait4",
    "waitid", "waitpid", "pipe", "pipe2", "mkfifo", "nice", "setsid", "getppid", "getpgid", "setpgid", "getpgrp",
), "has no processes") | dict.fromkeys((
    "getuid", "geteuid", "getgid", "getegid", "getgroups", "getlogin", "setuid", "setgid", "chown", "lchown",
    "fchown", "umask",
), "has no users")
_NOT_IN_SIGNAL = dict.fromkeys((
    "alarm", "setitimer", "getitimer", "pause", "sigwait", "sigwaitinfo", "sigtimedwait", "pthread_kill",
), "has no signals")
_NOT_IN_HASHLIB = dict.fromkeys(("pbkdf2_hmac", "scrypt"), "has no OpenSSL")


def _patch_os():
    _explain(os, _NOT_IN_OS)
    refuse = _refuse(OSError, NO_PROCESSES)
    for name in ("system", "popen", "execl", "execle", "execlp", "execlpe", "execvp", "execvpe"):
        setattr(os, name, refuse)
    try:
        os.chmod("/", 0o755)
    except OSError:
        # Nothing here has permissions, and copying a file should not fail for that.
        os.chmod = lambda path, mode, **others: os.stat(path) and None


def _patch_threads():
    refuse = _refuse(RuntimeError, NO_THREADS)
    for module in (_thread, threading):
        for name in ("start_new_thread", "start_new", "start_joinable_thread"):
            for spelling in (name, f"_{name}"):
                if hasattr(module, spelling):
                    setattr(module, spelling, refuse)


def _patch_signal(module):
    _explain(module, _NOT_IN_SIGNAL)


def _patch_subprocess(module):
    module.Popen.__init__ = _refuse(OSError, NO_PROCESSES)
    # A Popen that was never made has nothing to wait for.
    module.Popen.__del__ = lambda self: None


def _patch_processes(module):
    module.BaseProcess.__init__ = _refuse(OSError, NO_PROCESSES)


def _patch_process_context(module):
    for name in (
        "Pool", "Manager", "Pipe", "Queue", "JoinableQueue", "SimpleQueue", "Lock", "RLock", "Condition",
        "Semaphore", "BoundedSemaphore", "Event", "Barrier", "Value", "Array", "RawValue", "RawArray",
    ):
        setattr(module.BaseContext, name, _refuse(OSError, NO_PROCESSES))


def _patch_pools(module):
    module.Pool.__init__ = _refuse(OSError, NO_PROCESSES)
    module.ThreadPool.__init__ = _refuse(RuntimeError, NO_THREADS)
    # A pool that was never made has nothing to warn of.
    module.Pool.__del__ = lambda self: None


def _patch_process_pool(module):
    module.ProcessPoolExecutor.__init__ = _refuse(OSError, NO_PROCESSES)


_PATCHES = {
    "asyncio": event_loop.install,
    "concurrent.futures.process": _patch_process_pool,
    "multiprocessing.context": _patch_process_context,
    "multiprocessing.pool": _patch_pools,
    "multiprocessing.process": _patch_processes,
    "signal": _patch_signal,
    "subprocess": _patch_subprocess,
}


# Modules that take their functions from `_socket` and `select`. The sandbox's own are there
# before, and only if one of these is imported: most functions open no connection.
_ON_SOCKETS = ("selectors", "socket")


def install():
    """Once, when the runtime is built."""
    early = [name for name in (*_PATCHES, *_ON_SOCKETS) if name in sys.modules]
    if early:
        raise RuntimeError(f"imported before it could be changed: {early}")
    sys.meta_path.insert(0, _Patches())
    sys.meta_path.append(_MissingModules())
    _patch_threads()
    _patch_os()
    _explain(hashlib, _NOT_IN_HASHLIB)
    # Names of this build machine's making, which no instance has.
    sys.path[:] = [paths.STDLIB]
    sys.argv[:] = [""]
    sys.dont_write_bytecode = True


def start_instance():
    """Once in each instance: every one starts from the same memory, so that what should
    differ is drawn again. (`hash()` of strings stays the same in all of them.)"""
    random.seed()
    os.chdir(paths.WORKING_DIRECTORY)
    sys.argv[:] = [f"{paths.CODE}/{os.environ['RUNTIME_HANDLER'].rpartition('.')[0]}.py"]
    for name in ("PYTHONUNBUFFERED", "PYTHONHOME", "PYTHONPATH", "COMPONENTIZE_PY_APP_NAME"):
        os.environ.pop(name, None)
