"""What the sandbox is not: a machine with processes, threads and a network.

A module that needs those is importable where Python allows it, and says in words what is
missing when it is used.
"""

import _thread
import importlib.abc
import os
import random
import sys
import threading

from . import event_loop, paths

NO_THREADS = "Sluice's sandbox has no threads: do the work in the handler itself"
NO_PROCESSES = "Sluice's sandbox has no processes: a function cannot start other programs"
NO_NETWORK = "Sluice's sandbox has no network: a function cannot open connections"

# Modules that this CPython was built without, with what to say about them. Python's own
# modules ask for those with an underscore.
_MISSING = {
    "_bz2": "has no bzip2",
    "_lzma": "has no LZMA",
    "_ssl": "has no TLS",
    "_sqlite3": "has no SQLite",
    "_ctypes": "runs WebAssembly and cannot call native libraries",
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
    """Asked first: changes a module of the standard library right after its import."""

    def find_spec(self, name, path=None, target=None):
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


def _patch_subprocess(module):
    module.Popen.__init__ = _refuse(RuntimeError, NO_PROCESSES)
    # A Popen that was never made has nothing to wait for.
    module.Popen.__del__ = lambda self: None


def _patch_socket(module):
    refuse = _refuse(OSError, NO_NETWORK)
    module.socket.__init__ = refuse
    for name in ("create_connection", "create_server", "getaddrinfo", "gethostbyname", "socketpair"):
        setattr(module, name, refuse)


def _patch_multiprocessing(module):
    for name in ("Process", "Pool", "Manager", "Queue", "Pipe", "Lock", "Value", "Array"):
        setattr(module, name, _refuse(RuntimeError, NO_PROCESSES))


_PATCHES = {
    "asyncio": event_loop.install,
    "subprocess": _patch_subprocess,
    "socket": _patch_socket,
    "multiprocessing": _patch_multiprocessing,
}


def install():
    """Once, when the runtime is built."""
    sys.meta_path.insert(0, _Patches())
    sys.meta_path.append(_MissingModules())
    refuse = _refuse(RuntimeError, NO_THREADS)
    _thread.start_new_thread = _thread.start_new = threading._start_new_thread = refuse
    os.system = os.popen = _refuse(RuntimeError, NO_PROCESSES)
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
