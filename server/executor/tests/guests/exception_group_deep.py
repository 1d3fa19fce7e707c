"""Raises groups of exceptions within groups."""


def attack(context):
    group = ValueError("inmost")
    for _ in range(100_000):
        group = ExceptionGroup("group", [group])
    raise group
