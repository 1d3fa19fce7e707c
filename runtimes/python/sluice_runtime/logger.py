"""The logger of `context.getLogger()`."""

from wit_world.imports import logger as host
from wit_world.imports.logger import Level

from . import console

# One more than the log of a call may have, in characters.
_MOST = 4 * 1024 * 1024 + 1


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
    # More than a log can have need not be brought there to be refused.
    text = text[:_MOST]
    # What was printed before stands before.
    console.flush()
    host.write(level, text if text.isascii() else text.encode("utf-8", "backslashreplace").decode())
