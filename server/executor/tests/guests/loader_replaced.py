"""Replaces the parts of the loader, so that nothing it says is what the executor expects."""

import sluice_runtime
import sluice_runtime.failures
import sluice_runtime.function


def attack(context):
    sluice_runtime.WitWorld.invoke = lambda *args: 5
    sluice_runtime.function = None
    sluice_runtime.failures.of_call = lambda error: 7
    sluice_runtime.function = type("Function", (), {"call": lambda *args: ["not", "a", "text"]})()
    return "replaced"
