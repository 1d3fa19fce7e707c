"""The logger of `context.getLogger()`."""

from wit_world.imports import logger as host
from wit_world.imports.logger import Level

from . import console


class Logger:
    """Writes lines with a level. Arguments after the message are put in by `%`, as in
    the module `logging`."""

    def debug(self, message, *args):
        _write(Level.DEBUG, message, args)

    def info(self, message, *args):
        _write(Level.INFO, message, args)

    def warn(self, message, *args):
        _write(Level.WARN, message, args)

    warning = warn

    def error(self, message, *args):
        _write(Level.ERROR, message, args)


def _write(level, message, args):
    text = str(message)
    if args:
        text = text % args
    # What was printed before stands before.
    console.flush()
    host.write(level, text if text.isascii() else text.encode("utf-8", "backslashreplace").decode())
