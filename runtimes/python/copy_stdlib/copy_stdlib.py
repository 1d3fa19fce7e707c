"""Copies the standard library out of the Python that runs this, while it is built.

Beside each module goes its byte code, so that an import need not compile it. Byte code
of that kind is trusted unchecked, which it may be: nobody writes to the folder later.
"""

import os
import py_compile
import sys

SOURCE = "/python"
# Development tools and windows, which nothing in a function can use.
LEFT_OUT = {
    "__pycache__", "ensurepip", "idlelib", "site-packages",
    "test", "tests", "tkinter", "turtledemo", "turtle.py",
}


def copy(source, target, shown):
    os.mkdir(target)
    for name in sorted(os.listdir(source)):
        here, there, seen = f"{source}/{name}", f"{target}/{name}", f"{shown}/{name}"
        if name in LEFT_OUT or name.startswith("config-"):
            continue
        if os.path.isdir(here):
            copy(here, there, seen)
            continue
        copy_file(here, there, seen)


def copy_file(source, target, shown):
    with open(source, "rb") as file:
        content = file.read()
    with open(target, "wb") as file:
        file.write(content)
    if source.endswith(".py"):
        py_compile.compile(
            target, dfile=shown, doraise=True, quiet=2,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )


# The folder of this file is mapped from the build machine, so what is written there stays.
HERE = os.path.dirname(__file__)
copy(SOURCE, HERE + "/stdlib", SOURCE)
# Modules of ours, some of which take the place of Python's.
for name in sorted(os.listdir(HERE + "/library")):
    copy_file(f"{HERE}/library/{name}", f"{HERE}/stdlib/{name}", f"{SOURCE}/{name}")
# The world that the loader needs in this Python.
with open(HERE + "/world", "w") as file:
    file.write("python" if "zlib" in sys.builtin_module_names else "python-without-zlib")


class WitWorld:
    """What the world asks for; it is never called."""

    def check(self, path):
        pass

    def load(self, source):
        pass

    def initialize(self, request_id, remaining_ms):
        pass

    def invoke(self, request_id, event, remaining_ms):
        pass
