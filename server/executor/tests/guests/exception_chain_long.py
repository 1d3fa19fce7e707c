"""Raises an exception that a hundred thousand others led to."""


def attack(context):
    last = None
    for number in range(100_000):
        error = ValueError(number)
        error.__context__ = last
        last = error
    raise last
