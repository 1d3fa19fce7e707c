"""Turns exceptions into what callers and the log get of them."""

import traceback

from wit_world.imports.types import Failure

from . import paths

# Characters of a failure's texts: no more is told of it, however long they are.
_MESSAGE = 100_000
_REPORT = 1_000_000
_NAME = 1_000
# Frames that are told of, the outermost ones.
_FRAMES = 1_000


class LoaderError(Exception):
    """A failure with a text of its own. There is no traceback worth showing."""

    def __init__(self, kind, message):
        super().__init__(message)
        self.kind = kind


def of_load(exception):
    """Why the handler could not be loaded."""
    return _failure("function entry exception", exception)


def of_initializer(exception):
    """Why the initializer did not come to its end."""
    return _failure("function initialization exception", exception)


def of_pre_stop(exception):
    """Why what runs before a stop did not come to its end."""
    return _failure("function pre-stop exception", exception)


def of_call(exception):
    """Why a call of the handler gave no result."""
    return _failure("function invocation exception", exception)


def _failure(situation, exception):
    if isinstance(exception, LoaderError):
        message = _encodable(str(exception), _MESSAGE)
        return Failure(message, exception.kind, [], f"{exception.kind}: {message}")
    kind = _encodable(type(exception).__name__, _NAME)
    frames, report = [], ""
    try:
        frames = _users_frames(exception)
        report = _encodable(_report(exception), _REPORT)
    except Exception as another:  # a __str__ that raises, a loop of causes, no memory left
        report = f"{kind} (its traceback could not be made: {type(another).__name__})"
    return Failure(f"{situation}, error: {_message(exception)}", kind, frames, report)


def _message(exception):
    if isinstance(exception, SystemExit):
        return _encodable(f"the function called sys.exit({_repr(exception.code)})", _MESSAGE)
    try:
        return _encodable(str(exception), _MESSAGE)
    except Exception:
        return "the exception cannot be turned into text"


def _repr(value):
    try:
        return "" if value is None else repr(value)
    except Exception:
        return "?"


def _users_frames(exception):
    frames = traceback.extract_tb(exception.__traceback__)
    return [
        _encodable(f'File "{frame.filename}", line {frame.lineno}, in {frame.name}', _NAME)
        for frame in frames
        if paths.is_users(frame.filename)
    ][:_FRAMES]


def _report(exception):
    report = traceback.TracebackException.from_exception(exception)
    _cut_loader(report, set())
    return "".join(report.format()).rstrip("\n")


def _cut_loader(report, seen):
    """Leaves the loader's frames out of a traceback and of those that led to it."""
    if report is None or id(report) in seen:
        return
    seen.add(id(report))
    kept = [frame for frame in report.stack if not paths.is_loaders(frame.filename)]
    report.stack = traceback.StackSummary.from_list(kept)
    _cut_loader(report.__cause__, seen)
    _cut_loader(report.__context__, seen)
    for part in report.exceptions or ():
        _cut_loader(part, seen)


def _encodable(text, length):
    """The beginning of a text without half surrogates, which no UTF-8 can hold."""
    text = text[:length]
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()
