"""Calls native code."""


def attack(context):
    import ctypes

    return ctypes.string_at(0)
