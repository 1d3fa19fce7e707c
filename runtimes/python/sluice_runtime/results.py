"""The exception that stands for an `err` of the world: its name moved between versions of
componentize-py."""

try:
    from componentize_py_types import Err
except ModuleNotFoundError:
    from wit_world.types import Err

__all__ = ["Err"]
