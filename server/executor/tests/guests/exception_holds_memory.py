"""Raises exceptions that hold 60 MB and each other."""


def attack(context):
    error = ValueError("held")
    error.memory, error.itself, error.__cause__ = bytearray(60_000_000), error, error
    raise error
