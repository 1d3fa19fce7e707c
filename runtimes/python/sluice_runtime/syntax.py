"""Finds what keeps a file from being compiled, without running it."""

import warnings

from wit_world.imports.types import CodeError

from . import paths


def error_of(path):
    """The error in the file at `path`, which is relative to the code; None if there is none."""
    with open(f"{paths.CODE}/{path}", "rb") as file:
        source = file.read()
    if b"\0" in source:
        # CPython does not say where.
        line_start = source.rfind(b"\n", 0, source.index(b"\0")) + 1
        line = source.count(b"\n", 0, line_start) + 1
        column = len(source[line_start : source.index(b"\0")].decode(errors="replace")) + 1
        return CodeError(line, column, "SyntaxError: source code cannot contain null bytes")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source, path, "exec", dont_inherit=True)
    except SyntaxError as error:
        return CodeError(_position(error.lineno), _position(error.offset), f"{type(error).__name__}: {error.msg}")
    except (ValueError, OverflowError) as error:
        return CodeError(0, 0, f"SyntaxError: {error}")
    except (MemoryError, RecursionError):
        return CodeError(0, 0, "SyntaxError: the code is nested too deeply")
    return None


def _position(number):
    return max(0, number or 0)
