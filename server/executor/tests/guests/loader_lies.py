"""Has the loader tell a failure with lists and texts of many megabytes."""

import sluice_runtime.failures
from wit_world.imports.types import Failure


def attack(context):
    long = "x" * 1_000_000
    lie = Failure(long, long, [long] * 20, "\n".join([long] * 5))
    sluice_runtime.failures._failure = lambda *args: lie
    raise ValueError
