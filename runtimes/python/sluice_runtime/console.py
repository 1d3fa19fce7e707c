"""Standard output and error: whole lines leave at once, so that none is lost when an
instance is stopped in the middle of a call."""

import sys


def _line_by_line(descriptor):
    # What cannot be encoded is written with backslashes: a log line must not fail a call.
    return open(
        descriptor, "w", buffering=1, encoding="utf-8", errors="backslashreplace",
        newline="\n", closefd=False,
    )


_streams = [_line_by_line(1), _line_by_line(2)]
sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__ = _streams


def flush():
    """Writes what stands in an unfinished line. The user may have closed a stream."""
    for stream in _streams:
        try:
            stream.flush()
        except (OSError, ValueError):
            pass
