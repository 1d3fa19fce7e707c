"""Gives Python a `zlib` where it was built without."""

try:
    import zlib
except ModuleNotFoundError:
    from . import zlib

    zlib.install()
